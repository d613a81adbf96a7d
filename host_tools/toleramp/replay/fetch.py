"""Fetches a pump's recording of its inputs: which request comes next, and what an answer brought."""

from __future__ import annotations

from toleramp.device.wire import Fields
from toleramp.live.session_log import Record
from toleramp.replay.recording import STANDS, inputs_record

ANEW = 1 << 31  # asks for a recording that begins now


class Fetch:
    """`at` is the next request's field; `more`: there is more to fetch at once."""

    def __init__(self) -> None:
        self.at = 0
        self.more = False
        self._run = -1
        self._have = 0
        self._ended = -1  # the run whose end is told

    def took(self, fields: Fields) -> Record | None:
        """An INPUTS message: the line for the log, if there is something in it."""
        run, at, data, stands = fields["run"], fields["at"], fields.get("data", b""), STANDS[fields["stands"]]
        if run != self._run:
            if at:  # somebody else has fetched its beginning
                self._ask(stands)
                return None
            self._run, self._have = run, 0
        record = inputs_record(fields) if at + len(data) > self._have else None
        self._have = max(self._have, at + len(data))
        self.at, self.more = self._have, fields["end"] > self._have
        if not self.more and stands in ("ended", "off"):
            if self._ended != run:
                self._ended, record = run, record or inputs_record(fields)
            self._ask(stands)
        return record

    def _ask(self, stands: str) -> None:
        """A new one, unless it is asked for already."""
        self.at, self.more = self._have if stands == "awaits" else ANEW, False

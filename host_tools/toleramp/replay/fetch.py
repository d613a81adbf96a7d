"""Fetches a pump's recording of its inputs: which request comes next, and what an answer brought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from toleramp.device.wire import Fields
from toleramp.errors import Refused
from toleramp.live.session_log import Record
from toleramp.replay.recording import STANDS, inputs_record

if TYPE_CHECKING:
    from toleramp.device.client import Pump

AT_ONCE = 20  # answers, of 183 bytes; then the stream has its turn
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

    def all_there_is(self, pump: Pump) -> Iterator[Record]:
        """Asks for what is there now. Raises as a request does when the pump does not answer."""
        for _ in range(AT_ONCE):
            try:
                record = self.took(pump.inputs(self.at))
            except Refused:  # too many in this second
                return
            if record:
                yield record
            if not self.more:
                return

    def _ask(self, stands: str) -> None:
        """A new one, unless it is asked for already."""
        self.at, self.more = self._have if stands == "awaits" else ANEW, False

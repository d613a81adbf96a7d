"""The monitor's loop: takes the stream, asks for what it missed, and outlives a lost connection (INT-8)."""

import select
import sys
import time
from contextlib import suppress
from typing import Any

from pump.store.journal import BLOCK
from pump.tables import events, messages, states
from toleramp.device import remembered
from toleramp.device.client import Pump
from toleramp.errors import LinkLost, NoAnswer, PortError, UserError
from toleramp.live import session_log
from toleramp.live.amounts import bag_name
from toleramp.live.face import Screen
from toleramp.live.lines import status_line
from toleramp.live.log_file import LogFile
from toleramp.live.people import People
from toleramp.live.session_log import Record
from toleramp.oximeter import setting
from toleramp.replay.fetch import Fetch
from toleramp.words import rows

PING_S = 0.3  # an emulated pump may run ten times as fast as we do, and misses us after 5 of its seconds
STALE_S = 3.0  # so long without the stream though the pump answers: it ended it, as for a laptop that slept
RETRY_S = 1.0
LOG_MS = 1000  # of the pump's own time
_BROKEN = (LinkLost, NoAnswer, PortError)


def _ended(state: str) -> bool:
    """Whether nobody can go on with the session; a locked one can be unlocked."""
    return rows.group(states, state) & (states.OVER | states.ON) == states.OVER


class Watch:
    """Follows one pump. `run` returns 0 when `until` was met, 1 when it cannot be any more or time is up."""

    def __init__(self, pump: Pump, hello: Record, screen: Screen, log: LogFile, until: str | None) -> None:
        self.pump: Pump | None = pump
        self.port, self.hello = pump.port, hello
        self.screen, self.log, self.until = screen, log, until
        self.last: Record | None = None  # the last status
        self.last_at = time.monotonic()
        self.people = People()
        self.seq: int | None = None  # the last event's
        self.outcome: int | None = None
        self._logged_ms = -LOG_MS
        self._pinged_at = 0.0
        self._inputs = Fetch()
        self._known: tuple[Any, ...] = ()
        log.begin(self._open_session())

    def close(self) -> None:
        """Ends the stream, if the pump still listens, and gives the port back."""
        if self.pump:
            with suppress(UserError):  # the pump ends it without a listener, too
                self.pump.request(messages.STREAM, retries=0, timeout_s=0.5, period_ms=0)
            self.pump.close()

    def _open_session(self) -> Record:
        """Shows what the pump is; the record that opens a log of it."""
        fingerprint = self.hello["fingerprint"]
        self.screen.protocol = remembered.recall(fingerprint) if fingerprint else None
        record = self._head()
        self.screen.record(record)
        of_pump = setting.of(self.hello)
        if of_pump.waits or not of_pump.kept:
            self.screen.line(f"oximeter {setting.told(of_pump)}")
        return record

    def _head(self) -> Record:
        return session_log.session_record(self.hello, self.screen.protocol)

    def _emit(self, record: Record) -> None:
        self.screen.record(record)
        self.log.write(record)

    # -- the loop

    def run(self, deadline: float | None) -> int:
        """Watches until the outcome is known; `deadline` in monotonic seconds."""
        try:
            self._begin()
        except _BROKEN as error:
            self._lose(error)
        while self.outcome is None:
            if deadline and time.monotonic() > deadline:
                return self._time_up()
            if self.pump is None:
                self._retry()
                continue
            try:
                self._once(self.pump)
            except _BROKEN as error:
                self._lose(error)
        return self.outcome

    def _once(self, pump: Pump) -> None:
        if time.monotonic() - self._pinged_at >= PING_S:
            self._pinged_at = time.monotonic()
            if self.log.on and not self.log.stands:
                self._record(pump)
            else:
                pump.ping()
            if self.log.due() and self.log.go_on(self._head()):
                self._catch_up(pump)
        self._obey(pump)
        message = pump.receive(0.1)
        if message is None:
            if time.monotonic() - self.last_at > STALE_S:
                self._begin()
        elif message.type == messages.STATUS[0]:
            self._status(message.fields)
        else:
            self._event(message.fields)

    def _record(self, pump: Pump) -> None:
        """Fetches what went into the pump's scans, for `toleramp replay`; that is a sign of life, too."""
        for record in self._inputs.all_there_is(pump):
            self.log.write(record)

    def _catch_up(self, pump: Pump) -> None:
        """The log is written again: the events that it missed, and the recording of the inputs from its beginning."""
        self._inputs = Fetch()
        for fields in self._stored(pump, self.log.seq + 1, self.seq + 1 if self.seq is not None else 0):
            self.log.write(self._line_of(fields))

    def _stored(self, pump: Pump, first: int, end: int, past: bool = False) -> list[Record]:
        """The records first..end-1 that the pump still holds, of the `past` those since the last load.

        Asks from the newest back: where the pump has one no more, it has no older one either.
        """
        found: list[Record] = []
        for seq in range(end - 1, first - 1, -1):
            fields = pump.event(seq)
            if fields is None:
                break
            found.append(fields)
            if past and fields["kind"] == events.LOADED:
                break
        return found[::-1]

    def _line_of(self, fields: Record) -> Record:
        """The log's line of an EVENT message."""
        assert self.last
        if fields["part"]:
            return session_log.part_record(fields)
        return session_log.event_record(fields, self.last["pl_pulse"], self.people.name(fields["user"]))

    def _obey(self, pump: Pump) -> None:
        """`pause` and `stop`, typed where the live line runs: this process holds the port, no other can send them."""
        if sys.stdin is None or not sys.stdin.isatty() or not select.select([sys.stdin], [], [], 0)[0]:
            return
        word = sys.stdin.readline().strip().lower()
        if word == "stop":
            pump.stop()
        elif word == "pause":
            pump.pause()
        elif word:
            self.screen.note(f"{word!r} is not understood: pause or stop, then Enter")

    def _begin(self) -> None:
        """What was missed, the state now, then the stream."""
        assert self.pump
        first = self.pump.status()
        self.last = session_log.status_record(first)
        if self.seq is not None and first["journal_seq"] <= self.seq:
            self.screen.line("the pump's journal began anew")
            self.seq = None
        if self.seq is not None:
            self._fetch(self.seq + 1, first["journal_seq"])
        elif self.log.on:
            self._fetch(0, first["journal_seq"], past=True)
        self._status(first)
        self.pump.stream(int(1000 * (0.2 if self.screen.live else 1.0)))

    def _time_up(self) -> int:
        state = f"the pump was {self.last['state']}" if self.last else "nothing was heard"
        self.screen.note(f"time is up{f', no {self.until}' if self.until else ''}; {state} at last")
        return 1 if self.until or self.pump is None else 0

    # -- what comes in

    def _status(self, fields: Record) -> None:
        record = session_log.status_record(fields)
        self.last, self.last_at = record, time.monotonic()
        self._judge(record["state"], record["state"])
        self.screen.status(record)
        known = (record["state"], record["step"], record["hold"], record["alarm"])
        if known != self._known or not 0 <= record["t_ms"] - self._logged_ms < LOG_MS:
            self._known, self._logged_ms = known, record["t_ms"]
            self._emit(record)

    def _event(self, fields: Record) -> None:
        if self.seq is not None and fields["seq"] > self.seq + 1:
            self._fetch(self.seq + 1, fields["seq"])
        if self.seq is None or fields["seq"] > self.seq:  # else it was seen already
            self._show(fields)

    def _show(self, fields: Record, past: bool = False) -> None:
        self.seq = fields["seq"]
        self.people.take(fields)
        record = self._line_of(fields)
        self._emit(record)
        if fields["part"]:
            return
        group = rows.group(events, fields["kind"])
        bag = bag_name(record["arg"], self.screen.protocol) if group & events.BAGS else ""
        self.screen.event(record, bag)
        if not past:
            self._judge(record["event"], record["state"])

    def _fetch(self, first: int, end: int, past: bool = False) -> None:
        """Shows the records first..end-1; of the `past`, those since the last load. Says what is gone."""
        assert self.pump
        newest = (end - 1) // BLOCK * BLOCK  # the first number of the pump's present power-on
        if first < newest and not past:
            self.screen.note("the pump was switched on anew; what it recorded before that is not in its memory")
        first = max(first, newest)
        found = self._stored(self.pump, first, end, past)
        missing = end - first - len(found)
        if missing and not past:
            gone = f"events {first} to {first + missing - 1}"
            self.screen.note(f"{gone} are not in the pump's memory any more")
        for fields in found:
            self._show(fields, past)

    def _judge(self, name: str, state: str) -> None:
        if self.until is None or self.outcome == 0:
            return
        if self.until in (name, state):
            self.outcome = 0
        elif _ended(state) and self.outcome is None:
            self.outcome = 1
            self.screen.note(f"the session ended {state}, without {self.until}")

    # -- the connection

    def _known_text(self) -> str:
        ago = f"{time.monotonic() - self.last_at:.0f} s ago"
        if not self.last:
            return "nothing known yet"
        return f"last known {ago}: {status_line(self.last, self.screen.protocol)}"

    def _lose(self, error: UserError) -> None:
        if self.pump:
            self.pump.close()
        self.pump = None
        self._emit(session_log.link_record("lost", self.last["t_ms"] if self.last else 0))
        self.screen.line(f"connection lost ({error.what}); the pump goes on by itself; {self._known_text()}")

    def _retry(self) -> None:
        self.screen.lost(f"connection lost; {self._known_text()}")
        time.sleep(RETRY_S)
        pump = None
        try:
            pump = Pump(self.port)
            hello = pump.hello(retries=0)
            self.pump = pump
            self._back(hello)
        except _BROKEN:
            self.pump = None
            if pump:
                pump.close()

    def _back(self, hello: Record) -> None:
        changed = hello["fingerprint"] != self.hello["fingerprint"]
        self.hello = hello
        self.screen.line("reconnected")
        self._emit(session_log.link_record("back", self.last["t_ms"] if self.last else 0))
        if changed:
            self.screen.line(f"the pump now holds another protocol: {hello['fingerprint'] or 'none'}")
            self.log.write(self._open_session())
        self._begin()

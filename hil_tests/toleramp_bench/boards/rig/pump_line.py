"""The pump's host line on a bench of any kind: questions, the stream of status and records, restarts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pump.store.journal import BLOCK
from pump.tables import messages as m
from toleramp.device.client import wrong_contract
from toleramp.device.loading import load, refusal
from toleramp.device.wire import NAMES, Layout, Message, Wire
from toleramp.errors import NoAnswer
from toleramp_bench.boards.rig.bench import Bench
from toleramp_bench.names import EVENTS
from toleramp_bench.people.seen import Seen, seen_in
from toleramp_bench.records import named

_ANSWER_US = 3_000_000
_TRY_US = 250_000
_SILENT_US = 1_000_000

_APART_US = 60_000  # the pump answers one request a scan: the later one of two
ASK_AGAIN = 10  # a question may be lost while the pump starts; so many statuses later it is asked anew


class PumpLine:
    """`poll` often. `status` is the newest one, `{}` after a restart until there is one."""

    def __init__(self, bench: Bench, stream_ms: int = 100) -> None:
        self._bench, self._stream_ms = bench, stream_ms
        self._wire = Wire()
        self._number = 0
        self._answers: dict[int, Message] = {}
        self._next_seq = -1  # of the journal; -1: whatever comes first
        self._early: dict[int, dict[str, Any] | None] = {}  # records that came before one that is missing
        self._asked_seq = -1
        self._waited = 0  # statuses since then
        self._fresh: list[dict[str, Any]] = []
        self._heard_us = bench.now_us
        self._sent_us = -_APART_US
        self._awaits = False  # somebody waits for an answer
        self.status: dict[str, Any] = {}
        self.zero_us: int | None = None  # the laptop's time of the device's time 0
        self.boots = -1
        self.tap: Callable[[str, bytes], None] = lambda line, data: None  # hears the line along
        self.meanwhile: Callable[[], None] = lambda: None  # called while an answer is awaited

    # -- sending and asking

    def send(self, layout: Layout, **fields: Any) -> int:
        """Sends a request; its number."""
        self._number = self._number % 255 + 1
        self._sent_us = self._bench.now_us
        self.write(self._wire.encode(layout, self._number, **fields))
        return self._number

    def ping(self) -> None:
        """Shows that the laptop lives, as any other request does: a ping right after one would cost it its answer."""
        if self._bench.now_us - self._sent_us >= _APART_US:
            self.send(m.PING)

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        self.tap("host to pump", data)
        self._bench.pump.write(data)

    def ask(self, layout: Layout, limit_us: int = _ANSWER_US, **fields: Any) -> Message:
        """Sends a request and lets time pass until its answer is there; NoAnswer when it is not."""
        number = self.send(layout, **fields)
        self._answers.clear()

        def answered() -> bool:
            self.meanwhile()
            self.poll()
            return number in self._answers

        self._awaits = True
        try:
            there = self._bench.wait_for(answered, limit_us)
        finally:
            self._awaits = False
        if not there:
            what = f"no answer to {NAMES[layout[0]]} in {limit_us / 1e6:g} s"
            raise NoAnswer(what, self._bench.places[1], "is this the pump's port, and does the rig give it power?")
        return self._answers[number]

    def greet(self, limit_us: int) -> dict[str, str]:
        """Waits until a pump of our contract answers, and subscribes; its version, build and contract."""
        end_us = self._bench.now_us + limit_us
        while True:
            try:
                said = self.ask(m.HELLO, _TRY_US, contract=m.CONTRACT)
                break
            except NoAnswer:
                if self._bench.now_us >= end_us:
                    raise
        if said.type != m.HELLO_REPLY[0]:
            raise wrong_contract(said.fields["detail"], "", self._bench.places[1])
        fields = said.fields
        self.ask(m.STREAM, period_ms=self._stream_ms)
        return {"version": fields["version"], "build": fields["build"], "contract": f"{fields['contract']:08x}"}

    def load(self, blob: bytes) -> str:
        """Loads a compiled protocol: "" when taken, else the refusal's code."""
        return refusal(load(blob, self.ask))

    # -- hearing

    def poll(self) -> None:
        """Takes what has come; subscribes again when a pump that has started anew says nothing."""
        data = self._bench.pump.read()
        now = self._bench.now_us
        if data:
            self.tap("pump to host", data)
        for message in self._wire.feed(data):
            self._heard_us = now
            if message.sequence:
                self._answers[message.sequence] = message
            if message.type == m.STATUS[0]:
                self._take_status(message.fields, now)
            elif message.type == m.EVENT[0]:
                whole = not message.fields["part"]
                self._take_record(message.fields["seq"], named(message.fields) if whole else None)
        if now - self._heard_us > _SILENT_US:
            self._heard_us = now
            self.send(m.STREAM, period_ms=self._stream_ms)

    def _take_status(self, fields: dict[str, Any], now_us: int) -> None:
        passed_us = (fields["t_s"] * 1000 + fields["t_ms"]) * 1000
        before = self.status
        if before and passed_us < (before["t_s"] * 1000 + before["t_ms"]) * 1000:
            self.zero_us = None  # its time has begun anew
        self.status = fields
        zero = now_us - passed_us
        self.zero_us = zero if self.zero_us is None else min(self.zero_us, zero)
        begun = (fields["journal_seq"] - 1) // BLOCK * BLOCK
        if 0 <= self._next_seq < begun:
            self._next_seq = begun  # switched on anew: the numbers of before end there
        if self._awaits or not 0 <= self._next_seq < fields["journal_seq"]:
            return
        self._waited += 1
        if self._asked_seq != self._next_seq or self._waited >= ASK_AGAIN:
            self._asked_seq, self._waited = self._next_seq, 0  # what the stream brings anyway is dropped as known
            self.send(m.LOG_GET, seq=self._next_seq)

    def _take_record(self, seq: int, record: dict[str, Any] | None) -> None:
        """None: what a record goes on with, which has a number of its own."""
        if self._next_seq < 0:
            self._next_seq = seq
        if seq >= self._next_seq:
            self._early[seq] = record
        while self._next_seq in self._early:
            found = self._early.pop(self._next_seq)
            if found:
                self._file(found)
            self._next_seq += 1

    def _file(self, record: dict[str, Any]) -> None:
        if record["event"] == EVENTS.BOOT:
            self.boots += 1
            self.zero_us, self.status = None, {}
        self._fresh.append({**record, "boot": max(self.boots, 0)})

    @property
    def news(self) -> bool:
        """Whether records have come whose time is known."""
        return bool(self._fresh) and self.zero_us is not None

    def records(self) -> list[dict[str, Any]]:
        """Records since the last call, t_us by the laptop's clock; none while the device's time is unknown."""
        if self.zero_us is None:
            return []
        fresh, self._fresh = self._fresh, []
        return [{**record, "t_us": record["t_ms"] * 1000 + self.zero_us} for record in fresh]

    def since_last_boot(self) -> None:
        """Drops the records of earlier power-ons, which the pump's memory still holds."""
        boots = [k for k, record in enumerate(self._fresh) if record["event"] == EVENTS.BOOT]
        if boots:
            del self._fresh[: boots[-1]]
        self.boots = 0
        for record in self._fresh:
            record["boot"] = 0

    def lost_power(self) -> None:
        """The pump has no power: what it said last is not true any more."""
        self.status, self.zero_us = {}, None
        self._wire = Wire()
        self._heard_us = self._bench.now_us

    def seen(self) -> Seen:
        """What a person sees on the screen, by the newest status."""
        return seen_in(self.status)

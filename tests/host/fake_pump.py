"""The pump's side of the host line over a pty, in a thread, with the faults that a client has to survive."""

import os
import select
import threading
import time
import tty
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pump.protocol.fingerprint import fingerprint
from pump.tables import causes, events, refusals, states, trends, verdicts, vitals
from pump.tables import messages as m
from toleramp.device.wire import TO_PUMP, Wire
from toleramp_bench.runs.patience import patience_s

PL_PULSE = 100_000
_LOOK_S, _GIVE_UP_S = 0.01, 6.0


def status_fields(**changes: Any) -> dict[str, Any]:
    """A STATUS in the middle of step 3 of 12, with changes."""
    fields = dict.fromkeys(m.STATUS[2].split(), 0)
    fields |= {
        "state": states.RUNNING,
        "step": 3,
        "steps": 12,
        "rate_e4": 100_000,
        "step_pulses": 1234,
        "alarm": 0,
    }
    fields |= {"step_target": 25_000, "total_pulses": 18_734, "pl_pulse": PL_PULSE, "t_s": 130, "t_ms": 400}
    good = dict.fromkeys(("quality", "spo2_verdict", "pulse_verdict"), verdicts.GOOD)
    trend = {"trend": trends.FALLS, "baseline": 98, "lowest": 91, "lowest_verdict": verdicts.LOW}
    trend |= {"before_spo2": 97, "minute_spo2": 94}
    fields |= {"spo2": 97, "pulse": 72, "vitals": vitals.VALID, "journal_seq": 0}
    return fields | good | trend | changes


def event_fields(seq: int, event: str, **changes: Any) -> dict[str, Any]:
    """An EVENT record with changes."""
    fields = dict.fromkeys(m.EVENT[2].split(), 0)
    fields |= {"seq": seq, "t_s": 130 + seq, "kind": events.NAMES.index(event), "state": states.RUNNING, "step": 3}
    return fields | {"rate_e4": 100_000, "pulses": 18_734} | changes


def run_when(holds: Callable[[], bool], act: Callable[[], None], after_s: float = 0.0) -> None:
    """Acts in a thread of its own once `holds()`, `after_s` later: what came decides, not how fast this machine is."""

    def wait() -> None:
        end = time.monotonic() + patience_s(
            _GIVE_UP_S
        )  # a test that failed meanwhile leaves no thread that looks for ever
        while not holds():
            if time.monotonic() > end:
                return
            time.sleep(_LOOK_S)
        time.sleep(after_s)
        act()

    threading.Thread(target=wait, daemon=True).start()


class FakePump:
    """`port` is the pty's name. Set the attributes before the client asks; `seen` is what it asked."""

    def __init__(self) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self.master)
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.contract, self.version, self.fingerprint = m.CONTRACT, "0.1.0", "--------"
        self.mode = 1  # bench mode
        self.oximeter = [0, 0]  # the format that is set, and the one that is read since power-on
        self.keeps = True  # what is set is saved
        self.silent = False
        self.garbage = b""  # sent instead of every answer
        self.swallow: Counter[int] = Counter()  # so many answers to this type get lost
        self.refuse: dict[int, tuple[str, int, int]] = {}
        self.status = status_fields()
        self.events: dict[int, dict[str, Any]] = {}
        self.clock = {"wall_s": 0, "cause": 0, "era": 0, "t_s": 130}
        self.memory: list[bytes] | None = []  # the slots of its log; None: it does not answer
        self.shows: str | None = None  # fingerprint shown after a load, whatever was loaded
        self.streaming = False
        self.cut_after: int | None = None  # the cable is pulled after so many requests
        self.seen: list[tuple[int, dict[str, Any]]] = []
        self.image = bytearray()
        self._wire, self._sequence = Wire(TO_PUMP), 0
        self._begun: tuple[int, int] = (0, 0)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def pull(self) -> None:
        """Pulls the cable: `port` is gone. Its number stays taken until `close`.

        A number that is free goes to the next pseudo-terminal of any process, and a tool that opens `port` again would
        be talking to another test's pump.
        """
        self._done.set()
        if self._thread is not threading.current_thread():
            self._thread.join(patience_s(1))
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def close(self) -> None:
        """Pulls the cable and gives the pseudo-terminal back."""
        self.pull()
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def __enter__(self) -> "FakePump":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def asked(self, layout: tuple[int, str, str]) -> int:
        """How many requests of this type came."""
        return sum(kind == layout[0] for kind, _ in self.seen)

    def emit(self, layout: tuple[int, str, str], fields: dict[str, Any]) -> None:
        """Sends a message of the stream."""
        self._sequence = (self._sequence + 1) & 255
        os.write(self.master, self._wire.encode(layout, self._sequence, **fields))

    def _run(self) -> None:
        streamed = time.monotonic()
        while not self._done.is_set():
            if select.select([self.master], [], [], 0.01)[0]:
                for message in self._wire.feed(os.read(self.master, 4096)):
                    self._serve(message.type, message.sequence, message.fields)
            if self.streaming and time.monotonic() - streamed > 0.05:
                streamed = time.monotonic()
                self.emit(m.STATUS, self.status)

    def _serve(self, kind: int, sequence: int, fields: dict[str, Any]) -> None:
        self.seen.append((kind, fields))
        if self.cut_after is not None and len(self.seen) >= self.cut_after:
            self.pull()
            return
        layout, answer = self._answer(kind, fields)
        if self.silent or self.swallow[kind] > 0:
            self.swallow[kind] -= 1
        elif self.garbage:
            os.write(self.master, self.garbage)
        else:
            os.write(self.master, self._wire.encode(layout, sequence, **answer))

    def _answer(self, kind: int, fields: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if kind in self.refuse:
            code, where, detail = self.refuse[kind]
            return self._refusal(kind, code, where, detail)
        if kind == m.HELLO[0]:
            said = {
                "contract": self.contract,
                "version": self.version,
                "build": "b1",
                "git": "abc",
                "mode": self.mode,
                "oximeter": self.oximeter[0],
                "reads": self.oximeter[1],
                "kept": int(self.keeps),
            }
            return m.HELLO_REPLY, {**said, "fingerprint": self.fingerprint}
        if kind == m.STATUS_GET[0]:
            return m.STATUS, self.status
        if kind == m.CLOCK_GET[0]:
            return m.CLOCK, self.clock
        if kind == m.LOG_GET[0]:
            known = self.events.get(fields["seq"])
            return (m.EVENT, known) if known else self._refusal(kind, "range", 0, 0)
        if kind == m.STORED_GET[0]:
            return self._stored(fields["slot"], fields["count"])
        if kind == m.INPUTS_GET[0]:
            return m.INPUTS, {"run": 1, "at": 0, "end": 0, "scan": 7, "stands": 0}
        self._act(kind, fields)
        return m.ACK, {"request": kind}

    def _stored(self, slot: int, count: int) -> tuple[Any, dict[str, Any]]:
        if self.memory is None:
            return self._refusal(m.STORED_GET[0], "unread", 0, 0)
        said = {"slot": slot, "end": len(self.memory), "lost": 0, "waiting": 0}
        return m.STORED, {**said, "data": b"".join(self.memory[slot : slot + count])}

    def _refusal(self, kind: int, code: str, where: int, detail: int) -> tuple[Any, dict[str, Any]]:
        return m.REFUSED, {"request": kind, "code": refusals.NAMES.index(code), "where": where, "detail": detail}

    def _act(self, kind: int, fields: dict[str, Any]) -> None:
        if kind == m.SET[0]:
            self.oximeter[0] = fields["value"]
        elif kind == m.STREAM[0]:
            self.streaming = fields["period_ms"] > 0
        elif kind == m.STOP[0]:
            self.status = status_fields(state=states.STOPPED, hold_code=causes.HOST_STOP)
        elif kind == m.PAUSE[0]:
            self.status = status_fields(state=states.HELD, hold_code=causes.HOST_PAUSE)
        elif kind == m.CLOCK_SET[0]:
            self.clock = self.clock | fields | {"cause": 0}
        elif kind == m.LOAD_BEGIN[0]:
            self._begun, self.image = (fields["size"], fields["crc"]), bytearray(fields["size"])
        elif kind == m.LOAD_DATA[0]:
            offset, data = fields["offset"], fields["data"]
            self.image[offset : offset + len(data)] = data
        elif kind == m.LOAD_END[0] and (len(self.image), zlib.crc32(self.image)) == self._begun:
            self.fingerprint = self.shows or fingerprint(bytes(self.image))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other pump, and a cache of our own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("TOLERAMP_PORT", raising=False)
    monkeypatch.setattr("serial.tools.list_ports.comports", list)


@pytest.fixture
def fake() -> Iterator[FakePump]:
    """A pump that runs step 3."""
    with FakePump() as pump:
        yield pump

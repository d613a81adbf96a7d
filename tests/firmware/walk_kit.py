"""Random hands, hosts, patients and parts at the core, on CPython and on MicroPython with 31 bits at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from fractions import Fraction

from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.link import frames
from pump.tables import causes, parts, states, vitals
from pump.tables import messages as m
from pump.tables.states import FLOWS, GROUP, ON
from toleramp.protocol.file import compile_protocol, read_protocol, scaled
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.people.seen import seen_at
from toleramp_bench.places import standard_protocol
from toleramp_bench.targets.host_line import HostLine
from toleramp_bench.targets.twin import Twin, twin_pump

KEYS = (START, CONFIRM, SILENCE, UP, DOWN, STOP, START | CONFIRM, STOP | CONFIRM)
READINGS = ((97, 72), (94, 72), (92, 140), (84, 72), (m.NONE8, m.NONE16))
FLAGS = (vitals.VALID, vitals.VALID, 0, 5, 9, 64)
STATES = tuple(states.NAMES)


def blob_at(scale: Fraction) -> bytes:
    """The standard protocol, compiled for the bench at a scale."""
    return compile_protocol(scaled(read_protocol(standard_protocol()), scale), "the walks' protocol")


MINI = blob_at(Fraction(1, 500))


@contextmanager
def both(start_ms: int = 0, twins: Callable[[CorePump, str], Twin] = Twin) -> Iterator[CorePump]:
    """A pump of both cores; in the end nothing may differ. `start_ms`: the ticks at power-on."""
    pump = twin_pump(start_ms=start_ms, twins=twins)
    with closing(twin(pump)):
        yield pump
        twin(pump).compare()


def twin(pump: CorePump) -> Twin:
    """The two cores of a pump."""
    assert isinstance(pump.brain, Twin)
    return pump.brain


def scan_s(pump: CorePump, seconds: float) -> None:
    """Lets time pass."""
    for _ in range(round(seconds * 1_000_000 / pump.period_us)):
        pump.scan()


def attend(pump: CorePump, until: Callable[[CorePump], bool], limit_s: float, nurse: Nurse | None = None) -> None:
    """A nurse answers what the pump asks, until it is as wanted."""
    nurse = nurse or Nurse(ScreenPace())
    end_us = pump.now_us + limit_s * 1_000_000
    while not until(pump):
        assert pump.now_us < end_us, (state(pump), pump.events[-3:])
        if state(pump) != "running" and pump.keys_free():
            button = nurse.press(seen_at(pump.controller), pump.now_us // 1000)
            if button:
                pump.press(button)
        pump.scan()


def state(pump: CorePump) -> str:
    """The session's state by its name."""
    return STATES[pump.controller.session.state]


def flowing(pump: CorePump) -> bool:
    """Whether the drug may flow."""
    return bool(GROUP[pump.controller.session.state] & FLOWS)


def frame(kind: int, payload: bytes, sequence: int = 1) -> bytes:
    """A request as it comes over the line."""
    plain, coded = bytearray(frames.MAX_PLAIN), bytearray(frames.MAX_CODED)
    plain[0], plain[1] = kind, sequence
    plain[2 : 2 + len(payload)] = payload
    return b"\0" + bytes(coded[: frames.encode(plain, len(payload), coded)])


class Walk:
    """One life of a pump under random hands; the same for the same seed."""

    def __init__(self, pump: CorePump, seed: int) -> None:
        self.pump, self.random = pump, random.Random(seed)
        self.visited: set[str] = set()
        self.line = HostLine()
        self.nurse = Nurse(ScreenPace(0))
        self._acts = (
            (self._go, 24), (self._press, 2), (self._wait, 4), (self._reading, 2), (self._well, 4), (self._request, 2),
            (self._rubbish, 1), (self._hang, 1), (self._unplug, 1), (self._miss, 1), (self._load, 1), (self._react, 3),
        )  # fmt: skip

    def go(self, scans: int) -> None:
        """So many scans, or until nothing can go on."""
        pump, end = self.pump, twin(self.pump).scans + scans
        acts, weights = zip(*self._acts, strict=True)
        while twin(pump).scans < end and state(pump) not in ("fault", "locked"):
            self.random.choices(acts, weights)[0]()
            self.visited.add(state(pump))

    def _scan(self, count: int) -> None:
        for _ in range(count):
            self.pump.scan()

    def _go(self) -> None:
        """What a nurse would do next, so that walks reach the far states."""
        key = self.nurse.answer(seen_at(self.pump.controller))
        if key:
            self.pump.press(key)
        self._scan(45 if key else 10)

    def _react(self) -> None:
        """STOP, and what the clinician will enter then."""
        if not flowing(self.pump):
            return
        self.pump.press(STOP)
        self._scan(45)
        wishes, draw = self.nurse.wishes, self.random
        wishes.cause = draw.choice((causes.TECHNICAL, causes.MILD, causes.MILD, causes.MILD, causes.END, causes.SEVERE))
        wishes.back, wishes.bag = draw.choice((None, 0, 1, 2, 9)), draw.choice((None, 0, 1, 2))

    def _press(self) -> None:
        hold = self.random.randint(1, 40)
        self.pump.press(self.random.choice(KEYS), hold * 20)
        self._scan(hold + 10)

    def _wait(self) -> None:
        self._scan(self.random.choice((50, 100, 250, 1000)))

    def _reading(self) -> None:
        parser = self.pump.parser
        parser.spo2, parser.pulse = self.random.choice(READINGS)
        parser.flags = self.random.choice(FLAGS)
        self._scan(60)

    def _well(self) -> None:
        parser = self.pump.parser
        parser.spo2, parser.pulse, parser.flags = 97, 72, vitals.VALID
        self._scan(3100 if state(self.pump) in ("held", "resumable") and self.random.random() < 0.3 else 20)

    def _request(self) -> None:
        kind = self.random.choice([layout[0] for layout in m.TO_PUMP if layout != m.STOP] + [0x10, 0x7F, 0xFF])
        if self.random.random() < 0.1:
            kind = m.STOP[0]
        self.pump.board.to_pump += frame(kind, self.random.randbytes(self.random.choice((0, 1, 2, 3, 4, 6, 10))))
        self._scan(self.random.randint(3, 40))

    def _rubbish(self) -> None:
        self.pump.board.to_pump += self.random.randbytes(self.random.choice((1, 30, 700)))
        self._scan(40)

    def _hang(self) -> None:
        """A bag's code, right or wrong."""
        code = self.random.choice((b"TLR-A-0001", b"TLR-X-9999", b"", bytes(60)))
        self.pump.board.to_pump += frame(m.HANG[0], code)
        self._scan(10)

    def _unplug(self) -> None:
        part = self.random.randrange(1, parts.COUNT)
        self.pump.board.unplug(part, True)
        self._scan(self.random.choice((10, 200, 500)))
        self.pump.board.unplug(part, False)
        self._scan(150)

    def _miss(self) -> None:
        """The counter misses pulses, or counts some that nobody commanded: seldom, it ends the session."""
        stepper = self.pump.stepper
        if self.random.random() < 0.1:
            stepper.stray(self.random.choice((1, 300, 5000)))
        else:
            stepper.deaf = True
            self._scan(self.random.randint(1, 10))
            stepper.deaf = False
        self._scan(5)

    def _load(self) -> None:
        """Over the line, piece by piece, where the pump takes it."""
        if GROUP[self.pump.controller.session.state] & ON:
            return
        for request in self.line.load_requests(MINI):
            self.pump.board.to_pump += request
            self._scan(14)

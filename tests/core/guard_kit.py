"""A guard alone, with its snapshot and control's claim, for tests that go scan by scan."""

from __future__ import annotations

import copy
from fractions import Fraction

from core_kit import PL_PULSE, StepRow, build, mini

from pump.claim import Claim
from pump.guard.guard import Guard
from pump.io import CONFIRM, Snapshot
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.tables import causes

MLH = 36  # of `steady`: a pulse of 100 nL each 10 ms
PULSE_MS = 10


def steady(*pulses: int, mlh: Fraction | int = MLH) -> p.Protocol:
    """Steps of so many pulses of 100 nL from one bag of 1 L at 1 mg/mL, all at one rate."""
    hour = Fraction(PL_PULSE, 10**9) / MLH
    steps: list[StepRow] = [(0, Fraction(MLH), 60 * count * hour) for count in pulses]
    protocol = build(Fraction(sum(pulses) * PL_PULSE, 10**9), [(Fraction(1000), Fraction(1000))], steps)
    for step in protocol.steps:
        step.rate_e4 = int(mlh * 10_000)
    return protocol


class Bench:
    """A guard alone, with its snapshot and a claim; `screen`: four lines of 16 from which it learns the bag."""

    def __init__(self, protocol: p.Protocol | None = None, dt_ms: int = 20, screen: bytes | bytearray = b"") -> None:
        self.guard, self.snap, self.claim = Guard(PL_PULSE, screen), Snapshot(), Claim()
        self.guard.adopt(encode(protocol or mini()))
        self.snap.dt_ms = dt_ms
        self.claim.session = 1
        self.scan()

    def scan(self, pulses: int = 0, buttons: int = 0, lost: int = 0) -> bool:
        """One scan with so many pulses, `lost` ones that moved nothing beside them; whether the permit was renewed."""
        self.snap.pulses += pulses + lost
        self.snap.moved += pulses
        self.snap.buttons = buttons
        self.claim.leased_ms = self.snap.now_ms
        self.guard.account(self.snap)
        self.guard.judge(self.claim, self.snap)
        return bool(self.guard.permit)

    def flow(self, step: int, entry: int = 1) -> None:
        """Control claims that a step flows."""
        self.claim.flow, self.claim.step, self.claim.entry = True, step, entry
        self.claim.target = self.guard._course.pulses[step]

    def begin(self, step: int = 0, entry: int = 1) -> None:
        """A person presses, and the first scan of a step's flow passes."""
        self.scan(buttons=CONFIRM)
        self.flow(step, entry)
        assert self.scan(), self.trip

    def give(self, step: int, entry: int, pulses: int | None = None) -> None:
        """A step from rest, its pulses one a scan of its own interval, and the rest after it."""
        dt_ms, self.snap.dt_ms = self.snap.dt_ms, PULSE_MS
        self.begin(step, entry)
        for _ in range(self.guard.plan.pulses[step] if pulses is None else pulses):
            assert self.scan(1), self.trip
        self.stop()
        self.snap.dt_ms = dt_ms

    def stop(self) -> None:
        """Nothing flows any more, for half a second."""
        self.claim.flow = False
        for _ in range(-(-500 // self.snap.dt_ms)):
            self.scan()

    def go_back(self, step: int, bag: int = -1) -> None:
        """A person decided to go on at that step, on that bag; the guard sees it while nothing flows."""
        self.claim.turn += 1
        self.claim.step, self.claim.bag = step, bag
        self.scan()

    @property
    def trip(self) -> str:
        """The name of the reason for which it tripped, empty for none."""
        return causes.NAMES[self.guard.trip] if self.guard.trip else ""

    def after(self, pulses: int, buttons: int = 0, lost: int = 0) -> str:
        """What it would trip for in the next scan, with so many pulses; nothing is changed."""
        other = copy.deepcopy(self)
        permit = other.scan(pulses, buttons, lost)
        assert not (permit and other.trip), "a permit after a trip"
        return other.trip

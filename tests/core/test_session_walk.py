"""Random hands, hosts, patients and motors at the shipped core: the invariants after every scan."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import PL_PULSE, dose_pg, host, mini, next_key, pump_with, state, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from long_form import examples

from pump.course.plan import Plan
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.tables import messages as m
from pump.tables import states, vitals

PROTOCOL = mini()
PROTOCOL.line_dead_nl = 600  # six pulses: 0.3 mL at this scale
PLAN = Plan(PROTOCOL, PL_PULSE)
MAY_FLOW = ("running",)
# A pulse's drug from each bag, in whole femtograms.
PULSE_FG = [whole(Fraction(PL_PULSE * bag.drug_pg, bag.volume_nl)) for bag in PROTOCOL.solutions]
STRENGTH = [Fraction(bag.drug_pg, bag.volume_nl) for bag in PROTOCOL.solutions]
LINE_PULSES = 6
SALINE = 3
HIGHEST_PULSE_PG = max(Fraction(PL_PULSE * bag.drug_pg, bag.volume_nl * 1000) for bag in PROTOCOL.solutions)


class Watched:
    """A pump whose every scan is checked; the pulses are counted at the step pin, by the bag that the screen names."""

    def __init__(self) -> None:
        self.pump = pump_with(PROTOCOL)
        self.by_bag = [0, 0, 0]
        self.in_step = [0] * PLAN.count
        self.line = [SALINE] * LINE_PULSES
        self.lenient = False  # after pulses that nobody commanded the dose is the fault's
        self.seen = 0
        self.armed = 0

    def scan(self, count: int = 1) -> None:
        """So many scans, each checked."""
        for _ in range(count):
            self.one()

    def one(self, kind: int = 0) -> None:
        """One scan, or one in which the host sends a request."""
        pump = self.pump
        session, before, pulses = pump.controller.session, state(pump), pump.stepper.moved
        step, stop_down = session.progress.step, bool(pump.keys & STOP)
        bag, rate = session.case.solution(), session.rate_e4()
        if kind:
            host(pump, kind)
        else:
            pump.scan()
        new = pump.stepper.moved - pulses
        assert new == 0 or self.lenient or before in MAY_FLOW, (before, new)
        self.by_bag[bag] += new
        self.in_step[step] += new
        self.pushed(bag, new, rate, step)
        self.records()
        self.outputs(stop_down and bool(pump.snap.buttons & STOP))

    def pushed(self, bag: int, pulses: int, rate_e4: int, step: int) -> None:
        """What leaves the line comes at no more than the step's dose rate, and what enters it too (SES-5)."""
        self.line += [bag] * pulses
        out, self.line = self.line[: len(self.line) - LINE_PULSES], self.line[len(self.line) - LINE_PULSES :]
        strongest = max([STRENGTH[content] for content in out if content != SALINE], default=0)
        assert self.lenient or rate_e4 * max(strongest, STRENGTH[bag]) <= Fraction(*PLAN.dose_rate(step)), (step, out)

    def outputs(self, stop_down: bool) -> None:
        """What the outputs may ask for in this state."""
        out, now = self.pump.out, state(self.pump)
        assert not out.words or now in MAY_FLOW
        assert not out.permit or (now in MAY_FLOW and not self.pump.controller.guard.trip)
        assert not stop_down or (not out.words and not out.permit)
        rate = self.pump.controller.session.rate_e4()
        assert rate <= PLAN.rate_e4[self.pump.controller.session.progress.step] and (not rate or now in MAY_FLOW)
        assert self.lenient or sum(map(int.__mul__, self.by_bag, PULSE_FG)) <= PROTOCOL.full_dose_pg * 1000

    def records(self) -> None:
        """Order of the steps, as the records tell it."""
        for event in self.pump.events[self.seen :]:
            name, step = event["event"], int(str(event["step"])) - 1
            if name == "armed":
                self.by_bag, self.in_step = [0, 0, 0], [0] * PLAN.count
                self.line = [SALINE] * LINE_PULSES
            if name == "step_started":
                assert step == 0 or self.complete[step - 1], "a step before the one below it was complete"
                self.in_step[step] = 0
            if name == "step_completed":
                full = dose_pg(PROTOCOL, self.by_bag) > PROTOCOL.full_dose_pg - HIGHEST_PULSE_PG
                assert self.lenient or full or self.whole(step)
                self.complete[step] = True
            if name == "armed":
                self.complete = [False] * PLAN.count
        self.seen = len(self.pump.events)

    def whole(self, step: int) -> bool:
        """The step gave its dose, to a pulse of the bag that it ran on."""
        session, own = self.pump.controller.session, PLAN.solution[step]
        bag = session.case.course.bag[step]
        dose = self.in_step[step] * STRENGTH[bag] - PLAN.pulses[step] * STRENGTH[own]
        return abs(dose) <= STRENGTH[bag] / 2 if bag != own else not dose

    complete: list[bool] = [False] * PLAN.count


KEYS = st.sampled_from((START, CONFIRM, SILENCE, UP, DOWN, STOP, START | CONFIRM, STOP | CONFIRM))


class Walk(RuleBasedStateMachine):
    """Presses, requests, readings and faults in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.watched = Watched()

    @property
    def pump(self):  # type: ignore[no-untyped-def]
        return self.watched.pump

    @rule(keys=KEYS, hold=st.integers(1, 8))
    def press(self, keys: int, hold: int) -> None:
        self.pump.press(keys, hold * 100)
        self.watched.scan(hold + 4)

    @rule()
    def go(self) -> None:
        """What a nurse would do next, so that walks reach the far states."""
        self.pump.press(next_key(self.pump))
        self.watched.scan(8)

    @rule(seconds=st.sampled_from((1, 2, 5, 20)))
    def wait(self, seconds: int) -> None:
        self.watched.scan(seconds * 10)

    @rule()
    def wait_for_recovery(self) -> None:
        self.pump.parser.spo2, self.pump.parser.pulse, self.pump.parser.flags = 97, 72, vitals.VALID
        if state(self.pump) in ("held", "resumable", "decision", "boundary"):
            self.watched.scan(620)

    @rule(
        spo2=st.sampled_from((97, 94, 92, 84, m.NONE8)),
        pulse=st.sampled_from((72, 140)),
        flags=st.sampled_from((1, 1, 0, 5, 9, 64)),
    )
    def reading(self, spo2: int, pulse: int, flags: int) -> None:
        self.pump.parser.spo2, self.pump.parser.pulse, self.pump.parser.flags = spo2, pulse, flags
        self.watched.scan(3)

    @rule(kind=st.sampled_from([layout[0] for layout in m.TO_PUMP] + [0x10, 0x7F, 0xFF]))
    def request(self, kind: int) -> None:
        before = self.pump.controller.delivery.flowing
        self.watched.one(kind)
        assert before or not self.pump.controller.delivery.flowing

    @rule(scans=st.integers(1, 10))
    @precondition(lambda self: state(self.pump) == "running")
    def stall(self, scans: int) -> None:
        self.pump.stepper.deaf = True
        self.watched.scan(scans)
        self.pump.stepper.deaf = False

    @rule(extra=st.sampled_from((1, 300, 5000)))
    @precondition(lambda self: state(self.pump) not in ("ready", "running"))
    def runaway(self, extra: int) -> None:
        self.watched.scan(2)  # right after a stop a pulse that had begun may still be counted
        self.watched.lenient = True
        self.pump.stepper.stray(extra)
        self.watched.scan(3)
        assert state(self.pump) == "fault"

    @invariant()
    def stop_is_never_far(self) -> None:
        assert state(self.pump) in states.NAMES


TestWalk = pytest.mark.req("FLO-6", "FLO-10", "PRO-4", "PRO-5", "SES-2", "SES-5", "SES-11", "SEC-1")(Walk.TestCase)
TestWalk.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)

MOVES = st.lists(st.tuples(st.integers(0, 5), st.integers(5, 60), st.booleans()), min_size=4, max_size=14)


@pytest.mark.req("PRO-4", "SES-3", "SES-5", "FLO-10", "PRO-8")
@settings(max_examples=examples(50))
@given(MOVES)
def test_any_row_of_holds_and_reactions_ends_with_the_dose_or_less(moves: list[tuple[int, int, bool]]) -> None:
    """Else some order of pauses and repeats gives more than was ordered."""
    watched = Watched()
    nurse(watched, START)
    for move, scans, other_bag in moves:
        for _ in range(6):
            if state(watched.pump) in ("armed", "bag"):
                nurse(watched, next_key(watched.pump))
        watched.scan(scans * 4)
        if state(watched.pump) == "running":
            interrupt(watched, move, other_bag)
    for _ in range(90):
        if state(watched.pump) in ("completed", "locked"):
            break
        if state(watched.pump) != "running":
            nurse(watched, next_key(watched.pump))
        else:
            watched.scan(100)
    assert state(watched.pump) in ("completed", "locked"), state(watched.pump)
    dose = dose_pg(PROTOCOL, watched.by_bag)
    if state(watched.pump) == "completed":
        assert PROTOCOL.full_dose_pg - HIGHEST_PULSE_PG < dose <= PROTOCOL.full_dose_pg


def nurse(watched: Watched, button: int) -> None:
    """A press and its release, every scan checked."""
    watched.pump.press(button)
    watched.scan(9)


def interrupt(watched: Watched, back: int, other_bag: bool) -> None:
    """STOP; a technical hold (0) or a reaction with so many steps back less one, on a bag; then two presses."""
    nurse(watched, STOP)
    if back:
        nurse(watched, UP)
    nurse(watched, CONFIRM)
    for _ in range(back - 1):
        nurse(watched, DOWN)
    if back:
        nurse(watched, CONFIRM)
    if state(watched.pump) == "boundary":
        if other_bag:
            nurse(watched, UP)
        nurse(watched, CONFIRM)
    nurse(watched, START)
    nurse(watched, CONFIRM)

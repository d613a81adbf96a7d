"""The guard by itself, fed with counts, keys and claims: what it lets through, what it ends, and why (FLO-5, FLO-7)."""

from __future__ import annotations

import pytest
from core_kit import STEP_PULSES, encode, short

from pump.claim import Claim
from pump.course.plan import Plan
from pump.guard.guard import Guard
from pump.io import CONFIRM, START, STOP, UP, Snapshot
from pump.tables import causes
from toleramp_bench.boards.core_pump import PL_PULSE

PLAN = Plan(short(), PL_PULSE)
SCAN_MS = 20


class Bench:
    """Counts that a test makes, a claim that it writes."""

    def __init__(self, session: int = 1) -> None:
        self.guard, self.snap, self.claim = Guard(PL_PULSE), Snapshot(), Claim()
        self.guard.adopt(encode(short()))
        self.claim.session, self.claim.entry, self.claim.turn, self.claim.bag = session, 0, 0, -1
        self.claim.flow, self.claim.step, self.claim.target = False, 0, 0
        self.us = 0
        self.scan()

    def scan(self, pulses: int = 0, buttons: int = 0) -> None:
        """One scan with so many pulses."""
        self.snap.dt_ms, self.snap.buttons = SCAN_MS, buttons
        self.claim.leased_ms = self.snap.now_ms
        self.snap.pulses += pulses
        self.snap.moved += pulses
        self.guard.account(self.snap)
        self.guard.judge(self.claim, self.snap)

    def rest(self, seconds: float = 0.3) -> None:
        """Nothing flows for so long."""
        self.claim.flow = False
        for _ in range(round(seconds * 1000 / SCAN_MS)):
            self.scan()

    def press(self, key: int = CONFIRM) -> None:
        """A key, while nothing flows."""
        self.claim.flow = False
        self.scan(0, key)
        self.scan()

    def begin(self, step: int) -> None:
        """Control says that a step begins (from 0)."""
        self.claim.step, self.claim.target, self.claim.flow = step, PLAN.pulses[step], True
        self.claim.entry += 1
        self.us = 0
        self.scan()  # its first pulse comes later than the claim

    def flow(self, pulses: int, step: int | None = None, pace: float = 1.0, most_s: float = 60) -> None:
        """Pulses at the step's interval times `pace`, until so many have come or the guard has tripped."""
        if not self.claim.flow:
            self.claim.flow = True
            self.scan()
        interval_us = PLAN.interval_us[self.claim.step if step is None else step] * pace
        for _ in range(round(most_s * 1000 / SCAN_MS)):
            if pulses <= 0 or self.guard.trip:
                return
            self.us += SCAN_MS * 1000
            new = min(pulses, int(self.us // interval_us))
            self.us -= int(new * interval_us)
            pulses -= new
            self.scan(new)

    def wait_in_flow(self, seconds: float) -> None:
        """It is said to flow, and nothing comes."""
        self.claim.flow = True
        for _ in range(round(seconds * 1000 / SCAN_MS)):
            self.scan()

    @property
    def trip(self) -> str:
        """Why it ended; "none": it did not."""
        return causes.NAMES[self.guard.trip]


def flowing(step: int = 0) -> Bench:
    """A session in its first seconds of a step, those before it given as planned."""
    bench = Bench()
    for k in range(step + 1):
        bench.press()
        bench.begin(k)
        bench.flow(PLAN.pulses[k] if k < step else 20)
    assert bench.trip == "none" and bench.guard.permit
    return bench


@pytest.mark.req("FLO-7", "SES-16")
@pytest.mark.parametrize(("key", "taken"), [(START, True), (CONFIRM, True), (UP, False), (0, False)])
def test_nothing_flows_without_a_press(key: int, taken: bool) -> None:
    """Else a fault in control starts the flow with nobody there."""
    bench = Bench()
    bench.press(key)
    bench.begin(0)
    bench.scan()
    assert bench.guard.permit is taken and bench.trip == ("none" if taken else "claim")


@pytest.mark.req("FLO-7", "SES-16")
def test_one_press_lets_flow_once() -> None:
    """Else a press of before the hold lets it flow again after it."""
    bench = flowing()
    bench.rest()
    bench.flow(5)
    assert bench.trip == "claim" and not bench.guard.permit


@pytest.mark.req("SES-11", "FLO-12")
def test_no_permit_at_rest_nor_while_stop_is_down() -> None:
    """Else the motor's driver is enabled where nothing may flow."""
    bench = flowing()
    bench.scan(0, STOP)
    assert not bench.guard.permit
    bench.scan()
    assert bench.guard.permit
    bench.rest()
    assert not bench.guard.permit and bench.trip == "none"


@pytest.mark.req("FLO-7")
@pytest.mark.parametrize(("field", "by"), [("session", 1), ("step", 1), ("step", 2), ("target", 1)])
def test_a_claim_that_does_not_fit_ends_it(field: str, by: int) -> None:
    """Else control's belief is the guard's."""
    bench = flowing(1)
    setattr(bench.claim, field, getattr(bench.claim, field) + by)
    bench.wait_in_flow(0.2)
    assert bench.trip == "claim"


@pytest.mark.req("FLO-7", "PRO-6")
@pytest.mark.parametrize("given", [0, 50, 99])
def test_no_step_before_the_one_before_is_complete(given: int) -> None:
    """Else a step is skipped, from rest or in flow."""
    for at_rest in (False, True):
        bench = Bench()
        bench.press()
        bench.begin(0)
        bench.flow(given)
        if at_rest:
            bench.rest()
            bench.press()
        bench.begin(1)
        bench.scan()
        assert bench.trip == "claim"


@pytest.mark.req("FLO-7", "PRO-6")
@pytest.mark.parametrize("step", [2, 3, 11])
def test_no_step_but_the_next_one(step: int) -> None:
    """Else a claim two steps on passes for the next step."""
    bench = flowing(0)
    bench.flow(STEP_PULSES[0] - 20)
    bench.rest()
    bench.press()
    bench.begin(step)
    bench.scan()
    assert bench.trip == "claim"


@pytest.mark.req("FLO-5", "FLO-6")
def test_a_ladder_as_planned_passes() -> None:
    """Else the guard ends sessions in which nothing is wrong."""
    bench = Bench()
    for k in range(6):
        if k in (0, 4):
            bench.rest()
            bench.press()
        bench.begin(k)
        bench.flow(PLAN.pulses[k])
    assert bench.trip == "none" and bench.guard.permit


@pytest.mark.req("FLO-5")
@pytest.mark.parametrize(
    ("pace", "trip"), [(1.0, "none"), (1.01, "none"), (0.5, "over-delivery"), (3.0, "under-delivery")]
)
def test_a_step_at_another_rate_is_ended(pace: float, trip: str) -> None:
    """Else a wrong rate runs for as long as its step lasts."""
    bench = flowing(9)
    bench.flow(600, pace=pace)
    assert bench.trip == trip


@pytest.mark.req("FLO-5", "FLO-4")
@pytest.mark.parametrize("more", [1, 2])
def test_what_comes_beyond_a_step_is_over_delivery(more: int) -> None:
    """Else each step gives a little more than the order."""
    bench = flowing(3)
    bench.flow(STEP_PULSES[3] - 20)
    bench.scan(more)
    bench.wait_in_flow(0.3)
    assert bench.trip == ("none" if more == 1 else "over-delivery")


@pytest.mark.req("FLO-5")
def test_pulses_that_never_come_are_told_after_some_seconds() -> None:
    """Else a step that lacks its last pulses waits for ever."""
    bench = flowing(3)
    bench.flow(STEP_PULSES[3] - 22)
    interval_s = PLAN.interval_us[3] / 1_000_000
    bench.wait_in_flow(4.5)
    assert bench.trip == "none"
    bench.wait_in_flow(1 + 4 * interval_s)
    assert bench.trip == "under-delivery"


@pytest.mark.req("FLO-5", "SES-11")
def test_many_holds_in_a_step_add_up_to_nothing() -> None:
    """Else the parts of an interval that holds cut off end the session."""
    bench = flowing(9)
    for _ in range(300):
        bench.rest(0.14)
        bench.press()
        bench.us = 0
        bench.flow(1)
    assert bench.trip == "none"


@pytest.mark.req("FLO-8", "FLO-12")
@pytest.mark.parametrize(("late_ms", "pulses", "trip"), [(20, 2, "none"), (20, 3, "runaway"), (200, 1, "runaway")])
def test_what_comes_after_the_flow_is_a_runaway(late_ms: int, pulses: int, trip: str) -> None:
    """Else a motor that goes on by itself is not noticed, or a pulse that had begun ends the session."""
    bench = flowing(0)
    bench.claim.flow = False
    for _ in range(late_ms // SCAN_MS):
        bench.scan()
    bench.scan(pulses)
    assert bench.trip == trip and not bench.guard.permit


@pytest.mark.req("INT-4", "INT-3")
@pytest.mark.parametrize("field", ["pulses", "moved"])
def test_a_count_that_falls_ends_it(field: str) -> None:
    """Else the guard's account is of another pump."""
    bench = flowing(0)
    setattr(bench.snap, field, getattr(bench.snap, field) - 1)
    bench.scan()
    assert bench.trip == "pulse-count" and not bench.guard.permit


def gone_back(to: int, at: int = 2) -> Bench:
    """A reaction in a step; people chose another to go on at."""
    bench = flowing(at)
    bench.rest()
    bench.claim.turn, bench.claim.step, bench.claim.target = 1, to, 0
    bench.rest()
    return bench


@pytest.mark.req("SES-3", "PRO-4")
@pytest.mark.parametrize(("to", "trip"), [(2, "none"), (1, "none"), (0, "none"), (3, "claim")])
def test_after_a_reaction_the_same_step_or_one_before_it(to: int, trip: str) -> None:
    """Else the pump goes on above the step that was reacted to, or may not repeat it."""
    bench = gone_back(to)
    assert bench.trip == trip
    if trip == "none":
        bench.press()
        bench.begin(to)
        bench.flow(PLAN.pulses[to])
        assert bench.trip == "none" and bench.guard.permit


@pytest.mark.req("SES-3", "FLO-5")
def test_a_hold_in_a_repeated_step_gives_no_second_volume() -> None:
    """Else each hold after a reaction lets the whole step come again."""
    bench = gone_back(1)
    bench.press()
    bench.begin(1)
    bench.flow(200)
    for _ in range(2):
        bench.rest()
        bench.press()
        bench.flow(20)
    assert bench.trip == "none"
    bench.flow(20)
    bench.wait_in_flow(0.2)
    assert bench.trip == "over-delivery"


@pytest.mark.req("SES-7", "FLO-7")
def test_a_new_session_begins_with_its_first_step() -> None:
    """Else the second patient's session may begin where the first one's ended."""
    for step, trip in ((0, "none"), (1, "claim")):
        bench = flowing(2)
        bench.rest()
        bench.claim.session += 1
        bench.rest(0.1)
        bench.press()
        bench.begin(step)
        bench.scan()
        assert bench.trip == trip


@pytest.mark.req("SES-5", "FLO-7")
@pytest.mark.parametrize(("bag", "trip"), [(0, "claim"), (2, "claim"), (1, "none"), (-1, "none")])
def test_after_a_reaction_only_the_bag_that_hangs_or_the_step_s_own(bag: int, trip: str) -> None:
    """Else control goes on by the figures of a bag that does not hang."""
    bench = flowing(5)
    bench.rest()
    bench.claim.turn, bench.claim.step, bench.claim.target, bench.claim.bag = 1, 4, 0, bag
    bench.rest()
    assert bench.trip == trip


@pytest.mark.req("FLO-7", "FLO-5")
def test_a_step_that_begins_again_in_flow_ends_it() -> None:
    """Else control repeats a step's volume while the drug flows."""
    bench = flowing(1)
    bench.claim.entry += 1
    bench.scan()
    assert bench.trip == "claim"

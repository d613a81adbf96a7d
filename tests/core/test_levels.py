"""The intervals and times of each level, by hand (PRO-2)."""

from __future__ import annotations

import pytest
from core_kit import PL_PULSE
from guard_kit import steady

from pump.course.plan import Plan
from pump.guard.levels import Levels
from pump.protocol import protocol as p

pytestmark = pytest.mark.req("PRO-2")


def levels(kind: int = p.MULTI_BAG, fills: bool = False) -> Levels:
    """Three steps of 1, 2.5 and 5 mL/h, of 400, 400 and 600 pulses, on a bag, or on one twice as strong."""
    protocol = steady(400, 400, 600)
    for step, rate in zip(protocol.steps, (10_000, 25_000, 50_000), strict=True):
        step.rate_e4 = rate
    protocol.kind = kind
    bag = protocol.solutions[0]
    protocol.solutions.append(p.Solution(bag.volume_nl, 2 * bag.drug_pg, "B", "T-2"))
    if fills:
        protocol.steps.insert(1, p.Step(0, p.LINE_FILL, 10_000, 1000, 10**6))
    return Levels(Plan(protocol, PL_PULSE))


US = 360_000, 144_000, 72_000  # between two pulses of each step


@pytest.mark.parametrize("fills", [False, True])
@pytest.mark.parametrize(("kind", "ratio"), [(p.MULTI_BAG, 300), (p.ONE_BAG, 300), (p.WIDE_STEP, 1050)])
def test_the_least_interval_of_a_level_is_that_of_what_was_tolerated(kind: int, ratio: int, fills: bool) -> None:
    """Else the factor of another class, or of another step, is allowed."""
    told = levels(kind, fills)
    assert told.top == 3
    factors = [(US[0], 100), (US[0], ratio), (US[1], ratio), (US[2], ratio)]
    assert list(told.least_us) == [us * twice * 10_000 // (f * 112) for us, f in factors for twice in (1, 2)]


@pytest.mark.parametrize("fills", [False, True])
def test_the_longest_interval_of_a_level_is_a_quarter_more_than_the_next_step_s(fills: bool) -> None:
    """Else a step counts as tolerated while it ran at another's rate."""
    after = [US[0], US[1], US[2], US[2]]
    assert list(levels(fills=fills).next_us) == [us * twice * 5 // 4 for us in after for twice in (1, 2)]


@pytest.mark.parametrize(("pulses", "needs_ms"), [(4, 720), (6, 1_080), (7, 1_314), (8, 1_656), (400, 135_720)])
def test_a_step_needs_all_its_time_but_a_twentieth_and_at_least_half(pulses: int, needs_ms: int) -> None:
    """Else a short step is tolerated at once, or never."""
    protocol = steady(pulses, 1_000, mlh=1)
    assert Levels(Plan(protocol, PL_PULSE)).needs_ms[0] == needs_ms


def test_the_needs_of_each_level_are_the_next_step_s() -> None:
    """Else a level is reached by the time of another."""
    needs = [n * us * 19 // 20 // 1_000 - 3 * us // 1_000 for n, us in zip((400, 400, 600), US, strict=True)]
    assert list(levels().needs_ms) == [*needs, needs[2]]


def test_an_interval_longer_than_nine_minutes_stays_a_small_integer() -> None:
    """Else the bounds of a strong bag do not fit the row that holds them."""
    protocol = steady(10, 10, mlh=1)
    protocol.solutions.append(p.Solution(10**6, 10**13, "B", "T-2"))
    told = Levels(Plan(protocol, PL_PULSE))
    assert told.least_us[1] == told.next_us[1] == 1 << 29 and told.least_us[0] < 1 << 29

"""What the guard's last line lets pass before it judges a rate, and what all bags together may give (PRO-2, PRO-4)."""

from __future__ import annotations

import pytest
from core_kit import short
from test_bounds import Hung
from test_line_fill import filled

from pump.course.plan import Plan
from pump.guard.bounds import Bounds
from toleramp_bench.boards.core_pump import PL_PULSE

pytestmark = pytest.mark.req("PRO-2")


@pytest.mark.parametrize(("bag", "pulses"), [(0, 20), (1, 20), (-1, 20)])
def test_a_bag_without_line_fills_has_no_free_pulse(bag: int, pulses: int) -> None:
    """Else the first pulses after each change of bags are judged by nobody."""
    bounds = Bounds(Plan(short(), PL_PULSE), Hung(bag))
    given = 0
    while not bounds.broken:
        given += 1
        bounds.count(1, 20)
        assert given < 1_000
    assert given == pulses


@pytest.mark.req("PRO-3", "FLO-7")
def test_what_fills_the_line_is_free_from_the_first_pulse_of_a_session_on() -> None:
    """Else a line-fill before step 1, at the rate of filling, ends the session."""
    plan = Plan(filled("0.3", "0.3", 0), PL_PULSE)
    bounds = Bounds(plan, Hung(0))
    assert bounds.fills[0] == plan.pulses[0] > 1_000
    for _ in range(bounds.fills[0] // 10):
        bounds.count(10, 20)
    assert not bounds.broken
    for _ in range(50):
        bounds.count(10, 20)
    assert bounds.broken


@pytest.mark.req("FLO-7", "PRO-4")
@pytest.mark.parametrize(("percent", "ends"), [(90, False), (101, True)])
def test_the_dose_of_all_bags_counts_towards_the_order(percent: int, ends: bool) -> None:
    """Else the full dose of one bag leaves room for another's."""
    plan = Plan(short(), PL_PULSE)
    hung = Hung(0)
    bounds = Bounds(plan, hung)
    bounds.count(1, 1_000)
    bag = plan.protocol.solutions[2]
    full = plan.protocol.full_dose_pg * bag.volume_nl * 1_000 // (bag.drug_pg * plan.pl_pulse)
    bounds.drawn[2] = full * percent // 100
    hung.bag = 1
    for _ in range(40):
        bounds.count(1, 20_000)
    assert bounds.broken is ends

"""What the guard's last line allows at each dose rate that was tolerated, against exact fractions (PRO-2)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import short, standard
from test_bounds import Hung
from test_line_fill import filled

from pump.course.plan import Plan
from pump.guard.bounds import Bounds
from pump.guard.levels import Levels
from pump.protocol import protocol as p
from toleramp_bench.boards.core_pump import PL_PULSE

pytestmark = pytest.mark.req("PRO-2")


def plan_of(kind: str) -> Plan:
    """The standard ladder, as that class."""
    protocol = standard()
    protocol.kind = p.CLASSES.index(kind)
    return Plan(protocol, PL_PULSE)


def interval_us(plan: Plan, step: int, bag: int) -> Fraction:
    """Between two pulses of a bag that give the dose rate of a step (from 0)."""
    own, other = plan.protocol.solutions[plan.solution[step]], plan.protocol.solutions[bag]
    own_us = Fraction(plan.pl_pulse * 36_000, plan.rate_e4[step])
    return own_us * Fraction(other.drug_pg, other.volume_nl) / Fraction(own.drug_pg, own.volume_nl)


@pytest.mark.parametrize(("kind", "factor"), [("multi-bag", Fraction(3)), ("wide-step", Fraction(21, 2))])
def test_the_shortest_interval_is_that_of_what_was_tolerated_times_the_class_s_factor(
    kind: str, factor: Fraction
) -> None:
    """Else a wrong rate in both channels is a rate; before the first step that step's own rate is the bound."""
    plan = plan_of(kind)
    levels, bags = Levels(plan), len(plan.protocol.solutions)
    assert levels.top == plan.count == 12
    for level in range(plan.count + 1):
        for bag in range(bags):
            exact = interval_us(plan, max(0, level - 1), bag) / (factor if level else 1) / Fraction(112, 100)
            assert exact - 2 <= levels.least_us[level * bags + bag] <= exact


def test_the_next_step_is_seen_up_to_a_quarter_slower() -> None:
    """Else a step that flows is never tolerated, or one that never flowed is."""
    plan = Plan(short(), PL_PULSE)
    levels, bags = Levels(plan), len(plan.protocol.solutions)
    for level in range(plan.count + 1):
        for bag in range(bags):
            exact = interval_us(plan, min(level, plan.count - 1), bag) * Fraction(5, 4)
            assert exact - 2 <= levels.next_us[level * bags + bag] <= exact


def test_a_step_has_to_be_seen_for_nearly_all_its_time() -> None:
    """Else a step of seconds counts as tolerated, or a whole one does not."""
    for plan in (Plan(short(), PL_PULSE), Plan(standard(), PL_PULSE)):
        levels = Levels(plan)
        for level in range(plan.count + 1):
            k = min(level, plan.count - 1)
            flows_us = plan.pulses[k] * plan.interval_us[k]
            least_us = max(Fraction(flows_us, 2), Fraction(flows_us * 19, 20) - 3 * plan.interval_us[k])
            assert least_us / 1_000 - 1 <= levels.needs_ms[level] <= least_us / 1_000


def test_line_fills_are_no_levels() -> None:
    """Else what counts as no dose is tolerated for one."""
    protocol = standard()
    protocol.steps[4].flags = p.LINE_FILL
    assert Levels(Plan(protocol, PL_PULSE)).top == 11


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

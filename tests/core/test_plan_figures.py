"""What a plan says of bags, line and dose, against exact fractions (PRO-3, PRO-4, PRO-7)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import short, standard
from hypothesis import given
from hypothesis import strategies as st

from pump.course.plan import Plan
from pump.protocol import protocol as p
from pump.protocol.vein import SALINE
from toleramp_bench.boards.core_pump import PL_PULSE

PLANS = {"full": Plan(standard(), PL_PULSE), "short": Plan(short(), PL_PULSE), "fine": Plan(standard(), 2_500)}


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize(
    ("volume_nl", "line_nl", "pulses"), [(10**6, 0, 10_001), (10**6, 5 * 10**5, 5_001), (99, 0, 1)]
)
def test_a_bag_gives_what_it_holds_beside_its_own_line(volume_nl: int, line_nl: int, pulses: int) -> None:
    """Else a ladder runs dry in its last step, or a bag that is enough is refused."""
    protocol = standard()
    protocol.solutions[1].volume_nl, protocol.solutions[1].line_nl = volume_nl, line_nl
    assert Plan(protocol, 100_000).holds[1] == pulses


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("primed", [0, 1])
def test_a_line_is_primed_with_the_first_step_s_bag_or_with_saline(primed: int) -> None:
    """Else the course begins as if another solution were at the vein."""
    protocol = standard()
    protocol.line_dead_nl, protocol.primed_with_solution = 300_000, primed
    protocol.steps[0].solution, protocol.steps[1].solution = 2, 1
    plan = Plan(protocol, 100_000)
    assert plan.primed_with == (2 if primed else SALINE) and plan.line_pulses == 3_000


@pytest.mark.req("INT-5", "INT-10")
@given(st.sampled_from(sorted(PLANS)), st.integers(0, 2), st.integers(0, 1 << 27))
def test_the_share_of_pulses_in_the_dose(name: str, bag: int, pulses: int) -> None:
    """Else records and the memory of orders tell another dose, or a number passes 31 bits."""
    plan = PLANS[name]
    solution, full_pg = plan.protocol.solutions[bag], plan.protocol.full_dose_pg
    exact = Fraction(pulses * plan.pl_pulse * solution.drug_pg, solution.volume_nl * 1_000) * 10**6 / full_pg
    if exact < 1 << 28:
        told = plan.ppm_of(bag, pulses)
        assert exact - exact / (1 << 14) - 2 <= told <= exact


@pytest.mark.req("PRO-3")
def test_a_line_fill_counts_as_no_dose_and_every_other_step_does() -> None:
    """Else the last step is worked out from doses that were none."""
    protocol = standard()
    protocol.steps[4].flags = p.LINE_FILL
    plan = Plan(protocol, 100_000)
    assert [bool(counts) for counts in plan.counts] == [k != 4 for k in range(plan.count)]


@pytest.mark.req("FLO-5")
def test_the_tolerances_are_those_of_the_requirement() -> None:
    """Else the guard lets more through than 0.02 mL and 2 %, at most 0.2 mL."""
    plan = Plan(standard(), 100_000)
    assert (plan.tolerance_pulses, plan.tolerance_max_pulses) == (200, 2_000)


@pytest.mark.req("PRO-3", "PRO-7")
def test_a_line_fill_has_the_dose_rate_of_the_bag_that_it_pushes_on() -> None:
    """Else the first one is judged by the second step's rate, or a later one by its own bag."""
    protocol = standard()
    protocol.steps[0].flags = protocol.steps[4].flags = p.LINE_FILL
    plan = Plan(protocol, 100_000)
    assert plan.dose_rate(0) == plan.dose_rate(1)
    before, bag = protocol.steps[4], protocol.solutions[protocol.steps[3].solution]
    assert Fraction(*plan.dose_rate(4)) == Fraction(before.rate_e4 * bag.drug_pg, bag.volume_nl)

"""What a finding says beside its code: the step it is about, and the figure that is wrong (PRO-2, PRO-3, PRO-6)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import PG, build, standard, whole
from test_line_fill import fill
from test_rules import ladder, rows

from pump.protocol import protocol as p
from pump.protocol import rules


def found(protocol: p.Protocol, code: str) -> list[tuple[str, int, int]]:
    """Severity, step and figure of the findings with that code."""
    return [(severity, step, detail) for severity, name, step, detail in rules.findings(protocol) if name == code]


@pytest.mark.req("PRO-6")
def test_a_fall_says_to_how_many_hundredths_it_fell() -> None:
    """Else the reader cannot tell a decimal slip from a rounding."""
    bags = [(Fraction(250), Fraction(50))]
    steps = [(0, Fraction(rate), Fraction(15)) for rate in (10, 20, 15, 20)]
    assert found(build(500, bags, steps, "bench"), "order") == [("error", 3, 75)]


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize("bags", [1, 3])
@pytest.mark.parametrize(("permille", "taken"), [(994, False), (996, True), (1004, True), (1006, False)])
def test_the_sum_may_be_half_a_percent_off(permille: int, taken: bool, bags: int) -> None:
    """Else a slip in a volume, or a rounded table, is judged wrongly; in bags of odd size too."""
    protocol = standard() if bags == 3 else one_odd_bag()
    exact_pg = Fraction(*rules.total_dose(protocol))
    protocol.full_dose_pg = round(exact_pg * 1000 / permille)
    told = found(protocol, "dose-sum")
    assert told == ([] if taken else [("error", 0, int(exact_pg / 10**6))])  # in ug


def one_odd_bag() -> p.Protocol:
    """A ladder whose doses are no whole picograms."""
    steps = [(0, Fraction(rate), Fraction(15)) for rate in (1, 2, 5)]
    return build(1, [(Fraction(7), Fraction(3))], steps, "bench")


@pytest.mark.req("PRO-3", "PRO-6")
def test_an_order_that_is_wrong_names_its_step() -> None:
    """Else the reader looks for the slip in the line above."""
    swapped = rows()
    swapped[3], swapped[4] = swapped[4], swapped[3]
    assert [step for _, step, _ in found(ladder(swapped), "order")][0] == 5
    early = standard()
    early.steps[6].flags = p.TO_FULL_DOSE
    assert [(step, bag) for _, step, bag in found(early, "order")] == [(8, 1)]


@pytest.mark.req("PRO-3", "PRO-6")
def test_a_line_fill_of_the_bag_that_runs_is_refused_before_its_next_step() -> None:
    """Else drug that counts as none is given in the middle of a bag."""
    within = standard()
    within.steps.insert(2, fill(0, 100_000, within.steps[1].rate_e4))
    assert [step for _, step, _ in found(within, "order")] == [3]
    begins = standard()
    begins.steps.insert(4, fill(1, 100_000, begins.steps[3].rate_e4))
    assert found(begins, "order") == []


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(("minutes", "taken"), [(Fraction(119), True), (Fraction(120), False)])
def test_a_dwell_of_eight_times_the_others_is_a_slip(minutes: Fraction, taken: bool) -> None:
    """Else the bound lies elsewhere than it is written."""
    changed = rows()
    changed[2][2] = minutes
    told = found(ladder(changed), "dwell-long")
    assert told == ([] if taken else [("error", 3, whole(minutes * 60_000))])


@pytest.mark.req("PRO-3")
def test_a_first_step_too_large_says_its_dose() -> None:
    """Else the reader cannot see by how much."""
    steps = [(0, Fraction(4), Fraction(15)), (0, Fraction(8), Fraction(15))]
    assert found(build(500, [(Fraction(500), Fraction(500))], steps), "first-step") == [("error", 1, PG)]


@pytest.mark.req("PRO-7")
def test_a_line_that_a_fill_has_filled_hides_nothing_from_the_next_step() -> None:
    """Else a step after a line-fill is told to be longer for a nanolitre."""
    protocol = standard()
    protocol.line_dead_nl, protocol.primed_with_solution = 300_000, 1
    protocol.steps.insert(4, fill(1, 300_000, 200_000))
    assert [number for number, *_ in rules.firsts_in_line(protocol)] == [10]
    protocol.steps[4].volume_nl = 299_999
    assert [(number, ahead) for number, _, _, ahead in rules.firsts_in_line(protocol)] == [(6, 1), (10, 300_000)]

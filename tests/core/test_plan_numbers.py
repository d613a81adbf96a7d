"""A plan's numbers by hand: what bags hold, shares of the dose, rates on another bag, the last step (PRO-3, PRO-4)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import PL_PULSE, standard
from guard_kit import steady

from pump.course.plan import Plan
from pump.protocol import protocol as p
from pump.protocol.vein import SALINE

BAG = 10**9, 10**12  # 1 L of 1 mg/mL


def plan(*steps: tuple[int, int, int, int], bags: tuple[int, ...] = (1, 10, 2), dose: int = 0, **line: int) -> Plan:
    """Steps of (bag, flags, mL/h, pulses); bags so many times as strong as 1 mg/mL; the dose in pulses of 1 mg/mL."""
    protocol = steady(*[step[3] for step in steps])
    for made, (bag, flags, mlh, _) in zip(protocol.steps, steps, strict=True):
        made.solution, made.flags, made.rate_e4 = bag, flags, mlh * 10_000
    protocol.solutions = [p.Solution(BAG[0], BAG[1] * s, chr(65 + i), f"T-{i}") for i, s in enumerate(bags)]
    protocol.full_dose_pg = (dose or 10**6) * 10**5
    for name, value in line.items():
        setattr(protocol, name, value)
    return Plan(protocol, PL_PULSE)


FILL = p.LINE_FILL
LADDER = (0, 0, 2, 100), (0, 0, 5, 200), (1, 0, 1, 300), (2, 0, 10, 400)


@pytest.mark.req("PRO-3", "ALM-5")
@pytest.mark.parametrize(
    ("volume_nl", "line_nl", "pulses"),
    [(1_000, 0, 11), (1_099, 0, 11), (1_100, 0, 12), (1_100, 100, 11), (1_000, 999, 1), (1_000, 1_500, 1)],
)
def test_what_a_bag_can_give(volume_nl: int, line_nl: int, pulses: int) -> None:
    """Else air is counted as dose, or a bag that holds enough is refused."""
    protocol = steady(10)
    protocol.solutions[0].volume_nl, protocol.solutions[0].line_nl = volume_nl, line_nl
    assert Plan(protocol, PL_PULSE).holds == [pulses]


@pytest.mark.req("PRO-2", "PRO-8")
@pytest.mark.parametrize(
    ("one", "other", "stronger"),
    [(0, 1, 1), (1, 0, 1), (1, 2, 1), (2, 0, 2), (0, 0, 0), (SALINE, 0, 0), (2, SALINE, 2), (SALINE, SALINE, SALINE)],
)
def test_the_stronger_of_two_bags(one: int, other: int, stronger: int) -> None:
    """Else a line of two bags runs at the weaker one's rate."""
    assert plan(*LADDER).stronger(one, other) == stronger


@pytest.mark.req("PRO-2")
def test_of_two_bags_of_one_strength_either_is_the_stronger() -> None:
    """Else two equal bags are none."""
    assert plan(*LADDER, bags=(1, 1, 1)).stronger(0, 2) in (0, 2)


@pytest.mark.req("PRO-4", "FLO-7")
@pytest.mark.parametrize(("dose", "factor", "shift"), [(1_000, 32_000, 5), (10**6, 16_384, 14), (977, 32_753, 5)])
def test_a_pulse_s_share_is_kept_in_fifteen_bits(dose: int, factor: int, shift: int) -> None:
    """Else the bound of the order is a percent away from it."""
    made = plan(*LADDER, dose=dose)
    assert made._ppm_factor[0] == factor == min((10**6 << shift) // dose, 32_767) and made._ppm_shift[0] == shift


@pytest.mark.req("PRO-4", "FLO-7")
@pytest.mark.parametrize(
    ("dose", "bag", "pulses"),
    [
        (1_000, 0, 1), (1_000, 0, 1_000), (1_000, 1, 16_383), (1_000, 1, 16_384), (1_000, 1, 20_000),
        (10**6, 0, 1), (10**6, 0, 16_383), (10**6, 0, 16_384), (10**6, 0, 16_385), (10**6, 0, 1_000_000),
        (10**8, 0, 99), (10**8, 0, 100), (10**8, 0, 10**8), (31, 0, 3), (40, 0, 40), (310, 1, 3), (32, 0, 20_000),
    ],
)  # fmt: skip
def test_millionths_of_the_dose_are_never_too_many_and_hardly_too_few(dose: int, bag: int, pulses: int) -> None:
    """Else the last line trips at a dose that is right, or lets a percent more through."""
    made = plan(*LADDER, dose=dose)
    exact = pulses * Fraction((1, 10, 2)[bag] * 10**6, dose)
    assert 0 <= exact - made.ppm_of(bag, pulses) <= 2 + exact / 16_384


@pytest.mark.req("PRO-4", "FLO-7")
def test_a_share_too_large_or_too_small_for_its_bits_is_the_nearest_that_fits() -> None:
    """Else a dose of a few pulses is a number that the row cannot hold, or a large one never ends the search."""
    assert plan(*LADDER, dose=1)._ppm_factor[0] == (1 << 15) - 1 and plan(*LADDER, dose=1)._ppm_shift[0] == 0
    huge = plan(*LADDER, dose=1)
    huge._whole = 10**30
    huge._ppm(1)
    assert huge._ppm_shift[-1] == 40 and huge._ppm_factor[-1] == 0
    huge._whole = 0
    huge._ppm(1)
    assert huge._ppm_factor[-1] == (1 << 15) - 1


@pytest.mark.req("FLO-5")
def test_tolerances_are_volumes_for_every_mechanism() -> None:
    """Else a mechanism of other pulses has another tolerance."""
    for pl_pulse, least, most in ((100_000, 200, 2_000), (1_000, 20_000, 200_000), (30_000, 667, 6_667)):
        made = Plan(standard(), pl_pulse)
        assert (made.tolerance_pulses, made.tolerance_max_pulses) == (least, most)


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize(("primed", "with_bag"), [(0, SALINE), (1, 0)])
def test_the_line_holds_saline_or_the_first_step_s_bag(primed: int, with_bag: int) -> None:
    """Else the first pulses at the vein are taken for drug, or for none."""
    made = plan(*LADDER, line_dead_nl=30_000, primed_with_solution=primed)
    assert made.primed_with == with_bag and made.line_pulses == 300
    assert plan((1, 0, 2, 10), (0, 0, 2, 10), primed_with_solution=1).primed_with == 1


@pytest.mark.req("PRO-3", "PRO-4")
def test_a_line_fill_is_pumped_and_counts_as_no_dose() -> None:
    """Else what fills the line is missing from the last step."""
    made = plan((0, 0, 2, 100), (1, FILL, 2, 30), (1, 0, 2, 100), (2, 0, 2, 10), dose=2_000)
    assert list(made.counts) == [1, 0, 1, 1] and list(made.pulses) == [100, 30, 100, (2_000 - 100 - 1_000) // 2]


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize(
    ("given", "k", "on", "pulses"),
    [
        ([0, 0, 0], -1, -1, 500), ([0, 0, 0], -1, 0, 1_000), ([0, 0, 0], 0, -1, 1_000), ([0, 0, 0], 2, -1, 100),
        ([0, 0, 0], 0, 1, 100), ([1, 0, 0], -1, -1, 499), ([2, 0, 0], -1, -1, 499), ([3, 0, 0], -1, -1, 498),
        ([0, 100, 0], -1, -1, 0), ([0, 101, 0], -1, -1, 0), ([9, 99, 0], -1, 0, 1), ([9, 99, 0], -1, -1, 0),
    ],
)  # fmt: skip
def test_the_pulses_that_complete_the_dose(given: list[int], k: int, on: int, pulses: int) -> None:
    """Else the order is exceeded by the last pulse, or a dose that is complete goes on."""
    assert plan(*LADDER, dose=1_000).final_pulses(given, k, on) == pulses


@pytest.mark.req("PRO-2", "PRO-7")
def test_the_dose_rate_of_a_line_fill_is_that_of_what_it_pushes_on() -> None:
    """Else a fill at a quick rate pushes the old bag's rest in unseen."""
    made = plan((0, FILL, 7, 30), (0, 0, 2, 100), (1, FILL, 3, 30), (2, FILL, 4, 30), (2, 0, 5, 100))
    rates = [Fraction(*made.dose_rate(k)) / 10_000 / 1000 for k in range(5)]
    assert rates == [2, 2, 3, 4, 10], "in mg/h: 3 and 4 mL/h of bag A, which flowed before"
    assert Fraction(*plan((0, FILL, 7, 30), (1, FILL, 8, 3), (1, 0, 2, 9)).dose_rate(0)) / 10_000 / 1000 == 20


@pytest.mark.req("SES-5")
@pytest.mark.parametrize(
    ("k", "bag", "rate_e4", "pulses"),
    [(0, 0, 20_000, 100), (0, 1, 2_000, 10), (0, 2, 10_000, 50), (1, 1, 5_000, 20), (2, 2, 50_000, 1_500)],
)
def test_a_step_on_another_bag_by_hand(k: int, bag: int, rate_e4: int, pulses: int) -> None:
    """Else the patient gets another dose rate, or another dose, than the step's."""
    made = plan(*LADDER)
    assert made.equal_rate(k, bag) == rate_e4 and made.equal_pulses(k, bag) == pulses


@pytest.mark.req("SES-5")
@pytest.mark.parametrize(("pulses", "on_double"), [(101, 50), (102, 51), (103, 51), (99, 49)])
def test_half_a_pulse_goes_down(pulses: int, on_double: int) -> None:
    """Else a step on the stronger bag gives more than its dose."""
    made = plan((0, 0, 2, pulses), (0, 0, 3, 100))
    assert made.equal_pulses(0, 2) == on_double


@pytest.mark.req("SES-5")
def test_a_rate_on_another_bag_is_rounded_down() -> None:
    """Else the dose rate is above the step's by what a rate cannot tell."""
    made = plan((0, 0, 2, 100), (1, 0, 2, 100), bags=(1, 3))
    assert made.equal_rate(0, 1) == 6_666

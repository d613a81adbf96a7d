"""The exact account of a course: volumes, doses, what is left of the last step after repeats (PRO-4, SES-3, SES-5)."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from core_kit import PG, standard
from hypothesis import given, settings
from hypothesis import strategies as st
from test_plan import PULSE, ladders

from pump.base.units import volume_nl_of
from pump.course.plan import Plan
from pump.protocol import protocol as p
from pump.protocol.doses import add_fractions, course, equivalent_rate, total_dose

Sequence = list[tuple[int, Fraction]]  # (step from 1, minutes)
UP_TO_11: Sequence = [(step, Fraction(15)) for step in range(1, 12)]

# By hand, 500 mg in 250 mL bags of 0.02, 0.2 and 1.98426 mg/mL: course, mL of each bag, mg before the last step.
BY_HAND: dict[str, tuple[Sequence, tuple[str, str, str], Fraction]] = {
    "none": (UP_TO_11, ("9.25", "18.75", "17.5"), Fraction("38.65955")),  # 0.185 + 3.75 + 34.72455
    "5 min of step 10, then from 9": (
        [*UP_TO_11[:9], (10, Fraction(5)), (9, Fraction(15)), *UP_TO_11[9:]],
        ("9.25", "18.75", "65/3"),  # 2.5 + 5/3 + 2.5 + 5 + 10
        Fraction("3.935") + Fraction(65, 3) * Fraction("1.98426"),
    ),
    "4 min of step 5, bag A again at step 4": (
        [*UP_TO_11[:4], (5, Fraction(4)), (4, Fraction(15)), *UP_TO_11[4:]],
        ("14.25", "229/12", "17.5"),  # 9.25 + 5; 18.75 + 1/3
        Fraction("0.285") + Fraction(229, 60) + Fraction("34.72455"),
    ),
}


def infused(protocol: p.Protocol, sequence: Sequence) -> list[tuple[int, tuple[int, int]]]:
    """A course in the words of the engine."""
    return [(step - 1, volume_nl_of(protocol.steps[step - 1].rate_e4, int(m * 60_000))) for step, m in sequence]


@pytest.mark.req("PRO-4", "SES-3")
@pytest.mark.parametrize("name", BY_HAND)
def test_what_a_course_has_used_and_what_is_left(name: str) -> None:
    """Else repeats after a reaction are given on top of the dose, or missing from it."""
    sequence, volumes, dose = BY_HAND[name]
    protocol = standard()
    used, given_pg, left_nl, left_ms = course(protocol, infused(protocol, sequence))
    assert [Fraction(*volume) / 10**6 for volume in used] == [Fraction(volume) for volume in volumes]
    assert Fraction(*given_pg) == dose * PG
    assert Fraction(*left_nl) == (500 - dose) / Fraction("1.98426") * 10**6
    assert Fraction(*left_ms) == (500 - dose) / Fraction("1.98426") / 80 * 3_600_000


def same(printed: Decimal | int, exact: Fraction, digits: int) -> bool:
    """True when both round to the same at so many decimals."""
    return round(Fraction(printed) * 10**digits) == round(exact * 10**digits)


@pytest.mark.req("PRO-4", "SES-3")
def test_reactions_of_the_reference(shared_folder: Path) -> None:
    """Else our repeats and the published arithmetic differ."""
    text = (shared_folder / "protocols" / "vectors.json").read_text(encoding="utf-8")
    cases = json.loads(text, parse_float=Decimal)["reactions"]
    for case in cases:
        protocol = standard()
        sequence = [(step, Fraction(minutes)) for step, minutes in case["sequence"]]
        used, given_pg, left_nl, left_ms = course(protocol, infused(protocol, sequence))
        for volume, printed in zip(used, case["volume_used_ml"].values(), strict=True):
            assert same(printed, Fraction(*volume) / 10**6, 6), case["label"]  # 1 nL
        assert same(case["dose_before_final"], Fraction(*given_pg) / protocol.full_dose_pg, 9), case["label"]
        assert same(case["final_volume_ml"], Fraction(*left_nl) / 10**6, 6), case["label"]
        assert same(case["final_minutes"], Fraction(*left_ms) / 60_000, 8), case["label"]
        assert same(case["bag3_left_ml"], 250 - Fraction(*used[2]) / 10**6, 6), case["label"]
        infusing = sum(minutes for _, minutes in sequence) + Fraction(*left_ms) / 60_000
        assert same(case["infusing_minutes"], infusing, 8), case["label"]
    assert len(cases) == 4


# mL/h of a bag that give a step's dose rate: step, bag, rate by hand.
EQUIVALENT = (
    (8, 3, Fraction(8) / Fraction("1.98426")),  # 40 mL/h of 0.2 mg/mL
    (7, 3, Fraction(4) / Fraction("1.98426")),
    (4, 2, Fraction(2)),
    (3, 2, Fraction(1)),
    (12, 3, Fraction(80)),
)


@pytest.mark.req("SES-5")
@pytest.mark.parametrize(("step", "bag", "rate"), EQUIVALENT)
def test_the_equal_dose_rate_on_another_bag(step: int, bag: int, rate: Fraction) -> None:
    """Else going back over a bag boundary changes the dose rate."""
    protocol = standard()
    assert Fraction(*equivalent_rate(protocol, protocol.steps[step - 1], bag - 1)) == rate * 10_000


@pytest.mark.req("SES-5")
def test_the_equal_dose_rate_where_bags_differ_in_size() -> None:
    """Else only bags of one size are computed rightly."""
    protocol = standard()
    protocol.solutions[2].volume_nl = 100_000_000  # 4.96065 mg/mL
    rate = Fraction(*equivalent_rate(protocol, protocol.steps[7], 2)) / 10_000
    assert rate == Fraction(8) / Fraction("4.96065")


@pytest.mark.req("SES-5")
def test_equal_dose_rates_of_the_reference(shared_folder: Path) -> None:
    """Else the rate that is offered after a reaction is not the published one."""
    text = (shared_folder / "protocols" / "vectors.json").read_text(encoding="utf-8")
    printed = json.loads(text, parse_float=Decimal)["equivalent_rate_ml_h"]
    ours = {f"step{step}_on_bag{bag}_ml_h": rate for step, bag, rate in EQUIVALENT[:4]}
    assert set(printed) == set(ours)
    assert all(same(value, ours[name], 9) for name, value in printed.items())


@pytest.mark.req("PRO-3", "PRO-4")
def test_a_line_fill_uses_volume_and_gives_no_dose() -> None:
    """Else a line-fill shortens the last step."""
    protocol = standard()
    protocol.steps.insert(4, p.Step(1, p.LINE_FILL, 200_000, 90_000, 500_000))
    used, given_pg, left_nl, _ = course(protocol, [(4, (500_000, 1))])
    assert [Fraction(*volume) for volume in used] == [0, 500_000, 0] and given_pg[0] == 0
    assert Fraction(*left_nl) == Fraction(500) / Fraction("1.98426") * 10**6
    assert Fraction(*total_dose(protocol)) == 500 * PG


@pytest.mark.req("PRO-4")
def test_a_complete_dose_leaves_nothing() -> None:
    """Else a session that is complete goes on."""
    protocol = standard()
    whole = course(protocol, [(k, (step.volume_nl, 1)) for k, step in enumerate(protocol.steps)])
    assert Fraction(*whole[1]) == 500 * PG and whole[2][0] == whole[3][0] == 0
    more = course(protocol, [(11, (500_000_000, 1))])
    assert more[2][0] == 0


@pytest.mark.req("PRO-4")
@settings(max_examples=200)
@given(ladders(), PULSE, st.data())
def test_the_pump_s_plan_in_pulses_is_the_exact_one_rounded_down(
    protocol: p.Protocol, pl_pulse: int, draw: st.DataObject
) -> None:
    """Else the pump and the table on the wall end at different volumes."""
    pulses = [draw.draw(st.integers(0, 10**6)) for _ in protocol.solutions]
    first = {step.solution: k for k, step in reversed(list(enumerate(protocol.steps)))}
    taken = [(first[bag], (count * pl_pulse, 1000)) for bag, count in enumerate(pulses) if bag in first]
    counts = [count if bag in first else 0 for bag, count in enumerate(pulses)]
    left_nl = Fraction(*course(protocol, taken)[2])
    assert Plan(protocol, pl_pulse).final_pulses(counts) == left_nl * 1000 // pl_pulse


@pytest.mark.req("PRO-3", "PRO-4")
@pytest.mark.parametrize(
    ("a", "b"), [((1, 3), (3, 5)), ((5, 3), (1, 5)), ((2, 7), (3, 7)), ((0, 1), (7, 1)), ((1, 2), (1, 6))]
)
def test_fractions_add_up_whatever_their_parts_have_in_common(a: tuple[int, int], b: tuple[int, int]) -> None:
    """Else a dose is wrong where a numerator happens to be the other's denominator."""
    assert Fraction(*add_fractions(a, b)) == Fraction(*a) + Fraction(*b)

"""Amounts as people read them: smaller units written out, one rounding, no run of zeros."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toleramp.preparation.amounts import IN_COLUMN, amount_text, figure, in_bag, unit_for


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("amount", "base", "text"),
    [
        ("0.0000300062", "mg", "30.0062 nanograms"),
        ("0.3", "mg", "0.3 mg"),
        ("0.02", "mg", "0.02 mg"),
        ("0.0092", "mg", "9.2 micrograms"),
        ("0.000000007", "mg", "7 picograms"),
        ("500", "mg", "500 mg"),
        ("0.0005", "U", "500 microunits"),
        ("0", "mg", "0 mg"),
    ],
)
def test_a_small_amount_is_written_out_in_a_smaller_unit(amount: str, base: str, text: str) -> None:
    """Else a zero is lost among six, and the patient gets ten times the dose."""
    assert amount_text(Fraction(amount), base) == text


@pytest.mark.req("PRO-6")
@given(st.fractions(min_value=Fraction(1, 10**12), max_value=10**7))
def test_no_amount_begins_with_many_zeros(amount: Fraction) -> None:
    """Else the place of the point is counted, and miscounted."""
    number, unit = amount_text(amount, "mg").split(" ")
    assert not number.startswith("0.00") and unit in ("mg", "micrograms", "nanograms", "picograms", "femtograms")


@pytest.mark.req("PRO-6")
def test_one_unit_for_a_column_and_one_for_a_bag() -> None:
    """Else two rows of a table, or the two numbers of a label, cannot be set against each other."""
    amounts = [Fraction("0.000000075"), Fraction(0), Fraction("0.3")]
    unit = unit_for(amounts, "mg", IN_COLUMN)
    assert unit.name == "nanograms" and [unit.number(amount) for amount in amounts] == ["0.075", "0", "300000"]
    assert unit.explained() == "1 mg = 1000 micrograms, 1 microgram = 1000 nanograms"
    bag = in_bag(Fraction("0.00003"), Fraction(250), "mg")
    assert (bag.text(Fraction("0.00003")), bag.text(Fraction("0.00000012"))) == ("30 nanograms", "0.12 nanograms")


@pytest.mark.req("PRO-3")
@given(st.fractions(min_value=Fraction(1, 10**6), max_value=10**6))
def test_a_figure_is_exact_or_has_six_digits(value: Fraction) -> None:
    """Else the same figure is rounded in one way here and in another there."""
    shown = Fraction(figure(value))
    assert abs(shown - value) * 10**5 <= value
    assert figure(shown) == figure(value)

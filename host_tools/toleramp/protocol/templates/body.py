"""A dose by weight or by body surface: worked out from kg and cm, told with its formula and its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from toleramp.protocol.templates.exact import plain

_DIGITS = 30  # of the roots; far finer than what the result is rounded to
SURFACE_STEP = Fraction(1, 100)  # m2: to what a body surface is rounded, before the dose is worked out from it


@dataclass(frozen=True)
class Formula:
    """A formula for body surface: m2 from cm and kg, as it is written, and its source."""

    words: str
    source: str
    m2: Callable[[Decimal, Decimal], Decimal]


def _power(factor: str, of_kg: str, of_cm: str) -> Formula:
    """A formula of the form factor x kg^a x cm^b."""

    def m2(height_cm: Decimal, weight_kg: Decimal) -> Decimal:
        return Decimal(factor) * weight_kg ** Decimal(of_kg) * height_cm ** Decimal(of_cm)

    return Formula(f"{factor} x kg^{of_kg} x cm^{of_cm}", "", m2)


def _with_source(formula: Formula, source: str) -> Formula:
    return Formula(formula.words, source, formula.m2)


FORMULAS = {
    "mosteller": Formula(
        "square root of (cm x kg / 3600)",
        "Mosteller, N Engl J Med 1987;317:1098",
        lambda height_cm, weight_kg: (height_cm * weight_kg / 3600).sqrt(),
    ),
    "dubois": _with_source(_power("0.007184", "0.425", "0.725"), "Du Bois and Du Bois, Arch Intern Med 1916;17:863"),
    "haycock": _with_source(_power("0.024265", "0.5378", "0.3964"), "Haycock, J Pediatr 1978;93:62"),
}


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def surface_m2(height_cm: Fraction, weight_kg: Fraction, formula: str) -> Fraction:
    """The body surface in m2, rounded to 0.01 (a half to the even digit)."""
    with localcontext() as context:
        context.prec = _DIGITS
        m2 = FORMULAS[formula].m2(_decimal(height_cm), _decimal(weight_kg))
    return round(Fraction(m2) / SURFACE_STEP) * SURFACE_STEP


def surface_aloud(height_cm: Fraction, weight_kg: Fraction, formula: str) -> str:
    """How the surface comes about, in words."""
    m2, known = plain(surface_m2(height_cm, weight_kg, formula)), FORMULAS[formula]
    body = f"{plain(height_cm)} cm, {plain(weight_kg)} kg"
    return f"body surface of {body}: {known.words} = {m2} m2 ({known.source}; rounded to 0.01)"

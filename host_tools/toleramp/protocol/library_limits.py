"""The limits that a ward's drug library may set: which there are, and what of a protocol each is held against.

Rates in mL/h, doses in mg or U, concentrations in that per mL, times in min; exact fractions. A dose per m2 is compared
by its square, since a body's surface is a root (Mosteller 1987: m2 = sqrt(height cm * weight kg / 3600)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pump.protocol.doses import fills
from pump.protocol.protocol import Protocol
from toleramp.preparation.mixing import concentration
from toleramp.protocol.table import dose_rates_mg_h, minutes_of

Content = dict[str, Any]
Measured = tuple[str, Fraction]  # where, the value
PG = 10**9


class Unknown(Exception):
    """A limit that cannot be judged: the key of [protocol] that is missing."""


def _rates(protocol: Protocol, _: Content) -> Iterator[Measured]:
    for number, step in enumerate(protocol.steps, 1):
        yield f"step {number}", Fraction(step.rate_e4, 10**4)


def _dose_rates(protocol: Protocol, _: Content) -> Iterator[Measured]:
    for number, (step, rate) in enumerate(zip(protocol.steps, dose_rates_mg_h(protocol), strict=True), 1):
        if not fills(step):
            yield f"step {number}", rate


def _dose(protocol: Protocol, _: Content) -> Iterator[Measured]:
    yield "protocol", Fraction(protocol.full_dose_pg, PG)


def _of_body(content: Content, *keys: str) -> list[Fraction]:
    for key in keys:
        if key not in content["protocol"]:
            raise Unknown(key)
    return [Fraction(content["protocol"][key]) for key in keys]


def _per_kg(protocol: Protocol, content: Content) -> Iterator[Measured]:
    (weight,) = _of_body(content, "weight_kg")
    yield "protocol", Fraction(protocol.full_dose_pg, PG) / weight


def _per_m2_squared(protocol: Protocol, content: Content) -> Iterator[Measured]:
    weight, height = _of_body(content, "weight_kg", "height_cm")
    yield "protocol", Fraction(protocol.full_dose_pg, PG) ** 2 * 3600 / (weight * height)


def _strengths(protocol: Protocol, _: Content) -> Iterator[Measured]:
    for bag in protocol.solutions:
        yield f"bag {bag.id}", concentration(bag)


def _duration(protocol: Protocol, _: Content) -> Iterator[Measured]:
    yield "protocol", sum(minutes_of(protocol), Fraction(0))


def _gap(protocol: Protocol, _: Content) -> Iterator[Measured]:
    yield "protocol", Fraction(protocol.tolerance_gap_h)


@dataclass(frozen=True)
class Limit:
    """One limit: what it is held against, in words, its unit; `least`: not to be gone below; `squared`: compared so."""

    measure: Callable[[Protocol, Content], Iterator[Measured]]
    what: str
    unit: str
    least: bool = False
    squared: bool = False

    def broken(self, value: Fraction, limit: Fraction) -> bool:
        """True for a value beyond the limit."""
        bound = limit**2 if self.squared else limit
        return value < bound if self.least else value > bound

    def shown(self, value: Fraction) -> Fraction:
        """The value as people read it; a root to a millionth."""
        return Fraction(float(value) ** 0.5).limit_denominator(10**6) if self.squared else value


def _limits() -> dict[str, Limit]:
    """Every limit by its key; those in mg also in U."""
    found = {
        "rate_max_ml_h": Limit(_rates, "the rate", "mL/h"),
        "duration_min_min": Limit(_duration, "the whole infusion", "min", least=True),
        "duration_max_min": Limit(_duration, "the whole infusion", "min"),
        "tolerance_gap_max_h": Limit(_gap, "tolerance_gap_h", "h"),
    }
    for key, unit in (("mg", "mg"), ("u", "U")):
        found |= {
            f"dose_rate_max_{key}_h": Limit(_dose_rates, "the dose rate", f"{unit}/h"),
            f"dose_min_{key}": Limit(_dose, "the full dose", unit, least=True),
            f"dose_max_{key}": Limit(_dose, "the full dose", unit),
            f"dose_max_{key}_per_kg": Limit(_per_kg, "the full dose", f"{unit}/kg"),
            f"dose_max_{key}_per_m2": Limit(_per_m2_squared, "the full dose", f"{unit}/m2", squared=True),
            f"concentration_min_{key}_per_ml": Limit(_strengths, "the concentration", f"{unit}/mL", least=True),
            f"concentration_max_{key}_per_ml": Limit(_strengths, "the concentration", f"{unit}/mL"),
        }
    return found


LIMITS = _limits()


def other_bound(key: str) -> str:
    """The key of the limit on the other side."""
    return key.replace("_max_", "_min_") if "_max_" in key else key.replace("_min_", "_max_", 1)

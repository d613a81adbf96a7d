"""Amounts and numbers as people read them: one place for labels, sheet, page, table, chart and pictures.

A number that would begin with zeros is given in a smaller unit, whose name is written out: "µg" has been read as "mg".
Amounts in mg or U (exact fractions), concentrations in that per mL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from toleramp.preparation.mixing import show

EXACT, DIGITS = 8, 6  # significant digits: so many are shown exactly, more are rounded to the fewer
# Each unit is a thousandth of the one before it.
UNITS_DOWN = {
    "mg": ("mg", "micrograms", "nanograms", "picograms", "femtograms"),
    "U": ("U", "milliunits", "microunits", "nanounits", "picounits"),
}
ALONE = Fraction(1, 100)  # the least number for which a unit is kept where one amount stands by itself
MOST_IN_COLUMN = 10**7
IN_COLUMN = Fraction(1, 1000)  # and where the amounts of a whole table stand under each other, in one unit


def figure(value: Fraction) -> str:
    """A number for people: all of it where 8 significant digits are enough, else rounded to 6; "0" for nothing else.

    The only rounding of printed figures: so one figure is the same on every page.
    """
    text = show(value, EXACT)
    return text if Fraction(text) == value else show(value, DIGITS)


@dataclass(frozen=True)
class Unit:
    """A unit of doses: its name in full, and how much of the protocol's unit (mg or U) one of it is."""

    name: str
    size: Fraction
    base: str

    @property
    def is_base(self) -> bool:
        """True for the protocol's own unit."""
        return self.size == 1

    def number(self, amount: Fraction) -> str:
        """An amount in the protocol's unit as a number of this one, without the name."""
        return figure(amount / self.size)

    def text(self, amount: Fraction) -> str:
        """As `number`, with the name."""
        return f"{self.number(amount)} {self.name}"

    def with_spoken(self, amount: Fraction) -> str:
        """As `text`, and the same as it is said by itself: "300000 nanograms = 0.3 mg"."""
        said = amount_text(amount, self.base)
        return self.text(amount) if said == self.text(amount) or not amount else f"{self.text(amount)} = {said}"

    def explained(self) -> str:
        """How one comes from the protocol's unit to this one, a thousandth at a time."""
        names = UNITS_DOWN[self.base][: UNITS_DOWN[self.base].index(self.name) + 1]
        return ", ".join(f"1 {big.removesuffix('s')} = 1000 {small}" for big, small in pairwise(names))


def unit_for(amounts: Iterable[Fraction], base: str, least: Fraction = ALONE) -> Unit:
    """The largest unit in which none of the amounts (mg or U; zeros do not count) is a number below `least`."""
    smallest = min((abs(amount) for amount in amounts if amount), default=Fraction(1))
    units = [Unit(name, Fraction(1, 1000**power), base) for power, name in enumerate(UNITS_DOWN[base])]
    return next((unit for unit in units if smallest / unit.size >= least), units[-1])


def column_unit(doses: Iterable[Fraction], base: str) -> Unit:
    """The one unit of a column of single doses (mg or U): the protocol's own, else one in which none is below 1.

    Where their sum would have more than seven digits, the larger one in which none begins with three zeros.
    """
    doses = list(doses)
    unit = unit_for(doses, base)
    if unit.is_base:
        return unit
    whole = unit_for(doses, base, Fraction(1))
    return whole if sum(doses) / whole.size < MOST_IN_COLUMN else unit_for(doses, base, IN_COLUMN)


def spoken_unit(amounts: Iterable[Fraction], base: str) -> Unit:
    """The unit for amounts (mg or U) within a sentence: the protocol's own, else one in which all are 1 or more."""
    unit = unit_for(amounts := list(amounts), base)
    return unit if unit.is_base else unit_for(amounts, base, Fraction(1))


def amount_text(amount: Fraction, base: str, per: str = "") -> str:
    """One amount in mg or U by itself: "0.3 mg", "30.0062 nanograms", "40 micrograms/kg"."""
    return spoken_unit([amount], base).text(amount) + per


def off_text(off: Fraction, base: str) -> str:
    """How far an amount in mg or U is off, with its sign: "+0.3 mg", "-4 micrograms", "0 mg"."""
    sign = "-" if off < 0 else "+" if off else ""
    return sign + amount_text(abs(off), base)


def in_bag(drug: Fraction, volume_ml: Fraction, base: str) -> Unit:
    """The unit for a bag: one for its amount and its concentration, so that they can be set against each other."""
    return unit_for([drug, drug / volume_ml], base)

"""A dose plan before it is written: bags and rungs in the pump's integers, and how the last bag is filled.

Units: rates 0.0001 mL/h, volumes nL, drug pg (1e-9 mg, or 1e-9 U), minutes exact fractions of whole milliseconds.
Rounding, where a value has no finite form: rates as their builder says; a step's volume to the nearest nL (as the
protocol reader does); drug of a bag to the nearest pg, of the under-strength last bag up to the next pg, so that the
bag never falls short. The last step takes what is left of the dose, to 1 nL of its bag.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction

from toleramp.errors import UserError
from toleramp.protocol.templates.exact import near

NL_PER_ML, PG_PER_MG, E4, MS_PER_MIN = 10**6, 10**9, 10**4, 60_000


class Misfit(UserError):
    """Values that make no protocol together; which of the options helps is found by templates.fits."""


@dataclass(frozen=True)
class Bag:
    """A bag: letter, dilution (10 = 1:10), what is really in it (nL, overfill included; pg)."""

    letter: str
    dilution: Fraction
    volume_nl: int
    drug_pg: int = 0
    line_nl: int = 0  # its own line, primed from it: stays behind


@dataclass(frozen=True)
class Rung:
    """A step: bag (index), rate, and minutes or volume; neither: up to the full dose (the last step only).

    `fill`: it pushes the line's content on, and counts as no dose.
    """

    bag: int
    rate_e4: int
    minutes: Fraction | None = None
    volume_nl: int | None = None
    fill: bool = False
    printed: tuple[tuple[str, str], ...] = ()  # cells of a published table, key and text, to be checked in the file

    @property
    def open(self) -> bool:
        """True for the step that takes what is left."""
        return self.minutes is None and self.volume_nl is None

    def drawn_nl(self) -> int:
        """Its volume in nL as the protocol reader computes it; 0 for an open one."""
        if self.minutes is not None:
            return round(Fraction(self.rate_e4) * self.minutes * MS_PER_MIN / 36_000)
        return self.volume_nl or 0


@dataclass(frozen=True)
class Portion:
    """A dose by mouth, and how long to wait after it."""

    dose_pg: int
    minutes: Fraction


@dataclass(frozen=True)
class Plan:
    """A whole plan: bags and rungs, or portions by mouth; `notes` become comments of the file."""

    kind: str
    dose_pg: int
    bags: tuple[Bag, ...]
    rungs: tuple[Rung, ...]
    notes: tuple[str, ...] = field(default=())
    portions: tuple[Portion, ...] = field(default=())

    def given_nl(self, bag: int) -> int:
        """Volume in nL that the closed rungs draw from a bag and that counts as dose."""
        return sum(rung.drawn_nl() for rung in self.rungs if rung.bag == bag and not rung.fill)

    def spare_nl(self, bag: int) -> int:
        """Volume in nL of a bag that counts as no dose: line-fills, and what its own line keeps."""
        fills = sum(rung.drawn_nl() for rung in self.rungs if rung.bag == bag and rung.fill)
        return fills + self.bags[bag].line_nl


def bag_volumes_nl(bag_ml: Fraction, overfill_ml: tuple[Fraction, ...], count: int) -> list[int]:
    """What is really in each of `count` bags: nominal volume and overfill, in nL."""
    if len(overfill_ml) not in (1, count):
        raise UserError(f"{len(overfill_ml)} numbers for {count} bags", "--overfill-ml", "one, or one for each bag")
    every = overfill_ml * count if len(overfill_ml) == 1 else overfill_ml
    return [int((bag_ml + extra) * NL_PER_ML) for extra in every]


def _filled(plan: Plan, index: int, drug_pg: int) -> Plan:
    bags = list(plan.bags)
    bags[index] = replace(bags[index], drug_pg=drug_pg)
    return replace(plan, bags=tuple(bags))


def _nominal(plan: Plan, index: int) -> Plan:
    drug_pg = round(plan.dose_pg / plan.bags[index].dilution)
    if not drug_pg:
        raise Misfit("the dose is too small for this dilution", f"bag {plan.bags[index].letter}")
    return _filled(plan, index, drug_pg)


def _demand_volume(plan: Plan) -> None:
    last = len(plan.bags) - 1
    for index, bag in enumerate(plan.bags):
        drawn = plan.given_nl(index) + plan.spare_nl(index)
        if drawn > bag.volume_nl or (drawn == bag.volume_nl and index == last and plan.rungs[-1].open):
            what = f"its steps draw {near(Fraction(drawn, NL_PER_ML))} mL of {near(Fraction(bag.volume_nl, NL_PER_ML))}"
            raise Misfit(what, f"bag {bag.letter}")


def _given_before(plan: Plan) -> Fraction:
    """What the bags before the last one give, in pg."""
    parts = (Fraction(plan.given_nl(index) * bag.drug_pg, bag.volume_nl) for index, bag in enumerate(plan.bags[:-1]))
    return sum(parts, Fraction(0))


def filled(plan: Plan, last_bag: str) -> Plan:
    """The plan with drug in its bags and its last step closed as `last_bag` says. Raises Misfit."""
    _demand_volume(plan)
    last = len(plan.bags) - 1
    for index in range(last):
        plan = _nominal(plan, index)
    rest = plan.dose_pg - _given_before(plan)
    if rest <= 0:
        raise Misfit("the dose is complete before the last bag", "the steps")
    if last_bag == "under":
        whole_nl = plan.bags[last].volume_nl
        return _filled(plan, last, math.ceil(rest * whole_nl / (whole_nl - plan.spare_nl(last))))
    plan = _nominal(plan, last)
    return _run_dry(plan) if last_bag == "run-dry" else _demand_open(plan, rest)


def _run_dry(plan: Plan) -> Plan:
    rung = plan.rungs[-1]
    if not rung.open:
        return plan
    left = plan.bags[-1].volume_nl - plan.given_nl(rung.bag) - plan.spare_nl(rung.bag)
    return replace(plan, rungs=(*plan.rungs[:-1], replace(rung, volume_nl=left)))


def _demand_open(plan: Plan, rest: Fraction) -> Plan:
    bag = plan.bags[-1]
    given = Fraction(plan.given_nl(len(plan.bags) - 1) * bag.drug_pg, bag.volume_nl)
    if plan.rungs[-1].open and given >= rest:
        raise Misfit("the dose is complete before the last step", "the steps")
    return plan

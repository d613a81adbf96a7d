"""The rate ladders: bags of rising strength, a few rates each, every step but the last for the same dwell.

The ladders are the ones that hospitals publish for rapid desensitization: in mg/h each rise is 2- or 2.5-fold. Rates
are written for a reference bag and scale with the bag's nominal size, so that every step keeps its share of the dose.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from pump.base.units import RATE_MIN_E4
from toleramp.errors import UserError
from toleramp.protocol.templates.exact import near, plain
from toleramp.protocol.templates.model import E4, NL_PER_ML, Bag, Misfit, Plan, Rung, bag_volumes_nl, filled
from toleramp.protocol.templates.options import Values

_LETTERS = "ABCDEFGH"
_WEAK, _TENTH, _WHOLE = "2.5 5 10 20", "5 10 20 40", "10 20 40 80"


@dataclass(frozen=True)
class Shape:
    """A ladder: class, reference bag (mL), (dilution, mL/h) for each bag, how many bags start at the first rate."""

    kind: str
    reference_ml: int
    bags: tuple[tuple[int, str], ...]
    starts: int = 1

    def rates(self) -> list[list[Fraction]]:
        """The rates in mL/h in bags of the reference size."""
        return [[Fraction(rate) for rate in rates.split()] for _, rates in self.bags]


BWH_8 = Shape("multi-bag", 250, ((10, _TENTH), (1, _WHOLE)))
BWH_12 = Shape("multi-bag", 250, ((100, "2 5 10 20"), (10, _TENTH), (1, _WHOLE)))
BWH_16 = Shape("multi-bag", 250, ((1000, _WEAK), (100, _WEAK), (10, _TENTH), (1, _WHOLE)), 2)
BWH_20 = Shape("multi-bag", 250, ((10_000, _WEAK), (1000, _WEAK), (100, _WEAK), (10, _TENTH), (1, _WHOLE)), 3)
ONE_BAG = Shape("one-bag", 500, ((1, "5 10 25 50 75 100 150 200 250"),))


def _ladder(shape: Shape, values: Values) -> list[list[Fraction]]:
    """Rates in mL/h: the reference ones scaled with the bag; a first or final rate that was given stands as it is."""
    scale = values["bag_ml"] / shape.reference_ml
    ladder = [[rate * scale for rate in rates] for rates in shape.rates()]
    if "first_rate" in values:
        for rates in ladder[: shape.starts]:
            rates[0] = values["first_rate"]
    if "final_rate" in values:
        ladder[-1][-1] = values["final_rate"]
    return ladder


def _scaled(ladder: list[list[Fraction]], final: Fraction) -> list[list[Fraction]]:
    """All rates times final / the ladder's own final, rounded half to even to 0.0001 mL/h."""
    factor = final / ladder[-1][-1]
    return [[Fraction(round(rate * factor * E4), E4) for rate in rates] for rates in ladder]


def _bag_grid(shape: Shape) -> Fraction:
    """The bags whose scaled rates all fit 0.0001 mL/h are the multiples of this (mL)."""
    steps = [rate * E4 / shape.reference_ml for rates in shape.rates() for rate in rates]
    return Fraction(lcm(*(step.denominator for step in steps)), gcd(*(step.numerator for step in steps)))


def _smallest_bag(shape: Shape) -> Fraction:
    """The smallest bag (mL) at which no rate is below the pump's minimum."""
    lowest = min(rate for rates in shape.rates() for rate in rates)
    return _on_grid(shape, Fraction(RATE_MIN_E4, E4) * shape.reference_ml / lowest)


def _on_grid(shape: Shape, bag_ml: Fraction) -> Fraction:
    grid = _bag_grid(shape)
    return -(-bag_ml // grid) * grid


def _too_slow(shape: Shape, values: Values, ladder: list[list[Fraction]]) -> str:
    """What to do about a rate below the pump's minimum; "" where templates.fits has to find it."""
    if "scaled_final_rate" in values:
        return ""
    named = [key for key in ("first_rate", "final_rate") if values.get(key, 1) * E4 < RATE_MIN_E4]
    if named:
        return " and ".join("--" + key.replace("_", "-") for key in named) + " from 0.1 works"
    others = [rate for n, rates in enumerate(ladder) for rate in (rates[1:] if n < shape.starts else rates)]
    first = ", or --first-rate 0.1" if min(others) * E4 >= RATE_MIN_E4 else ""
    return f"bags from {plain(_smallest_bag(shape))} mL work (--bag-ml){first}"


def _demand_rates(shape: Shape, values: Values, ladder: list[list[Fraction]]) -> None:
    """Every rate can be run: not below the pump's minimum, not finer than its resolution; else what would work."""
    for number, rate in enumerate((rate for rates in ladder for rate in rates), 1):
        where = f"step {number} in bags of {plain(values['bag_ml'])} mL"
        if rate * E4 < RATE_MIN_E4:
            what, helps = f"{near(rate)} mL/h is below the pump's 0.1 mL/h", _too_slow(shape, values, ladder)
            raise UserError(what, where, helps) if helps else Misfit(what, where)
        if (rate * E4).denominator != 1:
            remedy = f"bags of {plain(_on_grid(shape, values['bag_ml']))} mL work (--bag-ml)"
            raise UserError(f"{near(rate, 8)} mL/h is finer than the pump's 0.0001 mL/h", where, remedy)


def ladder_rates(shape: Shape, values: Values) -> list[list[Fraction]]:
    """The rates of each bag in mL/h, each whole in 0.0001 mL/h. Raises UserError."""
    if "scaled_final_rate" not in values:
        ladder = _ladder(shape, values)
    elif "final_rate" in values:
        raise UserError("two final rates", "--scaled-final-rate", "give it or --final-rate, not both")
    else:
        ladder = _scaled(_ladder(shape, values), values["scaled_final_rate"])
    _demand_rates(shape, values, ladder)
    return ladder


_FILL_NOTE = "A line-fill pushes the line's content on at the rate before it, and counts as no dose."


def _with_fills(rungs: list[Rung], values: Values) -> list[Rung]:
    """A line-fill before each bag's first rung, at the rate that the line's content had; none into a filled line."""
    fill_nl = int(values.get("line_fill_ml", 0) * NL_PER_ML)
    made: list[Rung] = []
    for before, rung in zip([None, *rungs], rungs, strict=False):
        wanted = values["primed_with"] == "saline" if before is None else before.bag != rung.bag
        if fill_nl and wanted:
            made.append(Rung(rung.bag, (before or rung).rate_e4, volume_nl=fill_nl, fill=True))
        made.append(rung)
    return made


def build(shape: Shape, values: Values, dose_pg: int) -> Plan:
    """The plan of a ladder. Raises UserError when the pump cannot run it."""
    ladder = ladder_rates(shape, values)
    volumes = bag_volumes_nl(values["bag_ml"], values["overfill_ml"], len(ladder))
    line_nl = int(values.get("line_volume_ml", 0) * NL_PER_ML)
    dilutions = [Fraction(dilution) for dilution, _ in shape.bags]
    bags = [Bag(_LETTERS[i], dilution, volumes[i], line_nl=line_nl) for i, dilution in enumerate(dilutions)]
    rungs = [Rung(index, int(rate * E4), values["dwell_min"]) for index, rates in enumerate(ladder) for rate in rates]
    rungs[-1] = Rung(rungs[-1].bag, rungs[-1].rate_e4)
    notes = ("Scaled rates are rounded to 0.0001 mL/h.",) if "scaled_final_rate" in values else ()
    every = _with_fills(rungs, values)
    notes = (*notes, _FILL_NOTE) if len(every) > len(rungs) else notes
    return filled(Plan(shape.kind, dose_pg, tuple(bags), tuple(every), notes), values.get("last_bag", "under"))

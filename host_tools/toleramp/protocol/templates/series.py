"""A series of absolute doses in mg or U, doubling or half-log (1, 3, 10, ...), and a step for what is left of the dose.

Each dose is given in one dwell, from the strongest of tenfold dilutions that needs no rate below the first rate. A
step's volume is its dose, to the nearest nL; its rate is rounded down to 0.0001 mL/h, so that no dwell is shorter than
said. The remainder runs on at the rate of the last dose.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, count

from pump.protocol.protocol import MAX_SOLUTIONS, MAX_STEPS
from toleramp.errors import UserError
from toleramp.protocol.templates.exact import near
from toleramp.protocol.templates.model import E4, NL_PER_ML, PG_PER_MG, Bag, Plan, Rung, bag_volumes_nl, filled
from toleramp.protocol.templates.options import Values

_KINDS = {"doubling": "multi-bag", "half-log": "wide-step"}  # 10/3-fold is more than a multi-bag protocol may rise


def first_dose(values: Values) -> tuple[str, Fraction, str]:
    """The first dose: its option, what that says, and the unit (mg or U), which is that of the full dose."""
    if "first_dose_u" in values:
        return "--first-dose-u", values["first_dose_u"], "U"
    return "--first-dose-mg", values["first_dose_mg"], "mg"


def _doses_pg(series: str, first: Fraction) -> Iterator[Fraction]:
    for index in count():
        factor = 2**index if series == "doubling" else 10 ** (index // 2) * (3 if index % 2 else 1)
        yield first * PG_PER_MG * factor


def chosen(values: Values, dose_pg: int) -> list[Fraction]:
    """The doses in pg: as many as were asked for, or until less would be left than the last one gave."""
    wanted = values.get("series_steps", MAX_STEPS)
    flag, first, unit = first_dose(values)
    doses: list[Fraction] = []
    for dose in _doses_pg(values["series"], first):
        asked = "series_steps" in values
        too_much = sum(doses) + (dose if asked else 2 * dose)
        if len(doses) == wanted or (too_much >= dose_pg if asked else too_much > dose_pg):
            break
        doses.append(dose)
    if not doses or len(doses) < values.get("series_steps", 0) or len(doses) >= MAX_STEPS:
        what = f"{len(doses)} doses from {near(first, 9)} {unit} fit the full dose of the order"
        raise UserError(what, flag, f"change it or --series-steps, 1 to {MAX_STEPS - 1} doses")
    return doses


def _dilution(dose: Fraction, dose_pg: int, values: Values, volume_nl: int) -> int:
    """The least of the tenfold dilutions in which `dose` runs at the first rate or above."""
    full_ml_h = dose / dose_pg * Fraction(volume_nl, NL_PER_ML) * 60 / values["dwell_min"]
    for power in range(MAX_SOLUTIONS):
        if full_ml_h * 10**power >= values["first_rate"]:
            return int(10**power)
    raise UserError("the first dose needs more bags than a protocol has", first_dose(values)[0], "start higher")


def _bags(dilutions: list[int], values: Values) -> list[Bag]:
    used = sorted(set(dilutions), reverse=True)
    volumes = bag_volumes_nl(values["bag_ml"], values["overfill_ml"], len(used))
    return [Bag("ABCDEFGH"[i], Fraction(used[i]), volumes[i]) for i in range(len(used))]


def _rung(index: int, volume: Fraction, dwell_min: Fraction) -> Rung:
    volume_nl = round(volume)
    return Rung(index, int(Fraction(volume_nl, NL_PER_ML) * 60 / dwell_min * E4), volume_nl=volume_nl)


def build(values: Values, dose_pg: int) -> Plan:
    """The plan of a series. Raises UserError when no series of that kind fits the dose."""
    doses = chosen(values, dose_pg)
    nominal_nl = int(values["bag_ml"] * NL_PER_ML)
    dilutions = list(accumulate((_dilution(dose, dose_pg, values, nominal_nl) for dose in doses), min))
    bags = _bags(dilutions, values)
    letters = [next(i for i, bag in enumerate(bags) if bag.dilution == dilution) for dilution in dilutions]
    rungs = []
    for dose, index in zip(doses, letters, strict=True):
        volume = dose * bags[index].dilution * bags[index].volume_nl / dose_pg
        rungs.append(_rung(index, volume, values["dwell_min"]))
    rungs.append(Rung(letters[-1], rungs[-1].rate_e4))
    notes = ("A step's volume is its dose to the nearest nL; the last step takes what is left of the full dose.",)
    return filled(Plan(_KINDS[values["series"]], dose_pg, tuple(bags), tuple(rungs), notes), "full")

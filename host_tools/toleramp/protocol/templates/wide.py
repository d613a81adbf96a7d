"""Four bags, 1:1000 to 1:1, each given whole in one dwell: the dose rate rises tenfold, hence class "wide-step"."""

from __future__ import annotations

from fractions import Fraction

from toleramp.protocol.templates.model import E4, NL_PER_ML, Bag, Plan, Rung, bag_volumes_nl, filled
from toleramp.protocol.templates.options import Values

_DILUTIONS = (1000, 100, 10, 1)


def _rate_e4(volume_nl: int, dwell_min: Fraction) -> int:
    """The rate that gives a bag in its dwell, rounded down to 0.0001 mL/h, so that no dwell is shorter than said."""
    return int(Fraction(volume_nl, NL_PER_ML) * 60 / dwell_min * E4)


def build(values: Values, dose_pg: int) -> Plan:
    """The plan: the bags before the last are emptied, the last runs to the dose."""
    volumes = bag_volumes_nl(values["bag_ml"], values["overfill_ml"], len(_DILUTIONS))
    bags, rungs = [], []
    for index, (dilution, volume) in enumerate(zip(_DILUTIONS, volumes, strict=True)):
        bags.append(Bag("ABCD"[index], Fraction(dilution), volume))
        whole = volume if dilution > 1 else None
        rungs.append(Rung(index, _rate_e4(volume, values["dwell_min"]), volume_nl=whole))
    notes = ("Each bag is given whole, at its volume over the dwell, rounded down to 0.0001 mL/h.",)
    return filled(Plan("wide-step", dose_pg, tuple(bags), tuple(rungs), notes), values["last_bag"])

"""Doses by mouth: a doubling series and what is left of the full dose, or doses in given proportions to each other.

Doses in pg (1e-9 mg, or 1e-9 U). Proportions are scaled to the full dose and their running sum is rounded to 1 pg, so
that roundings never add up. Where a doubling series leaves more than two and a half times its last dose, that comes in
two doses, 2:3.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise

from pump.protocol.protocol import MAX_STEPS
from toleramp.errors import UserError
from toleramp.protocol.templates.model import Plan, Portion
from toleramp.protocol.templates.options import Values
from toleramp.protocol.templates.series import chosen

_SPLIT = Fraction(5, 2)  # what is left over the last dose, above which it is given in two


def _doubling(values: Values, dose_pg: int) -> list[int]:
    doses = [int(dose) for dose in chosen({**values, "series": "doubling"}, dose_pg)]
    rest = dose_pg - sum(doses)
    if "series_steps" not in values and rest > _SPLIT * doses[-1] and len(doses) + 2 <= MAX_STEPS:
        doses.append(rest * 2 // 5)
        rest -= doses[-1]
    return [*doses, rest]


def _in_proportion(shares: tuple[Fraction, ...], dose_pg: int) -> list[int]:
    if len(shares) > MAX_STEPS:
        raise UserError(f"{len(shares)} doses", "--shares", f"a protocol has at most {MAX_STEPS}")
    sums = [round(dose_pg * upto / sum(shares)) for upto in accumulate(shares)]
    doses = [sums[0], *(after - before for before, after in pairwise(sums))]
    if min(doses) <= 0:
        raise UserError("a dose would be nothing", "--shares", "give proportions that are nearer to each other")
    return doses


def build(values: Values, dose_pg: int) -> Plan:
    """The plan of doses by mouth. Raises UserError when no series fits the dose."""
    unit = "u" if any(key.startswith("dose_u") for key in values) else "mg"
    if ("shares" in values) == (f"first_dose_{unit}" in values):
        raise UserError("which doses?", f"--first-dose-{unit}", "give it, or --shares, and not both")
    doses = _in_proportion(values["shares"], dose_pg) if "shares" in values else _doubling(values, dose_pg)
    notes = ("Doses are rounded along their running sum to 0.000000001 mg (or U), and give the full dose exactly.",)
    portions = tuple(Portion(dose, values["wait_min"]) for dose in doses)
    return Plan("oral", dose_pg, (), (), notes, portions)

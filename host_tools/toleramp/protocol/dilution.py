"""A bag's dilution as people write it, 1:n, against what is in the bag."""

from __future__ import annotations

import re
from fractions import Fraction

from pump.protocol.protocol import Protocol, Solution

AGREE = Fraction(1, 100)  # the last bag of a ladder holds 0.8 % less than its 1:1
_FORM = re.compile(r"\s*1\s*:\s*([1-9][0-9]{0,8})\s*", re.ASCII)


def dilution_fits(protocol: Protocol, bag: Solution, text: str) -> bool | None:
    """Whether "1:n" fits: n times its drug is the full dose, or n times its strength that of the strongest bag.

    None for a text of another form.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    times = int(match[1])
    strongest = max(Fraction(other.drug_pg, other.volume_nl) for other in protocol.solutions)
    shares = (
        Fraction(bag.drug_pg * times, protocol.full_dose_pg),
        Fraction(bag.drug_pg, bag.volume_nl) * times / strongest,
    )
    return any(abs(share - 1) <= AGREE for share in shares)

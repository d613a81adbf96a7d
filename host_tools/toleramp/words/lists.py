"""Several numbers in one text: "2; 5; 10", "2, 5, 10" or "100,10,1".

A comma parts numbers here and decimals on half of the world's keyboards. Where one text can be read both ways it is
refused with both readings; a blank after each comma, a semicolon, or a point in a number says which is meant.
"""

from __future__ import annotations

import re
from itertools import pairwise

from toleramp.errors import UserError

_WHOLE = re.compile(r"\d+", re.ASCII)
_THREE = re.compile(r"\d{3}", re.ASCII)


def _one_way(parts: list[str]) -> bool:
    """True for a list that never turns: nobody writes decimal commas like that (100,10,1 or 1,2,4)."""
    numbers = [int(part) for part in parts]
    return numbers in (sorted(numbers), sorted(numbers, reverse=True))


def _thousands(parts: list[str]) -> bool:
    """ "1,000" or "1,000,500": three digits that nobody begins a number with."""
    return any(len(part) == 3 and part[0] == "0" for _, part in pairwise(parts))


def _decimals(parts: list[str]) -> str:
    """The other reading: each two of them one number."""
    pairs = [".".join(parts[at : at + 2]) for at in range(0, len(parts) - 1, 2)]
    return "; ".join([*pairs, *parts[2 * len(pairs) :]])


def demand_one_reading(text: str, where: str, alone: bool = True) -> None:
    """Raises UserError where a comma of the list may be somebody's decimal mark, or one between thousands.

    `alone`: one number may stand there by itself; where a list of two is wanted "10,1" has no second reading.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 2 or not all(_WHOLE.fullmatch(part) for part in parts):
        return  # a semicolon, or a point in one of them: there is but one reading
    if not re.search(r",\S", text) and not _thousands(parts):
        return
    grouped = _thousands(parts) or (len(parts) == 2 and _THREE.fullmatch(parts[1]) is not None)
    if not grouped and _one_way(parts) and (len(parts) > 2 or not alone):
        return
    shown = text.strip()[:60]
    if grouped:
        number = "".join(parts)
        remedy = f"thousands or decimals? write {number} (no separator) or {_decimals(parts)} (decimal point)"
        if not _thousands(parts):
            remedy += f"; for two numbers {', '.join(parts)} (a blank after the comma)"
        raise UserError(f"{shown!r} may be one number or more", where, remedy)
    remedy = f"write {_decimals(parts)} (a point in a decimal number), or {'; '.join(parts)} for {len(parts)} numbers"
    raise UserError(f"{shown!r} may be {len(parts)} numbers or fewer, with decimal commas", where, remedy)


def number_texts(text: str, where: str, alone: bool = True) -> list[str]:
    """The texts of the numbers in a list. Raises UserError where it can be read in two ways."""
    demand_one_reading(text, where, alone)
    return [part.strip() for part in text.split(";" if ";" in text else ",")]

"""Premedication in one line: "drug, dose + drug, dose, minutes; drug, dose, minutes".

A plus stands between what is given together: it has one wait, which is not added up for each drug.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from toleramp.errors import UserError
from toleramp.protocol.keys import BOUNDS

_WAIT = re.compile(r"(\d{1,4})\s*(?:min|minutes)?", re.ASCII)
_FORM = 'write "drug, dose, minutes to wait", as "cetirizine, 10 mg PO + famotidine, 20 mg IV, 30"'


@dataclass(frozen=True)
class Dose:
    """A drug, its dose in words, and the wait after it in min: 0 for what is given together with the next one."""

    drug: str
    dose: str
    wait_min: int


def _wait(text: str, where: str) -> int:
    match = _WAIT.fullmatch(text)
    low, high = BOUNDS["premedication", "wait_min"]
    if match is None or not low <= int(match[1]) <= high:
        raise UserError(f"{text[:40]!r} is no wait in whole minutes up to {high}", where, _FORM)
    return int(match[1])


def _group(text: str, where: str, checked: Callable[[str], str]) -> list[Dose]:
    """Drugs that are given together, of which the last has the wait."""
    drugs, comma, last = text.rpartition(",")
    parts = [part.split(",", 1) for part in re.split(r"\s\+\s", drugs)]
    if not comma or any(len(part) != 2 or not all(map(str.strip, part)) for part in parts):
        raise UserError(f"{text.strip()[:40]!r} has no drug, dose and wait", where, _FORM)
    pairs = [(checked(drug.strip()), checked(dose.strip())) for drug, dose in parts]
    wait_min = _wait(last.strip(), where)
    return [Dose(*pair, 0) for pair in pairs[:-1]] + [Dose(*pairs[-1], wait_min)]


def read(text: str, where: str, checked: Callable[[str], str]) -> tuple[Dose, ...]:
    """The doses in their order; `checked`: takes a text or raises UserError. Raises UserError naming `where`."""
    return tuple(dose for part in text.split(";") for dose in _group(part, where, checked))

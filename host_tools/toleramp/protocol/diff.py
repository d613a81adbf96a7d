"""How two protocols differ, as a pharmacist would say it: bags, steps, limits, doses; no comparison of texts.

Rates in mL/h, times in min, volumes in mL, doses in mg or U; compared exactly.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

from pump.protocol.doses import fills
from pump.protocol.protocol import CLASSES, UNITS, Protocol, Step
from toleramp.errors import one_line
from toleramp.preparation.amounts import UNITS_DOWN, spoken_unit
from toleramp.preparation.mixing import concentration, show, signed, used_ml
from toleramp.protocol import by_hand
from toleramp.protocol.keys import RESUME
from toleramp.protocol.table import minutes_of, step_doses

_WHOLE, _GIVEN, _COMPUTED = 12, 9, 6  # digits: of a dose, of what a file says, of what follows (1 nL on the way)


@dataclass(frozen=True)
class Difference:
    """What differs: where, what, the value in each file ("" = absent there)."""

    where: str
    what: str
    a: str
    b: str

    def words(self) -> str:
        """One line for people."""
        return f"{self.where}: {self.what} {self.a or 'none'} -> {self.b or 'none'}"


def _sides(values: tuple[Fraction, Fraction], units: tuple[str, str], digits: int) -> list[str]:
    """Both in words; amounts in mg or U (also per mL) in one smaller unit where they would begin with zeros."""
    base, slash, per = units[0].partition("/")
    if units[0] != units[1] or base not in UNITS_DOWN:
        return [f"{show(value, digits)} {unit}".strip() for value, unit in zip(values, units, strict=True)]
    unit = spoken_unit(values, base)
    return [f"{show(value / unit.size, digits)} {unit.name}{slash}{per}" for value in values]


def _pair(
    where: str, what: str, values: tuple[Fraction, Fraction], units: tuple[str, str], digits: int = _GIVEN
) -> Iterator[Difference]:
    """A quantity on each side in its own unit; nothing when both look alike in `digits` digits (a key may yet tell)."""
    a, b = _sides(values, units, digits)
    if a != b:
        yield Difference(where, what, a, b + _change(values, units))


def _change(values: tuple[Fraction, Fraction], units: tuple[str, str]) -> str:
    """By how many percent it rose or fell; nothing where that makes no sense."""
    if not values[0] or units[0] != units[1]:
        return ""
    return f" ({signed((values[1] / values[0] - 1) * 100)} %)"


def text_pair(where: str, what: str, a: str, b: str) -> Iterator[Difference]:
    """A text on each side, told apart even where both look alike; nothing when they are the same."""
    if a != b:
        yield Difference(where, what, *_apart(a, b))


def _look_alike(a: str, b: str) -> bool:
    """True for texts that differ in blanks, or in letters of other alphabets or accents, only."""
    a, b = (one_line(unicodedata.normalize("NFKC", text or "none")) for text in (a, b))
    same = len(a) == len(b) and all(x == y or x.isascii() != y.isascii() for x, y in zip(a, b, strict=True))
    return a == b or same


def _apart(a: str, b: str) -> tuple[str, str]:
    """Both texts, in quotation marks and escapes when a reader could take one for the other."""
    if not _look_alike(a, b):
        return a, b
    one, two = (json.dumps(text).replace("  ", " \\u0020") if text else "" for text in (a, b))
    return one, two


def _choices(protocol: Protocol) -> str:
    return ", ".join(name for bit, name in enumerate(RESUME) if protocol.resume_choices >> bit & 1)


def limits(p: Protocol) -> dict[str, tuple[str, str]]:
    """The rules: key of the file -> (in words, the value with its unit)."""
    return {
        "class": ("class", CLASSES[p.kind]),
        "max_hold_min": ("longest hold", f"{p.max_hold_min} min"),
        "max_wait_min": ("longest wait", f"{p.max_wait_min} min"),
        "tolerance_gap_h": ("tolerance gap", f"{p.tolerance_gap_h} h"),
        "primed_with": ("line primed with", "solution" if p.primed_with_solution else "saline"),
        "spo2_stop_percent": ("SpO2 stop limit", f"{p.spo2_stop} %"),
        "spo2_stop_fall": ("SpO2 stop fall", f"{p.spo2_stop_fall} points"),
        "spo2_early_percent": ("SpO2 early limit", f"{p.spo2_early} %"),
        "spo2_early_fall": ("SpO2 early fall", f"{p.spo2_early_fall} points"),
        "delay_s": ("alarm delay", f"{p.delay_s} s"),
        "pulse_min_bpm": ("lowest pulse", f"{p.pulse_min} /min"),
        "pulse_max_bpm": ("highest pulse", f"{p.pulse_max} /min"),
        "resume_choices": ("resume choices", _choices(p)),
        "decision_after_count": ("decision after", f"{p.decision_after_count} reactions"),
        "min_hold_min": ("shortest hold", f"{p.min_hold_min} min"),
        "insert_allowed": ("inserted steps", "allowed" if p.insert_allowed else "not allowed"),
        "boundary": (
            "bag offered first when going back",
            "the step's own" if p.rehang_first else "the one that hangs",
        ),
    }


def _units(a: Protocol, b: Protocol, per: str = "") -> tuple[str, str]:
    """The dose unit of each side."""
    return UNITS[a.unit] + per, UNITS[b.unit] + per


def _head(a: Protocol, b: Protocol) -> Iterator[Difference]:
    yield from text_pair("protocol", "dose unit", *_units(a, b))
    yield from text_pair("protocol", "name", a.name, b.name)
    yield from text_pair("protocol", "drug", a.drug, b.drug)
    full = Fraction(a.full_dose_pg, 10**9), Fraction(b.full_dose_pg, 10**9)
    yield from _pair("protocol", "full dose", full, _units(a, b))
    dead = Fraction(a.line_dead_nl, 10**6), Fraction(b.line_dead_nl, 10**6)
    yield from _pair("protocol", "line dead volume", dead, ("mL", "mL"))
    theirs = limits(b)
    for key, (what, value) in limits(a).items():
        yield from text_pair("limits", what, value, theirs[key][1])


def _amount(amount: Fraction, base: str) -> str:
    """To the last digit, in the unit in which people read it."""
    unit = spoken_unit([amount], base)
    return f"{show(amount / unit.size, _WHOLE)} {unit.name}"


def _bag_words(bag: Any, unit: str) -> str:
    drug, volume = Fraction(bag.drug_pg, 10**9), Fraction(bag.volume_nl, 10**6)
    line = f", its own line {show(Fraction(bag.line_nl, 10**6))} mL" if bag.line_nl else ""
    return f"{_amount(drug, unit)} in {show(volume, _GIVEN)} mL, code {bag.code}{line}"


def _bag(where: str, a: Any, b: Any, units: tuple[str, str]) -> Iterator[Difference]:
    drug = Fraction(a.drug_pg, 10**9), Fraction(b.drug_pg, 10**9)
    per_ml = units[0] + "/mL", units[1] + "/mL"
    yield from _pair(where, "drug", drug, units)
    yield from _pair(where, "volume", (Fraction(a.volume_nl, 10**6), Fraction(b.volume_nl, 10**6)), ("mL", "mL"))
    yield from _pair(where, "concentration", (concentration(a), concentration(b)), per_ml, _COMPUTED)
    yield from _pair(where, "its own line", (Fraction(a.line_nl, 10**6), Fraction(b.line_nl, 10**6)), ("mL", "mL"))
    yield from text_pair(where, "code", a.code, b.code)


def _bags(a: Protocol, b: Protocol) -> Iterator[Difference]:
    ours, theirs = ({bag.id: (bag, used) for bag, used in zip(p.solutions, used_ml(p), strict=True)} for p in (a, b))
    yield from text_pair(
        "bags", "order", *(", ".join(x for x in p if x in ours and x in theirs) for p in (ours, theirs))
    )
    units = _units(a, b)
    for letter in dict.fromkeys([*ours, *theirs]):
        where = f"bag {letter}"
        if letter not in theirs:
            yield Difference(where, "only in the first", _bag_words(ours[letter][0], units[0]), "")
        elif letter not in ours:
            yield Difference(where, "only in the second", "", _bag_words(theirs[letter][0], units[1]))
        else:
            yield from _bag(where, ours[letter][0], theirs[letter][0], units)
            used = ours[letter][1], theirs[letter][1]
            yield from _pair(where, "volume drawn by the steps", used, ("mL", "mL"), _COMPUTED)


def _gives(step: Step) -> str:
    """What a step is for, in words."""
    if fills(step):
        return "the line's filling, counted as no dose"
    return "the rest of the full dose" if step.flags else "a fixed volume"


def _step_words(protocol: Protocol, index: int) -> str:
    step = protocol.steps[index]
    rate, minutes = Fraction(step.rate_e4, 10**4), Fraction(step.duration_ms, 60_000)
    dose = _amount(step_doses(protocol)[index] / 10**9, UNITS[protocol.unit])
    kind = "line-fill, " if fills(step) else ""
    return f"{kind}bag {protocol.solutions[step.solution].id}, {show(rate)} mL/h for {show(minutes)} min, {dose}"


def _dose_words(protocol: Protocol, index: int) -> str:
    dose = protocol.doses[index]
    amount, minutes = Fraction(dose.dose_pg, 10**9), Fraction(dose.duration_ms, 60_000)
    return f"{by_hand.of(protocol).way}, {_amount(amount, UNITS[protocol.unit])}, then {show(minutes)} min"


def _keys(protocol: Protocol) -> list[tuple[object, ...]]:
    """What a step or dose is recognized by."""
    if protocol.doses:
        return [(dose.dose_pg,) for dose in protocol.doses]
    return [(protocol.solutions[step.solution].id, step.rate_e4, fills(step)) for step in protocol.steps]


def aligned(a: Protocol, b: Protocol) -> Iterator[Pair]:
    """Which step of `a` is which of `b` (indexes; None: there is none), by bag and rate, or by dose.

    Where steps were both changed and inserted, the later ones are paired: what is new came in before them.
    """
    for _, a0, a1, b0, b1 in SequenceMatcher(None, _keys(a), _keys(b), autojunk=False).get_opcodes():
        longest = max(a1 - a0, b1 - b0)
        for i, j in zip(range(a1 - longest, a1), range(b1 - longest, b1), strict=True):
            yield (i if i >= a0 else None, j if j >= b0 else None)


def _step(a: Protocol, b: Protocol, i: int, j: int, where: str) -> Iterator[Difference]:
    one, two = a.steps[i], b.steps[j]
    doses = step_doses(a)[i] / 10**9, step_doses(b)[j] / 10**9
    minutes = minutes_of(a)[i], minutes_of(b)[j]
    volumes = Fraction(one.volume_nl, 10**6), Fraction(two.volume_nl, 10**6)
    yield from text_pair(where, "bag", a.solutions[one.solution].id, b.solutions[two.solution].id)
    yield from _pair(where, "rate", (Fraction(one.rate_e4, 10**4), Fraction(two.rate_e4, 10**4)), ("mL/h", "mL/h"))
    yield from _pair(where, "time", minutes, ("min", "min"), _COMPUTED)
    yield from _pair(where, "volume", volumes, ("mL", "mL"), _COMPUTED)
    yield from _pair(where, "dose", doses, _units(a, b), _COMPUTED)
    yield from text_pair(where, "gives", _gives(one), _gives(two))


def _oral(a: Protocol, b: Protocol, i: int, j: int, where: str) -> Iterator[Difference]:
    doses = Fraction(a.doses[i].dose_pg, 10**9), Fraction(b.doses[j].dose_pg, 10**9)
    yield from _pair(where, "dose", doses, _units(a, b))
    yield from _pair(where, "wait", (minutes_of(a)[i], minutes_of(b)[j]), ("min", "min"))


Pair = tuple[int | None, int | None]


def step_pairs(a: Protocol, b: Protocol) -> Iterator[tuple[str, Pair]]:
    """Each step with its name in the words of the output; where one is by mouth and one is not, nothing is alike."""
    pairs = aligned(a, b) if bool(a.doses) == bool(b.doses) else _unlike(a, b)
    for i, j in pairs:
        number = j if i is None else i
        moved = f" (now {j + 1})" if i is not None and j is not None and i != j else ""
        yield f"step {(number or 0) + 1}{moved}", (i, j)


def _steps(a: Protocol, b: Protocol) -> Iterator[Difference]:
    """Steps against steps, or doses by mouth against such."""
    words = [_dose_words if p.doses else _step_words for p in (a, b)]
    for where, (i, j) in step_pairs(a, b):
        if i is None and j is not None:
            yield Difference(where, "inserted", "", words[1](b, j))
        elif j is None and i is not None:
            yield Difference(where, "removed", words[0](a, i), "")
        elif i is not None and j is not None:
            yield from (_oral if a.doses else _step)(a, b, i, j, where)
    times = sum(minutes_of(a), Fraction(0)), sum(minutes_of(b), Fraction(0))
    doses = sum(step_doses(a), Fraction(0)) / 10**9, sum(step_doses(b), Fraction(0)) / 10**9
    yield from _pair("all steps", "total time", times, ("min", "min"), _COMPUTED)
    yield from _pair("all steps", "total dose", doses, _units(a, b), _COMPUTED)


def _unlike(a: Protocol, b: Protocol) -> list[Pair]:
    return [(i, None) for i in range(len(_keys(a)))] + [(None, j) for j in range(len(_keys(b)))]


def differences(a: Protocol, b: Protocol) -> list[Difference]:
    """What differs in what the pump gets: what is ordered and its limits, bags, steps; to the digits that are shown."""
    return [*_head(a, b), *_bags(a, b), *_steps(a, b)]

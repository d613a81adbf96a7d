"""How two protocols differ, as a pharmacist would say it: bags, steps, limits, doses; no comparison of texts.

Rates in mL/h, times in min, volumes in mL, doses in mg or U; compared exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

from pump.account import fills
from pump.protocol import CLASSES, UNITS, Protocol, Step
from toleramp.preparation import concentration, show, used_ml
from toleramp.protocol_table import minutes_of, step_doses

_HEX_256 = re.compile(r"[0-9a-f]{64}")
_RESUME = ("same", "one-back", "two-back", "any-back")
# What the compiled form does not hold, and so is compared as the file has it.
_SECTIONS = ("protocol", "flush", "premedication", "checklist", "monitoring", "reaction", "approval")


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


def _quantity(value: Fraction | int, unit: str) -> str:
    return f"{show(Fraction(value), 9)} {unit}".strip()


def _pair(where: str, what: str, a: Fraction, b: Fraction, unit: str) -> Iterator[Difference]:
    if a == b:
        return
    share = f" ({show((b / a - 1) * 100, 3)} %)" if a else ""
    sign = "+" if b > a else ""
    yield Difference(where, what, _quantity(a, unit), _quantity(b, unit) + share.replace("(", f"({sign}"))


def _text(where: str, what: str, a: str, b: str) -> Iterator[Difference]:
    if a != b:
        yield Difference(where, what, a, b)


def _choices(protocol: Protocol) -> str:
    return ", ".join(name for bit, name in enumerate(_RESUME) if protocol.resume_choices >> bit & 1)


def _limits(protocol: Protocol) -> dict[str, str]:
    """The rules in the words of the file, each with its unit."""
    p = protocol
    return {
        "class": CLASSES[p.kind],
        "dose unit": UNITS[p.unit],
        "longest hold": f"{p.max_hold_min} min",
        "longest wait": f"{p.max_wait_min} min",
        "tolerance gap": f"{p.tolerance_gap_h} h",
        "line primed with": "solution" if p.primed_with_solution else "saline",
        "SpO2 stop limit": f"{p.spo2_stop} %",
        "SpO2 stop fall": f"{p.spo2_stop_fall} points",
        "SpO2 early limit": f"{p.spo2_early} %",
        "SpO2 early fall": f"{p.spo2_early_fall} points",
        "alarm delay": f"{p.delay_s} s",
        "lowest pulse": f"{p.pulse_min} /min",
        "highest pulse": f"{p.pulse_max} /min",
        "resume choices": _choices(p),
        "decision after": f"{p.decision_after_count} reactions",
        "shortest hold": f"{p.min_hold_min} min",
        "inserted steps": "allowed" if p.insert_allowed else "not allowed",
        "bag offered first when going back": "the step's own" if p.rehang_first else "the one that hangs",
    }


def _head(a: Protocol, b: Protocol) -> Iterator[Difference]:
    yield from _text("protocol", "name", a.name, b.name)
    yield from _text("protocol", "drug", a.drug, b.drug)
    full = Fraction(a.full_dose_pg, 10**9), Fraction(b.full_dose_pg, 10**9)
    if a.unit == b.unit:
        yield from _pair("protocol", "full dose", *full, UNITS[b.unit])
    else:
        yield from _text("protocol", "full dose", _quantity(full[0], UNITS[a.unit]), _quantity(full[1], UNITS[b.unit]))
    dead = Fraction(a.line_dead_nl, 10**6), Fraction(b.line_dead_nl, 10**6)
    yield from _pair("protocol", "line dead volume", *dead, "mL")
    theirs = _limits(b)
    for what, value in _limits(a).items():
        yield from _text("limits", what, value, theirs[what])


def _bag_words(bag: Any, unit: str) -> str:
    drug, volume = Fraction(bag.drug_pg, 10**9), Fraction(bag.volume_nl, 10**6)
    return f"{show(drug)} {unit} in {show(volume)} mL"


def _bags(a: Protocol, b: Protocol) -> Iterator[Difference]:
    ours, theirs = ({bag.id: (bag, used) for bag, used in zip(p.solutions, used_ml(p), strict=True)} for p in (a, b))
    for letter in dict.fromkeys([*ours, *theirs]):
        where, unit = f"bag {letter}", UNITS[b.unit]
        if letter not in theirs:
            yield Difference(where, "only in the first", _bag_words(ours[letter][0], unit), "")
        elif letter not in ours:
            yield Difference(where, "only in the second", "", _bag_words(theirs[letter][0], unit))
        else:
            (bag, used), (other, other_used) = ours[letter], theirs[letter]
            yield from _pair(where, "drug", Fraction(bag.drug_pg, 10**9), Fraction(other.drug_pg, 10**9), unit)
            yield from _pair(where, "volume", Fraction(bag.volume_nl, 10**6), Fraction(other.volume_nl, 10**6), "mL")
            yield from _pair(where, "concentration", concentration(bag), concentration(other), f"{unit}/mL")
            yield from _pair(where, "volume drawn by the steps", used, other_used, "mL")
            yield from _pair(where, "its own line", Fraction(bag.line_nl, 10**6), Fraction(other.line_nl, 10**6), "mL")
            yield from _text(where, "code", bag.code, other.code)


def _gives(step: Step) -> str:
    """What a step is for, in words."""
    if fills(step):
        return "the line's filling, counted as no dose"
    return "the rest of the full dose" if step.flags else "a fixed volume"


def _step_words(protocol: Protocol, index: int) -> str:
    step = protocol.steps[index]
    rate, minutes = Fraction(step.rate_e4, 10**4), Fraction(step.duration_ms, 60_000)
    dose = f"{show(step_doses(protocol)[index] / 10**9)} {UNITS[protocol.unit]}"
    kind = "line-fill, " if fills(step) else ""
    return f"{kind}bag {protocol.solutions[step.solution].id}, {show(rate)} mL/h for {show(minutes)} min, {dose}"


def _dose_words(protocol: Protocol, index: int) -> str:
    dose = protocol.doses[index]
    amount, minutes = Fraction(dose.dose_pg, 10**9), Fraction(dose.duration_ms, 60_000)
    return f"by mouth, {show(amount, 12)} {UNITS[protocol.unit]}, then {show(minutes)} min"


def _keys(protocol: Protocol) -> list[tuple[object, ...]]:
    """What a step or dose is recognized by."""
    if protocol.doses:
        return [(dose.dose_pg,) for dose in protocol.doses]
    return [(protocol.solutions[step.solution].id, step.rate_e4, fills(step)) for step in protocol.steps]


def aligned(a: Protocol, b: Protocol) -> Iterator[tuple[int | None, int | None]]:
    """Which step of `a` is which of `b` (indexes; None: there is none), by bag and rate, or by dose.

    Where steps were both changed and inserted, the later ones are paired: what is new came in before them.
    """
    for _, a0, a1, b0, b1 in SequenceMatcher(None, _keys(a), _keys(b), autojunk=False).get_opcodes():
        longest = max(a1 - a0, b1 - b0)
        for i, j in zip(range(a1 - longest, a1), range(b1 - longest, b1), strict=True):
            yield (i if i >= a0 else None, j if j >= b0 else None)


def _step(a: Protocol, b: Protocol, i: int, j: int, where: str) -> Iterator[Difference]:
    one, two = a.steps[i], b.steps[j]
    yield from _text(where, "bag", a.solutions[one.solution].id, b.solutions[two.solution].id)
    yield from _pair(where, "rate", Fraction(one.rate_e4, 10**4), Fraction(two.rate_e4, 10**4), "mL/h")
    yield from _pair(where, "time", Fraction(one.duration_ms, 60_000), Fraction(two.duration_ms, 60_000), "min")
    yield from _pair(where, "volume", Fraction(one.volume_nl, 10**6), Fraction(two.volume_nl, 10**6), "mL")
    yield from _pair(where, "dose", step_doses(a)[i] / 10**9, step_doses(b)[j] / 10**9, UNITS[b.unit])
    yield from _text(where, "gives", _gives(one), _gives(two))


def _oral(a: Protocol, b: Protocol, i: int, j: int, where: str) -> Iterator[Difference]:
    one, two = a.doses[i], b.doses[j]
    yield from _pair(where, "dose", Fraction(one.dose_pg, 10**9), Fraction(two.dose_pg, 10**9), UNITS[b.unit])
    yield from _pair(where, "wait", Fraction(one.duration_ms, 60_000), Fraction(two.duration_ms, 60_000), "min")


def _steps(a: Protocol, b: Protocol) -> Iterator[Difference]:
    """Steps against steps or doses by mouth against such; where one is by mouth and one is not, nothing is alike."""
    by_mouth = bool(a.doses), bool(b.doses)
    words = [_dose_words if oral else _step_words for oral in by_mouth]
    pairs = list(aligned(a, b)) if by_mouth[0] == by_mouth[1] else _unlike(a, b)
    for i, j in pairs:
        if j is None and i is not None:
            yield Difference(f"step {i + 1}", "removed", words[0](a, i), "")
        elif i is None and j is not None:
            yield Difference(f"step {j + 1}", "inserted", "", words[1](b, j))
        elif i is not None and j is not None:
            where = f"step {i + 1}" if i == j else f"step {i + 1} (now {j + 1})"
            yield from (_oral if by_mouth[0] else _step)(a, b, i, j, where)
    for what, unit, totals in (
        ("total time", "min", [sum(minutes_of(p), Fraction(0)) for p in (a, b)]),
        ("total dose", UNITS[b.unit], [sum(step_doses(p), Fraction(0)) / 10**9 for p in (a, b)]),
    ):
        yield from _pair("all steps", what, totals[0], totals[1], unit)


def _unlike(a: Protocol, b: Protocol) -> list[tuple[int | None, int | None]]:
    return [(i, None) for i in range(len(_keys(a)))] + [(None, j) for j in range(len(_keys(b)))]


def _plain(value: Any) -> str:
    """As text; of a digest or a signature the beginning, which tells two apart."""
    text = "" if value is None else str(value)
    return f"{text[:8]}..." if _HEX_256.fullmatch(text) else text


def _leaves(content: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """What the file says beside the compiled form: (where, key) -> value."""
    leaves: dict[tuple[str, str], Any] = {}
    for section in _SECTIONS:
        tables = content.get(section, {})
        for number, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
            where = f"{section} {number}" if isinstance(tables, list) else section
            leaves |= {(where, key): value for key, value in table.items()}
    for table in content.get("solution", []):
        leaves |= {(f"bag {table['id']}", key): value for key, value in table.items()}
    return leaves


_COMPILED = [
    "name",
    "drug",
    "class",
    "full_dose_mg",
    "full_dose_u",
    "dose_unit",
    "tolerance_gap_h",
    "max_hold_min",
    "max_wait_min",
    "line_dead_volume_ml",
    "primed_with",
    "id",
    "code",
    "volume_ml",
    "line_volume_ml",
    "drug_mg",
    "drug_u",
    "spo2_stop_percent",
    "spo2_stop_fall",
    "spo2_early_percent",
    "spo2_early_fall",
    "delay_s",
    "pulse_min_bpm",
    "pulse_max_bpm",
    "resume_choices",
    "decision_after_count",
    "min_hold_min",
    "insert_allowed",
    "boundary",
]


def _others(a: dict[str, Any], b: dict[str, Any]) -> Iterator[Difference]:
    """Keys that the pump does not get: route, diluent, times of preparation, flush, premedication and others."""
    ours, theirs = _leaves(a), _leaves(b)
    for where, key in dict.fromkeys([*ours, *theirs]):
        only_here = where.startswith(("flush", "premedication", "checklist", "approval"))
        one, two = ours.get((where, key)), theirs.get((where, key))
        if (only_here or key not in _COMPILED) and one != two:
            yield Difference(where, key, _plain(one), _plain(two))


def differences(a: Protocol, b: Protocol, content_a: dict[str, Any], content_b: dict[str, Any]) -> list[Difference]:
    """All differences: what is ordered and its limits, bags, steps, then what only the file says."""
    return [*_head(a, b), *_bags(a, b), *_steps(a, b), *_others(content_a, content_b)]

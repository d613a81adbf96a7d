"""How two protocols differ, as a pharmacist would say it: bags, steps, limits, doses; no comparison of texts.

Rates in mL/h, times in min, volumes in mL, doses in mg or U; compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

from pump.protocol import CLASSES, UNITS, Protocol
from toleramp.preparation import concentration, show, used_ml

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
    }


def _head(a: Protocol, b: Protocol) -> Iterator[Difference]:
    yield from _text("protocol", "name", a.name, b.name)
    yield from _text("protocol", "drug", a.drug, b.drug)
    full = Fraction(a.full_dose_pg, 10**9), Fraction(b.full_dose_pg, 10**9)
    yield from _pair("protocol", "full dose", *full, UNITS[b.unit])
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
            yield from _text(where, "code", bag.code, other.code)


def _dose(protocol: Protocol, index: int) -> Fraction:
    """Dose of a step, mg or U."""
    step = protocol.steps[index]
    bag = protocol.solutions[step.solution]
    return Fraction(step.volume_nl * bag.drug_pg, bag.volume_nl * 10**9)


def _step_words(protocol: Protocol, index: int) -> str:
    step = protocol.steps[index]
    rate, minutes = Fraction(step.rate_e4, 10**4), Fraction(step.duration_ms, 60_000)
    dose = f"{show(_dose(protocol, index))} {UNITS[protocol.unit]}"
    return f"bag {protocol.solutions[step.solution].id}, {show(rate)} mL/h for {show(minutes)} min, {dose}"


def aligned(a: Protocol, b: Protocol) -> Iterator[tuple[int | None, int | None]]:
    """Which step of `a` is which of `b` (indexes; None: there is none), by bag and rate.

    Where steps were both changed and inserted, the later ones are paired: what is new came in before them.
    """
    keys = [[(p.solutions[step.solution].id, step.rate_e4) for step in p.steps] for p in (a, b)]
    for _, a0, a1, b0, b1 in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        longest = max(a1 - a0, b1 - b0)
        for i, j in zip(range(a1 - longest, a1), range(b1 - longest, b1), strict=True):
            yield (i if i >= a0 else None, j if j >= b0 else None)


def _step(a: Protocol, b: Protocol, i: int, j: int) -> Iterator[Difference]:
    where = f"step {i + 1}" if i == j else f"step {i + 1} (now {j + 1})"
    one, two = a.steps[i], b.steps[j]
    yield from _text(where, "bag", a.solutions[one.solution].id, b.solutions[two.solution].id)
    yield from _pair(where, "rate", Fraction(one.rate_e4, 10**4), Fraction(two.rate_e4, 10**4), "mL/h")
    yield from _pair(where, "time", Fraction(one.duration_ms, 60_000), Fraction(two.duration_ms, 60_000), "min")
    yield from _pair(where, "volume", Fraction(one.volume_nl, 10**6), Fraction(two.volume_nl, 10**6), "mL")
    yield from _pair(where, "dose", _dose(a, i), _dose(b, j), UNITS[b.unit])
    ends = ["the rest of the full dose" if step.flags else "a fixed volume" for step in (one, two)]
    yield from _text(where, "gives", *ends)


def _steps(a: Protocol, b: Protocol) -> Iterator[Difference]:
    for i, j in aligned(a, b):
        if j is None and i is not None:
            yield Difference(f"step {i + 1}", "removed", _step_words(a, i), "")
        elif i is None and j is not None:
            yield Difference(f"step {j + 1}", "inserted", "", _step_words(b, j))
        elif i is not None and j is not None:
            yield from _step(a, b, i, j)
    for what, unit, totals in (
        ("total time", "min", [Fraction(sum(s.duration_ms for s in p.steps), 60_000) for p in (a, b)]),
        ("total dose", UNITS[b.unit], [sum((_dose(p, k) for k in range(len(p.steps))), Fraction(0)) for p in (a, b)]),
    ):
        yield from _pair("all steps", what, totals[0], totals[1], unit)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


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

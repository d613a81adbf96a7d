"""A second reading of a protocol file, written apart from the tool's: what a file says against what was compiled.

Only for files that the tool accepts: it looks for no faults, but for another meaning.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from pump.protocol import protocol as device

Table = dict[str, Any]
_MONITORING = {
    "spo2_stop_percent": "spo2_stop",
    "spo2_stop_fall": "spo2_stop_fall",
    "spo2_early_percent": "spo2_early",
    "spo2_early_fall": "spo2_early_fall",
    "delay_s": "delay_s",
    "pulse_min_bpm": "pulse_min",
    "pulse_max_bpm": "pulse_max",
}
_RESUME = ("same", "one-back", "two-back", "any-back")
Pair = tuple[str, Any, Any]  # what, in the file, in the protocol


def _dose(table: Table, stem: str) -> Fraction:
    return Fraction(table[f"{stem}_mg"] if f"{stem}_mg" in table else table[f"{stem}_u"]) * 10**9


def _head(table: Table, made: device.Protocol) -> Iterator[Pair]:
    yield "name", table["name"], made.name
    yield "drug", table["drug"], made.drug
    yield "class", table["class"], device.CLASSES[made.kind]
    yield "unit", table.get("dose_unit", "mg"), device.UNITS[made.unit]
    yield "full dose", _dose(table, "full_dose"), made.full_dose_pg
    yield "hold", table["max_hold_min"], made.max_hold_min
    yield "wait", table["max_wait_min"], made.max_wait_min
    yield "gap", table["tolerance_gap_h"], made.tolerance_gap_h
    yield "line", Fraction(table.get("line_dead_volume_ml", 0)) * 10**6, made.line_dead_nl
    yield "primed", table.get("primed_with") == "solution", bool(made.primed_with_solution)


def _bags(tables: list[Table], made: device.Protocol) -> Iterator[Pair]:
    yield "bags", len(tables), len(made.solutions)
    for table, bag in zip(tables, made.solutions, strict=False):
        yield "id", table["id"], bag.id
        yield "code", table["code"], bag.code
        yield "volume", Fraction(table["volume_ml"]) * 10**6, bag.volume_nl
        yield "drug", _dose(table, "drug"), bag.drug_pg
        yield "own line", Fraction(table.get("line_volume_ml", 0)) * 10**6, bag.line_nl


def _volume(table: Table, step: device.Step, rest_pg: Fraction, bag: device.Solution) -> Iterator[Pair]:
    """The step's volume: to half a nanolitre of its time, exactly as written, or a nanolitre short of the full dose."""
    if "volume_ml" in table:
        yield "volume", Fraction(table["volume_ml"]) * 10**6, step.volume_nl
    elif "minutes" in table:
        volume = Fraction(table["rate_ml_h"]) * Fraction(table["minutes"]) / 60 * 10**6
        yield "volume of the time", True, abs(volume - step.volume_nl) <= Fraction(1, 2)
    else:
        left = rest_pg - Fraction(step.volume_nl * bag.drug_pg, bag.volume_nl)
        yield "what is left of the dose", True, 0 <= left < Fraction(bag.drug_pg, bag.volume_nl)


def _steps(tables: list[Table], made: device.Protocol) -> Iterator[Pair]:
    yield "steps", len(tables), len(made.steps)
    rest_pg = Fraction(made.full_dose_pg)
    for table, step in zip(tables, made.steps, strict=False):
        bag = made.solutions[step.solution]
        yield "bag", table["solution"], bag.id
        yield "rate", Fraction(table["rate_ml_h"]) * 10**4, step.rate_e4
        flags = {"line-fill": device.LINE_FILL}.get(table.get("kind", ""), int(bool(table.get("to_full_dose"))))
        yield "flags", flags, step.flags
        yield from _volume(table, step, rest_pg, bag)
        off = abs(Fraction(step.volume_nl * 36_000, step.rate_e4) - step.duration_ms)
        yield "time of the volume", True, off <= Fraction(1, 2)
        if not step.flags & device.LINE_FILL:
            rest_pg -= Fraction(step.volume_nl * bag.drug_pg, bag.volume_nl)


def _doses(tables: list[Table], made: device.Protocol) -> Iterator[Pair]:
    yield "doses", len(tables), len(made.doses)
    for table, dose in zip(tables, made.doses, strict=False):
        yield "kind", table["kind"], "oral"
        yield "dose", _dose(table, "dose"), dose.dose_pg
        yield "wait after it", Fraction(table["minutes"]) * 60_000, dose.duration_ms


def _rules(content: Table, made: device.Protocol) -> Iterator[Pair]:
    plain = device.Protocol()
    monitoring, reaction = content.get("monitoring", {}), content.get("reaction", {})
    for key, name in _MONITORING.items():
        yield key, monitoring.get(key, getattr(plain, name)), getattr(made, name)
    choices = {1 << _RESUME.index(word) for word in reaction.get("resume_choices", _RESUME)}
    yield "resume choices", sum(choices), made.resume_choices
    for key in ("decision_after_count", "min_hold_min"):
        yield key, reaction.get(key, getattr(plain, key)), getattr(made, key)
    yield "inserted steps", reaction.get("insert_allowed", True), bool(made.insert_allowed)
    yield "boundary", reaction.get("boundary", "present") == "rehang", bool(made.rehang_first)


def differences(text: bytes, made: device.Protocol) -> list[str]:
    """Where the protocol means something else than the text, in words."""
    content = tomllib.loads(text.decode("utf-8-sig"), parse_float=Fraction)
    steps = content["step"]
    pairs = [*_head(content["protocol"], made), *_rules(content, made), *_bags(content.get("solution", []), made)]
    pairs += _doses(steps, made) if made.doses else _steps(steps, made)
    return [f"{what}: {said} in the file, {got} in the protocol" for what, said, got in pairs if said != got]

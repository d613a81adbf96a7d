"""What a replay showed, in words and as a document."""

from __future__ import annotations

from typing import Any

from pump.tables import alarms, causes, questions, states
from toleramp.replay.player import Difference
from toleramp.replay.whole import Piece
from toleramp.words import rows
from toleramp.words.keys import key_code

_WORDS = {
    "words_us": "time queued (us)",
    "words_pulses": "pulses queued",
    "records": "records made",
    "records_chain": "the records' content",
    "fram_slot": "slot written",
    "fram_sum": "what was written (sum)",
    "screen": "the screen's text (sum)",
    "rate_e4": "rate (0.0001 mL/h)",
    "total": "pulses of the session",
}
_TABLES = {"state": states, "cause": causes, "question": questions, "alarm": alarms}


def _value(name: str, value: Any) -> str:
    if value is None:
        return "as before"
    if name in _TABLES:
        return str(rows.name_or_none(_TABLES[name], value) or value)
    return str(value)


def _input(values: dict[str, Any]) -> str:
    said = []
    for name, value in values.items():
        if name == "buttons":
            said.append(f"keys {key_code(value)}" if value else "no key")
        elif isinstance(value, bytes):
            said.append(f"{name} {len(value)} bytes")
        else:
            said.append(f"{name} {value}")
    return ", ".join(said)


def _differs(found: Difference) -> list[str]:
    at = f"scan {found.scan}, {found.t_ms / 1000:.2f} s after power-on"
    if found.damage:
        return [f"  {at}: the recording was changed here, its sum does not fit; nothing from there on is proved"]
    said = [f"  DIFFERENCE at {at}; nothing from there on is proved"]
    for name in found.pump:
        text = _WORDS.get(name, name)
        said.append(f"    {text}: pump {_value(name, found.pump[name])}, core {_value(name, found.core[name])}")
    said += [f"    before, scan {number}: {_input(values)}" for number, values in found.before]
    return said


def lines(piece: Piece) -> list[str]:
    """For people: what is proved, then what is not."""
    outcome, run = piece.outcome, piece.run
    begins = "power-on" if outcome.begins == "power-on" else f"scan {outcome.first + 1} of a power-on"
    head = f"power-on {run.number >> 8}, from {begins}: {outcome.scans} scans, {outcome.seconds:.0f} s"
    if outcome.scans:
        head += f", {outcome.records} of them with records: every decision equal up to scan {outcome.last}"
    said = [head]
    if outcome.difference:
        said += _differs(outcome.difference)
    elif run.why:
        said.append(f"  inputs missing from scan {outcome.last + 1} to {run.last_scan} ({run.why}): not proved")
    elif piece.cut:
        said.append("  what it did then, until the power went or it was reset, is not in the recording")
    return said


def document(piece: Piece) -> dict[str, Any]:
    """For programs."""
    outcome, run = piece.outcome, piece.run
    found = outcome.difference
    missing = {"from": outcome.last + 1, "to": run.last_scan, "why": run.why} if run.why else None
    difference = None
    if found:
        difference = {
            "scan": found.scan, "t_ms": found.t_ms, "changed": found.damage, "pump": found.pump, "core": found.core,
            "before": [{"scan": number, "inputs": _input(values)} for number, values in found.before],
        }  # fmt: skip
    return {
        "power_on": run.number >> 8, "begins": outcome.begins, "first_scan": outcome.first + 1,
        "last_equal_scan": outcome.last, "scans": outcome.scans, "records": outcome.records, "missing": missing,
        "difference": difference, "proved": piece.proved,
    }  # fmt: skip

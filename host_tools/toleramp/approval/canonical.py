"""The whole of a protocol file in one canonical form, whose digest both people sign (PRO-9), and what only people need.

The pump checks signatures of what it gets. People act on more: expiry, diluent, premedication, flush, checklist,
weight, labels. The canonical form is of all keys but [approval]: JSON with sorted keys, tables in their order, numbers
as decimal text without the zeros that say nothing ("250.0" and "250" are one number; of a printed cell they say how it
was rounded, and stay). Comments and the order of keys are not in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from toleramp.protocol.keys import APPROVAL, MONITORING, REPEATED

Table = dict[str, Any]
_TITLE = b"toleramp file 1\n"

# The keys that the compiled form holds; all others stay on the laptop.
PUMP_KEYS: dict[str, tuple[str, ...]] = {
    "protocol": (
        "name", "drug", "full_dose_mg", "full_dose_u", "class", "dose_unit", "tolerance_gap_h", "max_hold_min",
        "max_wait_min", "line_dead_volume_ml", "primed_with", "order_id", "cycle", "patient_id",
    ),
    "solution": ("id", "code", "volume_ml", "drug_mg", "drug_u", "line_volume_ml"),
    "step": ("solution", "rate_ml_h", "minutes", "volume_ml", "to_full_dose", "kind", "dose_mg", "dose_u"),
    "monitoring": tuple(MONITORING),
    "reaction": ("resume_choices", "decision_after_count", "min_hold_min", "insert_allowed", "boundary"),
}  # fmt: skip
_BESIDE = (APPROVAL, "format")


def _number(value: Decimal | int) -> str:
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: Any, exactly: bool = False) -> Any:
    """A value as JSON holds it; `exactly`: with the digits as they were written."""
    if isinstance(value, dict):
        return {key: _plain(item, key.startswith("printed_")) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, exactly) for item in value]
    if isinstance(value, bool | str):
        return value
    if isinstance(value, datetime | date | time):
        return ["time", value.isoformat()]
    return ["number", str(value) if exactly else _number(value)]


def canonical(content: Table) -> bytes:
    """The canonical form of a file's content: bytes."""
    signed = {key: value for key, value in content.items() if key != APPROVAL}
    return _TITLE + json.dumps(_plain(signed), sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def file_digest(content: Table) -> bytes:
    """SHA-256 (32 bytes) of the canonical form: what both people sign beside the pump's own digest."""
    return hashlib.sha256(canonical(content)).digest()


def shown(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, Decimal | int) else json.dumps(str(value), ensure_ascii=False)


def _named(section: str, number: int, table: Table) -> str:
    if section not in REPEATED:
        return section
    return f"bag {table['id']}" if section == "solution" and "id" in table else f"{section} {number}"


def laptop_only(content: Table) -> Iterator[str]:
    """What the pump does not get, with its values: "bag A: dilution "1:100", expires_h 24"."""
    for section, value in content.items():
        if section in _BESIDE:
            continue
        for number, table in enumerate(value if isinstance(value, list) else [value], 1):
            known = PUMP_KEYS.get(section, ())
            left = [f"{key} {shown(item)}" for key, item in table.items() if key not in known]
            if left:
                yield f"{_named(section, number, table)}: {', '.join(left)}"

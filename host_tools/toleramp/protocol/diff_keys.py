"""The keys in which two protocol files differ and of which protocol_diff does not tell.

What stays on the laptop (diluent, expiry, flush, premedication, checklist, printed cells, signatures), and digits finer
than it shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from pump.protocol.protocol import Protocol
from toleramp.protocol.diff import Difference, limits, step_pairs, text_pair
from toleramp.protocol.reader import when

_HEX_256 = re.compile(r"[0-9a-f]{64}")
# Section -> key -> the word above that tells of it; those of the limits are in protocol_diff.limits.
_TOLD: dict[str, dict[str, str]] = {
    "protocol": {
        "name": "name", "drug": "drug", "full_dose_mg": "full dose", "full_dose_u": "full dose",
        "dose_unit": "dose unit", "line_dead_volume_ml": "line dead volume",
    },
    "solution": {
        "id": "", "code": "code", "volume_ml": "volume", "line_volume_ml": "its own line", "drug_mg": "drug",
        "drug_u": "drug",
    },
    "step": {
        "solution": "bag", "rate_ml_h": "rate", "minutes": "time", "volume_ml": "volume", "to_full_dose": "gives",
        "kind": "gives",
    },
    "oral": {"kind": "", "dose_mg": "dose", "dose_u": "dose", "minutes": "wait"},
}  # fmt: skip
_OF_A_PART = ("solution", "step", "oral")
Content = dict[str, Any]
Tables = tuple[str, str, Content | None, Content | None]  # section, where, the table in each file


def _shown(value: Any) -> str:
    """A key's value as text, all its digits; "" for none."""
    if isinstance(value, (bool, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return "" if value is None else str(value)


def _short(a: str, b: str) -> tuple[str, str]:
    """Of digests and signatures the beginning, where it tells two apart."""
    one, two = (f"{text[:8]}..." if _HEX_256.fullmatch(text) else text for text in (a, b))
    return (a, b) if one == two else (one, two)


def _value(key: str, table: Content | None) -> Any:
    value = (table or {}).get(key)
    moment = when(value) if key == "prepared_at" else None
    return moment.isoformat() if moment else value


def tables(a: Protocol, b: Protocol, ours: Content, theirs: Content) -> Iterator[Tables]:
    """The tables of both files that belong together."""
    for section in ("protocol", "flush", "checklist", "monitoring", "reaction", "approval"):
        yield section, section, ours.get(section, {}), theirs.get(section, {})
    for section in ("premedication", "reason"):
        for number, (one, two) in enumerate(zip_longest(ours.get(section, []), theirs.get(section, [])), 1):
            yield section, f"{section} {number}", one, two
    bags, others = ({table["id"]: table for table in content.get("solution", [])} for content in (ours, theirs))
    for letter in dict.fromkeys([*bags, *others]):
        yield "solution", f"bag {letter}", bags.get(letter), others.get(letter)
    for where, (i, j) in step_pairs(a, b):
        one, two = (None if k is None else c["step"][k] for c, k in ((ours, i), (theirs, j)))
        yield "oral" if (a if j is None else b).doses else "step", where, one, two


def keys_left(found: list[Difference], every: Iterator[Tables]) -> Iterator[Difference]:
    """Every key that differs and that nothing in `found` tells of: what the pump does not get, or finer than shown."""
    told = {(one.where, one.what) for one in found}
    rules = {key: ("limits", words) for key, (words, _) in limits(Protocol()).items()}
    for section, where, one, two in every:
        words = {key: (where, what) for key, what in _TOLD.get(section, {}).items()}
        words = words if section in _OF_A_PART else rules | words
        for key in dict.fromkeys([*(one or {}), *(two or {})]):
            a, b = _value(key, one), _value(key, two)
            known = key in words and (None in (one, two) or words[key] in told)
            if a != b and not known:
                yield from text_pair(where, key, *_short(_shown(a), _shown(b)))

"""`toleramp protocol diff`: what differs between two protocols, in a pharmacist's words; every key of both files.

protocol_diff compares what the pump gets; here come the keys that it does not tell of: what stays on the laptop
(diluent, expiry, flush, premedication, checklist, printed cells, signatures), and digits finer than it shows.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pump.identity import fingerprint
from pump.protocol import Protocol
from toleramp.errors import one_line
from toleramp.protocol_diff import Difference, differences, limits, step_pairs, text_pair
from toleramp.protocol_reader import when

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
_Tables = tuple[str, str, Content | None, Content | None]  # section, where, the table in each file


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


def _tables(a: Protocol, b: Protocol, ours: Content, theirs: Content) -> Iterator[_Tables]:
    """The tables of both files that belong together."""
    for section in ("protocol", "flush", "checklist", "monitoring", "reaction", "approval"):
        yield section, section, ours.get(section, {}), theirs.get(section, {})
    every = zip_longest(ours.get("premedication", []), theirs.get("premedication", []))
    for number, (one, two) in enumerate(every, 1):
        yield "premedication", f"premedication {number}", one, two
    bags, others = ({table["id"]: table for table in content.get("solution", [])} for content in (ours, theirs))
    for letter in dict.fromkeys([*bags, *others]):
        yield "solution", f"bag {letter}", bags.get(letter), others.get(letter)
    for where, (i, j) in step_pairs(a, b):
        one, two = (None if k is None else c["step"][k] for c, k in ((ours, i), (theirs, j)))
        yield "oral" if (a if j is None else b).doses else "step", where, one, two


def _keys_left(found: list[Difference], tables: Iterator[_Tables]) -> Iterator[Difference]:
    """Every key that differs and that nothing in `found` tells of: what the pump does not get, or finer than shown."""
    told = {(one.where, one.what) for one in found}
    rules = {key: ("limits", words) for key, (words, _) in limits(Protocol()).items()}
    for section, where, one, two in tables:
        words = {key: (where, what) for key, what in _TOLD.get(section, {}).items()}
        words = words if section in _OF_A_PART else rules | words
        for key in dict.fromkeys([*(one or {}), *(two or {})]):
            a, b = _value(key, one), _value(key, two)
            known = key in words and (None in (one, two) or words[key] in told)
            if a != b and not known:
                yield from text_pair(where, key, *_short(_shown(a), _shown(b)))


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("diff", help="what differs between two protocols")
    parser.add_argument("a", type=Path, metavar="A", help="a protocol file (.toml)")
    parser.add_argument("b", type=Path, metavar="B", help="the other one")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_diff)


def run_diff(args: argparse.Namespace) -> int:
    """Prints the differences; 0 alike, 1 different."""
    from toleramp.protocol_file import compile_file, read_toml

    (blob_a, a), (blob_b, b) = compile_file(args.a), compile_file(args.b)
    found = differences(a, b)
    found += _keys_left(found, _tables(a, b, read_toml(args.a), read_toml(args.b)))
    if not found and blob_a != blob_b:  # nothing above may hide that the pump gets something else
        found = [Difference("protocol", "compiled form", fingerprint(blob_a), fingerprint(blob_b))]
    document = {
        "a": {"file": str(args.a), "name": a.name, "fingerprint": fingerprint(blob_a)},
        "b": {"file": str(args.b), "name": b.name, "fingerprint": fingerprint(blob_b)},
        "alike": not found,
        "differences": [asdict(one) | {"words": one_line(one.words())} for one in found],
    }
    print(json.dumps(document, indent=1, ensure_ascii=False) if args.json else as_text(document))
    return 1 if found else 0


def as_text(document: dict[str, Any]) -> str:
    """The differences, one a line, under both fingerprints."""
    a, b = document["a"], document["b"]
    lines = [f"A {a['fingerprint']}  {one_line(a['file'])}", f"B {b['fingerprint']}  {one_line(b['file'])}"]
    lines += [row["words"] for row in document["differences"]]
    if document["alike"]:
        lines.append("alike")
    elif a["fingerprint"] == b["fingerprint"]:
        lines.append("different, but the pump gets the same from both")
    else:
        lines.append(f"different: {len(document['differences'])} places")
    return "\n".join(lines)

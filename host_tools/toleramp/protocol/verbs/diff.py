"""`toleramp protocol diff`: what differs between two protocols, in a pharmacist's words; every key of both files."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pump.protocol.fingerprint import fingerprint
from toleramp.errors import one_line
from toleramp.protocol.diff import Difference, differences
from toleramp.protocol.diff_keys import keys_left, tables


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("diff", help="what differs between two protocols")
    parser.add_argument("a", type=Path, metavar="A", help="a protocol file (.toml)")
    parser.add_argument("b", type=Path, metavar="B", help="the other one")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_diff)


def run_diff(args: argparse.Namespace) -> int:
    """Prints the differences; 0 alike, 1 different."""
    from toleramp.protocol.file import compile_file, read_toml

    (blob_a, a), (blob_b, b) = compile_file(args.a), compile_file(args.b)
    found = differences(a, b)
    found += keys_left(found, tables(a, b, read_toml(args.a), read_toml(args.b)))
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

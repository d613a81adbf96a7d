"""`toleramp protocol diff`: what differs between two protocols, in a pharmacist's words; every key of both files."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pump.protocol.fingerprint import fingerprint
from toleramp.errors import one_line
from toleramp.protocol.diff import Difference, differences
from toleramp.protocol.diff_keys import keys_left, tables

if TYPE_CHECKING:
    from pump.protocol.protocol import Protocol
    from toleramp.protocol.file import Reading


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("diff", help="what differs between two protocols")
    parser.add_argument("a", type=Path, metavar="A", help="a protocol file (.toml)")
    parser.add_argument("b", type=Path, metavar="B", help="the other one")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_diff)


def run_diff(args: argparse.Namespace) -> int:
    """Prints the differences; 0 alike, 1 different."""
    one, two = _read(args.a), _read(args.b)
    (a, blob_a), (b, blob_b) = _compiled(one), _compiled(two)
    found = differences(a, b)
    found += keys_left(found, tables(a, b, one.content, two.content))
    if not found and blob_a != blob_b:  # nothing above may hide that the pump gets something else
        found = [Difference("protocol", "compiled form", fingerprint(blob_a), fingerprint(blob_b))]
    document = {
        "a": _side(one, blob_a),
        "b": _side(two, blob_b),
        "alike": not found,
        "differences": [asdict(one) | {"words": one_line(one.words())} for one in found],
    }
    print(json.dumps(document, indent=1, ensure_ascii=False) if args.json else as_text(document))
    return 1 if found else 0


def _read(path: Path) -> Reading:
    """What stands in a file. Raises its first fault where that is no protocol."""
    from toleramp.protocol.file import read_file

    reading = read_file(path)
    if reading.protocol is None:
        raise reading.faults[0]
    return reading


def _compiled(reading: Reading) -> tuple[Protocol, bytes]:
    from toleramp.protocol.file import compile_protocol

    assert reading.protocol is not None
    return reading.protocol, compile_protocol(reading.protocol, str(reading.path))


def _side(reading: Reading, blob: bytes) -> dict[str, Any]:
    """A file, its fingerprint and the verdict on it: two refused protocols may well be alike."""
    from toleramp.protocol.verdict import judge

    verdict, name = judge(reading), reading.protocol.name if reading.protocol else ""
    head = {"file": str(reading.path), "name": name, "fingerprint": fingerprint(blob)}
    return {**head, **verdict.document(), "reason": verdict.reason()}


def _named(letter: str, side: dict[str, Any]) -> str:
    said = f"  REFUSED: {side['reason']}" if side["verdict"] == "refused" else "  accepted"
    return one_line(f"{letter} {side['fingerprint']}  {side['file']}{said}")


def as_text(document: dict[str, Any]) -> str:
    """The differences, one a line, under both fingerprints."""
    a, b = document["a"], document["b"]
    lines = [_named("A", a), _named("B", b)]
    lines += [row["words"] for row in document["differences"]]
    if document["alike"]:
        lines.append("alike")
    elif a["fingerprint"] == b["fingerprint"]:
        lines.append("different, but the pump gets the same from both")
    else:
        lines.append(f"different: {len(document['differences'])} places")
    return "\n".join(lines)

"""A million verdicts, laptop against device code under MicroPython for Unix, in pieces: what is done stays done.

Each piece is a file of its own beside the run's folder, under a name that changes with the code that judges; a run that
was broken off goes on with the pieces that are missing. Facts: verdicts of each kind, and every disagreement.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from toleramp_bench.facts import keep_facts
from toleramp_bench.figures.generated import SCRIPT, UNIX, compare
from toleramp_bench.places import ROOT

COUNT, PIECE = 1_000_000, 25_000
KEEP = 20  # disagreements written down of each piece


def state(binary: Path) -> str:
    """What decides the verdicts: the interpreter with the core frozen in it, the core here, what draws protocols."""
    files = [
        binary,
        SCRIPT,
        ROOT / "hil_tests/toleramp_bench/figures/generated.py",
        *sorted((ROOT / "firmware/pump").rglob("*.py")),
    ]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def one(binary: Path, number: int, size: int, path: Path) -> dict[str, Any]:
    """A piece, kept in a file when it is done."""
    if path.is_file():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if kept["size"] == size:
            return kept
    with tempfile.TemporaryDirectory() as folder:
        kinds, different = compare(binary, Path(folder) / "blobs", size, seed=number)
    made = {"size": size, "kinds": dict(kinds), "different": len(different), "examples": different[:KEEP]}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(made) + "\n", encoding="utf-8")
    part.replace(path)
    return made


def run(binary: Path, count: int, piece: int, pieces: Path) -> dict[str, Any]:
    """All pieces: the facts."""
    pieces.mkdir(parents=True, exist_ok=True)
    kinds, different, done = Counter[str](), 0, 0
    examples: list[Any] = []
    for number in range(-(-count // piece)):
        size = min(piece, count - done)
        made = one(binary, number, size, pieces / f"{number:04d}.json")
        kinds.update(made["kinds"])
        different, done = different + made["different"], done + size
        examples += made["examples"]
        print(f"{done} of {count} verdicts, {different} differ", flush=True)
    return {"verdicts": done, "different": different, "kinds": dict(kinds.most_common()), "examples": examples[:KEEP]}


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 all agree, 1 some differ, 2 there is no MicroPython to ask."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.evidence.verdicts", description="laptop against device")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--piece", type=int, default=PIECE)
    parser.add_argument("--binary", type=Path, default=UNIX, help="MicroPython with the core frozen in it")
    parser.add_argument("--out", type=Path, required=True, help="folder for facts.json; the pieces lie beside it")
    args = parser.parse_args(arguments)
    if not args.binary.is_file():
        print(f"no MicroPython at {args.binary}: make unix", file=sys.stderr)
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    pieces = args.out.parent / f"{args.out.name}-pieces" / state(args.binary)
    facts = run(args.binary, args.count, args.piece, pieces)
    keep_facts(args.out, facts)
    print(f"{facts['verdicts']} verdicts of {len(facts['kinds'])} kinds, {facts['different']} differ")
    return 1 if facts["different"] else 0


if __name__ == "__main__":
    sys.exit(main())

"""Scenarios with faults in them, recorded as `toleramp monitor --log` does and replayed: every decision must be equal.

    python -m toleramp_bench.evidence.replays --target core,rp2040 --out FOLDER [NAME ...]

Leaves each recording and facts.json in FOLDER; exit code 1 when a decision is another.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from toleramp.replay import told
from toleramp.replay.whole import Piece, replay
from toleramp_bench.facts import keep_facts
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import execute
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.recorded import RecordedBoard, RecordedCore

SCENARIOS = ROOT / "hil_tests" / "scenarios"
_LIST = SCENARIOS / "replayed.txt"
FAULTS = tuple(line for line in _LIST.read_text().splitlines() if line and not line.startswith("#"))
TARGETS = {"core": RecordedCore, "rp2040": RecordedBoard}


def recorded(name: str, target: str, path: Path) -> list[Piece]:
    """Runs a scenario, leaves its recording at `path`, and replays that. AssertionError when the run itself failed."""
    made: RecordedCore | RecordedBoard = TARGETS[target]()
    ran = execute(read_scenario(SCENARIOS / f"{name}.toml"), made)
    assert ran.passed, f"{name} on {target}: its own expectations were missed"
    made.tap.head(made.form, made.build)
    path.unlink(missing_ok=True)
    made.tap.save(path)
    return replay(str(path))


def equal(pieces: list[Piece]) -> bool:
    """Whether every decision that is in the recording is equal. A line that was cut may have lost some inputs."""
    return bool(pieces) and not any(piece.outcome.difference for piece in pieces)


def row(name: str, target: str, pieces: list[Piece]) -> dict[str, Any]:
    """The figures of a run."""
    size = sum(len(piece.run.data) for piece in pieces)
    seconds = sum(piece.outcome.seconds for piece in pieces)
    return {
        "scenario": name, "target": target, "equal": equal(pieces), "scans": sum(p.outcome.scans for p in pieces),
        "records": sum(p.outcome.records for p in pieces), "bytes_per_s": round(size / max(seconds, 1)),
        "runs": [told.document(piece) for piece in pieces],
    }  # fmt: skip


def main() -> int:
    """Runs them all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios (else the twenty)")
    parser.add_argument("--target", default="core,rp2040")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for target in args.target.split(","):
        for name in args.names or FAULTS:
            rows.append(row(name, target, recorded(name, target, args.out / f"{target}-{name}.jsonl")))
            done = rows[-1]
            print(f"{target} {name}: {done['scans']} scans, equal {done['equal']}", flush=True)
    keep_facts(args.out, {"replays": rows})
    return 0 if all(done["equal"] for done in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

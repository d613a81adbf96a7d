"""`python -m tests.explore`: explores a space of the shipped core, and says what it found.

Exit 1 when an invariant is broken: its shortest path is printed, and written as a scenario.
facts.json holds the counts with --out.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.explore.explorer import Explored
from tests.explore.people import MILESTONES
from tests.explore.scenario import told
from tests.explore.spaces import COMPLETE, SPACES, Space, explorer, shortened

from toleramp_bench.places import ROOT

OUT = ROOT / "build" / "explore"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests.explore", description="states of the shipped core, and what they break"
    )
    parser.add_argument("space", nargs="?", default="all", choices=["all", *SPACES, *COMPLETE], metavar="SPACE")
    parser.add_argument("--states", type=int, default=60_000, help="so many states of each space (60000)")
    parser.add_argument("--complete", action="store_true", help="to the end, from power-on, each path the shortest")
    parser.add_argument("--cpu", type=float, default=1e9, help="processor seconds for each space, at most")
    parser.add_argument("--out", type=Path, help="folder for facts.json and scenarios (build/explore)")
    return parser.parse_args()


def _explored(space: Space, options: argparse.Namespace) -> Explored:
    milestones = ("power-on",) if options.complete else tuple(MILESTONES)
    most = 1 << 60 if options.complete else options.states
    return explorer(space, milestones).run(most=most, cpu_s=options.cpu, balanced=not options.complete)


def main() -> int:
    """The command line."""
    options = _parse()
    known = COMPLETE if options.complete else SPACES
    if options.space != "all" and options.space not in known:
        print(f"--complete: no such space {options.space}, there are: {', '.join(known)}", file=sys.stderr)
        return 2
    results: dict[str, Explored] = {}
    with shortened():
        for name, space in known.items():
            if options.space in ("all", name):
                results[name] = _explored(space, options)
                print(f"{name}: {results[name].told()}", flush=True)
    for name, one in results.items():
        for found in one.found:
            print(told(found, known[name].protocol, options.out or OUT))
    if options.out:
        _write(options.out, results)
    broken = any(one.found for one in results.values())
    cut = options.complete and not all(one.complete for one in results.values())
    return int(broken or cut)


def _write(folder: Path, results: dict[str, Explored]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    facts = {name: asdict(one) for name, one in results.items()}
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    sys.exit(main())

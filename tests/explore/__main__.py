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
from typing import Any, NoReturn

from tests.explore.explorer import Explored
from tests.explore.scenario import told
from tests.explore.spaces import COMPLETE, SPACES, Space, explorer, shortened

from toleramp_bench.places import ROOT

OUT = ROOT / "build" / "explore"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit 2."""
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def _parse() -> argparse.Namespace:
    parser = _Parser(prog="tests.explore", description="states of the shipped core, and what they break")
    names = ["all", *SPACES]
    parser.add_argument(
        "space", nargs="?", default="all", choices=names, metavar="SPACE", help=f"one of {', '.join(names)} (all)"
    )
    parser.add_argument("--states", type=int, default=60_000, help="so many states of each space (60000)")
    parser.add_argument("--complete", action="store_true", help="to the end, from power-on, each path the shortest")
    parser.add_argument("--cpu", type=float, default=1e9, help="processor seconds for each space, at most")
    parser.add_argument("--out", type=Path, help="folder for facts.json and scenarios (build/explore)")
    return parser.parse_args()


def _explored(space: Space, options: argparse.Namespace) -> Explored:
    milestones = ("power-on",) if options.complete else None
    most = 1 << 60 if options.complete else options.states
    one = explorer(space, milestones)
    one.on_progress = lambda states, left, deep: _say(
        f"{space.protocol}: {states} states, {left} not yet left, {deep} inputs deep"
    )
    return one.run(most=most, cpu_s=options.cpu, balanced=not options.complete)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """The command line."""
    options = _parse()
    known = COMPLETE if options.complete else SPACES
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
    passed, verdict = _verdict(results, options.complete)
    print(verdict)
    return int(not passed)


def _verdict(results: dict[str, Explored], to_the_end: bool) -> tuple[bool, str]:
    """Whether it is as wanted, and the last line."""
    count, broken = sum(one.states for one in results.values()), sum(len(one.found) for one in results.values())
    seen = f"{count} states of {', '.join(results)}"
    if broken:
        return False, f"FAIL: {broken} invariant(s) broken in {seen}"
    if to_the_end and not all(one.complete for one in results.values()):
        return False, f"FAIL: no invariant broken in {seen}, but it was cut before the end"
    return True, f"PASS: no invariant broken in {seen}"


def _facts(one: Explored) -> dict[str, Any]:
    """As JSON has it (asdict makes a count of pairs of a count)."""
    found = [asdict(each) for each in one.found]
    return vars(one) | {"by_state": dict(one.by_state), "ends": dict(one.ends), "found": found}


def _write(folder: Path, results: dict[str, Explored]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    facts = {name: _facts(one) for name, one in results.items()}
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    sys.exit(main())

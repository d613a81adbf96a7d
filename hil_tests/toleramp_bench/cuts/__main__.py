"""Power cuts on the emulated board: at random instants of a session, inside a record, while coming up, around a flash
write. Each pump is brought up again with its FRAM and its flash as they were, and judged (INT-2).

    python -m toleramp_bench.cuts.__main__ --cuts 1000 --seed 1 --jobs 2

Exit codes: 0 nothing found, 1 findings, 2 the bench is broken. The same seed draws the same cuts.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.cuts.after import MOST_UL, RECORD_BYTES, Prepared
from toleramp_bench.cuts.walks import SCALE, Case, FlashWalk, Outcome, SessionWalk
from toleramp_bench.facts import keep_facts
from toleramp_bench.places import mechanism_pl_pulse
from toleramp_bench.runs.forked import Crew, crew
from toleramp_bench.targets.base import TargetFault

KINDS = {"instant": 55, "record": 30, "again": 10, "flash": 5}  # per cent of the cuts
BEGINNING = 0.03, 0.15  # that share of the session, power-on and loading, gets that share of the cuts in addition
OLD_RECORDS = 5000  # in the FRAM before the walk: up to so many
SHOWN = 20


def draw(cuts: int, seed: int) -> list[Case]:
    """So many cases. Half of those around a flash write leave the operation half done."""
    random = Random(seed)
    found = []
    for number in range(cuts):
        kind = random.choices(list(KINDS), list(KINDS.values()))[0]
        where, after, part = random.random(), random.randrange(RECORD_BYTES), random.choice((1.0, random.random()))
        if kind != "flash" and random.random() < BEGINNING[1]:
            where *= BEGINNING[0]
        found.append(Case(number, kind, where, after, part))
    return found


def _formatted() -> bytes:
    """The flash of a pump that has booted once: its file system is made."""
    bench = PumpBench(bench_mode=False)
    bench.boot()
    return bench.board.flash_image()


def carry_out(cases: Sequence[Case], jobs: int = 2, old: int = 0, prepare: bool = True) -> list[Outcome]:
    """Carries the cases out, in children of this process; in the order of their numbers.

    `old`: records in the FRAM before; `prepare`: pumps are brought up from a board that is half up, not from nothing.
    """
    flash = [case for case in cases if case.kind == "flash"]
    others = [case for case in cases if case.kind != "flash"]
    with crew(jobs) as hands:
        if others:
            SessionWalk(others, hands, Prepared.of(_formatted()) if prepare else None, old).go()
        if flash:
            count = FlashWalk([], Crew(1), 0)
            count.go()
            FlashWalk(flash, hands, count.operations).go()
    return sorted(hands.outcomes, key=lambda outcome: outcome.case.number)


def _processor_s() -> float:
    """Processor time of this process and its children that have ended."""
    return sum(os.times()[:4])


def facts(outcomes: Sequence[Outcome], seed: int, wall_s: float, processor_s: float) -> dict[str, Any]:
    """The figures of a run, as JSON has them."""
    unknown_ul = max((o.verdict.unknown_pulses for o in outcomes), default=0) * mechanism_pl_pulse() / 1e6
    return {
        "cuts": len(outcomes),
        "seed": seed,
        "wall_s": round(wall_s, 1),
        "cuts_per_min": round(60 * len(outcomes) / wall_s),
        "processor_s": round(processor_s, 1),
        "kinds": dict(Counter(o.case.kind for o in outcomes)),
        "states": dict(Counter(o.state for o in outcomes)),
        "torn_records_dropped": sum(o.verdict.dropped for o in outcomes),
        "records_kept": sum(o.verdict.committed for o in outcomes),
        "unknown_ul": unknown_ul,
        "findings": [
            {**asdict(o.case), "place": o.place, "state": o.state, "found": o.verdict.findings}
            for o in outcomes
            if o.verdict.findings
        ],
    }


def page(found: dict[str, Any]) -> str:
    """One page for people."""
    rows = [
        f"power cuts      {found['cuts']}, seed {found['seed']}: {found['wall_s']:g} s, {found['cuts_per_min']} a"
        f" minute ({found['processor_s']:g} s of processor time)",
        "where           " + ", ".join(f"{count} {kind}" for kind, count in sorted(found["kinds"].items())),
        "pump's state    " + ", ".join(f"{count} {state}" for state, count in sorted(found["states"].items())),
        f"records         {found['records_kept']} had to be there afterwards; a torn one was dropped in"
        f" {found['torn_records_dropped']} cases",
        f"volume          up to {found['unknown_ul']:g} uL had flowed, at {SCALE} of the dose, that it does not"
        f" know; {MOST_UL:g} at most",
        f"findings        {len(found['findings'])}",
    ]
    for finding in found["findings"][:SHOWN]:
        head = f"  case {finding['number']} ({finding['kind']}, {finding['place']}, {finding['state']}): "
        rows += [head + text for text in finding["found"]]
    if len(found["findings"]) > SHOWN:
        rows.append(f"  and {len(found['findings']) - SHOWN} more")
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=200, help="how many (200)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--case", type=int, action="append", metavar="N", help="only this number of the draw")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write facts.json there")
    args = parser.parse_args(arguments)
    cases = [case for case in draw(args.cuts, args.seed) if args.case is None or case.number in args.case]
    began, busy = time.perf_counter(), _processor_s()
    try:
        outcomes = carry_out(cases, max(1, args.jobs), Random(args.seed).randrange(OLD_RECORDS))
    except (BenchFault, TargetFault, FileNotFoundError) as error:
        print(f"power_cuts: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    found = facts(outcomes, args.seed, time.perf_counter() - began, _processor_s() - busy)
    if args.out:
        keep_facts(args.out, found)
    print(json.dumps(found, indent=1) if args.json else page(found))
    return 1 if found["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())

"""`make evidence`: carries out the long runs that are due and writes the report of all."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from toleramp.errors import UserError
from toleramp_bench.evidence import page
from toleramp_bench.evidence.machinery import PASS, Evidence, Run, image_state
from toleramp_bench.evidence.runs import all_runs
from toleramp_bench.places import ROOT, image

OUT = ROOT / "build" / "evidence"


def _say(text: str) -> None:
    print(text, flush=True)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="toleramp_bench.evidence", description="the long runs, resumable")
    parser.add_argument("--only", metavar="NAME", action="append", help="this run (may be given more than once)")
    parser.add_argument("--list", action="store_true", help="the runs and where they stand; runs nothing")
    parser.add_argument("--seconds", type=float, default=600, help="length of each fuzzing run (600)")
    parser.add_argument("--fresh", action="store_true", help="again, although nothing has changed")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the results")
    return parser.parse_args(arguments)


def choose(runs: list[Run], names: list[str] | None) -> list[Run]:
    """The runs named, in their own order. Raises UserError for an unknown name."""
    known = [run.name for run in runs]
    for name in names or []:
        if name not in known:
            raise UserError(f"no run {name!r}", "--only", "one of " + ", ".join(known))
    return [run for run in runs if not names or run.name in names]


def _standing(evidence: Evidence, run: Run) -> str:
    last = evidence.result(run)
    if not last:
        return "not run"
    return f"{last.verdict} {last.started}" + ("" if evidence.up_to_date(run) else ", outdated")


def _image(runs: list[Run]) -> str:
    """The image's hash; its absence is a fault only when a chosen run needs it."""
    try:
        return image_state(image())
    except FileNotFoundError as error:
        if any(run.image for run in runs):
            raise UserError(str(error)) from None
        return ""


def _main(args: argparse.Namespace) -> int:
    runs = all_runs(args.seconds)
    chosen = choose(runs, args.only)
    evidence = Evidence(args.out.resolve(), _say, ROOT, _image([] if args.list else chosen))
    if args.list:
        for run in chosen:
            print(f"{run.name:<16} {_standing(evidence, run):<42} {run.what}")
        return 0
    finished = evidence.carry_out(chosen, args.fresh)
    overall = page.write(evidence, runs)
    last = [evidence.result(run) for run in chosen]
    _say(f"{overall}\nreport: {args.out / 'index.html'}")
    if not finished:
        return 130
    return 0 if all(result and result.verdict == PASS for result in last) else 1


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 all chosen runs passed, 1 not, 2 cannot run, 130 broken off."""
    args = _parse(arguments)
    try:
        return _main(args)
    except (UserError, OSError) as error:
        print(f"evidence: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

"""Mutants of the safety kernel: what the tests let live.

`python tests/mutants`, or `python -m tests.mutants`, judges the draw: per module how many were drawn, killed, judged
equivalent, survived. Exit 1 with the name and the difference of each survivor that the list of equivalents does not
have; build/mutants/report.json says all. `--sample`: the forty of `make test`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

if __package__:  # `python -m tests.mutants` puts the checkout first, not this folder
    sys.path.insert(0, str(Path(__file__).parent))

from drawing import ONE_IN, draw, sample
from judging import Judge, Verdict, read_killers
from kernel import CHECKOUT, beside, place, use
from listed import read, read_open, stale
from mutants import Mutant
from report import Report
from touched import Map
from warm import with_tests

KILLERS = "killers.json"
BUDGET_S = 15.0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="mutants", description="mutants of the safety kernel")
    parser.add_argument("--sample", action="store_true", help="the forty of `make test`, by the tests that killed them")
    parser.add_argument("--keep", action="store_true", help="with --sample: remember in the repository which tests did")
    parser.add_argument("--module", action="append", default=[], help="only of modules with that in their name")
    parser.add_argument("--name", action="append", default=[], help="only those with that in their name")
    parser.add_argument("--one-in", type=int, default=ONE_IN, help="the share that is drawn (default: one in ten)")
    parser.add_argument("--budget", type=float, default=BUDGET_S, help="processor seconds of tests for each, at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="so many at once")
    parser.add_argument("--tests", nargs="+", default=[], help="only by these files of tests")
    parser.add_argument("--place", type=Path, help="judges the code of another folder: firmware/, tests/")
    options = parser.parse_args()
    if options.place:
        use(options.place)
    gone = stale({*read(), *read_open()})
    if gone:
        print("listed, but no longer there:", *gone, sep="\n  ")
        return 1
    return Run(options).all()


class Run:
    """One run of the tool."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.report = Report(read(), read_open())
        mutants = sample({**self.report.equivalent, **self.report.open}) if options.sample else draw(options.one_in)
        self.mutants = [mutant for mutant in mutants if self._wanted(mutant)]
        self.killers = read_killers(place().build / KILLERS, place().lists / KILLERS)  # what is kept is newer

    def all(self) -> int:
        """Judges; the exit code."""
        return with_tests(self._files(), self._judge)

    def _wanted(self, mutant: Mutant) -> bool:
        pairs = ((self.options.module, mutant.module), (self.options.name, mutant.name))
        return all(not wanted or any(each in text for each in wanted) for wanted, text in pairs)

    def _files(self) -> list[str]:
        """All of the core's tests; of the sample those that killed it before, else those beside the module."""
        if self.options.tests or not self.options.sample:
            return self.options.tests or [str(place().tests)]
        files: set[str] = set()
        for mutant in self.mutants:
            before = self.killers.get(mutant.name, "").split("::")[0]
            files |= {before} if before and (CHECKOUT / before).is_file() else set(beside(mutant.module))
        return sorted(files)

    def _judge(self, items: list[pytest.Item]) -> int:
        known, jobs = Map(place().build / "map.json"), self.options.jobs
        judge = Judge(items, known, self.killers, self.options.budget)
        rest = self.mutants
        if self.options.sample:
            rest = self._survivors(judge, self._by_hints(judge), known, items)
        if rest:
            measured = known.fill(items, jobs)
            print(f"{measured} tests measured, {len(rest)} mutants", flush=True)
            for verdict in judge.verdicts(rest, jobs):
                self._take(verdict)
        return self._end()

    def _survivors(self, judge: Judge, mutants: list[Mutant], known: Map, items: list[pytest.Item]) -> list[Mutant]:
        """Judges by the tests beside the modules alone: to measure all of them takes a minute. Those that lived."""
        if not self.options.tests:
            files = {str(CHECKOUT / file) for mutant in mutants for file in beside(mutant.module)}
            items = [item for item in items if str(item.path) in files]
        known.fill(items, self.options.jobs)
        return self._lived(judge.verdicts(mutants, self.options.jobs))

    def _by_hints(self, judge: Judge) -> list[Mutant]:
        """Judges by the one test that killed it before; those that lived."""
        hinted = [mutant for mutant in self.mutants if mutant.name in self.killers]
        unsound = judge.sound({self.killers[mutant.name] for mutant in hinted})
        if unsound:
            raise RuntimeError(f"fails without a mutant: {unsound}")
        new = [mutant for mutant in self.mutants if mutant not in hinted]
        return new + self._lived(judge.verdicts(hinted, self.options.jobs))

    def _lived(self, verdicts: Iterable[Verdict]) -> list[Mutant]:
        """Takes those that were killed; the others."""
        lived = []
        for verdict in verdicts:
            if verdict.by:
                self._take(verdict)
            else:
                lived.append(verdict.mutant)
        return lived

    def _take(self, verdict: Verdict) -> None:
        self.report.verdicts.append(verdict)
        if len(self.report.verdicts) % 5 == 0:
            self._keep_killers()  # a run that is broken off need not begin anew
        if not verdict.by and verdict.mutant.name not in self.report.equivalent:
            print(f"{len(self.report.verdicts)}: survived: {verdict.mutant.name}", flush=True)

    def _keep_killers(self) -> None:
        path = place().build / KILLERS
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**read_killers(path), **self.killers}, indent=0, sort_keys=True))

    def _end(self) -> int:
        self.report.write(place().build / ("sample.json" if self.options.sample else "report.json"))
        self._keep_killers()
        if self.options.keep:
            kept = {mutant.name: self.killers[mutant.name] for mutant in self.mutants if mutant.name in self.killers}
            (place().lists / KILLERS).write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(self.report.text())
        return 0 if self.report.passed() else 1


if __name__ == "__main__":
    sys.exit(main())

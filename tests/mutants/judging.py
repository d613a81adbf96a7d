"""Runs tests against mutants: first what killed it before, then what kills its neighbours, then the quick ones."""

from __future__ import annotations

import json
import signal
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from forking import each_in_a_fork
from mutants import Mutant
from planting import plant
from touched import Map
from warm import first_failure, quiet

NO_END = "no end: more processor time than its tests may take"


@dataclass
class Verdict:
    """`by`: the test that failed, or why the process ended; empty: it survived `ran` of the tests that reach it."""

    mutant: Mutant
    by: str
    ran: int
    reaching: int
    cpu_s: float


class Judge:
    """Judges mutants with the tests at hand, at most `budget_s` of processor time each."""

    def __init__(self, items: list[pytest.Item], known: Map, killers: dict[str, str], budget_s: float) -> None:
        self.items = {item.nodeid: item for item in items}
        self.known, self.killers, self.budget_s = known, killers, budget_s
        self._near: dict[str, Counter[str]] = defaultdict(Counter)

    def verdicts(self, mutants: Iterable[Mutant], at_once: int) -> Iterator[Verdict]:
        """As they come."""
        jobs = ((mutant, *self._tests(mutant)) for mutant in mutants)
        for (mutant, names, reaching), ended in each_in_a_fork(jobs, self._run, at_once):
            by = ended.said.decode() or (_ended_by(ended.killed_by) if ended.killed_by else "")
            if by in self.items:
                self.killers[mutant.name] = by
                self._near[_neighbourhood(mutant)][by] += 1
            yield Verdict(mutant, by, len(names), reaching, ended.cpu_s)

    def sound(self, names: set[str]) -> str:
        """The test that fails with the firmware as it is; empty: none of them does."""
        tests = [self.items[name] for name in sorted(names) if name in self.items]
        for _, ended in each_in_a_fork([tests], lambda items: _said(items, self.known), 1):
            return ended.said.decode() or (_ended_by(ended.killed_by) if ended.killed_by else "")
        return ""

    def _tests(self, mutant: Mutant) -> tuple[list[str], int]:
        reaching = self.known.reaching(mutant)
        first = [name for name, _ in self._near[_neighbourhood(mutant)].most_common(5)]
        first = [name for name in (self.killers.get(mutant.name, ""), *first) if name in self.items]
        chosen, spent = [], 0.0
        for name in dict.fromkeys([*first, *reaching]):
            spent += self.known.cost_s(name)
            if chosen and spent > self.budget_s:
                break
            if name in self.items:
                chosen.append(name)
        return chosen, len(reaching)

    def _run(self, job: tuple[Mutant, list[str], int]) -> bytes:
        mutant, names, _ = job
        quiet()
        plant(mutant)
        return _said([self.items[name] for name in names], self.known)


def _said(items: list[pytest.Item], known: Map) -> bytes:
    return (first_failure(items, known.cost_s) or "").encode()


def _neighbourhood(mutant: Mutant) -> str:
    return f"{mutant.module} {mutant.function}"


def _ended_by(number: int) -> str:
    return NO_END if number == signal.SIGXCPU else f"the process ended by {signal.Signals(number).name}"


def read_killers(*paths: Path) -> dict[str, str]:
    """Which test killed a mutant, as found before: a hint where to begin."""
    found: dict[str, str] = {}
    for path in paths:
        if path.exists():
            found |= json.loads(path.read_text(encoding="utf-8"))
    return found

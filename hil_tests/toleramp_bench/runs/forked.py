"""Many cases of one session: a run is brought to a point once; there it forks, and each case goes on in a child."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from toleramp_bench.boards.pump import BenchFault
from toleramp_bench.interrupts import interrupts_held
from toleramp_bench.runs.execute import make_target
from toleramp_bench.runs.forks import Twin, split
from toleramp_bench.runs.runner import Run
from toleramp_bench.scenario.model import Recording, Scenario
from toleramp_bench.targets.base import Target

C = TypeVar("C")  # a case
R = TypeVar("R")  # what comes of it


@dataclass
class Crew:
    """The children at work, at most `jobs` at a time, and what the finished ones have brought."""

    jobs: int
    outcomes: list[Any] = field(default_factory=list)
    _busy: dict[int, Twin] = field(default_factory=dict)

    def branch(self) -> Twin:
        """Forks, as soon as one of the others has finished if need be. The child delivers an outcome."""
        while len(self._busy) >= self.jobs:
            self._collect()
        with interrupts_held():
            twin = split()
            if not twin.child:
                self._busy[twin.pipe] = twin
        return twin

    def _collect(self) -> None:
        for pipe in select.select(list(self._busy), [], [])[0]:
            self.outcomes.append(self._busy[pipe].result())
            del self._busy[pipe]

    def finish(self) -> None:
        """Waits for all."""
        while self._busy:
            self._collect()

    def kill(self) -> None:
        """Ends all."""
        for twin in self._busy.values():
            twin.kill()
        self._busy.clear()


@contextmanager
def crew(jobs: int) -> Iterator[Crew]:
    """Children that are gone at the end, whatever it is."""
    made = Crew(jobs)
    try:
        yield made
        made.finish()
    finally:
        made.kill()


class ForkedRun(Run, Generic[C, R]):
    """A run that calls `fork` once. In the parent it ends there; a child has its `case`, and delivers its outcome.

    `outcome(recording)`, of a child whose run has ended, is the kind's own.
    """

    def __init__(self, scenario: Scenario, target: Target, hands: Crew, cases: Sequence[C]) -> None:
        super().__init__(scenario, target)
        self._crew, self.cases = hands, cases
        self._twin: Twin | None = None
        self.case: Any = None

    @property
    def forked(self) -> bool:
        """This is a child."""
        return self._twin is not None

    def fork(self) -> None:
        """Returns in a child for each case, in the parent never."""
        for case in self.cases:
            twin = self._crew.branch()
            if twin.child:
                self._twin, self.case = twin, case
                return
        raise _Forked

    def outcome(self, recording: Recording) -> R:
        """What comes of the case."""
        raise NotImplementedError

    def branch(self) -> None:
        """Runs to the fork, and every child to its end. Raises BenchFault for a session that ends before."""
        try:
            recording = self.go()
        except _Forked:
            return
        except BaseException as error:
            self._deliver(error)
            raise
        self._deliver(recording)
        raise BenchFault("the session ended before the cases")

    def _deliver(self, made: Recording | BaseException) -> None:
        if self._twin:
            self._twin.deliver(lambda: self._outcome(made))

    def _outcome(self, made: Recording | BaseException) -> R:
        if isinstance(made, BaseException):
            raise made
        return self.outcome(made)


class _Forked(Exception):
    """Every case has its child."""


def outcomes(
    target: str, scenario: Scenario, run: Callable[[Scenario, Target, Crew], ForkedRun[C, R]], jobs: int = 1
) -> list[R]:
    """The outcome of each case of such a run on a target of that name, in any order; `jobs` children at a time."""
    made = make_target(target, scenario)
    try:
        with crew(jobs) as hands:
            run(scenario, made, hands).branch()
        return hands.outcomes
    finally:
        made.close()

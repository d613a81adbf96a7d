"""Many cases of one session: a pump with an oximeter of some format is brought to its second step once; there it forks.

A child a case: it does to the line what the case says, and measures what the pump does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Generic, TypeVar

from pump.protocol import protocol as p
from toleramp.protocol.file import compile_protocol
from toleramp_bench.boards.pump import BenchFault
from toleramp_bench.cuts.walks import Crew, crew
from toleramp_bench.figures.plain_line import PlainLine
from toleramp_bench.names import EVENTS
from toleramp_bench.runs.execute import make_target
from toleramp_bench.runs.forks import Twin
from toleramp_bench.runs.runner import Run
from toleramp_bench.scenario.model import Action, Moment, Recording, Scenario
from toleramp_bench.targets.base import Target

RATE_ML_H, MINUTES = 200, 10
FIRST_NL, FULL_OVER_FIRST = 30_000, 1_000  # the first step, and the second over it, as the rules want it
SETTLED_MS = 1_000  # of the second step, before the cases
PERIOD_NS = {"nellcor-ascii": 2_000_000_000}  # between readings; a third of a second where they are in frames
_FRAMES_NS, _LINE_NS = 333_333_333, 1_000_000_000
_SWARMS = ("nonin-df2", "nonin-df7", "bci5", "contec9")
END_MS = 1_000
BREAK_MS = 1_300  # a silence after which frames lock anew, and no reading is missed
C = TypeVar("C")  # a case
R = TypeVar("R")  # what comes of it


def period_ns(form: str) -> int:
    """How far readings of a format lie apart."""
    return PERIOD_NS.get(form, _FRAMES_NS if form in _SWARMS else _LINE_NS)


def protocol(delay_s: int) -> p.Protocol:
    """One bag, two steps at one rate."""
    made = p.Protocol()
    made.name, made.drug, made.kind = "Cases of a line", "testdrug", p.BENCH
    made.solutions.append(p.Solution(100_000_000, 100_000_000_000, "A", "LINE-1"))
    for volume_nl in (FIRST_NL, FULL_OVER_FIRST * FIRST_NL):
        made.steps.append(p.Step(0, 0, RATE_ML_H * 10_000, volume_nl * 3600 // RATE_ML_H // 1000, volume_nl))
    made.full_dose_pg = 1000 * sum(step.volume_nl for step in made.steps)
    made.delay_s = delay_s
    return made


def scenario(form: str, delay_s: int) -> Scenario:
    """A session with an oximeter of that format; nobody touches the pump once it holds."""
    made = protocol(delay_s)
    begin = Action("cases", "cases", Moment(after=EVENTS.STEP_STARTED, step=2, plus_ms=SETTLED_MS))
    return Scenario(
        made.name,
        Path("cases"),
        "",
        compile_protocol(made, made.name),
        made,
        Fraction(1),
        oximeter=form,
        staff_delay_ms=2 * END_MS,
        actions=(begin,),
        end=Moment(after=EVENTS.PAUSED, plus_ms=END_MS),
        limit_ms=600_000,
    )


class CasesRun(Run, Generic[C, R]):
    """A run that forks at the action `cases`. In the parent `go` ends there; a child delivers an outcome.

    `begin(run, case)` does what the case says (`line` is the oximeter's); the child ends `longest_ms` later at the
    latest. `judge(run, case, recording)` makes the outcome of it.
    """

    def __init__(
        self,
        scenario: Scenario,
        target: Target,
        hands: Crew,
        cases: Sequence[C],
        begin: Callable[[CasesRun[C, R], C], int],
        judge: Callable[[CasesRun[C, R], C, Recording], R],
    ) -> None:
        super().__init__(scenario, target)
        self._crew, self._cases, self._begin, self._judge = hands, cases, begin, judge
        self._twin: Twin | None = None
        self._case: Any = None
        self.line: Any = None

    def act(self, action: Action) -> None:
        """The case begins."""
        if action.id != "cases":
            super().act(action)
            return
        self.staff = None
        for case in self._cases:
            twin = self._crew.branch()
            if twin.child:
                self._twin, self._case = twin, case
                self.line = PlainLine(self.target.oximeter)
                self._end_us = self.target.now_us + 1000 * self._begin(self, case)
                return
        raise _Branched

    def branch(self) -> None:
        """Runs to the fork, and every child to its end."""
        try:
            recording = self.go()
        except _Branched:
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
        return self._judge(self, self._case, made)


class _Branched(Exception):
    """Every case has its child."""


def outcomes(
    target: str,
    form: str,
    delay_s: int,
    cases: Sequence[C],
    begin: Callable[[CasesRun[C, R], C], int],
    judge: Callable[[CasesRun[C, R], C, Recording], R],
    jobs: int = 1,
) -> list[R]:
    """The outcome of each case, in any order."""
    read = scenario(form, delay_s)
    made = make_target(target, read)
    try:
        with crew(jobs) as hands:
            CasesRun(read, made, hands, cases, begin, judge).branch()
        found: list[Any] = hands.outcomes
        return found
    finally:
        made.close()


def last_pulse_ns(recording: Recording) -> int:
    """The last pulse at the STEP pin, in ns since power-on."""
    return 1000 * int(recording.pin_us.at(-1))

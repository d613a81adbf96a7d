"""Many cases of one session: a pump with an oximeter of some format is brought to its second step once; there it forks.

A child a case: it does to the line what the case says, and measures what the pump does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from pump.tables.oximeters import NAMES
from toleramp_bench.devices.oximeter import readings
from toleramp_bench.figures.plain_line import PlainLine
from toleramp_bench.figures.two_steps import session, two_steps
from toleramp_bench.names import EVENTS
from toleramp_bench.runs import forked
from toleramp_bench.runs.execute import SCAN_MS
from toleramp_bench.runs.forked import Crew, ForkedRun
from toleramp_bench.scenario.model import Action, Moment, Recording, Scenario
from toleramp_bench.targets.base import Target

RATE_ML_H = 200
FIRST_NL = 30_000
SETTLED_MS = 1_000  # of the second step, before the cases
LOOKS_MS = 80  # from one of the pump's looks at the vital signs to the next
LOOK_MS = LOOKS_MS + 2 * SCAN_MS  # what time alone brings is seen by a look; two scans take it in, and to the motor
INTERVAL_MS = 2.0  # between pulses, at the rate of these sessions: so early may the last one have come
END_MS = 1_000
C = TypeVar("C")  # a case
R = TypeVar("R")  # what comes of it


def scenario(form: str, delay_s: int) -> Scenario:
    """A session with an oximeter of that format; nobody touches the pump once it holds."""
    made = two_steps("Cases of a line", RATE_ML_H, FIRST_NL)
    made.delay_s = delay_s
    begin = Action("cases", "cases", Moment(after=EVENTS.STEP_STARTED, step=2, plus_ms=SETTLED_MS))
    return session(
        made,
        oximeter=form,
        staff_delay_ms=2 * END_MS,
        actions=(begin,),
        end=Moment(after=EVENTS.PAUSED, plus_ms=END_MS),
        limit_ms=600_000,
    )


class CasesRun(ForkedRun[C, R]):
    """A run that forks at the action `cases`.

    `begin(run, case)` does what the case says (`line` is the oximeter's); the child ends so many ms later at the
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
        super().__init__(scenario, target, hands, cases)
        self._begin, self._judge = begin, judge
        self.line: Any = None

    def act(self, action: Action) -> None:
        """The case begins."""
        if action.id != "cases":
            super().act(action)
            return
        self.staff = None
        self.fork()
        self.line = PlainLine(self.target.oximeter)
        self._end_us = self.target.now_us + 1000 * self._begin(self, self.case)

    def outcome(self, recording: Recording) -> R:
        """As judged."""
        return self._judge(self, self.case, recording)


def shift(run: CasesRun[C, R], draw: Random) -> float:
    """Sets what the oximeter sends to a phase of its own against the pump's scans; how long that takes (ms).

    Where readings are counted from the first frame on, the line is silent meanwhile, for as long as a look needs to see
    it: pump and plain reader count anew, from the same frame. No reading gets too old by it.
    """
    said = readings(run.line.form)
    run.line.slip_ns = draw.randrange(said.period_ns)
    takes_ms = float(run.line.slip_ns) / 1e6
    if said.counted:
        takes_ms += said.silence_ms + LOOK_MS
        run.line.quiet = True
        run.later(takes_ms, run.line.speak)
    return takes_ms


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

    def run(read: Scenario, made: Target, hands: Crew) -> CasesRun[C, R]:
        return CasesRun(read, made, hands, cases, begin, judge)

    return forked.outcomes(target, scenario(form, delay_s), run, jobs)


def last_pulse_ns(recording: Recording) -> int:
    """The last pulse at the STEP pin, in ns since power-on."""
    return 1000 * int(recording.pin_us.at(-1))


# -- a figure's command line


def parser(name: str, text: str | None) -> argparse.ArgumentParser:
    """What such figures ask for."""
    made = argparse.ArgumentParser(prog=f"toleramp_bench.figures.{name}", description=text)
    made.add_argument("--target", default="core", choices=("core", "rp2040"))
    made.add_argument("--form", action="append", choices=NAMES, help="this format only")
    made.add_argument("--jobs", type=int, default=1)
    made.add_argument("--out", type=Path, help="folder for facts.json")
    return made

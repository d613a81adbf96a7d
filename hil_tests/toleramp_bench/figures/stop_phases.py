"""STOP at every phase of the pulse and of the scan: what the motor has moved once the session has gone on and ended.

python -m toleramp_bench.figures.stop_phases --target rp2040 --phases 100

STOP's contact cuts the driver at once, the queue is dropped by the next scan: a pulse in between leaves the STEP pin
and moves nothing. It must not count as given, or the dose ends short (FLO-12). Each session is brought to just before
the press once; there the process forks, a child for each phase.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.io import STOP
from pump.protocol import protocol as p
from toleramp.protocol.file import compile_protocol
from toleramp_bench.boards.pump import BenchFault
from toleramp_bench.cuts.walks import Crew, crew
from toleramp_bench.names import CAUSES, EVENTS, STATES
from toleramp_bench.places import mechanism_pl_pulse
from toleramp_bench.runs.execute import make_target
from toleramp_bench.runs.forks import Twin
from toleramp_bench.runs.runner import Run
from toleramp_bench.scenario.model import Action, Moment, Recording, Scenario
from toleramp_bench.targets.base import Target

RATES_ML_H = (40, 1200)
FIRST_PULSES = {40: 1, 1200: 10}  # of a first step in whole milliseconds
PHASES = 100
SCAN_US = 20_000
FLOW_MS = 600  # of the second step, before the press
FULL_OVER_FIRST = 1000  # the second step over the first, as the rules want it


@dataclass(frozen=True)
class Outcome:
    """A session in which STOP was pressed at this phase: pulses that moved the motor beyond the order (below 0: short
    of it), pulses at the pin that moved nothing, how often the pump held, the final state."""

    phase: int
    error: int
    lost: int
    holds: int
    state: str


def protocol(rate_ml_h: int, pl_pulse: int) -> p.Protocol:
    """One bag, two steps at one rate: a few pulses, as a first step may have, and the rest."""
    made = p.Protocol()
    made.name, made.drug, made.kind = f"STOP at {rate_ml_h} mL/h", "testdrug", p.BENCH
    made.solutions.append(p.Solution(100_000_000, 100_000_000_000, "A", "STOP-1"))
    first_nl = FIRST_PULSES[rate_ml_h] * pl_pulse // 1000
    for volume_nl in (first_nl, FULL_OVER_FIRST * first_nl):
        made.steps.append(p.Step(0, 0, rate_ml_h * 10_000, volume_nl * 3600 // rate_ml_h // 1000, volume_nl))
    made.full_dose_pg = 1000 * sum(step.volume_nl for step in made.steps)
    return made


def scenario(rate_ml_h: int, pl_pulse: int) -> Scenario:
    """A session with STOP in its second step; people find a technical fault and let it go on."""
    made = protocol(rate_ml_h, pl_pulse)
    actions = (
        Action("stop", "press", Moment(after=EVENTS.STEP_STARTED, step=2, plus_ms=FLOW_MS), {"button": "stop"}),
        Action("word", "decide", Moment(after="stop"), {"choice": CAUSES.TECHNICAL}),
    )
    return Scenario(
        made.name,
        Path("stop"),
        "",
        compile_protocol(made, made.name),
        made,
        Fraction(1),
        staff_delay_ms=500,
        actions=actions,
    )


def phase_us(phase: int, phases: int, interval_us: int) -> int:
    """When STOP is pressed: spread evenly over a scan, and over a pulse's interval in another order."""
    return phase * SCAN_US // phases + phase * 37 % phases * interval_us // phases


class PhasesRun(Run):
    """A run that forks at its press of STOP. In the parent `go` ends there; a child delivers an Outcome."""

    def __init__(self, scenario: Scenario, target: Target, hands: Crew, phases: int) -> None:
        super().__init__(scenario, target)
        self._crew, self._phases = hands, phases
        self._twin: Twin | None = None
        self._phase = -1

    def press(self, button: int, hold_ms: float, bounce_ms: float = 0) -> None:
        """STOP goes down so many microseconds later."""
        if button != STOP or self._twin:
            super().press(button, hold_ms, bounce_ms)
            return
        for phase in range(self._phases):
            twin = self._crew.branch()
            if twin.child:
                self._twin, self._phase = twin, phase
                self._stop(phase, hold_ms)
                return
        raise _Branched

    def _stop(self, phase: int, hold_ms: float) -> None:
        step = self.scenario.protocol.steps[1]
        interval_us = 1000 * step.duration_ms * self.target.pl_pulse // (1000 * step.volume_nl)
        target = self.target
        down_us = target.now_us + phase_us(phase, self._phases, interval_us)
        target.at(down_us, lambda: target.key(STOP, True))
        target.at(down_us + round(hold_ms * 1000), lambda: target.key(STOP, False))

    def branch(self) -> None:
        """Runs to the press, and every child to its end."""
        try:
            recording = self.go()
        except _Branched:
            return
        except BaseException as error:
            self._deliver(error)
            raise
        self._deliver(recording)
        raise BenchFault("the session ended before STOP")

    def _deliver(self, made: Recording | BaseException) -> None:
        if self._twin:
            self._twin.deliver(lambda: self._outcome(made))

    def _outcome(self, made: Recording | BaseException) -> Outcome:
        if isinstance(made, BaseException):
            raise made
        ordered_nl = sum(step.volume_nl for step in self.scenario.protocol.steps)
        moved, pin = len(made.moved_us), len(made.pin_us)
        error = moved - ordered_nl * 1000 // made.pl_pulse
        holds = sum(record["event"] == EVENTS.PAUSED for record in made.records)
        return Outcome(self._phase, error, pin - moved, holds, made.final_state)


class _Branched(Exception):
    """Every phase has its child."""


def outcomes(target: str, rate_ml_h: int, phases: int = PHASES, jobs: int = 1) -> list[Outcome]:
    """Every phase's outcome, in their order."""
    read = scenario(rate_ml_h, mechanism_pl_pulse())
    made = make_target(target, read)
    try:
        with crew(jobs) as hands:
            PhasesRun(read, made, hands, phases).branch()
        found: list[Any] = hands.outcomes
        return sorted(found, key=lambda outcome: outcome.phase)
    finally:
        made.close()


def text(found: list[Outcome]) -> str:
    """The least and the largest error in motor steps, and how many pulses moved nothing."""
    errors, lost = [outcome.error for outcome in found], [outcome.lost for outcome in found]
    states = ", ".join(sorted({outcome.state for outcome in found}))
    holds = [outcome.holds for outcome in found]
    return (
        f"{len(found)} phases: {min(errors):+d} to {max(errors):+d} motor steps off, {min(lost)} to {max(lost)} pulses"
        f" after STOP, {min(holds)} to {max(holds)} holds, {states}"
    )


def sound(found: list[Outcome]) -> bool:
    """The full dose to within one motor step, each time, and no hold but the one for which STOP was pressed."""
    return all(abs(each.error) <= 1 and each.holds == 1 and each.state == STATES.COMPLETED for each in found)


def main(words: list[str] | None = None) -> int:
    """0: the full dose each time; 1: not."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.figures.stop_phases", description=__doc__)
    parser.add_argument("--target", default="core", choices=("core", "rp2040"))
    parser.add_argument("--phases", type=int, default=PHASES)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(words)
    good = True
    for rate in RATES_ML_H:
        found = outcomes(options.target, rate, options.phases, options.jobs)
        good = good and sound(found)
        print(f"{options.target}, STOP at {rate} mL/h, {text(found)}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

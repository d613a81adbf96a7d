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

from pump.io import STOP
from toleramp_bench.figures.two_steps import session, two_steps
from toleramp_bench.names import CAUSES, EVENTS, STATES
from toleramp_bench.places import mechanism_pl_pulse
from toleramp_bench.runs import forked
from toleramp_bench.runs.forked import Crew, ForkedRun
from toleramp_bench.scenario.model import Action, Moment, Recording, Scenario
from toleramp_bench.targets.base import Target

RATES_ML_H = (40, 1200)
FIRST_PULSES = {40: 1, 1200: 10}  # of a first step in whole milliseconds
PHASES = 100
SCAN_US = 20_000
FLOW_MS = 600  # of the second step, before the press


@dataclass(frozen=True)
class Outcome:
    """A session in which STOP was pressed at this phase: pulses that moved the motor beyond the order (below 0: short
    of it), pulses at the pin that moved nothing, how often the pump held, the final state."""

    phase: int
    error: int
    lost: int
    holds: int
    state: str


def scenario(rate_ml_h: int, pl_pulse: int) -> Scenario:
    """A session with STOP in its second step; people find a technical fault and let it go on."""
    made = two_steps(f"STOP at {rate_ml_h} mL/h", rate_ml_h, FIRST_PULSES[rate_ml_h] * pl_pulse // 1000)
    actions = (
        Action("stop", "press", Moment(after=EVENTS.STEP_STARTED, step=2, plus_ms=FLOW_MS), {"button": "stop"}),
        Action("word", "decide", Moment(after="stop"), {"choice": CAUSES.TECHNICAL}),
    )
    return session(made, staff_delay_ms=500, actions=actions)


def phase_us(phase: int, phases: int, interval_us: int) -> int:
    """When STOP is pressed: spread evenly over a scan, and over a pulse's interval in another order."""
    return phase * SCAN_US // phases + phase * 37 % phases * interval_us // phases


class PhasesRun(ForkedRun[int, Outcome]):
    """A run that forks at its press of STOP, a child for each phase."""

    def press(self, button: int, hold_ms: float, bounce_ms: float = 0) -> None:
        """STOP goes down so many microseconds later."""
        if button != STOP or self.forked:
            super().press(button, hold_ms, bounce_ms)
            return
        self.fork()
        step = self.scenario.protocol.steps[1]
        interval_us = 1000 * step.duration_ms * self.target.pl_pulse // (1000 * step.volume_nl)
        target = self.target
        down_us = target.now_us + phase_us(self.case, len(self.cases), interval_us)
        target.at(down_us, lambda: target.key(STOP, True))
        target.at(down_us + round(hold_ms * 1000), lambda: target.key(STOP, False))

    def outcome(self, recording: Recording) -> Outcome:
        """What moved against what was ordered."""
        ordered_nl = sum(step.volume_nl for step in self.scenario.protocol.steps)
        moved, pin = len(recording.moved_us), len(recording.pin_us)
        error = moved - ordered_nl * 1000 // recording.pl_pulse
        holds = sum(record["event"] == EVENTS.PAUSED for record in recording.records)
        return Outcome(self.case, error, pin - moved, holds, recording.final_state)


def outcomes(target: str, rate_ml_h: int, phases: int = PHASES, jobs: int = 1) -> list[Outcome]:
    """Every phase's outcome, in their order."""

    def run(read: Scenario, made: Target, hands: Crew) -> PhasesRun:
        return PhasesRun(read, made, hands, range(phases))

    found = forked.outcomes(target, scenario(rate_ml_h, mechanism_pl_pulse()), run, jobs)
    return sorted(found, key=lambda outcome: outcome.phase)


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

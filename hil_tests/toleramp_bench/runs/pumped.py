"""What a run's pulses came to behind the pump: the plant played again over the recording, and read between steps.

The plant that runs along is brought up to date when records come, and on a board they come late: what it says at a
step's border depends on the target. Here everything happens at its own time (pulses, faults, bags, borders), so that
two targets with the same pulses have the same figures. The ideal plant gives pulses times volume to the picolitre.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from toleramp_bench.devices.pulses import PulseTimes, RunLog
from toleramp_bench.plant.drive import Drive
from toleramp_bench.runs.plant_of import plant_of
from toleramp_bench.runs.walk import StepRun
from toleramp_bench.scenario.model import Recording, Scenario


class Delivered(NamedTuple):
    """What has left the tubing: liquid in pL, and the dose in it in pg, by the bag that truly hung."""

    pl: int = 0
    pg: Fraction = Fraction(0)

    def since(self, before: Delivered) -> Delivered:
        """What came after `before`."""
        return Delivered(self.pl - before.pl, self.pg - before.pg)


class Pumped:
    """A recording played through its plant. `plant`: as it is at the end; `total`: all that was delivered."""

    def __init__(self, scenario: Scenario, recording: Recording, runs: list[StepRun], seed: int = 1) -> None:
        self.plant = plant_of(scenario, recording.pl_pulse, seed)
        self._moved: PulseTimes = RunLog() if recording.moved_us is None else recording.moved_us
        self._drive = Drive(self.plant, self._moved)
        self._read: dict[int, Delivered] = {}
        times_ms = [t_ms for run in runs for t_ms in (run.started_ms, run.until_ms) if t_ms is not None]
        self._play(recording, {1000 * t_ms for t_ms in times_ms})
        self.total = self._now()

    def of(self, run: StepRun) -> Delivered:
        """What left the tubing from the run's start to the next one's, or to the end."""
        until = self.total if run.until_ms is None else self._at(run.until_ms)
        return until.since(self._at(run.started_ms))

    def before(self, runs: list[StepRun]) -> Delivered:
        """What left it before the first run."""
        return self._at(runs[0].started_ms) if runs else self.total

    # -- playing

    def _play(self, recording: Recording, borders_us: set[int]) -> None:
        faults = sorted(recording.plant_done, key=lambda done: done[0])
        for t_us in sorted(borders_us | {done[0] for done in faults}):
            self._drive.advance(t_us)
            self._read[t_us] = self._now()
            while faults and faults[0][0] == t_us:
                _, name, fields = faults.pop(0)
                getattr(self.plant, name)(**fields)
        last_us = self._moved.at(len(self._moved) - 1) if self._moved else 0
        self._drive.advance(max(recording.end_ms * 1000, last_us, self.plant.t_us))

    def _now(self) -> Delivered:
        return Delivered(self.plant.liquid_pl, self.plant.delivered_pg)

    def _at(self, t_ms: int) -> Delivered:
        return self._read.get(1000 * t_ms, Delivered())

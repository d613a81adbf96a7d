"""One session, as all judgements look at it: what was measured of it, and its runs, flows and quiet times."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from pump.protocol.protocol import Protocol as Ladder
from pump.tables import states
from toleramp_bench.campaign.model import Drawn
from toleramp_bench.campaign.stills import Quiet, flows, quiets
from toleramp_bench.names import STATES
from toleramp_bench.people.body import Body
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.seen import OFF_STATE
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.runs.walk import StepRun, step_runs
from toleramp_bench.scenario.model import Recording
from toleramp_bench.targets.campaign import CampaignTarget

# What a pump is whose session a power cut has ended.
NOTHING_LEFT = (STATES.of(states.AT_REST) - STATES.of(states.OVER)) | {OFF_STATE}


class Window(NamedTuple):
    """A while with pulses that moved the motor: how many, which bag hung (index), what reached the vein."""

    start_us: int
    end_us: int
    pulses: int
    bag: int
    vein_pg: float


class Measured(Protocol):
    """What a run of a session has measured when it is over: see session.CampaignRun."""

    protocol: Ladder
    drawn: Drawn
    campaign_target: CampaignTarget
    body: Body
    staff: Nurse
    plant: Plant
    windows: list[Window]
    pulses_of: list[int]
    presses: list[int]
    stops: list[int]
    cuts: list[list[int]]


class Case:
    """What all judgements look at."""

    def __init__(self, run: Measured, recording: Recording) -> None:
        self.run, self.recording, self.protocol = run, recording, run.protocol
        self.moved, self.pin, self.pl_pulse = recording.moved_us, recording.pin_us, recording.pl_pulse
        self.end_us = recording.end_ms * 1000
        self.quiets: list[Quiet] = quiets(recording.records, run.cuts, self.end_us)
        self.flows = flows(self.quiets, self.end_us)
        self.runs: list[StepRun] = step_runs(recording.records, recording.moved_us)
        self.final = final_of(run, recording)

    def count(self, start_us: int, end_us: int) -> int:
        """Pulses that moved the motor after `start_us`, up to and including `end_us`."""
        return int(self.moved.count_until(end_us) - self.moved.count_until(start_us))

    def until_us(self, run: StepRun) -> int:
        """Where the next run of a step begins, or the end."""
        return self.end_us if run.until_ms is None else run.until_ms * 1000

    def lost(self, start_us: int, end_us: int) -> int:
        """Pulses at the pin that did not move it."""
        at_pin = int(self.pin.count_until(end_us) - self.pin.count_until(start_us))
        return max(0, at_pin - self.count(start_us, end_us))


def final_of(run: Measured, recording: Recording) -> str:
    """The final state; a session that a power cut has ended is abandoned."""
    gone = run.cuts and recording.final_state in NOTHING_LEFT
    return "abandoned" if gone else recording.final_state

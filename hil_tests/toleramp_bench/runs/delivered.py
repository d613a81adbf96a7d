"""What was delivered, by the bench's own count: pulses at an enabled motor, put to bags and steps by their time."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pump.protocol.protocol import Protocol
from toleramp_bench.boards.pump import PumpBench

_STARTS = ("step_started", "resumed")


@dataclass(frozen=True)
class StepRun:
    """One run of a step: number (from 1), pulses counted at the motor in it, from when to when (device ms)."""

    step: int
    pulses: int
    started_ms: int
    ended_ms: int
    bag: int  # the one that it ran on (from 0)


def step_runs(bench: PumpBench) -> list[StepRun]:
    """The runs of steps in their order; a repeated step is a run of its own.

    Device time counts from the controller's first scan; the bench's pulses are put to it by the boot's offset.
    """
    starts = bench.find("step_started")
    runs = []
    for k, event in enumerate(starts):
        end_ms = starts[k + 1]["t_ms"] if k + 1 < len(starts) else None
        first = _pulses_before(bench, event["t_ms"])
        last = len(bench.motor.times) if end_ms is None else _pulses_before(bench, end_ms)
        finish = [e["t_ms"] for e in bench.find("step_completed", step=event["step"]) if e["t_ms"] >= event["t_ms"]]
        ended = min(finish, default=end_ms or event["t_ms"])
        runs.append(StepRun(event["step"], last - first, event["t_ms"], ended, event["arg"]))
    return runs


def _pulses_before(bench: PumpBench, t_ms: int) -> int:
    return bisect_right(bench.motor.times, t_ms * 1_000_000 + bench.offset_ns)


def dose_pg(bench: PumpBench, protocol: Protocol) -> Fraction:
    """The dose that left the pump, in pg, exactly: pulses of each run times its bag's concentration."""
    total = Fraction(0)
    for run in step_runs(bench):
        bag = protocol.solutions[run.bag]
        total += Fraction(run.pulses * bench.pl_pulse * bag.drug_pg, 1000 * bag.volume_nl)
    return total


def measured_records(bench: PumpBench, every_ms: int = 1000) -> list[dict[str, Any]]:
    """The measured volume over device time as records of a session log, one a second and one at each event."""
    if not bench.events:
        return []
    end_ms = bench.events[-1]["t_ms"]
    times = sorted({*range(0, end_ms + 1, every_ms), *(event["t_ms"] for event in bench.events)})
    return [
        {"kind": "measured", "t_ms": t, "volume_nl": _pulses_before(bench, t) * bench.pl_pulse // 1000} for t in times
    ]

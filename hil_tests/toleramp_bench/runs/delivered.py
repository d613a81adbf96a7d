"""What was delivered, by the bench's own count: pulses at an enabled motor, put to bags and steps by their time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pump.protocol.protocol import Protocol
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.pulses import NsLog
from toleramp_bench.runs import walk


def step_runs(bench: PumpBench) -> list[walk.StepRun]:
    """The runs of steps by the pulses that moved the motor."""
    return walk.step_runs(bench.events, on_pumps_clock(bench, bench.motor.times))


def on_pumps_clock(bench: PumpBench, times_ns: array[int]) -> NsLog:
    """Pulses of the bench by the clock of the pump's records, which begins with the controller's first scan."""
    return NsLog(times_ns, -(bench.offset_ns // 1000))


def dose_pg(bench: PumpBench, protocol: Protocol) -> Fraction:
    """The dose that left the pump, in pg, exactly."""
    return dose_of(step_runs(bench), bench.pl_pulse, protocol)


def dose_of(runs: Iterable[walk.StepRun], pl_pulse: int, protocol: Protocol) -> Fraction:
    """The dose of these runs, in pg: pulses of each times its bag's concentration."""
    total = Fraction(0)
    for run in runs:
        bag = protocol.solutions[run.bag]
        total += Fraction(run.pulses * pl_pulse * bag.drug_pg, 1000 * bag.volume_nl)
    return total


def measured_records(bench: PumpBench, every_ms: int = 1000) -> list[dict[str, Any]]:
    """The measured volume over device time as records of a session log, one a second and one at each event."""
    if not bench.events:
        return []
    end_ms = bench.events[-1]["t_ms"]
    moved = on_pumps_clock(bench, bench.motor.times)
    times = sorted({*range(0, end_ms + 1, every_ms), *(event["t_ms"] for event in bench.events)})
    return [
        {"kind": "measured", "t_ms": t, "volume_nl": moved.count_until(t * 1000) * bench.pl_pulse // 1000}
        for t in times
    ]

"""The dose rate, measured in windows of at most ten seconds, at the motor and at the vein.

`n` pulses in a window are at least (n - 1) intervals long: that is the least rate that they can have, and it is what is
compared. So a window's edge can make no finding.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from pump.protocol import protocol as p
from toleramp_bench.campaign.case import Case, Window
from toleramp_bench.campaign.model import Finding
from toleramp_bench.campaign.stills import overlap
from toleramp_bench.runs.walk import StepRun

RATIO, TWO_PERSON, WIDE_STEP = 2.6, 3.0, 10.5  # PRO-2
RATE_SLACK = 1.001  # intervals are whole microseconds
SUSTAINED_US = 5_000_000  # a window as long as this shows a dose rate that the patient has had
_PL_US_PER_E4 = 0.0001 * 1e9 / 3.6e9  # 0.0001 mL/h in pL a microsecond


class Peaks(NamedTuple):
    """The largest ratios of a session: to what was tolerated, at the motor; to what the vein had had."""

    motor: float
    vein: float


def judge(case: Case) -> list[Finding]:
    """The rate ordered, the rise at the motor, the rise at the vein."""
    return [*_rates(case), *_motor(case)[1], *_vein(case)[1]]


def peaks(case: Case) -> Peaks:
    """For the summary."""
    return Peaks(round(_motor(case)[0], 3), round(_vein(case)[0], 3))


def limit_of(protocol: p.Protocol) -> float:
    """The largest ratio that this protocol may have."""
    if protocol.kind == p.CLASSES.index("wide-step"):
        return WIDE_STEP
    steps = [_planned_pg(protocol, k) for k in range(len(protocol.steps))]
    worst = max((b / a for a, b in zip(steps, steps[1:], strict=False)), default=1.0)
    return RATIO if worst <= RATIO else TWO_PERSON


def _planned_pg(protocol: p.Protocol, k: int) -> float:
    """Dose rate of a step; only ratios mean something."""
    bag = protocol.solutions[protocol.steps[k].solution]
    return protocol.steps[k].rate_e4 * bag.drug_pg / bag.volume_nl


def _least(window: Window) -> float:
    """Pulses a microsecond, at least."""
    return (window.pulses - 1) / (window.end_us - window.start_us)


def _run_of(case: Case, window: Window) -> int:
    starts = [run.started_us for run in case.runs]
    return bisect_right(starts, (window.start_us + window.end_us) // 2) - 1


def _rates(case: Case) -> list[Finding]:
    """The rate used is the rate ordered (INV): no window runs faster than its step."""
    for window in case.run.windows:
        k = _run_of(case, window)
        if k < 0:
            return [Finding("flow-unasked", window.start_us / 1e6, f"{window.pulses} pulses before the first step")]
        ordered = rate_e4(case, case.runs[k]) * _PL_US_PER_E4 / case.pl_pulse
        if _least(window) > ordered * RATE_SLACK:
            text = f"at least {_least(window) / ordered:.3f} times the rate of step {case.runs[k].number}"
            return [Finding("rate-off", window.start_us / 1e6, text)]
    return []


def rate_e4(case: Case, run: StepRun) -> float:
    """The rate of a run: the step's own, or that of equal dose from another bag (SES-5)."""
    step = case.protocol.steps[run.number - 1]
    return step.rate_e4 * share(case.protocol, step.solution, run.bag)


def share(protocol: p.Protocol, own: int, bag: int) -> float:
    """How much of another bag holds the dose of a volume of the step's own."""
    first, other = protocol.solutions[own], protocol.solutions[bag]
    return first.drug_pg * other.volume_nl / (first.volume_nl * other.drug_pg) if own != bag else 1.0


def _conc(case: Case) -> list[float]:
    return [case.pl_pulse * bag.drug_pg / (1000 * bag.volume_nl) for bag in case.protocol.solutions]


def _levels(case: Case, pg: list[float]) -> Iterator[tuple[Window, int, float]]:
    """Each window, the step that runs in it (0: none yet), the dose rate tolerated until then (pg a microsecond)."""
    tolerated, done = 0.0, 0
    for window in case.run.windows:
        k = _run_of(case, window)
        while done < k:
            tolerated = max(tolerated, _tolerated(case, case.runs[done], pg))
            done += 1
        yield window, case.runs[k].number if k >= 0 else 0, tolerated


def _motor(case: Case) -> tuple[float, list[Finding]]:
    """The largest dose rate over the largest that was tolerated for its dwell before."""
    limit, pg, worst = limit_of(case.protocol), _conc(case), 0.0
    found: list[Finding] = []
    for window, step, tolerated in _levels(case, pg):
        ratio = _least(window) * pg[window.bag] / tolerated if tolerated else 0.0
        worst = max(worst, ratio)
        if ratio > limit and not found:
            text = f"{ratio:.2f} times the dose rate tolerated, at the motor, in step {step}"
            found.append(Finding("rise-motor", window.start_us / 1e6, text))
    return worst, found


def _tolerated(case: Case, run: StepRun, pg: list[float]) -> float:
    """Mean dose rate of a completed run of a step without a reaction; 0 else, and for a line-fill.

    That it lasted for its dwell is judged elsewhere.
    """
    step = case.protocol.steps[run.number - 1]
    if run.completed_us < 0 or run.reacted or step.flags & p.LINE_FILL:
        return 0.0
    flowed_us = overlap(case.flows, run.started_us, run.completed_us)
    pulses = case.count(run.started_us, run.completed_us)
    return pulses * pg[run.bag] / flowed_us if flowed_us else 0.0


def _vein(case: Case) -> tuple[float, list[Finding]]:
    """The largest dose rate over the highest that had reached the vein before, however short (plug flow)."""
    limit, worst, high = limit_of(case.protocol), 0.0, 0.0
    found: list[Finding] = []
    for window, step, tolerated in _levels(case, _conc(case)):
        if not window.vein_pg or window.pulses < 2:
            continue
        span_us = window.end_us - window.start_us
        least = window.vein_pg * (window.pulses - 1) / window.pulses / span_us
        ratio = least / high if high else 0.0
        worst = max(worst, ratio)
        if ratio > limit and not found:
            more = f", {least / tolerated:.1f} times that of the highest step tolerated" if tolerated else ""
            text = f"{ratio:.2f} times the dose rate that the vein had had{more}, in step {step}"
            found.append(Finding("rise-vein", window.start_us / 1e6, text))
        if span_us >= SUSTAINED_US:
            high = max(high, window.vein_pg / span_us)
    return worst, found

"""The numbers behind the pictures, thinned for drawing: minutes since the first step, mL/h, mg."""

from bisect import bisect_right
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pump.tables import states
from toleramp.report.model import Report
from toleramp.report.numbers import NL_PER_ML, PL_PER_ML
from toleramp.report.plan import Plan
from toleramp.report.rows import Hold
from toleramp.words import rows

MS_PER_MIN = 60_000
BINS = 400  # more than the page has points across a step's width
BIN_MIN_MS = 5000
SAMPLES_MAX = 1200
BUCKETS = 360
Curve = NDArray[np.float64]


def end_minutes(report: Report) -> float:
    """Where the time axis ends: the later of plan and session."""
    planned = float(report.plan.total_min) if report.plan else 0.0
    real = max(report.duration_ms, 1000) / MS_PER_MIN
    finished = rows.group(states, report.course.outcome) & states.OVER
    return max(real * 1.01, planned if finished or real > planned / 2 else 0.0)


def row_span(report: Report, index: int) -> tuple[float, float]:
    """When a run of a step began and ended, in minutes."""
    step = report.steps[index]
    return step.start_ms / MS_PER_MIN, step.end_ms / MS_PER_MIN


def hold_spans(report: Report) -> list[tuple[float, float, Hold]]:
    """The holds in minutes; one that lasts ends with the record."""
    last = max(report.timeline.end_ms() - report.t0_ms, 0)
    spans = []
    for hold in report.course.holds:
        end = last if hold.end_ms is None else hold.end_ms - report.t0_ms
        spans.append(((hold.start_ms - report.t0_ms) / MS_PER_MIN, end / MS_PER_MIN, hold))
    return spans


def gap_spans(report: Report) -> list[tuple[float, float]]:
    """The times without record in minutes."""
    t0 = report.t0_ms
    return [((g.start_ms - t0) / MS_PER_MIN, (g.end_ms - t0) / MS_PER_MIN) for g in report.timeline.gaps]


def _volumes(report: Report) -> tuple[Curve, Curve]:
    """All the pump's counts since the first step: ms, mL."""
    points = [(s.t_ms, s.volume_pl) for s in report.timeline.samples]
    points += [(e.t_ms, e.volume_pl) for e in report.timeline.events if e.volume_pl is not None]
    base = report.course.rows[0].start_pl
    points = sorted((t - report.t0_ms, v - base) for t, v in points if t >= report.t0_ms)
    array = np.array(points or [(0, 0)], dtype=float)
    return array[:, 0], np.maximum.accumulate(array[:, 1]) / PL_PER_ML


def _edges(report: Report) -> Curve:
    """Boundaries of steps, holds and gaps, and between them bins wide enough for a steady mean."""
    t0, last = report.t0_ms, report.duration_ms
    marks = {0, last}
    for step in report.steps:
        marks |= {step.start_ms, step.end_ms}
    for hold in report.course.holds:
        marks |= {hold.start_ms - t0, last if hold.end_ms is None else hold.end_ms - t0}
    marks |= {t - t0 for gap in report.timeline.gaps for t in (gap.start_ms, gap.end_ms)}
    inside = sorted(mark for mark in marks if 0 <= mark <= last)
    width = max(BIN_MIN_MS, last / BINS)
    pieces = [
        np.linspace(a, b, max(1, int((b - a) / width)), endpoint=False)
        for a, b in zip(inside, inside[1:], strict=False)
    ]
    return np.concatenate([*pieces, [float(inside[-1])]])


def _concentrations(report: Report, middles: Curve) -> Curve:
    """The dose in mg that a mL counted as at each time: the bag's strength, 0 in a line-fill."""
    starts = [step.start_ms for step in report.steps]
    values = [np.nan if step.dose_mg_per_ml is None else float(step.dose_mg_per_ml) for step in report.steps]
    return np.array([values[max(0, bisect_right(starts, t) - 1)] for t in middles])


def rates(report: Report, as_dose: bool = False) -> tuple[Curve, Curve]:
    """Edges in minutes and the mean rates between them, mL/h (mg/h as dose); no number without a record."""
    edges = _edges(report)
    volumes = np.interp(edges, *_volumes(report))
    values = np.diff(volumes) / np.maximum(np.diff(edges), 1e-6) * 3_600_000
    middles = (edges[1:] + edges[:-1]) / 2
    for gap in report.timeline.gaps:
        values[(middles > gap.start_ms - report.t0_ms) & (middles < gap.end_ms - report.t0_ms)] = np.nan
    if as_dose:
        values = values * _concentrations(report, middles)
    return edges / MS_PER_MIN, values


def staircase(edges: Curve, values: Curve) -> tuple[Curve, Curve]:
    """Bins as the corners of a line."""
    return np.repeat(edges, 2)[1:-1], np.repeat(values, 2)


def planned_rate(plan: Plan, as_dose: bool = False) -> tuple[Curve, Curve]:
    """The plan's staircase: minutes, mL/h (mg/h as dose)."""
    edges = [float(step.start_min) for step in plan.steps] + [float(plan.total_min)]
    strengths = [Fraction(0) if step.fill else plan.bags[step.bag].mg_per_ml for step in plan.steps]
    values = [step.rate_ml_h * (part if as_dose else 1) for step, part in zip(plan.steps, strengths, strict=True)]
    return staircase(np.array(edges), np.array([float(value) for value in values]))


def planned_dose(plan: Plan) -> tuple[Curve, Curve]:
    """The plan's cumulative dose, dense enough for a log scale."""
    edges = [0.0, *(float(step.start_min + step.minutes) for step in plan.steps)]
    doses = [0.0, *(float(step.cumulative_mg) for step in plan.steps)]
    parts = [np.linspace(a, b, 12, endpoint=False) for a, b in zip(edges, edges[1:], strict=False)]
    times = np.concatenate([*parts, [edges[-1]]])
    return times[1:], np.interp(times[1:], edges, doses)


def _doses_at(report: Report, times: Curve, volumes: Curve) -> Curve:
    """Cumulative mg for cumulative mL at times in ms; a bag's concentration holds from its row's start."""
    increments = np.diff(volumes, prepend=0.0)
    return np.cumsum(increments * _concentrations(report, times - 0.5))


def delivered_dose(report: Report) -> tuple[Curve, Curve]:
    """Minutes and cumulative mg; broken where there is no record."""
    edges = _edges(report)
    volumes = np.interp(edges, *_volumes(report))
    doses = _doses_at(report, edges, volumes)
    for gap in report.timeline.gaps:
        doses[(edges > gap.start_ms - report.t0_ms) & (edges < gap.end_ms - report.t0_ms)] = np.nan
    return edges[1:] / MS_PER_MIN, doses[1:]


def measured_dose(report: Report, points: int = 60) -> tuple[Curve, Curve]:
    """The bench's own count as cumulative mg, thinned to a few marks."""
    series = np.array(report.timeline.measured, dtype=float)
    times = series[:, 0] - report.t0_ms
    base = np.interp(0.0, times, series[:, 1])
    edges = np.unique(np.concatenate([np.linspace(0, report.duration_ms, points), _edges(report)]))
    doses = _doses_at(report, edges, (np.interp(edges, times, series[:, 1]) - base) / NL_PER_ML)
    kept = np.searchsorted(edges, np.linspace(0, report.duration_ms, points))[1:]
    return edges[kept] / MS_PER_MIN, doses[kept]


def vitals(report: Report, key: str) -> tuple[Curve, Curve]:
    """SpO2 or pulse over minutes; an invalid sample and a gap in the record break the line."""
    timeline = report.timeline
    kept = [sample for sample in timeline.samples if sample.t_ms >= report.t0_ms]
    values = [getattr(sample, key) if timeline.is_valid(sample) else None for sample in kept]
    times = np.array([sample.t_ms for sample in kept] + [gap.start_ms + 1 for gap in timeline.gaps], dtype=float)
    numbers = np.array(values + [None] * len(timeline.gaps), dtype=float)
    order = np.argsort(times, kind="stable")
    return (times[order] - report.t0_ms) / MS_PER_MIN, numbers[order]


def thin(times: Curve, values: Curve) -> tuple[Curve, Curve, Curve, Curve]:
    """Time, mean, lowest, highest of a few hundred buckets; none reaches over a break, no extreme is lost."""
    if len(times) <= SAMPLES_MAX:
        return times, values, values, values
    broken = np.isnan(values)
    bucket = np.floor(times / (times[-1] / BUCKETS))
    starts = np.flatnonzero(np.diff(bucket, prepend=-1) + np.diff(broken, prepend=broken[0]))
    sizes = np.diff(np.append(starts, len(times)))
    means = np.add.reduceat(values, starts) / sizes
    middles = np.add.reduceat(times, starts) / sizes
    return middles, means, np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)

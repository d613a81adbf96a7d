"""Pictures of a run: rate and volume, dose rate, vital signs; planned against measured, with what happened marked.

Measured is what the pulses say that moved the motor. The planned lines keep the plan's own clock from the first step.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from pump.protocol.doses import dose_fraction, fills
from pump.tables import events
from toleramp.report import frame
from toleramp_bench.names import EVENTS
from toleramp_bench.scenario.model import Recording, Scenario

_POINTS = 1500
_STILL_US = 4_000_000  # no pulse for so long is no flow: the slowest rate, 0.1 mL/h, has one every 3.6 s
_STILL_TIMES = 4  # nor so many times as long as the intervals on either side
_ML_H_US_PL = 3.6  # mL/h of one pL a microsecond
_DPI = 110
_MS_PER_MIN = 60_000
# By the first group, or the event itself, that a record belongs to.
_MARKS = (
    ({EVENTS.COMPLETED}, "#0072B2"),
    ({EVENTS.REACTION}, "#8E24AA"),
    (EVENTS.of(events.POWER) | {EVENTS.BOOT}, "#000000"),
    (EVENTS.of(events.HOLDS), "#B3261E"),
    ({EVENTS.DECISION}, "#00695C"),
    (EVENTS.of(events.BEGINS), "#2E7D32"),
    ({EVENTS.ALARM_RAISED}, "#E69F00"),
)
_VITALS = (("spo2", "SpO2 (%)", frame.MEASURED), ("pulse", "Pulse (/min)", frame.PULSE))
Curve = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Shown:
    """A run with its zero: the first step, or power-on where none was started."""

    scenario: Scenario
    recording: Recording
    zero_ms: int

    def minutes(self, t_ms: float) -> float:
        """Minutes since the zero."""
        return (t_ms - self.zero_ms) / _MS_PER_MIN

    @property
    def end_min(self) -> float:
        """Where the pictures end."""
        return max(self.minutes(self.recording.end_ms), 1 / 60)


def draw(folder: Path, scenario: Scenario, recording: Recording, document: dict[str, Any]) -> list[Path]:
    """Writes course.png, dose_rate.png and, where the records carry vital signs, vitals.png; their paths."""
    starts = [record["t_ms"] for record in recording.records if record["event"] == EVENTS.STEP_STARTED]
    shown = Shown(scenario, recording, starts[0] if starts else 0)
    verdict = "interrupted" if document.get("interrupted") else "passed" if document.get("passed") else "not passed"
    title = f"{scenario.name} [{recording.target}], {document.get('final_state', '')}, {verdict}"
    drawn = []
    with matplotlib.rc_context(frame.STYLE):
        for name, figure in (
            ("course", _course(shown)),
            ("dose_rate", _dose_rate(shown)),
            ("vitals", _vitals(shown)),
        ):
            if figure is None:
                continue
            figure.suptitle(title, x=0.01, ha="left", fontsize=9, weight="bold")
            drawn.append(folder / f"{name}.png")
            figure.savefig(drawn[-1], dpi=_DPI, metadata={"Software": None})
    return drawn


# -- the pictures


def _sheet(panels: int) -> tuple[Figure, list[Axes]]:
    height = 0.8 + 2.1 * panels
    figure = Figure(figsize=(frame.WIDTH_IN, height))
    axes = figure.subplots(panels, 1, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.1, right=0.985, top=1 - 0.5 / height, bottom=0.75 / height, hspace=0.42)
    return figure, list(axes)


def _finish(shown: Shown, axes: list[Axes]) -> None:
    for panel in axes:
        _mark(shown, panel)
        frame.time_axis(panel, shown.end_min)
        if not shown.zero_ms:
            panel.set_xlabel(panel.get_xlabel().replace("the first step", "power-on"))
    handles = {
        label: handle for panel in axes for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    axes[-1].legend(
        handles.values(), handles.keys(), loc="upper left", bbox_to_anchor=(-0.01, -0.22), ncol=6, borderaxespad=0
    )


def _mark(shown: Shown, axes: Axes) -> None:
    """Steps by their numbers, records by their colours, what the file did by triangles at the foot."""
    place = axes.get_xaxis_transform()
    for record in shown.recording.records:
        x, name = shown.minutes(record["t_ms"]), record["event"]
        if x < 0:
            continue
        if name == EVENTS.STEP_STARTED:
            axes.axvline(x, color="#BBBBBB", lw=0.5, zorder=0.5)
            axes.text(x, 1.01, str(record["step"]), transform=place, color="#444444", fontsize=7)
        elif _colour(name):
            axes.axvline(x, color=_colour(name), lw=0.9, ls=(0, (2, 2)), zorder=2, label=name.replace("_", " "))
    for done in shown.recording.done:
        if shown.minutes(done.t_ms) >= 0:
            at = shown.minutes(done.t_ms)
            axes.plot(
                [at], [0.03], marker="^", ms=5, ls="", color="#333333", transform=place, label="event of the file"
            )


def _colour(name: str) -> str:
    """Of the mark at a record; "" for one that gets none."""
    return next((colour for names, colour in _MARKS if name in names), "")


def _course(shown: Shown) -> Figure:
    figure, axes = _sheet(2)
    axes[0].step(*plan_rate(shown), where="post", label="planned", **frame.PLAN)
    axes[0].plot(*measured_rate(shown), label="measured", **frame.REAL)
    axes[0].set_ylabel("Rate (mL/h)")
    axes[1].plot(*plan_volume(shown), label="planned", **frame.PLAN)
    axes[1].plot(*measured_volume(shown), label="measured", **frame.REAL)
    axes[1].set_ylabel("Volume (mL)")
    _finish(shown, axes)
    return figure


def _dose_rate(shown: Shown) -> Figure | None:
    plan, real = plan_dose_rate(shown), measured_dose_rate(shown)
    if not any(value > 0 for value in real[1]):
        return None
    figure, axes = _sheet(1)
    axes[0].step(plan[0], _positive(plan[1]), where="post", label="planned", **frame.PLAN)
    axes[0].plot(real[0], _positive(real[1]), label="measured", **frame.REAL)
    axes[0].set_yscale("log")
    axes[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _at: f"{value:g}"))
    axes[0].set_ylabel("Dose rate (mg/h)")
    _finish(shown, axes)
    return figure


def _positive(values: list[float]) -> list[float]:
    return [value if value > 0 else float("nan") for value in values]


def _vitals(shown: Shown) -> Figure | None:
    lines = [(label, colour, vitals(shown, key)) for key, label, colour in _VITALS]
    lines = [line for line in lines if line[2][0]]
    if not lines:
        return None
    figure, axes = _sheet(len(lines))
    for panel, (label, colour, line) in zip(axes, lines, strict=True):
        panel.plot(*line, color=colour, lw=1.2, marker=".", ms=3)
        panel.set_ylabel(label)
    _finish(shown, axes)
    return figure


# -- the lines: minutes, and values


def plan_rate(shown: Shown) -> Curve:
    """Ordered rate in mL/h, a value from each time on."""
    return _plan(shown, lambda step: step.rate_e4 / 10_000)


def plan_dose_rate(shown: Shown) -> Curve:
    """Ordered dose rate in mg/h; a line-fill is no dose."""
    protocol = shown.scenario.protocol
    return _plan(shown, lambda step: step.rate_e4 / 10_000 * _mg_per_ml(protocol, step))


def _plan(shown: Shown, value: Any) -> Curve:
    times, values, at_ms = [], [], 0
    for step in shown.scenario.protocol.steps:
        times.append(at_ms / _MS_PER_MIN)
        values.append(value(step))
        at_ms += step.duration_ms
    return [*times, at_ms / _MS_PER_MIN], [*values, 0.0]


def plan_volume(shown: Shown) -> Curve:
    """Ordered volume so far, in mL."""
    times, values = [0.0], [0.0]
    for step in shown.scenario.protocol.steps:
        times.append(times[-1] + step.duration_ms / _MS_PER_MIN)
        values.append(values[-1] + step.volume_nl / 1e6)
    return times, values


def _mg_per_ml(protocol: Any, step: Any) -> float:
    if fills(step):
        return 0.0
    up, down = dose_fraction(protocol, step, 10**6)  # pg a mL
    return float(up / down / 1e9)


def _grid(shown: Shown) -> list[int]:
    """Times in microseconds at which the pulses are looked at."""
    begin, end = shown.zero_ms * 1000, shown.recording.end_ms * 1000
    return [begin + (end - begin) * k // _POINTS for k in range(_POINTS + 1)]


def measured_rate(shown: Shown) -> Curve:
    """Rate in mL/h from the pulses on either side of each time; zero where they are far apart."""
    moved, pl = shown.recording.moved_us, shown.recording.pl_pulse
    times = _grid(shown)
    rates = [_rate(moved, pl, t_us) if moved is not None else 0.0 for t_us in times]
    return [shown.minutes(t_us / 1000) for t_us in times], rates


def _rate(moved: Any, pl_pulse: int, t_us: int) -> float:
    count = moved.count_until(t_us)
    if not 0 < count < len(moved):
        return 0.0
    apart_us = moved.at(count) - moved.at(count - 1)
    beside_us = [moved.at(k + 1) - moved.at(k) for k in (count - 2, count) if 0 <= k < len(moved) - 1]
    longest_us = min(_STILL_US, _STILL_TIMES * max(beside_us, default=_STILL_US))
    return float(pl_pulse / apart_us * _ML_H_US_PL) if 0 < apart_us <= longest_us else 0.0


def measured_volume(shown: Shown) -> Curve:
    """Volume in mL by count of the pulses."""
    moved, pl = shown.recording.moved_us, shown.recording.pl_pulse
    times = _grid(shown)
    volumes = [(moved.count_until(t_us) if moved is not None else 0) * pl / 1e9 for t_us in times]
    return [shown.minutes(t_us / 1000) for t_us in times], volumes


def measured_dose_rate(shown: Shown) -> Curve:
    """Dose rate in mg/h: the measured rate of the bag of the step that runs."""
    protocol = shown.scenario.protocol
    starts = [(r["t_ms"], r["step"]) for r in shown.recording.records if r["event"] == EVENTS.STEP_STARTED]
    times, rates = measured_rate(shown)
    begun = [shown.minutes(t_ms) for t_ms, _ in starts]
    doses = []
    for minute, rate in zip(times, rates, strict=True):
        number = starts[bisect_right(begun, minute) - 1][1] if starts and minute >= begun[0] else 0
        known = 1 <= number <= len(protocol.steps)
        doses.append(rate * _mg_per_ml(protocol, protocol.steps[number - 1]) if known else 0.0)
    return times, doses


def vitals(shown: Shown, key: str) -> Curve:
    """A vital sign where the records carry it."""
    found = [(shown.minutes(r["t_ms"]), float(r[key])) for r in shown.recording.records if r.get(key) is not None]
    return [t for t, _ in found], [value for _, value in found]

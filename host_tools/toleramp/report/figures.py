"""The report's pictures as inline SVG; never colour alone, but line style and labels too."""

import io
import logging
import re
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from toleramp.report import curves, frame
from toleramp.report.model import Report


def _svg(figure: Figure, salt: str) -> str:
    """The figure as SVG text to stand in a page: no prolog, no names that another picture also uses."""
    buffer = io.StringIO()
    matplotlib.rcParams["svg.hashsalt"] = salt
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 role="presentation"', text, count=1)
    return text.replace("'DejaVu Sans'", frame.PAGE_FONT)


def _rate(report: Report, end_min: float) -> Figure:
    figure, axes = frame.new(2.85)
    frame.time_axis(axes, end_min)
    frame.strip(axes, report, end_min)
    frame.stops(axes, report)
    times, rates = curves.staircase(*curves.rates(report))
    axes.fill_between(times, rates, color=frame.DELIVERED, alpha=0.15, lw=0, zorder=2)
    axes.plot(times, rates, label="Real (volume counted at the pump)", **frame.REAL)
    if report.plan:
        axes.plot(*curves.planned_rate(report.plan), label="Planned", **frame.PLAN)
    axes.set_ylabel("Rate (mL/h)")
    axes.yaxis.set_label_coords(*frame.LABEL_AT)
    axes.set_ylim(0, max(axes.get_ylim()[1], 1) * 1.03)
    frame.legend(axes)
    return figure


def _dose(report: Report, end_min: float) -> Figure:
    figure, axes = frame.new(2.85)
    frame.time_axis(axes, end_min)
    frame.strip(axes, report, end_min)
    frame.stops(axes, report)
    times, doses = curves.delivered_dose(report)
    axes.plot(times, doses, label="Delivered", **frame.REAL)
    if report.plan:
        axes.plot(*curves.planned_dose(report.plan), label="Planned", **frame.PLAN)
    if report.timeline.measured:
        points = curves.measured_dose(report)
        axes.plot(*points, color=frame.MEASURED, lw=0, marker="o", ms=3.2, mfc="none", zorder=5, label="Measured")
    axes.set_yscale("log")
    _log_limits(axes, report)
    axes.set_ylabel(f"Cumulative dose ({report.unit})")
    axes.yaxis.set_label_coords(*frame.LABEL_AT)
    frame.legend(axes)
    return figure


def _plain(value: float, _at: Any = None) -> str:
    return f"{value:g}" if 1e-4 <= value < 1e5 else f"{value:.0e}"


def _log_limits(axes: Axes, report: Report) -> None:
    """From half of the first step's dose: what is below has no meaning on this scale."""
    doses = [float(s.plan.dose_mg) for s in report.steps if s.plan and not s.fills][:1] or [1.0]
    last = float(report.plan.total_mg if report.plan else 1)
    axes.set_ylim(max(doses[0] / 4, 1e-9), max(last, float(report.delivered_mg or 0)) * 1.8)
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))


def _dose_rate(report: Report, end_min: float) -> Figure:
    figure, axes = frame.new(2.3)
    frame.time_axis(axes, end_min)
    frame.strip(axes, report, end_min)
    frame.stops(axes, report)
    edges, rates = curves.rates(report, as_dose=True)
    times, rates = curves.staircase(edges, rates)
    axes.plot(times, np.where(rates > 0, rates, np.nan), label="Real", **frame.REAL)
    if report.plan:
        planned = curves.planned_rate(report.plan, as_dose=True)
        axes.plot(*planned, label="Planned", **frame.PLAN)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    axes.set_ylabel(f"Dose rate ({report.unit}/h)")
    axes.yaxis.set_label_coords(*frame.LABEL_AT)
    frame.legend(axes)
    return figure


def _limit(axes: Axes, value: float | None, text: str) -> None:
    if value is None:
        return
    axes.axhline(value, color=frame.STOP, lw=1.1, ls=(0, (6, 2, 1, 2)), zorder=2)
    place = axes.get_yaxis_transform()
    axes.text(
        0.995,
        value,
        f"{text} {value:g}",
        transform=place,
        ha="right",
        va="bottom",
        color=frame.STOP,
        weight="bold",
    )


def _vitals(report: Report, end_min: float) -> Figure:
    figure = Figure(figsize=(frame.WIDTH_IN, 3.2))
    top, low = (
        figure.add_axes((frame.LEFT, 0.575, 0.99 - frame.LEFT, 0.34)),
        figure.add_axes((frame.LEFT, 0.205, 0.99 - frame.LEFT, 0.31)),
    )
    limit = report.plan.limit if report.plan else lambda key: None
    for axes, key, color, name in (
        (top, "spo2", frame.DELIVERED, "SpO2 (%)"),
        (low, "pulse", frame.PULSE, "Pulse (1/min)"),
    ):
        frame.time_axis(axes, end_min)
        frame.stops(axes, report, numbered=axes is top)
        times, means, lowest, highest = curves.thin(*curves.vitals(report, key))
        axes.fill_between(times, lowest, highest, color=color, alpha=0.3, lw=0, zorder=3)
        axes.plot(times, means, color=color, lw=1.2, zorder=3)
        axes.set_ylabel(name)
    stop = limit("spo2_stop_percent")
    least = float(np.nanmin(curves.vitals(report, "spo2")[1]))
    top.set_ylim(min(90.0, least, stop or 90.0) - 2, 101)
    calm = low.get_ylim()
    low.set_ylim(min(50.0, calm[0]), max(110.0, calm[1]))  # a steady pulse shall look steady
    _limit(top, stop, "stop limit")
    _limit(low, limit("pulse_min_bpm"), "lower limit")
    _limit(low, limit("pulse_max_bpm"), "upper limit")
    top.set_xlabel("")
    top.tick_params(labelbottom=False)
    for axes in (top, low):
        axes.yaxis.set_label_coords(*frame.LABEL_AT)
    frame.legend(low)
    return figure


def draw(report: Report) -> dict[str, str]:
    """The pictures as SVG text: "rate" always, "dose", "dose_rate" and "vitals" where the log has them."""
    makers: dict[str, Callable[[Report, float], Figure]] = {"rate": _rate}
    if report.delivered_mg is not None and report.plan:
        makers |= {"dose": _dose, "dose_rate": _dose_rate}
    if any(report.timeline.is_valid(sample) for sample in report.timeline.samples):
        makers["vitals"] = _vitals
    end_min = curves.end_minutes(report)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with matplotlib.rc_context(frame.STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that the measuring font lacks: the reader's own font has it
        return {name: _svg(make(report, end_min), name) for name, make in makers.items()}

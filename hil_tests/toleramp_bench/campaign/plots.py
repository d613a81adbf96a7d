"""The pictures of a campaign as inline SVG; never colour alone, but hatching and labels too."""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable, Sequence

import matplotlib

matplotlib.use("Agg")
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from pump.tables import causes
from toleramp.report import frame
from toleramp_bench.campaign.summary import FINALS, Memory, Summary
from toleramp_bench.names import CAUSES

_HEIGHT_IN = 2.3
_BINS = 40
_MB = 1024


def draw(summary: Summary, memory: Memory, steps: int) -> list[tuple[str, str, str]]:
    """(title, what it shows, SVG) of each picture."""
    makers: list[tuple[str, str, Callable[[Axes], None]]] = [
        ("How sessions ended", "Number of sessions by their final state.", lambda axes: _finals(axes, summary)),
        (
            "Reactions by step",
            "Reactions as people graded them, in the step in which the drug was held.",
            lambda axes: _reactions(axes, summary, steps),
        ),
        (
            "Dose at the motor",
            "Share of the order, by the motor's pulses and the bag that really hung.",
            lambda axes: _doses(axes, summary, "motor_percent", "Dose at the motor (% of the order)"),
        ),
        (
            "Dose at the vein",
            "The same behind the line, with the mechanism's error: what the patient had.",
            lambda axes: _doses(axes, summary, "vein_percent", "Dose at the vein (% of the order)"),
        ),
        (
            "From low saturation to the last pulse",
            "Seconds from the first reading at or below the stop limit to the motor's last pulse.",
            lambda axes: _histogram(axes, [("Holds", summary.to_last_pulse_s)], "Time (s)", "Holds"),
        ),
        (
            "Chair time",
            "From the start's first press to the end of the session.",
            lambda axes: _doses(axes, summary, "chair_min", "Time (min)"),
        ),
        (
            "Steepest rise",
            "Largest dose rate over the largest tolerated before, at the motor.",
            lambda axes: _doses(axes, summary, "peak_motor", "Ratio (2.6 is the limit)"),
        ),
        ("Memory", "Held by each process, over the sessions done.", lambda axes: _memory(axes, memory)),
    ]
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with matplotlib.rc_context(frame.STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [(title, text, _picture(make, title)) for title, text, make in makers]


def _picture(make: Callable[[Axes], None], title: str) -> str:
    figure = Figure(figsize=(frame.WIDTH_IN, _HEIGHT_IN))
    axes = figure.add_axes((frame.LEFT, 0.2, 0.99 - frame.LEFT, 0.74))
    make(axes)
    matplotlib.rcParams["svg.hashsalt"] = title
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 role="img"', text, count=1)
    return text.replace("'DejaVu Sans'", frame.PAGE_FONT)


def _bars(axes: Axes, names: Sequence[str], parts: Sequence[tuple[str, Sequence[int], str, str]]) -> None:
    base = [0] * len(names)
    for label, counts, color, hatch in parts:
        axes.bar(names, counts, bottom=base, color=color, hatch=hatch, edgecolor="#FFFFFF", label=label, zorder=2)
        base = [before + more for before, more in zip(base, counts, strict=True)]
    for k, total in enumerate(base):
        if total:
            axes.text(k, total, str(total), ha="center", va="bottom")


def _finals(axes: Axes, summary: Summary) -> None:
    names = [*FINALS, *(name for name in summary.final if name not in FINALS)]
    _bars(axes, names, [("Sessions", [summary.final[name] for name in names], frame.DELIVERED, "")])
    axes.set_ylabel("Sessions")


def _reactions(axes: Axes, summary: Summary, steps: int) -> None:
    numbers = range(1, steps + 1)
    mild, severe = ([summary.reactions[grade][k] for k in numbers] for grade in CAUSES.at(causes.REACTIONS))
    parts = [("Mild", mild, frame.DELIVERED, ""), ("Severe", severe, frame.STOP, "////")]
    _bars(axes, [str(k) for k in numbers], parts)
    axes.set_xlabel("Step")
    axes.set_ylabel("Reactions")
    axes.legend(loc="upper left")


def _doses(axes: Axes, summary: Summary, figure: str, label: str) -> None:
    groups = [("Completed", summary.completed[figure]), ("Not completed", summary.others[figure])]
    _histogram(axes, groups, label, "Sessions")


def _histogram(axes: Axes, groups: Sequence[tuple[str, Sequence[float]]], label: str, counted: str) -> None:
    filled = [(name, values) for name, values in groups if len(values)]
    axes.set_xlabel(label)
    axes.set_ylabel(f"{counted} (log)" if filled else counted)
    if not filled:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center")
        return
    lowest, highest = min(min(v) for _, v in filled), max(max(v) for _, v in filled)
    room = max((highest - lowest) * 0.02, abs(highest) * 1e-6, 1e-6)
    looks = ((frame.DELIVERED, ""), (frame.MEASURED, "////"))
    axes.hist(
        [list(values) for _, values in filled], bins=_BINS, range=(lowest - room, highest + room), stacked=True,
        color=[look[0] for look in looks[: len(filled)]], hatch=[look[1] for look in looks[: len(filled)]],
        edgecolor="#FFFFFF", linewidth=0.4, log=True, zorder=2, label=[f"{n} ({len(v)})" for n, v in filled],
    )  # fmt: skip
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _at: f"{count:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="upper left")


def _memory(axes: Axes, memory: Memory) -> None:
    for k, (who, series) in enumerate(sorted(memory.series.items())):
        style = ("-", "--", ":", "-.")[k % 4]
        axes.plot([n for n, _ in series], [kb / _MB for _, kb in series], ls=style, lw=1.2, label=who)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Sessions done")
    axes.set_ylabel("MB")
    if 0 < len(memory.series) <= 8:
        axes.legend(loc="lower right", ncol=2)

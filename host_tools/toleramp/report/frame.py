"""What the pictures share: style, time axis, the band of bags and steps, holds, the legend."""

from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MultipleLocator

from toleramp.bag_looks import LOOKS
from toleramp.report import curves
from toleramp.report.model import Report

# Colours that the colour-blind can tell apart, after Okabe and Ito.
DELIVERED, PLANNED, MEASURED, PULSE, STOP = "#0072B2", "#555555", "#D55E00", "#007A5A", "#B3261E"
BAG_TINTS = tuple(look.tint for look in LOOKS)
REAL: dict[str, Any] = {"color": DELIVERED, "lw": 1.7, "zorder": 3}
PLAN: dict[str, Any] = {"color": PLANNED, "lw": 1.1, "ls": (0, (4, 2)), "zorder": 4}
WIDTH_IN, LEFT = 7.4, 0.095
LABEL_AT = (-0.068, 0.5)  # one column of axis labels down the page
STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": "#333333",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "path.simplify_threshold": 0.3,
}
PAGE_FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
NICE_MIN = (1 / 6, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)
LABELS_MAX = 12  # more numbers than this on one picture hide each other


def time_axis(axes: Axes, end_min: float) -> None:
    """Ticks at times that people use, as h:mm, or as m:ss for a short bench session."""
    short = end_min < 20
    every = next((m for m in NICE_MIN if end_min / m <= 13), NICE_MIN[-1])

    def text(minutes: float, _at: Any = None) -> str:
        units = round(minutes * 60) if short else round(minutes)
        return f"{units // 60}:{units % 60:02}"

    axes.set_xlim(0, end_min)
    axes.xaxis.set_major_locator(MultipleLocator(every))
    axes.xaxis.set_major_formatter(FuncFormatter(text))
    axes.set_xlabel(f"Time since the first step ({'min:s' if short else 'h:min'})")


def inch(axes: Axes) -> float:
    """An inch in parts of the axes' height: what stands beside a picture keeps its distance."""
    return float(axes.figure.dpi / axes.bbox.height)


def strip(axes: Axes, report: Report, end_min: float) -> None:
    """The band over a picture: which bag hung, which step ran."""
    place = axes.get_xaxis_transform()
    names = [bag.name for bag in report.bags]
    unit = inch(axes)  # an inch's height
    spans = [(s.bag_name, s.row.step, *curves.row_span(report, i)) for i, s in enumerate(report.steps)]
    for index, (_bag, step, start, end) in enumerate(spans):
        tint = BAG_TINTS[names.index(_bag) % len(BAG_TINTS)]
        axes.axvspan(start, end, color=tint, alpha=0.55 if index % 2 else 1.0, lw=0, zorder=0)
        axes.axvline(start, color="#BBBBBB", lw=0.5, zorder=0.5)
        if (end - start) / end_min > 0.010 * len(str(step)):
            axes.text(
                (start + end) / 2,
                1 + 0.03 * unit,
                str(step),
                transform=place,
                ha="center",
                va="bottom",
                color="#444444",
            )
    for bag, group in groupby(spans, key=lambda span: span[0]):
        members = list(group)
        start, end = members[0][2], members[-1][3]
        tint = BAG_TINTS[names.index(bag) % len(BAG_TINTS)]
        corner, height = (start, 1 + 0.19 * unit), 0.19 * unit
        box = Rectangle(corner, end - start, height, transform=place, clip_on=False, fc=tint, ec="#999999", lw=0.6)
        axes.add_patch(box)
        if bag and (end - start) / end_min > 0.05:
            label = f"Bag {bag[:12]}" if (end - start) / end_min > 0.09 else bag[:4]
            middle = ((start + end) / 2, 1 + 0.277 * unit)
            axes.text(*middle, label, transform=place, ha="center", va="center", weight="bold")
    axes.text(-0.008, 1 + 0.03 * unit, "Step", transform=axes.transAxes, ha="right", va="bottom", color="#444444")


def stops(axes: Axes, report: Report, numbered: bool = False) -> None:
    """Holds hatched, times without record dotted."""
    width = axes.get_xlim()[1]
    for index, (start, end, _hold) in enumerate(curves.hold_spans(report)):
        name = "Hold, no flow" if index == 0 else None
        axes.axvspan(start, end, fc="#FFFFFF", ec="#7A7A7A", hatch="////", lw=0.6, zorder=1, label=name)
        if numbered and index < LABELS_MAX:
            place = axes.get_xaxis_transform()
            at = min((start + end) / 2, width * 0.99)
            axes.text(
                at,
                1.055,
                str(index + 1),
                transform=place,
                ha="center",
                va="bottom",
                weight="bold",
                color=STOP,
            )
            axes.plot([at], [1.01], marker=7, color=STOP, ms=4, transform=place, clip_on=False)
    for index, (start, end) in enumerate(curves.gap_spans(report)):
        name = "No record" if index == 0 else None
        axes.axvspan(start, end, fc="#F0F0F0", ec="#999999", hatch="..", lw=0.6, zorder=1.1, label=name)
    if numbered and report.course.holds:
        axes.text(
            -0.008,
            1.055,
            "Hold",
            transform=axes.transAxes,
            ha="right",
            va="bottom",
            color=STOP,
            weight="bold",
        )


def legend(axes: Axes) -> None:
    """One line under the time axis; nothing where there is nothing to explain."""
    handles, _labels = axes.get_legend_handles_labels()
    if handles:
        below = -0.42 * inch(axes)
        axes.legend(loc="upper left", bbox_to_anchor=(-0.01, below), ncol=5, handlelength=2.4, borderaxespad=0)


def new(height_in: float) -> tuple[Figure, Axes]:
    """A picture of that height with room for the band above and the legend below."""
    figure = Figure(figsize=(WIDTH_IN, height_in))
    axes = figure.add_axes((LEFT, 0.62 / height_in, 0.99 - LEFT, 1 - 1.06 / height_in))
    return figure, axes

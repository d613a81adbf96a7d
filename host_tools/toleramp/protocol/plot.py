"""A protocol as a picture: rate, dose rate (log scale), dose as pumped and at the vein; bags shaded, steps numbered."""

from __future__ import annotations

import logging
import textwrap
import warnings
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from pump.protocol.doses import fills
from pump.protocol.protocol import Protocol, Solution
from toleramp.errors import UserError
from toleramp.preparation.mixing import concentration, show
from toleramp.protocol import by_hand
from toleramp.protocol.rule_rows import finding_rows
from toleramp.protocol.table import Scale, dose_rates_mg_h, minutes_of, scale_of, step_doses
from toleramp.protocol.verdict import Verdict
from toleramp.report import frame, letters

FORMATS = ("png", "svg")
SIZE_IN, DPI = (8.3, 9.2), 160
DIGIT_PT, LABEL_PT, BOLD_PT = 4.7, 8.0, 5.2  # a digit of a label, a label's height, a letter of a bag's name
POINTS = 60  # a step's curve on a log scale
LEFT, ACROSS = 0.115, 0.855  # of the picture's width: where the panels begin, how wide they are
VEIN, REFUSED_COLOR = "#B3541E", "#C00000"
Curve = NDArray[np.float64]


def edges_min(protocol: Protocol) -> list[Fraction]:
    """When each step begins or each dose is taken, and the end, in minutes."""
    edges = [Fraction(0)]
    for minutes in minutes_of(protocol):
        edges.append(edges[-1] + minutes)
    return edges


def pumped(protocol: Protocol, volume_ml: Fraction, counted: bool = False) -> Fraction:
    """Dose (mg or U) in the first `volume_ml` that leave the pump; `counted`: line-fills count as none."""
    dose, left = Fraction(0), volume_ml
    for step in protocol.steps:
        part = min(max(left, Fraction(0)), Fraction(step.volume_nl, 10**6))
        if not (counted and fills(step)):
            dose += part * concentration(protocol.solutions[step.solution])
        left -= part
    return dose


def at_vein(protocol: Protocol, volume_ml: Fraction) -> Fraction:
    """Dose (mg or U) that has reached the vein when `volume_ml` have left the pump: plug flow through one line."""
    dead = Fraction(protocol.line_dead_nl, 10**6)
    first = concentration(protocol.solutions[protocol.steps[0].solution]) if protocol.primed_with_solution else 0
    return min(volume_ml, dead) * first + pumped(protocol, volume_ml - dead)


def _samples(protocol: Protocol) -> tuple[list[Fraction], list[Fraction]]:
    """Times in min and pumped volumes in mL: each step divided evenly, its ends included."""
    times, volumes = [Fraction(0)], [Fraction(0)]
    for step in protocol.steps:
        start, before = times[-1], volumes[-1]
        for part in range(1, POINTS + 1):
            times.append(start + Fraction(step.duration_ms * part, 60_000 * POINTS))
            volumes.append(before + Fraction(step.volume_nl * part, 10**6 * POINTS))
    return times, volumes


def _shade(axes: Axes, protocol: Protocol, edges: list[float]) -> None:
    """Bags as tints, steps as alternating shades."""
    for index, step in enumerate(protocol.steps):
        tint = frame.BAG_TINTS[step.solution % len(frame.BAG_TINTS)]
        axes.axvspan(edges[index], edges[index + 1], color=tint, alpha=0.55 if index % 2 else 1.0, lw=0, zorder=0)
        axes.axvline(edges[index], color="#BBBBBB", lw=0.5, zorder=0.5)
    filling = [index for index, step in enumerate(protocol.steps) if fills(step)]
    for index in filling:
        name = "Line-fill" if index == filling[0] else None
        axes.axvspan(*edges[index : index + 2], fc="none", ec="#888888", hatch="////", lw=0, zorder=0.6, label=name)


def _strip(axes: Axes, protocol: Protocol, edges: list[float], scale: Scale) -> None:
    """Over the first panel: numbers of the steps, names and strengths of the bags."""
    place, end, unit = axes.get_xaxis_transform(), edges[-1], frame.inch(axes)
    for index in range(len(protocol.steps)):
        if (edges[index + 1] - edges[index]) / end > 0.012 * len(str(index + 1)):
            middle = (edges[index] + edges[index + 1]) / 2
            axes.text(middle, 1 + 0.03 * unit, str(index + 1), transform=place, ha="center", va="bottom")
    for solution, group in groupby(range(len(protocol.steps)), key=lambda i: protocol.steps[i].solution):
        members = list(group)
        _bag_box(axes, protocol.solutions[solution], solution, (edges[members[0]], edges[members[-1] + 1]), scale)
    axes.text(-0.008, 1 + 0.03 * unit, "Step", transform=axes.transAxes, ha="right", va="bottom")


def _bag_box(axes: Axes, bag: Solution, index: int, span: tuple[float, float], scale: Scale) -> None:
    """A bag's box with as much of its name and strength as there is room for."""
    place, unit, (start, stop) = axes.get_xaxis_transform(), frame.inch(axes), span
    tint = frame.BAG_TINTS[index % len(frame.BAG_TINTS)]
    look: dict[str, Any] = {"fc": tint, "ec": "#999999", "lw": 0.6, "clip_on": False}
    axes.add_patch(Rectangle((start, 1 + 0.2 * unit), stop - start, 0.22 * unit, transform=place, **look))
    strength = f"{show(scale.of(concentration(bag)), 4)} {scale.name}/mL"
    room = _points(axes, stop - start)
    for text in (f"Bag {bag.id}: {strength}", f"Bag {bag.id}", bag.id):
        if len(text) * BOLD_PT < room:
            axes.text(
                (start + stop) / 2, 1 + 0.3 * unit, text, transform=place, ha="center", va="center", weight="bold"
            )
            break


def _points(axes: Axes, minutes: float) -> float:
    """How wide so many minutes are, in points."""
    return float(minutes / np.diff(axes.get_xlim())[0] * axes.bbox.width / axes.figure.dpi * 72)


def _plain(value: float, _at: Any = None) -> str:
    return show(Fraction(value), 4)


def _long(text: str) -> float:
    """About how long a label is, in points: a point or a colon is half as wide as a digit."""
    return (len(text) - sum(map(text.count, ".: ")) / 2) * DIGIT_PT


def _turned(axes: Axes, texts: list[str], room_min: list[float]) -> list[bool]:
    """Which labels stand upright: where one of them has no room, all but those with plenty."""
    over = [_long(text) / _points(axes, minutes) for text, minutes in zip(texts, room_min, strict=True)]
    return [max(over) > 1 and share > 0.4 for share in over]


def _label(axes: Axes, at: list[float], values: list[float], texts: list[str], turned: list[bool]) -> None:
    """Texts over the points, and so much room above that none leaves the panel."""
    top, height = axes.get_ylim()[1], axes.bbox.height / axes.figure.dpi * 72
    bottom, log = axes.get_ylim()[0], axes.get_yscale() == "log"
    low = np.log(bottom) if log else bottom
    for x, value, text, upright in zip(at, values, texts, turned, strict=True):
        look: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": 7}
        axes.annotate(text, (x, value), (0, 2), rotation=90 if upright else 0, **look)
        share = (_long(text) if upright else LABEL_PT) / height + 0.04
        needed = ((np.log(value) if log else value) - share * low) / (1 - share)
        top = max(top, np.exp(needed) if log else needed)
    axes.set_ylim(bottom, top)


def _staircase(axes: Axes, edges: list[float], values: list[Fraction], log: bool) -> None:
    """A step line with each step's value over it, where there is room."""
    times = np.repeat(np.array(edges), 2)[1:-1]
    shown = np.array([float(value) or np.nan for value in values])  # a line-fill has no dose rate of its own
    axes.plot(times, np.repeat(shown, 2), **frame.REAL)
    if log:
        axes.set_yscale("log")
        axes.set_ylim(np.nanmin(shown) / 2, np.nanmax(shown) * 3)
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    else:
        axes.set_ylim(0, np.nanmax(shown) * 1.12)
    spans = [stop - start for start, stop in zip(edges, edges[1:], strict=False)]
    told = [i for i, value in enumerate(values) if value and _points(axes, spans[i]) > LABEL_PT]
    texts = [show(values[i], 4) for i in told]
    middles = [edges[i] + spans[i] / 2 for i in told]
    if told:
        turned = _turned(axes, texts, [spans[i] for i in told])
        _label(axes, middles, [float(values[i]) for i in told], texts, turned)


def _dose(axes: Axes, protocol: Protocol, scale: Scale) -> None:
    """Cumulative dose as pumped and at the vein, log scale; a square marks the end of each step."""
    times, volumes = _samples(protocol)
    minutes = np.array([float(t) for t in times])
    dose = np.array([float(scale.of(pumped(protocol, v, counted=True))) for v in volumes])
    vein = np.array([float(scale.of(at_vein(protocol, v))) for v in volumes])
    dose = np.where(dose > 0, dose, np.nan)  # before the first infusion step nothing counts
    axes.plot(minutes[1:], dose[1:], label="Pumped (mark: step's end)", **frame.REAL)
    axes.plot(minutes[POINTS::POINTS], dose[POINTS::POINTS], "s", ms=3.2, color=frame.DELIVERED, zorder=4)
    dead = show(Fraction(protocol.line_dead_nl, 10**6))
    primed = "solution" if protocol.primed_with_solution else "saline"
    shown = np.where(vein > 0, vein, np.nan)[1:]
    name = f"At the vein ({dead} mL of line, {primed} first)"
    axes.plot(minutes[1:], shown, color=VEIN, lw=1.4, ls=(0, (5, 1.5)), zorder=5, label=name)
    full = _full_dose(axes, protocol, scale)
    axes.set_yscale("log")
    axes.set_ylim(np.nanmin(dose[POINTS::POINTS]) / 20, full * 2.5)
    axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    frame.legend(axes)


def _full_dose(axes: Axes, protocol: Protocol, scale: Scale) -> float:
    """The line at the full dose; its name keeps the order's unit."""
    full = Fraction(protocol.full_dose_pg, 10**9)
    look: dict[str, Any] = {"color": "#555555", "lw": 0.9, "ls": (0, (1, 2))}
    axes.axhline(float(scale.of(full)), label=f"Full dose {show(full, 20)} {scale.base}", **look)
    return float(scale.of(full))


def _vein_rate(axes: Axes, protocol: Protocol, scale: Scale) -> None:
    """The dose rate at the vein, over each small part of a step: behind the line it jumps where bags meet."""
    times, volumes = _samples(protocol)
    dose = [scale.of(at_vein(protocol, volume)) for volume in volumes]
    pairs = zip(dose, dose[1:], times, times[1:], strict=False)
    rates = np.array([float((d1 - d0) / (t1 - t0) * 60) for d0, d1, t0, t1 in pairs])
    minutes = np.repeat(np.array([float(t) for t in times]), 2)[1:-1]
    shown = np.repeat(np.where(rates > 0, rates, np.nan), 2)
    axes.plot(minutes, shown, color=VEIN, lw=1.4, ls=(0, (5, 1.5)), zorder=4)


def _title(figure: Figure, protocol: Protocol, fingerprint: str) -> None:
    figure.text(LEFT, 0.972, protocol.name, ha="left", va="center", fontsize=12, weight="bold")
    own = ", ".join(f"{bag.id} {show(Fraction(bag.line_nl, 10**6))} mL" for bag in protocol.solutions if bag.line_nl)
    lines = f"; each bag's own line, which keeps: {own}" if own else ""
    under = f"{protocol.drug}, fingerprint {fingerprint}{lines}"
    figure.text(LEFT, 0.952, under, ha="left", va="center", color="#333333")


def _stamp(figure: Figure, verdict: Verdict) -> None:
    """The verdict at the top; over a refused plan one that no copy of the picture is without."""
    color = REFUSED_COLOR if verdict.refused else "#333333"
    reason = f": {verdict.reason()}" if verdict.refused else ""
    text = textwrap.shorten(f"{verdict.words()}{reason}", 120, placeholder=" ...")
    figure.text(LEFT, 0.99, text, ha="left", va="center", color=color, weight="bold" if verdict.refused else "normal")
    if verdict.refused:
        look: dict[str, Any] = {"rotation": 35, "fontsize": 80, "weight": "bold", "alpha": 0.22, "zorder": 99}
        figure.text(0.5, 0.45, "REFUSED", ha="center", va="center", color=REFUSED_COLOR, **look)


def figure(protocol: Protocol, fingerprint: str, verdict: Verdict | None = None) -> Figure:
    """The three panels; two for doses by mouth. `verdict`: stands on it (None: where no file was judged)."""
    made = _by_mouth(protocol, fingerprint) if protocol.doses else _infused(protocol, fingerprint)
    _stamp(made, verdict or Verdict(finding_rows(protocol)))
    return made


def _by_mouth(protocol: Protocol, fingerprint: str) -> Figure:
    """Each dose at the time it is given, and what has been given by then."""
    made, scale = Figure(figsize=SIZE_IN), scale_of(protocol)
    edges = [float(edge) for edge in edges_min(protocol)]
    exact = [scale.of(dose / 10**9) for dose in step_doses(protocol)]
    doses = [float(dose) for dose in exact]
    sums = np.cumsum(doses)
    panels = [made.add_axes((LEFT, bottom, ACROSS, 0.37)) for bottom in (0.53, 0.1)]
    for axes, label in zip(panels, (scale.label("Dose"), scale.label("Cumulative dose")), strict=True):
        frame.time_axis(axes, edges[-1])
        axes.set_xlim(-0.03 * edges[-1], edges[-1])  # room for the first dose's words
        axes.set_ylabel(label)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
    panels[0].set_xlabel("")
    panels[0].tick_params(labelbottom=False)
    panels[0].vlines(edges[:-1], min(doses) / 2, doses, color=frame.DELIVERED, lw=3, zorder=3)
    panels[0].set_ylim(min(doses) / 2, max(doses) * 3)
    words = [f"{n}: {show(dose)}" if len(doses) <= 16 else str(n) for n, dose in enumerate(exact, 1)]
    least = min(stop - start for start, stop in zip(edges, edges[1:], strict=False))
    _label(panels[0], edges[:-1], doses, words, _turned(panels[0], words, [least] * len(words)))
    panels[1].step(edges, [*sums, sums[-1]], where="post", label="Taken", **frame.REAL)
    _full_dose(panels[1], protocol, scale)
    frame.legend(panels[1])
    _title(made, protocol, f"{fingerprint}; {by_hand.of(protocol).way}")
    return made


def _infused(protocol: Protocol, fingerprint: str) -> Figure:
    made = Figure(figsize=SIZE_IN)
    edges, scale = [float(edge) for edge in edges_min(protocol)], scale_of(protocol)
    panels = [made.add_axes((LEFT, bottom, ACROSS, 0.24)) for bottom in (0.648, 0.374, 0.1)]
    for axes, label in zip(
        panels, ("Rate (mL/h)", scale.label("Dose rate", "/h"), scale.label("Cumulative dose")), strict=True
    ):
        frame.time_axis(axes, edges[-1])
        _shade(axes, protocol, edges)
        axes.set_ylabel(label)
        axes.yaxis.set_label_coords(-0.09, 0.5)
        if axes is not panels[-1]:
            axes.set_xlabel("")
            axes.tick_params(labelbottom=False)
    _staircase(panels[0], edges, [Fraction(step.rate_e4, 10**4) for step in protocol.steps], log=False)
    _staircase(panels[1], edges, [scale.of(rate) for rate in dose_rates_mg_h(protocol)], log=True)
    _vein_rate(panels[1], protocol, scale)
    _dose(panels[2], protocol, scale)
    _strip(panels[0], protocol, edges, scale)
    _title(made, protocol, fingerprint)
    return made


def save(protocol: Protocol, fingerprint: str, path: Path, verdict: Verdict | None = None) -> None:
    """Draws into a .png or .svg file. Raises UserError."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UserError("not a kind of picture that can be drawn", str(path), "name a .png or .svg file")
    if not protocol.steps and not protocol.doses:
        raise UserError("there are no steps to draw", protocol.name, "add [[step]]")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with matplotlib.rc_context(frame.STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that the font lacks
        if kind == "png":  # an SVG's texts are set by the browser
            matplotlib.rcParams["font.family"] = list(letters.families())
        matplotlib.rcParams["svg.hashsalt"] = fingerprint
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        try:
            figure(protocol, fingerprint, verdict).savefig(path, format=kind, dpi=DPI, metadata=metadata)
        except OSError as error:
            remedy = "name a file in a folder of yours"
            raise UserError(f"cannot be written: {error.strerror}", str(path), remedy) from None

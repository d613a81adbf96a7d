"""The page: one HTML file with everything in it, no network, no script."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

import toleramp
from toleramp_bench.runs.report import shown
from toleramp_bench.runs.report.build import Report
from toleramp_bench.runs.report.read import Run, tables
from toleramp_bench.scenario.model import TARGETS

TEMPLATE = Path(__file__).with_name("template.html.j2")
_SESSION = Path(toleramp.__file__).with_name("report") / "template.html.j2"  # its style is the style of all reports


def html(report: Report) -> str:
    """The whole page as text."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(when=shown.when, hardware=shown.hardware, show=shown.show, facts=shown.facts)
    anchors = {id(run): f"run-{number}" for number, run in enumerate(_runs(report))}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        report=report,
        style=_style(),
        targets=_targets(report),
        anchor=lambda run: anchors[id(run)],
        symbols=shown.SYMBOLS,
        counted=shown.COUNTED,
        headline=_headline(report),
        tone="completed" if report.good else "fault",
        steps=_steps,
        pictures=_pictures,
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _runs(report: Report) -> list[Run]:
    return [run for row in report.rows for run in row.runs]


def _targets(report: Report) -> list[str]:
    found = (cell.target for row in report.rows for cell in row.cells)
    return list(dict.fromkeys((*TARGETS, *found)))


def _style() -> Markup:
    """The style sheet of the session report."""
    text = _SESSION.read_text(encoding="utf-8")
    return Markup(text[text.index("<style>") + len("<style>") : text.index("</style>")])


def _headline(report: Report) -> str:
    parts = [f"{report.count(status)} {status}" for status in shown.COUNTED[:-1] if report.count(status)]
    apart = sum(found.compared for row in report.rows for found in row.differences)
    if apart:
        parts.append(f"{apart} {'differences' if apart > 1 else 'difference'} between targets")
    return ", ".join(parts) or "nothing ran"


def _steps(run: Run) -> tuple[list[str], list[list[str]]]:
    """Head and cells of the table of steps."""
    rows: list[dict[str, Any]] = tables(run.result.get("steps"))
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [key.replace("_", " ") for key in keys], [[shown.show(row.get(key)) for key in keys] for row in rows]


def _pictures(run: Run) -> list[tuple[str, str]]:
    """Title and data address of each plot; one that cannot be read is left to the folder."""
    found = []
    for path in run.plots:
        try:
            data = base64.b64encode(path.read_bytes()).decode()
        except OSError:
            run.notes.append(f"{path.name} cannot be read")
            continue
        found.append((path.stem.replace("_", " ").capitalize(), f"data:image/png;base64,{data}"))
    return found

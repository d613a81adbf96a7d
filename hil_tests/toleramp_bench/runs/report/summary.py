"""The report as one JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from toleramp_bench.runs.report.build import Cell, Report, Row
from toleramp_bench.runs.report.shown import COUNTED, hardware


def summary(report: Report) -> dict[str, Any]:
    """Counts, every scenario on every target, every requirement, what is open, what could not be told."""
    return {
        "good": report.good,
        "counts": {status: report.count(status) for status in COUNTED},
        "scenarios": [_row(row) for row in report.rows],
        "requirements": [asdict(item) | {"scenarios": dict(item.scenarios)} for item in report.requirements],
        "open": [item.id for item in report.open],
        "notes": report.notes,
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "scenario": row.stem,
        "name": row.name,
        "shows": list(row.shows),
        "open": row.open,
        "targets": {cell.target: _cell(cell) for cell in row.cells},
        "differences": [asdict(found) for found in row.differences],
        "notes": row.notes,
    }


def _cell(cell: Cell) -> dict[str, Any]:
    run = cell.run
    if run is None:
        return {"status": cell.status, "date": None}
    return {
        "status": cell.status,
        "date": run.date or None,
        "hardware": hardware(run),
        "host": run.run.get("host"),
        "firmware": run.run.get("firmware"),
        "source": run.run.get("source"),
        "seed": run.run.get("seed"),
        "wall_s": run.run.get("wall_s"),
        "final_state": run.result.get("final_state"),
        "expectations": run.expectations(),
        "folder": str(run.folder),
        "notes": run.notes,
        "older_runs": cell.older,
    }

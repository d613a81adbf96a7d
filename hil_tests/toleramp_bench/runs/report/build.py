"""Puts runs, library and requirements together: what ran where, what differs, what shows which requirement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from toleramp.errors import UserError
from toleramp_bench.runs.report.compare import Difference, differences
from toleramp_bench.runs.report.library import (
    HAZARDS,
    File,
    Requirement,
    id_order,
    read_library,
    read_requirements,
)
from toleramp_bench.runs.report.read import Run, texts
from toleramp_bench.scenario.model import TARGETS

NOT_RUN, LEFT_OUT = "not run", "left out"
# From bad to good: the first that some run has is what a requirement's scenarios came to.
_WORST = ("failed", "damaged", "interrupted", "open", "passed")


@dataclass
class Cell:
    """A scenario on a target. `status`: of the newest run, or "not run", or "left out" (by the file)."""

    target: str
    status: str
    run: Run | None = None
    older: int = 0  # runs found that are older than this one


@dataclass
class Row:
    """A scenario: its file's stem, its name, what it shows, a cell for each target, what differs between targets."""

    stem: str
    name: str
    shows: tuple[str, ...]
    cells: list[Cell]
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def runs(self) -> list[Run]:
        """The newest run on each target."""
        return [cell.run for cell in self.cells if cell.run]

    @property
    def open(self) -> list[str]:
        """What it uses that the pump cannot do yet."""
        return list(dict.fromkeys(word for run in self.runs for word in run.open))


@dataclass
class Shown:
    """A requirement and the scenarios that show it, with what became of each on each target.

    `standing`: failed, damaged, interrupted, open, partly shown, shown, not run, no scenario; open: its behaviour does
    not exist yet and no scenario has shown a part of it.
    """

    id: str
    text: str
    status: str
    note: str
    standing: str
    scenarios: list[tuple[str, dict[str, str]]]
    waiting: list[str]  # scenarios that use what it lacks


@dataclass
class Report:
    """All of it; `notes` say what could not be told."""

    rows: list[Row]
    requirements: list[Shown]
    notes: list[str]

    @property
    def open(self) -> list[Shown]:
        """The requirements whose behaviour does not exist yet, or only in part."""
        return [item for item in self.requirements if item.status == "open" or item.waiting]

    def count(self, status: str) -> int:
        """How many scenario and target pairs have this status."""
        return sum(cell.status == status for row in self.rows for cell in row.cells)

    @property
    def good(self) -> bool:
        """Nothing failed, nothing is damaged or broken off, no two targets differ."""
        wrong = sum(map(self.count, ("failed", "damaged", "interrupted")))
        return not (wrong or any(row.differences for row in self.rows))


def build(runs: list[Run], library: Path, requirements: Path) -> Report:
    """The report. A library or requirements that cannot be read are a note in it, not an error."""
    notes: list[str] = []
    files: list[File] = []
    items: dict[str, Requirement] = {}
    try:
        files = read_library(library)
    except UserError as error:
        notes.append(f"{error.where}: {error.what}; scenarios that never ran are not told")
    try:
        items = read_requirements(requirements)
    except UserError as error:
        notes.append(f"{error.where}: {error.what}; requirements that no scenario names are not told")
    found = _by_place(runs)
    known = {file.stem: file for file in files}
    rows = [_row(stem, known.get(stem), found.get(stem, {})) for stem in sorted({*known, *found})]
    return Report(rows, list(_shown(rows, items)), notes)


# -- scenarios


def _by_place(runs: Iterable[Run]) -> dict[str, dict[str, list[Run]]]:
    """Runs by scenario and target, the newest last."""
    found: dict[str, dict[str, list[Run]]] = {}
    for run in sorted(runs, key=lambda run: (run.date, str(run.folder))):
        found.setdefault(run.stem, {}).setdefault(run.target, []).append(run)
    return found


def _row(stem: str, file: File | None, found: dict[str, list[Run]]) -> Row:
    newest = [runs[-1] for runs in found.values()]
    last = max(newest, key=lambda run: run.date, default=None)
    name = file.name if file else str(last.about.get("name") or stem) if last else stem
    shows = file.shows if file else tuple(texts(last.about.get("shows"))) if last else ()
    targets = file.targets if file else tuple(texts(last.about.get("targets"))) if last else ()
    cells = [_cell(target, targets, found.get(target, [])) for target in dict.fromkeys((*TARGETS, *sorted(found)))]
    row = Row(stem, name, shows, cells)
    row.notes += list(_row_notes(file, newest))
    row.differences = differences([run for run in row.runs if run.status not in ("damaged", "interrupted")])
    return row


def _cell(target: str, targets: tuple[str, ...], runs: list[Run]) -> Cell:
    if runs:
        return Cell(target, runs[-1].status, runs[-1], len(runs) - 1)
    return Cell(target, NOT_RUN if target in targets or not targets else LEFT_OUT)


def _row_notes(file: File | None, newest: list[Run]) -> Iterator[str]:
    if file is None:
        yield "the library has no such file"
        return
    if file.fault:
        yield f"the file {file.fault}"
    for run in newest:
        if run.digest and file.digest and run.digest != file.digest:
            yield f"the file has changed since it ran on {run.target}"


# -- requirements


def _shown(rows: list[Row], items: dict[str, Requirement]) -> Iterator[Shown]:
    """Every requirement, and every other id that a scenario names."""
    named = {uid for row in rows for uid in (*row.shows, *map(_open_id, row.open))}
    wanted = named | {uid for uid in items if not uid.startswith(HAZARDS)}
    for uid in sorted(wanted, key=id_order):
        item = items.get(uid) or Requirement(uid, "(no such requirement)" if items else "", "", "")
        showing = [row for row in rows if uid in row.shows]
        waiting = [row.stem for row in rows if uid in map(_open_id, row.open)]
        scenarios = [(row.stem, {cell.target: cell.status for cell in row.cells}) for row in showing]
        standing = _standing(item.status, showing)
        yield Shown(uid, item.text, item.status, item.note, standing, scenarios, waiting)


def _open_id(word: str) -> str:
    """The requirement of "do.key SES-12"."""
    return word.rpartition(" ")[2]


def _standing(status: str, rows: list[Row]) -> str:
    met = {run.status for row in rows for run in row.runs}
    worst = next((name for name in _WORST if name in met), NOT_RUN if rows else "no scenario")
    if status == "open" and worst in (NOT_RUN, "no scenario"):
        return "open"
    if worst == "passed":
        return "partly shown" if status == "open" or not all(row.runs for row in rows) else "shown"
    return worst

"""Finds folders of evidence and reads them; what is damaged is a run too, which says what is wrong with it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toleramp.errors import UserError

FORMAT = 1
_MARKS = ("result.json", "run.json")
_LARGEST = 64 * 2**20  # bytes; a six-hour run's result has some hundred thousand
_REMEDY = "name a folder that `toleramp scenario run` wrote (build/scenarios)"


@dataclass
class Run:
    """One folder: the scenario's file stem, the target, the two documents, pictures, and what a reader must know.

    `status`: passed, failed, interrupted (by Ctrl-C), open (uses what the pump cannot do yet) or damaged.
    """

    folder: Path
    stem: str
    target: str
    status: str
    result: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    plots: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def date(self) -> str:
        """When it ran (UTC, ISO 8601), empty where nothing says so."""
        return str(self.run.get("date") or "")

    @property
    def open(self) -> list[str]:
        """What the scenario uses that the pump cannot do yet, as "do SES-12"."""
        return texts(self.result.get("open") or self.about.get("open"))

    @property
    def about(self) -> dict[str, Any]:
        """What run.json says of the scenario's file."""
        return table(self.run.get("scenario"))

    @property
    def digest(self) -> str:
        """SHA-256 of the scenario's file as it ran."""
        return str(table(self.run.get("sha256")).get("scenario") or "")

    def expectations(self) -> list[dict[str, Any]]:
        """Each expectation with `text`, `met` and `why`."""
        return tables(self.result.get("expectations"))


def table(value: Any) -> dict[str, Any]:
    """The value when it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> list[dict[str, Any]]:
    """The tables of a list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """A text or a list of texts as a list."""
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


# -- finding


def read_runs(folders: Iterable[Path]) -> list[Run]:
    """All runs under these folders. UserError, one line, for a folder that cannot be read or holds no evidence."""
    runs: dict[Path, Run] = {}
    for folder in folders:
        found = {place.resolve(): _read(place) for place in _places(folder)}
        if not found:
            raise UserError("no evidence in this folder", str(folder), _REMEDY)
        runs.update(found)
    return list(runs.values())


def _places(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        what = "this is a file, not a folder of evidence" if folder.exists() else "there is no such folder"
        raise UserError(what, str(folder), _REMEDY)

    def fail(error: OSError) -> None:
        raise UserError(f"cannot be read ({error.strerror})", str(error.filename or folder), _REMEDY)

    for place, inside, files in os.walk(folder, onerror=fail):
        # A folder with a dot is one that is still being written.
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        if any(name in files for name in _MARKS):
            inside.clear()
            yield Path(place)


# -- reading


def _read(folder: Path) -> Run:
    run = Run(folder, folder.resolve().name, folder.resolve().parent.name, "damaged")
    try:
        run.run = _json(folder / "run.json")
        run.target = str(run.run.get("target") or run.target)
        run.stem = Path(str(run.about.get("file") or run.stem)).stem or run.stem
        if run.run.get("format") != FORMAT:
            raise ValueError(f"run.json: its format is {str(run.run.get('format'))[:20]}, this tool reads {FORMAT}")
        run.result = _json(folder / "result.json")
        run.target = str(run.result.get("target") or run.target)
        _demand(run.result)
    except ValueError as error:
        run.notes.append(f"damaged: {error}")
        return run
    broken_off = run.result.get("interrupted") is True
    run.status = "passed" if run.result["passed"] else "open" if run.open else "failed"
    run.status = "interrupted" if broken_off else run.status
    run.plots = sorted(folder.glob("*.png"))
    run.notes += _changed(run)
    return run


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"{path.name} is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is no JSON ({error})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no table")
    return content


def _demand(result: dict[str, Any]) -> None:
    """A result with its verdict and its lists; ValueError says what is missing."""
    if not isinstance(result.get("passed"), bool):
        raise ValueError("result.json does not say whether it passed")
    for key in ("expectations", "steps", "events"):
        rows = result.get(key)
        if not isinstance(rows, list) or len(tables(rows)) != len(rows):
            raise ValueError(f"result.json has no list of {key}")
    if result["passed"] and not all(row.get("met") is True for row in result["expectations"]):
        raise ValueError("result.json passed, though an expectation was not met")


def _changed(run: Run) -> Iterator[str]:
    """What was changed in the folder after the run."""
    for name, key in (("scenario.toml", "scenario"), ("protocol.tlp", "protocol")):
        wanted = table(run.run.get("sha256")).get(key)
        try:
            found = hashlib.sha256((run.folder / name).read_bytes()).hexdigest()
        except OSError as error:
            yield f"{name} cannot be read ({error.strerror})"
            continue
        if found != wanted:
            yield f"{name} is not the one that ran: its SHA-256 differs from run.json"

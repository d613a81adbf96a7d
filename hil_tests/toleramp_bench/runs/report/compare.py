"""What two targets made of the same scenario, told by the comparison of `toleramp scenario run`."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from toleramp_bench.runs.compare import differences as of_documents
from toleramp_bench.runs.report.read import Run
from toleramp_bench.scenario.model import TARGETS

SCAN_MS = 20  # times of two targets may lie a scan apart


@dataclass(frozen=True)
class Difference:
    """Two targets and what differs between them, a line each; `compared` is false where that cannot be said."""

    one: str
    other: str
    lines: tuple[str, ...]
    compared: bool = True


def differences(runs: list[Run]) -> list[Difference]:
    """Each further target against the first one; targets that agree are left out."""
    ordered = sorted(runs, key=lambda run: (TARGETS.index(run.target) if run.target in TARGETS else 99, run.target))
    return [found for other in ordered[1:] if (found := _difference(ordered[0], other))]


def _difference(one: Run, other: Run) -> Difference | None:
    fault = _unlike(one, other)
    if fault:
        return Difference(one.target, other.target, (fault,), compared=False)
    try:
        lines = _lines(one, other)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        what = f"cannot be compared: {type(error).__name__} {error}"
        return Difference(one.target, other.target, (what,), compared=False)
    return Difference(one.target, other.target, tuple(lines)) if lines else None


def _unlike(one: Run, other: Run) -> str:
    """Why two runs are none of the same thing."""
    if one.digest != other.digest:
        return "not compared: the scenario's file was changed between the two runs"
    if one.run.get("seed") != other.run.get("seed"):
        return f"not compared: seeds {one.run.get('seed')} and {other.run.get('seed')}"
    return ""


def _lines(one: Run, other: Run) -> list[str]:
    allow: Any = SimpleNamespace(allow_ms=one.about.get("allow_ms"))
    return of_documents(allow, one.result, other.result, SCAN_MS)

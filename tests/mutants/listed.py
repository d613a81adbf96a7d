"""The mutants that people have judged: a file of names, each with its reason below it."""

from __future__ import annotations

from pathlib import Path

from kernel import modules, place
from mutants import mutants_of

EQUIVALENT = "equivalent.txt"
OPEN = "open.txt"  # holes in the tests that are known: they count as survivors, and fail no run by themselves


def read(path: Path | None = None) -> dict[str, str]:
    """Those judged equivalent: reasons by name. Raises ValueError at a name without a reason or twice."""
    found: dict[str, str] = {}
    name = ""
    path = path or place().lists / EQUIVALENT
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("# "):
            continue
        if line[0].isspace():
            found[name] = f"{found[name]} {line.strip()}".strip()
        else:
            if line in found:
                raise ValueError(f"{path.name}: twice: {line}")
            name = line
            found[name] = ""
    bare = [name for name, reason in found.items() if not reason]
    if bare:
        raise ValueError(f"{path.name}: no reason: {bare[0]}")
    return found


def read_open() -> dict[str, str]:
    """The known holes: what is missing, by name."""
    path = place().lists / OPEN
    return read(path) if path.exists() else {}


def stale(names: set[str]) -> list[str]:
    """Those of the names whose mutant is no longer there: the code has changed, so has what was judged."""
    there = {mutant.name for module in modules() for mutant in mutants_of(module)}
    return sorted(names - there)

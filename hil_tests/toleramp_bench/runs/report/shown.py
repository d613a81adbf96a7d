"""Runs in words: where, when, how they ended; numbers without idle zeros."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from toleramp_bench.runs.report.read import Run, table

COUNTED = ("passed", "failed", "interrupted", "open", "damaged", "not run", "left out")
SYMBOLS = dict(zip(COUNTED, ("✓", "✕", "…", "○", "!", "–", ""), strict=True))
NOTHING = "–"
_BOARDS = {
    "core": "core on CPython",
    "unix": "core on MicroPython",
    "rp2040": "emulated RP2040",
    "rig": "boards on the rig",
}


def hardware(run: Run) -> str:
    """What it ran on: the pump's side, and the computer."""
    host = table(run.run.get("host"))
    computer = " ".join(str(host[key]) for key in ("processor", "machine") if host.get(key))
    board = table(run.run.get("firmware")).get("hardware") or _BOARDS.get(run.target, run.target)
    return f"{board}; {computer or 'computer unknown'}"


def when(run: Run | None) -> str:
    """When it ran, in UTC; "never" for no run."""
    if run is None:
        return "never"
    try:
        moment = datetime.fromisoformat(run.date)
    except ValueError:
        return "date unknown"
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment.tzinfo else f"{moment:%Y-%m-%d %H:%M}"


def show(value: Any) -> str:
    """A value of a table: numbers with a leading zero, none behind, never as a power of ten; nothing as a dash."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NOTHING if value is None or value == "" else str(value)
    text = f"{value:.9f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return text if text != "-0" else "0"


def facts(run: Run) -> list[tuple[str, str]]:
    """Who and what of a run."""
    host, source = table(run.run.get("host")), table(run.run.get("source"))
    firmware, digests = table(run.run.get("firmware")), table(run.run.get("sha256"))
    commit, changed = str(source.get("commit") or "unknown"), source.get("changed")
    tree = "" if changed is False else ", changed since" if changed else ", perhaps changed since"
    rows = [
        (
            "Ran",
            f"{when(run)}, {show(run.run.get('wall_s'))} s for {show(run.result.get('simulated_s'))} s of the pump",
        ),
        ("On", hardware(run)),
        ("System", ", ".join(str(host[key]) for key in ("system", "python") if host.get(key)) or NOTHING),
        ("Firmware", ", ".join(f"{key} {value}" for key, value in firmware.items()) or NOTHING),
        ("Sources", f"commit {commit}{tree}; firmware SHA-256 {source.get('firmware_sha256') or 'unknown'}"),
        ("Seed", show(run.run.get("seed"))),
        ("Folder", str(run.folder)),
    ]
    return rows + [(f"SHA-256 of {key}", str(value)) for key, value in digests.items()]

"""Where a run came from: host, packages, firmware, sources and digests. What differs between two equal runs is here."""

from __future__ import annotations

import hashlib
import platform
import re
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from toleramp_bench.places import ROOT
from toleramp_bench.scenario.model import Recording, Scenario

FORMAT = 1
_IMAGES = {
    "rp2040": ROOT / "build" / "pump_pico" / "firmware.uf2",
    "rig": ROOT / "build" / "pump_pico" / "firmware.uf2",
    "unix": ROOT / "build" / "unix" / "micropython",
}
_GIT_S = 20


def about(
    scenario: Scenario, recording: Recording, document: dict[str, Any], wall_s: float, seed: int
) -> dict[str, Any]:
    """The content of run.json. `wall_s`: seconds that the run took; the date is UTC."""
    return {
        "format": FORMAT,
        "target": recording.target,
        "passed": bool(document.get("passed")),
        "seed": seed,
        "wall_s": round(wall_s, 3),
        "date": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "scenario": _scenario(scenario),
        "host": host(),
        "packages": packages(),
        "firmware": dict(recording.build),
        "sha256": {
            "scenario": digest(scenario.text.encode()),
            "protocol": digest(scenario.blob),
            **_image(recording),
        },
        "source": {**git(), "firmware_sha256": sources()},
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    """What a reader of the folder needs of the file without reading TOML."""
    return {
        "name": scenario.name,
        "file": scenario.path.name,
        "dose_scale": str(scenario.dose_scale),
        "shows": list(scenario.shows),
        "targets": list(scenario.targets),
        "open": list(scenario.uses_open),
        "allow_ms": scenario.allow_ms,
        "why_apart": scenario.why_apart,
    }


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# -- the machine


@cache
def host() -> dict[str, str]:
    """The computer that ran the bench."""
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _processor() -> str:
    """The processor's name; on Linux platform.processor() says at most what kind it is."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except (OSError, ValueError):
        found = None
    return found[1].strip() if found else platform.processor() or "unknown"


@cache
def packages() -> dict[str, str]:
    """Versions of toleramp and of the packages that it requires, as they are installed."""
    try:
        required = metadata.requires("toleramp") or []
    except metadata.PackageNotFoundError:
        return {}
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in required if "extra ==" not in line]
    return {name: _version(name) for name in ("toleramp", *names)}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


# -- what ran


def _image(recording: Recording) -> dict[str, str]:
    """Digest and place of the image that the target ran; nothing for the core, which runs the sources."""
    named = recording.build.get("image")
    path = Path(named) if named else _IMAGES.get(recording.target)
    if path is None:
        return {}
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError:
        return {}
    place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return {"image": _image_digest(path, changed_ns), "image_file": str(place)}


@cache
def _image_digest(path: Path, _changed_ns: int) -> str:
    return digest(path.read_bytes())


@cache
def sources() -> str:
    """One digest of all firmware sources, since a commit says nothing about a tree that was changed."""
    total = hashlib.sha256()
    for path in sorted((ROOT / "firmware").rglob("*.py")):
        total.update(f"{path.relative_to(ROOT)} {digest(path.read_bytes())}\n".encode())
    return total.hexdigest()


@cache
def git() -> dict[str, Any]:
    """The commit, and whether the tree differed from it when this process first asked; None where git cannot say."""
    commit, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return {"commit": commit, "changed": None if status is None else bool(status)}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None

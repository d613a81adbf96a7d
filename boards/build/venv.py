"""The tools of the host in .venv: made once, made again when their list or the Python changes.

A new one is made beside it and takes its place when it is whole, so that a failure leaves what was there; and it is
made by the Python that .venv itself was made from: with .venv activated `python3` is .venv's own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .errors import BuildError
from .paths import BUILD, LOGS, ROOT, shown
from .run import locked, reason, say

_VENV = ROOT / ".venv"
_STAMP = "made-from.txt"


def ensure() -> None:
    """Makes .venv with the project and its development tools in it. Raises BuildError with pip's reason."""
    with locked(BUILD / "venv.lock", "it is setting up .venv"):
        stamp = _VENV / _STAMP
        if stamp.is_file() and stamp.read_text() == _made_from():
            return
        say("setup: installing the tools into .venv (about a minute)")
        _replace(_VENV, _make)
        say("setup: .venv/bin/toleramp and the tools are ready")


def _make(place: Path) -> None:
    _run("making .venv", [str(base_python()), "-m", "venv", "--prompt", _VENV.name, str(place)])
    pip = [str(place / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
    _run("installing the tools with pip", [*pip, "install", "-q", "-e", f"{ROOT}[dev]"])
    (place / _STAMP).write_text(_made_from())


def _replace(place: Path, make: Callable[[Path], None]) -> None:
    """Lets `make(path)` fill a folder beside `place`, then puts it there. What was there goes last.

    Where this very process runs from there, it stays beside until the next time: its interpreter is never removed.
    """
    fresh, old = place.with_name(f"{place.name}-new"), place.with_name(f"{place.name}-old")
    in_use = Path(sys.prefix).resolve() == place.resolve()
    for left in (fresh, old):
        shutil.rmtree(left, ignore_errors=True)
    make(fresh)
    _name_anew(fresh, place)
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    if not in_use:
        shutil.rmtree(old, ignore_errors=True)


def _name_anew(made: Path, place: Path) -> None:
    """The scripts in a virtual environment name the place where it was made; they shall name where it will be."""
    before, after = os.fsencode(made), os.fsencode(place)
    for path in [made / "pyvenv.cfg", *sorted((made / "bin").iterdir())]:
        if path.is_symlink() or not path.is_file():
            continue
        text = path.read_bytes()
        if before in text:
            path.write_bytes(text.replace(before, after))


def base_python() -> Path:
    """The Python outside of any virtual environment from which this one comes."""
    return Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()


def _made_from() -> str:
    """The list of tools, the interpreter and the place: a virtual environment cannot be moved."""
    listed = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{listed}\n{sys.version}\n{base_python()}\n{ROOT}\n"


def _run(what: str, command: list[str]) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "setup.log"
    result = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    log.write_text(f"$ {' '.join(command)}\n{result.stdout}")
    if result.returncode:
        raise BuildError(f"{what} failed: {reason(result.stdout)[:300]} (all of it in {shown(log)})")

"""The tools of the host in .venv: made once, made again when their list or the Python changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys

from .errors import BuildError
from .paths import BUILD, LOGS, ROOT, shown
from .run import locked, reason, say

_VENV = ROOT / ".venv"
_STAMP = _VENV / "made-from.txt"


def ensure() -> None:
    """Makes .venv with the project and its development tools in it. Raises BuildError with pip's reason."""
    with locked(BUILD / "venv.lock", "it is setting up .venv"):
        if _STAMP.is_file() and _STAMP.read_text() == _made_from():
            return
        say("setup: installing the tools into .venv (about a minute)")
        shutil.rmtree(_VENV, ignore_errors=True)
        _run("making .venv", [sys.executable, "-m", "venv", str(_VENV)])
        pip = [str(_VENV / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
        _run("installing the tools with pip", [*pip, "install", "-q", "-e", f"{ROOT}[dev]"])
        _STAMP.write_text(_made_from())
        say("setup: .venv/bin/toleramp and the tools are ready")


def _made_from() -> str:
    """The list of tools, the interpreter and the place: a virtual environment cannot be moved."""
    listed = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{listed}\n{sys.version}\n{sys.executable}\n{ROOT}\n"


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

"""Runs other programs: output to a log, failures as one line, and locks against a second build."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import BuildError
from .paths import LOGS, shown
from .sources import SOURCE_DATE_EPOCH

# Whatever else the caller has set (MAKEFLAGS, BOARD, CFLAGS, ...) would leak into the inner builds.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "USER", "MPY_LIB_DIR")

_PYTHON_ERROR = re.compile(r'File "([^"]+)", line (\d+).*?^(\w+Error: [^\n]*)', re.DOTALL | re.MULTILINE)
_FROZEN_ERROR = re.compile(r"^error compiling ([^\n:]+):", re.MULTILINE)
_ANY_ERROR = re.compile(r"^(?!make).*\b(?:error|ERROR|Error|E):.*$", re.MULTILINE)


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


def clean_environment() -> dict[str, str]:
    """The environment of compilers: nothing inherited that could change the image."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    fixed = {"LC_ALL": "C", "SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH), "PYTHONDONTWRITEBYTECODE": "1"}
    return {"USER": "toleramp"} | kept | fixed


def reason(output: str) -> str:
    """The line of a build's output that says why it failed."""
    python_errors = _PYTHON_ERROR.findall(output)
    if python_errors:
        file, line, error = python_errors[-1]
        # A module is compiled from a copy with another name; the line before says which module it is.
        file = (_FROZEN_ERROR.findall(output) or [file])[-1]
        return f"{file} line {line}: {error}"
    errors = _ANY_ERROR.findall(output)
    lines = output.strip().splitlines()
    return errors[0].strip() if errors else (lines[-1] if lines else "no output")


def logged(what: str, command: Sequence[str | Path], log: str, cwd: Path | None = None) -> None:
    """Runs a command with its output appended to build/log/<log>.log.

    Raises BuildError with the reason and the log's path when it fails or is not there.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    result = _capture(command, cwd)
    with path.open("a") as file:
        file.write(f"$ {' '.join(map(str, command))}\n{result.stdout}\n")
    if result.returncode:
        raise BuildError(f"{what} failed: {reason(result.stdout)[:300]} (all of it in {shown(path)})")


def _capture(command: Sequence[str | Path], cwd: Path | None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]} is not installed", 2) from error


def start_log(log: str) -> None:
    """Empties a log, so that it holds the last run only."""
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{log}.log").write_text("")


@contextlib.contextmanager
def locked(path: Path, waiting_for: str) -> Iterator[None]:
    """Holds a lock file; waits for another build. The kernel frees it when its owner dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another build ({waiting_for})", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

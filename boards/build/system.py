"""The system packages that the build needs: found, announced in one line, installed without a question."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from .errors import BuildError
from .run import say


def has_command(name: str) -> bool:
    """Whether a program is on the path."""
    return shutil.which(name) is not None


def has_compiler_file(compiler: str, name: str) -> bool:
    """Whether a compiler finds one of its library files (it then prints an absolute path)."""
    if not has_command(compiler):
        return False
    found = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True)
    return Path(found.stdout.strip()).is_absolute()


def has_venv() -> bool:
    """Whether this Python can make a virtual environment with pip in it."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("ensurepip", "venv"))


Probe = Callable[[], bool]

# Probes ask for what is used, not for packages: they hold on any system, and a tool from elsewhere counts.
FIRMWARE: tuple[tuple[str, Probe], ...] = (
    ("gcc-arm-none-eabi", lambda: has_command("arm-none-eabi-gcc")),
    ("libnewlib-arm-none-eabi", lambda: has_compiler_file("arm-none-eabi-gcc", "nosys.specs")),
    ("libstdc++-arm-none-eabi-newlib", lambda: has_compiler_file("arm-none-eabi-gcc", "libstdc++.a")),
    ("cmake", lambda: has_command("cmake")),
)
COMMON: tuple[tuple[str, Probe], ...] = (
    ("gcc", lambda: has_command("gcc")),
    ("libc6-dev", lambda: has_compiler_file("gcc", "crt1.o")),
    ("make", lambda: has_command("make")),
)
FROM_APT: tuple[tuple[str, Probe], ...] = (("dpkg-dev", lambda: has_command("dpkg-source")),)
VENV: tuple[tuple[str, Probe], ...] = (("python3-venv", has_venv),)


def needed(firmware: bool = True, venv: bool = False) -> list[tuple[str, Probe]]:
    """What a build needs; dpkg-dev only when the sources come from apt."""
    parts = [COMMON]
    parts += [FIRMWARE] if firmware else []
    parts += [] if os.environ.get("MPY_DIR") else [FROM_APT]
    parts += [VENV] if venv else []
    return [probe for part in parts for probe in part]


def missing(probes: Sequence[tuple[str, Probe]]) -> list[str]:
    """The names of the packages whose probe says no."""
    return [package for package, present in probes if not present()]


def ensure(probes: Sequence[tuple[str, Probe]]) -> None:
    """Installs what is missing, announced in one line; with NO_INSTALL=1 only names it (exit code 2)."""
    lacking = missing(probes)
    if not lacking:
        return
    names = " ".join(lacking)
    if os.environ.get("NO_INSTALL", "0") not in ("", "0"):
        raise BuildError(f"missing system packages: {names} (NO_INSTALL is set: install them yourself)", 2)
    if not has_command("apt-get"):
        raise BuildError(f"missing tools (names of Debian's packages): {names}; install them, then run again", 2)
    say(f"setup: installing missing system packages: {names}")
    install(lacking)
    still = missing([row for row in probes if row[0] in lacking])
    if still:
        raise BuildError(f"installed, but still not found: {' '.join(still)}; is another one first on the path?", 2)


def _apt_get(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs apt-get as root, waiting for another apt rather than failing, and never asking."""
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get"]
    command += ["-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3", *words]
    if os.geteuid() != 0:
        if not has_command("sudo"):
            raise BuildError(f"not root and no sudo: as root, run: apt-get {' '.join(words)}", 2)
        command = ["sudo", "-n", *command]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def install(packages: Sequence[str]) -> None:
    """Installs packages; refreshes the package lists first only when they do not serve.

    Raises BuildError with apt's own reason and the command to type.
    """
    words = ("install", "-y", "-q", "--no-install-recommends", *packages)
    if _apt_get(*words).returncode == 0:
        return
    _apt_get("update", "-q")
    result = _apt_get(*words)
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no output"]
        raise BuildError(f"{lines[-1]}; by hand, as root: apt-get install {' '.join(packages)}", 2)

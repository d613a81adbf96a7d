"""Puts a finished folder in the place of an old one, so that at every instant one of the two is there."""

from __future__ import annotations

import ctypes
import glob
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def put(new: Path, place: Path) -> None:
    """`new` becomes `place`; what was there is removed. OSError leaves the old one."""
    with suppress(OSError):  # refused when a folder with something in it is there
        os.rename(new, place)
        return
    if not _exchanged(new, place):
        _aside(new, place)
    shutil.rmtree(new, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Both names swapped in one step, where the system can do so (Linux)."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    return bool(call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)


def _aside(new: Path, place: Path) -> None:
    """The same in three steps; after an error between them the old one is put back."""
    old = new.with_suffix(".old")
    os.rename(place, old)
    try:
        os.rename(new, place)
    except BaseException:
        os.rename(old, place)
        raise
    os.rename(old, new)


def sweep(place: Path) -> None:
    """Removes what processes left beside `place` that ended in the middle of a write."""
    for path in place.parent.glob(f".{glob.escape(place.name)}.*.new"):
        owner = re.fullmatch(r"(\d+)\.new", path.name.removeprefix(f".{place.name}."))
        if owner and not _runs(int(owner[1])):
            shutil.rmtree(path, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True

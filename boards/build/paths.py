"""Where things are: the checkout, its build folder and the cache that all checkouts share."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
LOGS = BUILD / "log"


def cache_dir() -> Path:
    """The shared cache; inside the build folder when the home folder cannot be written."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    shared = Path(base) / "toleramp"
    try:
        shared.mkdir(parents=True, exist_ok=True)
        usable = os.access(shared, os.W_OK)
    except OSError:
        usable = False
    if usable:
        return shared
    own = BUILD / "cache"
    own.mkdir(parents=True, exist_ok=True)
    return own


def shown(path: Path) -> str:
    """A path as people read it: relative to the checkout when it is inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)

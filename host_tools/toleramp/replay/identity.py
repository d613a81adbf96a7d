"""Which core this tool has: the same name that a build gives the core in its image (boards/build/frozen.py)."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import oximeters
import pump


@cache
def core_hash() -> str:
    """Eight hex digits over the sources of `pump` and `oximeters`."""
    digest = hashlib.sha256()
    for package in (pump, oximeters):
        assert package.__file__
        folder = Path(package.__file__).parent
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder.parent).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:8]

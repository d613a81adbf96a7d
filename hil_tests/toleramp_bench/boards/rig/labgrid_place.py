"""A rig from a labgrid environment file. labgrid is needed only when this is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toleramp.errors import UserError
from toleramp_bench.targets.rig import RigTarget

DRIVER = "TolerampRigDriver"


def environment(path: Path | str) -> Any:
    """labgrid's environment of a file. UserError, one line, without labgrid or with a file that it cannot use."""
    try:
        from labgrid import Environment
    except ImportError:
        raise UserError("labgrid is not installed", str(path), "pip install 'toleramp[labgrid]'") from None
    try:
        return Environment(str(path))
    except Exception as error:  # labgrid raises KeyError, its own InvalidConfigError, yaml's errors and OSError
        raise UserError(f"no environment that labgrid can use: {error}", str(path)) from None


def rig_target(path: Path | str, role: str = "main") -> RigTarget:
    """The rig of a role in that file, its ports open."""
    place = environment(path).get_target(role)
    if place is None:
        raise UserError(f"no target {role!r} in it", str(path), f"add one with {DRIVER}")
    made: RigTarget = place.get_driver(DRIVER).rig_target()
    return made

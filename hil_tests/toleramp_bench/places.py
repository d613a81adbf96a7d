"""Where things lie in a checkout: images, pin tables, shipped protocols."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[2]


def image(board: str = "pump_pico") -> Path:
    """The built image of a board; FileNotFoundError names the command that builds it."""
    path = ROOT / "build" / board / "firmware.uf2"
    if not path.exists():
        raise FileNotFoundError(f"{path}: no image; run: make firmware BOARD={board}")
    return path


def pins(board: str = "pump_pico") -> SimpleNamespace:
    """The pin table of a board, as its firmware has it."""
    return SimpleNamespace(**runpy.run_path(str(ROOT / "boards" / board / "pins.py")))


def mechanism_pl_pulse(board: str = "pump_pico") -> int:
    """Picolitres a motor pulse of a board's mechanism."""
    return int(runpy.run_path(str(ROOT / "boards" / board / "mechanism.py"))["PL_PULSE"])


def standard_protocol() -> Path:
    """The shipped 12-step protocol file."""
    return ROOT / "host_tools" / "toleramp" / "protocols" / "bwh12-500mg.toml"

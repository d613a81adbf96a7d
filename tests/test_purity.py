"""The core knows no hardware, no clock and no file; the rooms keep their doors (DESIGN, one way for dependencies)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
FIRMWARE = CHECKOUT / "firmware"
MODULES = sorted(
    ".".join(path.relative_to(FIRMWARE).with_suffix("").parts)
    for room in ("pump", "oximeters")
    for path in (FIRMWARE / room).rglob("*.py")
    if path.name != "__init__.py"
)

# Imports the module while every import made from the core's own files is watched.
PROBE = """
import builtins, sys, hashlib, struct, binascii, zlib, array
blocked = {"machine", "rp2", "utime", "time", "os", "sys", "uos", "serial", "socket", "threading", "_thread", "random"}
blocked |= {"asyncio", "io", "pathlib", "datetime"}
real = builtins.__import__
def watched(name, globals=None, locals=None, fromlist=(), level=0):
    origin = (globals or {}).get("__name__", "").split(".")[0]
    if origin in ("pump", "oximeters") and name.split(".")[0] in blocked:
        raise ImportError("the core imports " + name)
    return real(name, globals, locals, fromlist, level)
builtins.__import__ = watched
sys.path.insert(0, sys.argv[1])
real(sys.argv[2])
"""


@pytest.mark.parametrize("module", MODULES)
def test_each_module_of_the_core_imports_without_hardware_clock_or_file(module: str) -> None:
    """Else what runs on the laptop is not what runs in the pump."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(FIRMWARE), module], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_the_probe_sees_a_forbidden_import(tmp_path: Path) -> None:
    """Else the test above passes whatever is imported."""
    (tmp_path / "pump").mkdir()
    (tmp_path / "pump" / "__init__.py").write_text("")
    (tmp_path / "pump" / "bad.py").write_text("import time\n")
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(tmp_path), "pump.bad"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0 and "the core imports time" in done.stderr


def test_the_rooms_keep_their_doors() -> None:
    """Else a host tool reaches into the emulator, or the core into a driver."""
    tool = Path(sys.executable).with_name("lint-imports")
    command = str(tool) if tool.exists() else shutil.which("lint-imports")
    if not command:
        pytest.skip("not run: no import-linter (pip install import-linter)")
    done = subprocess.run([command], cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]

"""The core knows no hardware, no clock and no file; the rooms keep their doors (DESIGN, one way for dependencies)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from toleramp_bench.runs.patience import patience_s

CHECKOUT = Path(__file__).parents[1]
FIRMWARE = CHECKOUT / "firmware"
MODULES = sorted(
    ".".join(path.relative_to(FIRMWARE).with_suffix("").parts)
    for room in ("pump", "oximeters")
    for path in (FIRMWARE / room).rglob("*.py")
    if path.name != "__init__.py"
)


def test_every_room_of_the_core_is_looked_at() -> None:
    """Else modules that moved into another folder are in no test below."""
    assert len(MODULES) >= 35 and {"pump.controller", "pump.guard.guard", "oximeters.nonin_df2"} <= set(MODULES)


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
        [sys.executable, "-c", PROBE, str(FIRMWARE), module],
        capture_output=True,
        text=True,
        timeout=patience_s(10),
        check=False,
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
        timeout=patience_s(10),
        check=False,
    )
    assert done.returncode != 0 and "the core imports time" in done.stderr


# -- the rooms' doors

# What breaks each contract: an import that would be wrong in this file.
BROKEN = {
    "core-is-pure": ("firmware/pump/delivery/delivery.py", "import time"),
    "guard-is-independent": ("firmware/pump/guard/guard.py", "from pump.senses.keys import Keys"),
    "session-without-guard": ("firmware/pump/session/held.py", "from pump.guard.guard import Guard"),
    "claim-imports-nothing": ("firmware/pump/claim.py", "from pump.tables import states"),
    "hardware-in-drivers": ("hil_tests/toleramp_bench/runs/judge.py", "from machine import Pin"),
    "host-without-bench": ("host_tools/toleramp/report/model.py", "import toleramp_bench.runs.judge"),
    "one-emulator-door": ("hil_tests/toleramp_bench/targets/rig.py", "from rp2040py.rp2040 import RP2040"),
}
PARTS = ("firmware/pump", "firmware/oximeters", "host_tools/toleramp", "hil_tests/toleramp_bench")


def lint_imports(checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs import-linter on a checkout: its own sources, whatever is installed."""
    paths = os.pathsep.join(str(checkout / room) for room in ("firmware", "host_tools", "hil_tests"))
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache", *options],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def contracts() -> list[str]:
    return re.findall(r"^\[importlinter:contract:(.+)\]", (CHECKOUT / ".importlinter").read_text("utf-8"), re.M)


def test_the_rooms_keep_their_doors() -> None:
    """Else a host tool reaches into the bench, or the core into a driver."""
    done = lint_imports(CHECKOUT)
    assert done.returncode == 0, done.stdout[-2000:]
    assert f"{len(contracts())} kept, 0 broken" in done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources alone, to plant imports in."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copy(CHECKOUT / ".importlinter", folder)
    for part in PARTS:
        shutil.copytree(CHECKOUT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.toml"))
    return folder


@pytest.mark.parametrize("contract", contracts())
def test_each_contract_fails_when_it_is_broken(contract: str, copy: Path) -> None:
    """Else a contract that watches the wrong rooms is kept whatever is imported."""
    place, planted = BROKEN[contract]
    path = copy / place
    before = path.read_text("utf-8")
    path.write_text(f"{before}\n\ndef planted():\n    {planted}\n", encoding="utf-8")
    try:
        done = lint_imports(copy, "--contract", contract)
    finally:
        path.write_text(before, encoding="utf-8")
    module = ".".join(Path(place).with_suffix("").parts[1:])
    assert done.returncode == 1 and "1 broken" in done.stdout and module in done.stdout, done.stdout[-2000:]


# -- circles


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other, directly or through others; sorted."""
    reached: dict[str, set[str]] = {}
    for module in imports:
        seen, ahead = set(), [module]
        while ahead:
            new = imports.get(ahead.pop(), set()) - seen
            seen |= new
            ahead += new
        reached[module] = seen
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached.get(other, ())))
        for module in imports
        if module in reached[module]
    }
    return [list(group) for group in sorted(groups)]


def imports_of(*packages: str) -> dict[str, set[str]]:
    """Who imports whom: each import counts, in a function or under TYPE_CHECKING too."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def test_no_modules_import_each_other() -> None:
    """Else one of them cannot be understood, tested or moved without the other."""
    found = imports_of("pump", "oximeters", "toleramp", "toleramp_bench")
    assert len(found) > 200 and circles(found) == []


def test_a_circle_is_seen() -> None:
    """Else the test above passes whatever imports what."""
    ring = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}
    assert circles(ring) == [["b", "c"]]


# -- the top


@pytest.mark.parametrize("package", ["host_tools/toleramp", "hil_tests/toleramp_bench"])
def test_the_top_of_a_package_stays_small(package: str) -> None:
    """Else modules pile up beside the rooms, and nobody finds a thing by its place."""
    assert 1 < len(list((CHECKOUT / package).glob("*.py"))) <= 8

"""The example labgrid environment: by labgrid's own loader where it is installed, else by its shape."""

from __future__ import annotations

import importlib.util
import os
import pty
import sys
from pathlib import Path

import pytest

from toleramp.errors import UserError
from toleramp_bench.boards.rig import labgrid_place
from toleramp_bench.places import ROOT

EXAMPLE = ROOT / "boards" / "rig_pico" / "labgrid" / "rig.yaml"
HERE = importlib.util.find_spec("labgrid") is not None


@pytest.mark.req("TST-1")
@pytest.mark.skipif(not HERE, reason="not run: no labgrid (pip install 'toleramp[labgrid]')")
def test_labgrid_makes_a_rig_of_it(tmp_path: Path) -> None:
    """Else the first person with a shared rig finds the typing errors."""
    lines = [pty.openpty() for _ in range(2)]
    names = [os.ttyname(slave) for _, slave in lines]
    ports = iter(names)
    text = [f"port: {next(ports)}" if "port: /dev" in row else row for row in EXAMPLE.read_text().splitlines()]
    indented = [
        " " * (len(old) - len(old.lstrip())) + new if new != old else new
        for old, new in zip(EXAMPLE.read_text().splitlines(), text, strict=True)
    ]
    path = tmp_path / "rig.yaml"
    path.write_text("\n".join(indented))
    target = labgrid_place.rig_target(path)
    assert target.name == "rig" and target.bench.places == (names[1], names[0])
    target.bench.close()
    with pytest.raises(UserError, match="no target 'other' in it"):
        labgrid_place.rig_target(path, "other")
    for ends in lines:
        for end in ends:
            os.close(end)


@pytest.mark.req("TST-1")
@pytest.mark.skipif(not HERE, reason="not run: no labgrid (pip install 'toleramp[labgrid]')")
@pytest.mark.parametrize("text", ["targets: [", "imports: toleramp_bench\n", "imports: [no.such.module]\n"])
def test_a_file_that_labgrid_cannot_use_is_one_line(tmp_path: Path, text: str) -> None:
    """Else a wrong indent ends in labgrid's traceback."""
    path = tmp_path / "rig.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match="no environment that labgrid can use") as raised:
        labgrid_place.environment(path)
    assert "\n" not in str(raised.value)


@pytest.mark.req("TST-1")
def test_the_example_has_the_shape_that_labgrid_wants() -> None:
    """Else the example is wrong wherever labgrid is not installed."""
    rows = [row for row in EXAMPLE.read_text().splitlines() if not row.lstrip().startswith("#")]
    shape = [(len(row) - len(row.lstrip()), row.split(":")[0].strip(" -")) for row in rows]
    top = [name for indent, name in shape if indent == 0]
    assert top == ["imports", "targets"]
    assert (2, "toleramp_bench.boards.rig.labgrid_driver") in shape and (2, "main") in shape
    assert [name for indent, name in shape if indent == 4] == ["resources", "drivers"]
    assert [name for indent, name in shape if indent == 6] == ["RawSerialPort", "RawSerialPort", labgrid_place.DRIVER]
    named = [row.split(":")[1].strip() for row in rows if row.strip().startswith("name:")]
    bound = [tuple(part.strip() for part in row.split(":")) for row in rows[-2:]]
    assert bound == [(name, name) for name in named] == [("pump", "pump"), ("rig", "rig")]
    driver = (ROOT / "hil_tests/toleramp_bench/boards/rig/labgrid_driver.py").read_text()
    assert f"class {labgrid_place.DRIVER}(" in driver


@pytest.mark.req("TST-1")
def test_without_labgrid_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an optional package is missed as a traceback."""
    monkeypatch.setitem(sys.modules, "labgrid", None)
    with pytest.raises(UserError, match=r"labgrid is not installed; pip install 'toleramp\[labgrid\]'"):
        labgrid_place.rig_target(EXAMPLE)

"""The build tool takes a board's own firmware where it has one, and its pages agree with its pins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from boards.build import frozen

from toleramp_bench.places import ROOT, pins

BOARDS = ROOT / "boards"


@pytest.mark.req("TST-1")
def test_a_board_with_a_firmware_of_its_own_gets_that(tmp_path: Path) -> None:
    """Else the rig's image holds the pump."""
    assert frozen.source_of(BOARDS / "pump_pico", ROOT / "firmware") == (ROOT / "firmware", frozen.PACKAGES)
    source, packages = frozen.source_of(BOARDS / "rig_pico", ROOT / "firmware")
    assert (source, packages) == (BOARDS / "rig_pico" / "firmware", ("rig",))
    contents = frozen.collect(source, BOARDS / "rig_pico", packages)
    assert {"main.py", "boot.py", "board_pins.py", "rig/line.py"} <= set(contents.frozen)
    assert not any(name.startswith("pump/") for name in contents.frozen)


@pytest.mark.req("TST-1")
def test_a_change_of_the_rigs_firmware_needs_no_build_from_scratch() -> None:
    """Else each edit costs a minute."""
    assert set(frozen.board_files(BOARDS / "rig_pico")) == {
        "manifest.py",
        "mpconfigboard.cmake",
        "mpconfigboard.h",
        "build/native_code.cmake",
        "build/native_code_on_words.h",
    }


@pytest.mark.req("TST-1")
def test_the_wiring_guide_names_the_pins_of_the_table() -> None:
    """Else somebody wires a relay to the wrong pin."""
    page = (BOARDS / "rig_pico" / "README.md").read_text()
    rows = dict(re.findall(r"^\| (\d+) \| (\w+) \|", page, re.MULTILINE))
    table = vars(pins("rig_pico"))
    listed = {name: int(number) for number, name in rows.items()}
    assert len(listed) >= 17
    assert all(table[name] == number for name, number in listed.items())
    pump = vars(pins())
    for net, number in re.findall(r"\b(START|CONFIRM|SILENCE|UP|DOWN)\b[^|]*\(GPIO (\d+)\)", page):
        assert pump[net] == int(number)

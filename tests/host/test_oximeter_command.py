"""`toleramp oximeter`: formats are named, one is set while nothing runs (VIT-2, SEC-1)."""

import json

import pytest
from fake_pump import FakePump

from oximeters.registry import module, parser
from pump.tables import messages as m
from pump.tables import oximeters
from pump.tables.oximeters import NAMES
from pump.tables.settings import OXIMETER
from toleramp import cli
from toleramp.oximeter import setting
from toleramp.words import formats
from toleramp_bench.boards.rig.oximeter_ahead import AheadWire
from toleramp_bench.devices.oximeter import Oximeter
from toleramp_bench.names import OXIMETERS

pytest_plugins = ("fake_pump",)
pytestmark = pytest.mark.usefixtures("world")


def said(fake: FakePump, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command says to whoever may connect an oximeter."""
    assert cli.main([*words, "--port", fake.port]) == 0
    return capsys.readouterr().out


def test_the_formats_are_those_of_the_pump(capsys: pytest.CaptureFixture[str]) -> None:
    """Else somebody orders an oximeter that the pump cannot read, or connects it at another rate."""
    assert cli.main(["oximeter", "formats"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "format" and [line.split()[0] for line in lines] == list(NAMES)
    for name, line in zip(NAMES, lines, strict=True):
        made = module(name)
        assert f" {made.BAUD} 8{ {None: 'N', 1: 'O', 0: 'E'}[made.PARITY] }1 " in line
        assert ("keep-alive each 5 s" in line) == ("start" in line) == bool(made.KEEP_ALIVE)
    assert len({line.index(formats.WORDS[row].devices) for row, line in enumerate(lines)}) == 1, "a column"


@pytest.mark.parametrize("form", range(len(NAMES)))
def test_a_reading_comes_as_often_as_the_list_says(form: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Else people wait for what has come, or take a slow device for a fast one. By the bench's device."""
    assert cli.main(["oximeter", "formats", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)[form]
    wire, read = AheadWire(0), parser(row["format"])
    device = Oximeter(wire, form=row["format"])
    device.hear(module(row["format"]).START)
    device.start()
    for second in range(1, 21):  # a device that has to be kept awake stays so for longer
        wire.advance(second * 1_000_000)
        for _, data in wire.collect():
            read.take(data, len(data))
    assert read.samples * row["every_s"] == pytest.approx(20, abs=3.1)
    assert row["started"] == device.must_be_started and bool(row["keep_alive_s"]) == device.must_be_started


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_format_is_set_by_its_name(fake: FakePump, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the pump waits for another one."""
    text = said(fake, capsys, "oximeter", "set", NAMES[number])
    asked = [fields for kind, fields in fake.seen if kind == m.SET[0]]
    assert [(each["setting"], each["value"]) for each in asked] == [(OXIMETER, number)]
    assert f"{NAMES[number]} is set and saved" in text and ("off and on" in text) == bool(number)


@pytest.mark.req("VIT-2", "ALM-2")
@pytest.mark.parametrize("command", [("oximeter", "set"), ("status",), ("monitor", "--timeout-s", "0.1")], ids=" ".join)
def test_what_is_set_and_what_is_read_are_told_apart(
    fake: FakePump, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    """Else a person trusts that the pump reads what has just been set, or sets it again and again."""
    same = said(fake, capsys, *command)
    assert "next power-on" not in same and (f"{NAMES[0]}, set and read since power-on" in same) == (len(command) < 3)
    fake.oximeter = [oximeters.BCI5, 0]
    waits = said(fake, capsys, *command)
    assert f"{NAMES[0]}, read since power-on; {OXIMETERS.BCI5} is set for the next power-on" in waits


@pytest.mark.req("VIT-2", "INT-2")
def test_a_setting_that_is_not_saved_is_told(
    fake: FakePump, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the pump reads the old format again after the next power-on, and nobody knows why."""
    fake.keeps = False
    monkeypatch.setattr(setting, "SAVED_S", 0.1)
    assert cli.main(["oximeter", "set", OXIMETERS.BCI5, "--port", fake.port]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "not saved" in err and "LOG LOST" in err
    assert "not saved" in said(fake, capsys, "status")


def test_a_name_that_is_none_is_told_with_those_there_are(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a slip is sent to the pump."""
    assert cli.main(["oximeter", "set", "nonin-df3", "--port", fake.port]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "nonin-df3" in said and all(name in said for name in NAMES)
    assert not [kind for kind, _ in fake.seen if kind == m.SET[0]]


@pytest.mark.req("SEC-1")
def test_in_a_session_nothing_is_set(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a laptop blinds a running pump."""
    fake.refuse[m.SET[0]] = ("busy", 0, 0)
    assert cli.main(["oximeter", "set", NAMES[0], "--port", fake.port]) == 2
    assert "a session runs" in capsys.readouterr().err

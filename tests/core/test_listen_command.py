"""`toleramp oximeter listen` and what `toleramp status` says of the oximeter's line, at a pump's core."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pump.io import CONFIRM
from pump.tables import oximeters
from pump.tables.oximeters import NAMES
from pump.tables.settings import OXIMETER
from toleramp import cli
from toleramp.device import ports
from toleramp.oximeter import listen as verb
from toleramp_bench.figures.listen import Case, CoreSearch

SLOW = Case(oximeters.BCI5, 5)  # a device of 4800 baud
MASIMO = Case(oximeters.MASIMO_ASCII, 1)
Pumps = Callable[[Case], CoreSearch]


class Port:
    """A serial port to a pump in virtual time, which passes while the client waits for bytes."""

    def __init__(self, pump: CoreSearch) -> None:
        self._pump, self._board = pump, pump.target.board

    def write(self, data: bytes) -> int:
        """Bytes on their way."""
        self._board.to_pump += data
        return len(data)

    @property
    def in_waiting(self) -> int:
        """Bytes that have come."""
        return len(self._board.sent)

    def read(self, count: int) -> bytes:
        """So many bytes at the most; while there is none, a scan passes."""
        if not self._board.sent:
            self._pump.scan()
        data = bytes(self._board.sent[:count])
        del self._board.sent[:count]
        return data

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def pumps(monkeypatch: pytest.MonkeyPatch) -> Pumps:
    """Makes the pump of a case, for tools to find at the port "core"."""

    def made(case: Case) -> CoreSearch:
        pump = CoreSearch(case)
        monkeypatch.setattr(ports, "open_port", lambda *_: Port(pump))
        monkeypatch.setattr(verb.time, "sleep", lambda seconds: pump.pass_us(round(seconds * 1e6)))
        return pump

    return made


def listen(*options: str) -> int:
    """Runs the command."""
    return cli.main(["oximeter", "listen", "--port", "core", *options])


@pytest.mark.req("VIT-2", "SEC-1")
def test_it_proposes_and_sets_nothing(pumps: Pumps, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a laptop that only asks changes what the pump reads."""
    pump = pumps(MASIMO)
    assert listen() == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith("masimo-ascii at 9600 8N1; the pump is set to nellcor-ascii.")
    assert said[-1].endswith("Next: toleramp oximeter set masimo-ascii")
    assert NAMES[pump.target.brain.controller.settings.values[OXIMETER]] == MASIMO.other
    assert cli.main(["oximeter", "set", "masimo-ascii", "--port", "core"]) == 0, "the next step that it names"
    assert pump.target.brain.controller.settings.values[OXIMETER] == oximeters.MASIMO_ASCII
    capsys.readouterr()
    assert listen() == 0
    assert "as the pump is set for its next power-on: switch the pump off and on\n" in capsys.readouterr().out
    pump.target.brain.controller.settings.begun[OXIMETER] = oximeters.MASIMO_ASCII
    assert listen() == 0 and capsys.readouterr().out.endswith("masimo-ascii at 9600 8N1, as the pump is set\n")


@pytest.mark.req("VIT-2")
def test_what_is_set_and_what_is_read_are_told_apart(pumps: Pumps, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the pump says that it reads what it was told a moment ago, which counts from its next power-on."""
    pumps(MASIMO)
    read = MASIMO.other
    for arguments, text in (
        (["status"], f"oximeter {read}, set and read since power-on\n"),
        (["oximeter", "set", "bci5"], "bci5 is set and saved, and counts from the next power-on: switch the pump off"),
        (["status"], f"oximeter {read}, read since power-on; bci5 is set for the next power-on\n"),
        (["oximeter", "set"], f"{read}, read since power-on; bci5 is set for the next power-on\n"),
        (["oximeter", "set", read], f"{read} is set and saved; the pump reads it already, since power-on\n"),
    ):
        assert cli.main([*arguments, "--port", "core"]) == 0
        assert text in capsys.readouterr().out


@pytest.mark.req("VIT-2")
def test_ctrl_c_ends_the_pump_s_search_too(
    pumps: Pumps, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the pump goes on with it after the person has left, and does not read its oximeter."""
    pump, looks = pumps(SLOW), 0

    def sleep(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise KeyboardInterrupt
        pump.pass_us(round(seconds * 1e6))

    monkeypatch.setattr(verb.time, "sleep", sleep)
    assert listen() == 130
    out, err = capsys.readouterr()
    assert not out and err == "interrupted; the pump's search is ended, its line is as set\n"
    assert not pump.target.brain.controller.oximeter.searches


@pytest.mark.req("VIT-2")
def test_it_sets_what_it_found_when_a_person_asks_for_that(pumps: Pumps, capsys: pytest.CaptureFixture[str]) -> None:
    """Else --set does nothing."""
    pump = pumps(MASIMO)
    assert listen("--set", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["line"], told["readable"], told["set"]) == (
        "masimo-ascii", "9600 8N1", True, "masimo-ascii",
    )  # fmt: skip
    assert (told["reads"], told["kept"]) == ("nellcor-ascii", True)
    assert told["lines"][0]["first"] and told["lines"][0]["bytes"] > 0
    assert pump.target.brain.controller.settings.values[OXIMETER] == oximeters.MASIMO_ASCII


@pytest.mark.req("VIT-2")
def test_a_device_at_settings_that_the_pump_does_not_have_is_told_as_that(
    pumps: Pumps, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a person sets a format that the pump then cannot read."""
    pump = pumps(SLOW)
    was = list(pump.target.brain.controller.settings.values)
    assert listen("--set") == 1
    said = capsys.readouterr().out
    assert "bci5 at 4800 8N1: this pump reads it at 19200 8O1 alone" in said
    assert said.count("of no format; they begin ") == 4 and said.count("damaged as by another line setting") >= 3
    assert pump.target.brain.controller.settings.values == was


@pytest.mark.req("VIT-2")
def test_silence_is_told_as_silence(pumps: Pumps, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a person looks for a setting where a cable is out."""
    pumps(MASIMO).target.oximeter.cable_out = True
    assert listen() == 1
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 6 and all(": nothing in " in line for line in said[:-1])
    assert "nothing came at all" in said[-1]


@pytest.mark.req("ALM-2", "SES-1")
def test_a_key_at_the_pump_is_told(pumps: Pumps, capsys: pytest.CaptureFixture[str]) -> None:
    """Else it looks as if the search had failed."""
    pump = pumps(SLOW)
    pump.target.board.at_us(pump.target.now_us + 2_000_000, lambda: pump.target.board.key(CONFIRM, True))
    assert listen() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "a key is down at the pump" in said


@pytest.mark.req("ALM-7")
def test_a_watched_patient_is_told(pumps: Pumps, capsys: pytest.CaptureFixture[str]) -> None:
    """Else nobody knows how to get on."""
    pump = pumps(MASIMO)
    pump.target.brain.controller.conditions.monitoring.on = True
    assert listen() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "a patient is still watched" in said and "CONFIRM twice" in said


@pytest.mark.req("VIT-2", "ALM-2")
@pytest.mark.parametrize(
    ("out", "words"),
    [
        (False, "; BAD FORMAT: bytes come on the oximeter's line, and none are of the format that is set; `toleramp"),
        (True, "; NO BYTES: nothing comes on the oximeter's line"),
    ],
)
def test_status_says_what_comes_instead_of_readings(
    out: bool, words: str, pumps: Pumps, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a person with a wrong format sees dashes, and changes the probe, or looks for the screen's word in vain."""
    pump = pumps(MASIMO)
    pump.target.oximeter.cable_out = out
    pump.pass_us(7_000_000)
    assert cli.main(["status", "--port", "core"]) == 0
    said = capsys.readouterr().out
    assert words in said and "SpO2 -- %  pulse --/min" in said
    pump.target.oximeter.cable_out = False
    pump.target.oximeter.swap(MASIMO.other)
    pump.pass_us(6_000_000)
    assert cli.main(["status", "--port", "core"]) == 0
    assert words not in capsys.readouterr().out

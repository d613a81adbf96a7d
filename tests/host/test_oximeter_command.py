"""`toleramp oximeter`: formats are named, one is set while nothing runs (VIT-2, SEC-1)."""

import pytest
from fake_pump import FakePump

from pump.tables import messages as m
from pump.tables.oximeters import NAMES
from pump.tables.settings import OXIMETER
from toleramp import cli

pytest_plugins = ("fake_pump",)
pytestmark = pytest.mark.usefixtures("world")


def test_the_formats_are_those_of_the_pump(capsys: pytest.CaptureFixture[str]) -> None:
    """Else somebody orders an oximeter that the pump cannot read."""
    assert cli.main(["oximeter", "formats"]) == 0
    assert capsys.readouterr().out.split() == list(NAMES)


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_format_is_set_by_its_name(fake: FakePump, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the pump waits for another one."""
    assert cli.main(["oximeter", "set", NAMES[number], "--port", fake.port]) == 0
    asked = [fields for kind, fields in fake.seen if kind == m.SET[0]]
    assert [(each["setting"], each["value"]) for each in asked] == [(OXIMETER, number)]
    assert "off and on" in capsys.readouterr().out


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

"""Limits beyond a rule, or that leave no room between them: refused with the line and the right value (PRO-6)."""

import json

import pytest
from approval_kit import SAMPLE, Office

from toleramp.protocol.lines import line_of, tables_of

pytest_plugins = ("approval_kit",)
TEXT = SAMPLE.read_text("utf-8")


def line(text: str, nth: int = 1) -> int:
    """The line of the sample that begins with this text."""
    return [number for number, row in enumerate(TEXT.splitlines(), 1) if row.startswith(text)][nth - 1]


@pytest.mark.req("PRO-6", "SES-6", "SES-7")
@pytest.mark.parametrize(
    ("old", "new", "right"),
    [
        ("decision_after_count = 3", "decision_after_count = 10", "write 1 to 3"),
        ("decision_after_count = 3", "decision_after_count = 4", "write 1 to 3"),
        ("min_hold_min = 0", "min_hold_min = 120", "write at most 119"),
        ("min_hold_min = 0", "min_hold_min = 121", "write at most 119"),
        ("tolerance_gap_h = 48", "tolerance_gap_h = 49", "write 1 to 48"),
        ("max_hold_min = 120", "max_hold_min = 0", "write 1 to 1440"),
    ],
)
def test_limits_without_room_are_refused(
    office: Office, capsys: pytest.CaptureFixture[str], old: str, new: str, right: str
) -> None:
    """Else the tenth reaction still offers a resume, or a hold never reaches the minute in which it may end."""
    office.change(old, new)
    assert office.run("protocol", "check", office.file, "--json") == 1
    rows = [row for row in json.loads(capsys.readouterr().out)["findings"] if row["severity"] == "error"]
    assert [row["line"] for row in rows] == [line(old.split(" = ")[0])]
    assert right in rows[0]["message"]
    assert office.run("protocol", "check", office.file) == 1
    assert f"(line {line(old.split(' = ')[0])})" in capsys.readouterr().out


@pytest.mark.req("PRO-6", "SES-6")
@pytest.mark.parametrize("new", ["decision_after_count = 1", "min_hold_min = 119", "tolerance_gap_h = 24"])
def test_limits_with_room_are_taken(office: Office, capsys: pytest.CaptureFixture[str], new: str) -> None:
    """Else a careful prescriber is refused."""
    key = new.split(" = ")[0]
    office.change(TEXT.splitlines()[line(key) - 1], new)
    assert office.run("protocol", "check", office.file) == 0


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("where", "message", "wanted"),
    [
        ("step 9", "the dose rate rises", line("[[step]]", 9)),
        ("step 9, rate_ml_h", "'x' is not a number", line("rate_ml_h", 9)),
        ("solution 2", "dilution 1:10 does not fit the drug in bag B", line("dilution", 2)),
        ("solution 2, code", "too long", line("code", 2)),
        ("reaction", "min_hold_min 120 leaves no minute", line("min_hold_min")),
        ("top level", "unknown key format", line("format")),
        ("approval", "not approved", None),
    ],
)
def test_each_place_has_its_line(where: str, message: str, wanted: int | None) -> None:
    """Else people count steps on the screen, and mend the wrong one."""
    assert line_of(tables_of(TEXT), where, message) == wanted

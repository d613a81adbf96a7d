"""Codes of bags in a protocol file (PRO-8): none looks like another, each can be shown by the pump."""

import json

import pytest
from approval_kit import Office

pytest_plugins = ("approval_kit",)


def found(office: Office, capsys: pytest.CaptureFixture[str], code: str, new: str) -> list[dict[str, str]]:
    """The errors of the sample with another code in its second bag."""
    office.change(f'code = "{code}"', f'code = "{new}"')
    status = office.run("protocol", "check", office.file, "--json")
    rows = json.loads(capsys.readouterr().out)["findings"]
    errors = [row for row in rows if row["severity"] == "error"]
    assert status == (1 if errors else 0)
    return errors


@pytest.mark.req("PRO-8", "PRO-6")
@pytest.mark.parametrize("code", ["TLR-A-OOO1", "tlr-a-0001", "TLR-A-000I", "TLR-A-000l", "TLR -A-0001", "TLR-A-0001"])
def test_two_codes_that_look_alike_are_refused(office: Office, capsys: pytest.CaptureFixture[str], code: str) -> None:
    """Else two bags hang side by side that nobody can tell apart by what the pump asks for."""
    errors = found(office, capsys, "TLR-B-0001", code)
    assert [(row["code"], row["where"]) for row in errors] == [("duplicate", "solution 2")]
    assert "solution 1" in errors[0]["message"]


@pytest.mark.req("PRO-8", "PRO-6")
@pytest.mark.parametrize(
    ("code", "right"),
    [("TLR-B-0001 ", "as TLR-B-0001,"), ("  TLR-B", "as TLR-B,"), ("Beutel Ä", "as Beutel,"), ("A  B", "as A B,")],
)
def test_what_the_pump_cannot_show_is_refused(
    office: Office, capsys: pytest.CaptureFixture[str], code: str, right: str
) -> None:
    """Else the right bag is called wrong for a blank that nobody sees."""
    errors = found(office, capsys, "TLR-B-0001", code)
    assert [(row["code"], row["where"]) for row in errors] == [("range", "solution 2")]
    assert right in errors[0]["message"]


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("code", ["TLR-B-0001", "Bag 12/a", "b"])
def test_other_codes_are_taken(office: Office, capsys: pytest.CaptureFixture[str], code: str) -> None:
    """Else a ward's own labels cannot be used."""
    assert found(office, capsys, "TLR-B-0001", code) == []

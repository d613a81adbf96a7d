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


@pytest.mark.req("PRO-8", "PRO-6")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("S1-A", "51-A"), ("B1-A", "81-A"), ("W1-A", "VV1-A"), ("Z1-A", "21-A"), ("X-1", "X_1"), ("X-1", "X1"),
        ("X 1", "X.1"), ("12-3", "1-23"), ("T-1", "T-12"), ("T-123", "T-12"), ("t1", "T-10"),
    ],
)  # fmt: skip
def test_codes_alike_to_the_eye_or_one_the_other_s_beginning(
    office: Office, capsys: pytest.CaptureFixture[str], one: str, other: str
) -> None:
    """Else the wrong one of two bags is hung, and whoever reads both codes nods."""
    office.change('code = "TLR-A-0001"', f'code = "{one}"')
    errors = found(office, capsys, "TLR-B-0001", other)
    assert [(row["code"], row["where"]) for row in errors] == [("duplicate", "solution 2")]
    assert other in errors[0]["message"] and "solution 1" in errors[0]["message"]


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize(("one", "other"), [("T-1", "T-2"), ("T-21", "T-12"), ("A1T", "T-1"), ("weak", "strong")])
def test_codes_that_differ_are_taken(office: Office, capsys: pytest.CaptureFixture[str], one: str, other: str) -> None:
    """Else no ward finds a code that passes."""
    office.change('code = "TLR-A-0001"', f'code = "{one}"')
    assert found(office, capsys, "TLR-B-0001", other) == []


@pytest.mark.req("PRO-8", "PRO-6")
def test_exchanged_codes_are_an_error_that_names_both_bags(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else bag B hangs in the place of bag A, ten times as strong, and its scan is called right."""
    office.change('code = "TLR-A-0001"', 'code = "TLR-X-0001"')
    office.change('code = "TLR-B-0001"', 'code = "TLR-A-0001"')
    errors = found(office, capsys, "TLR-X-0001", "TLR-B-0001")
    assert [(row["code"], row["where"]) for row in errors] == [("duplicate", "solution 1"), ("duplicate", "solution 2")]
    assert "code TLR-B-0001 of bag A bears the letter of bag B" in errors[0]["message"]
    assert "code TLR-A-0001 of bag B bears the letter of bag A" in errors[1]["message"]


@pytest.mark.req("PRO-8", "PRO-6")
@pytest.mark.parametrize(("code", "refused"), [("tlr-c-77", True), ("TLR-X-77", False), ("LOT-C-77", False)])
def test_only_the_house_s_form_is_held_to_its_letter(
    office: Office, capsys: pytest.CaptureFixture[str], code: str, refused: bool
) -> None:
    """Else a ward's own labels are refused, or one exchanged code passes beside two right ones."""
    assert len(found(office, capsys, "TLR-B-0001", code)) == refused

"""A number written as no number: the remedy names the number in the key's own unit, never a thousandfold (PRO-6)."""

import json
from pathlib import Path

import pytest
from approval_kit import Office

from toleramp import cli
from toleramp.protocol.keys import KEYS
from toleramp.words.quoted import in_line, instead

pytest_plugins = ("approval_kit",)


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("full_dose_mg", "280 mcg", "280 mcg are 0.28 mg: write full_dose_mg = 0.28"),
        ("full_dose_mg", "280µg", "280 mcg are 0.28 mg: write full_dose_mg = 0.28"),
        ("full_dose_mg", "280 micrograms", "280 mcg are 0.28 mg: write full_dose_mg = 0.28"),
        ("drug_mg", "0.5 g", "0.5 g are 500 mg: write drug_mg = 500"),
        ("dose_mg", "4 nanograms", "4 ng are 0.000004 mg: write dose_mg = 0.000004"),
        ("printed_dose_mg", "4 ug", "4 mcg are 0.004 mg: write printed_dose_mg = 0.004"),
        ("volume_ml", "5 uL", "5 uL are 0.005 mL: write volume_ml = 0.005"),
        ("rate_ml_h", "2 mL/min", "2 mL/min are 120 mL/h: write rate_ml_h = 120"),
        ("minutes", "0.25 h", "0.25 h are 15 min: write minutes = 15"),
        ("full_dose_mg", "280 mg", "write full_dose_mg = 280"),
        ("full_dose_mg", "280", "write full_dose_mg = 280"),
        ("full_dose_mg", "0,28 g", "0.28 g are 280 mg: write full_dose_mg = 280"),
        ("dose_u", "2 IU", "write dose_u = 2"),
    ],
)
def test_the_number_is_worked_out_in_the_unit_of_the_key(key: str, text: str, said: str) -> None:
    """Else somebody takes the quotation marks and the unit off, as told, and gives a thousandfold."""
    assert instead(key, text) == said


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("full_dose_mg", "280 IU", "IU is another quantity than mg, nothing is converted"),
        ("full_dose_u", "5 mg", "mg is another quantity than U, nothing is converted"),
        ("full_dose_mg", "5 mg/kg", "mg/kg is another quantity than mg, nothing is converted"),
        ("full_dose_mg", "3 million U", "million U is no unit that is known here"),
        ("full_dose_mg", "5 mU", "mU is no unit that is known here"),
        ("full_dose_mg", "1'000 mcg", "a number of mg, without quotation marks"),
        ("full_dose_mg", "1,000", "decimals or thousands? write full_dose_mg = 1.000 (decimal point) or 1000, in mg"),
    ],
)
def test_what_cannot_be_converted_is_not(key: str, text: str, said: str) -> None:
    """Else a number comes out that nobody can stand for."""
    found = instead(key, text)
    assert said in found and "= 280" not in found and "= 5" not in found


@pytest.mark.req("PRO-6")
def test_every_number_of_a_file_has_such_a_remedy() -> None:
    """Else one key of one table was forgotten."""
    for table in KEYS.values():
        for key, (kind, _) in table.items():
            if kind in ("number", "whole"):
                assert "the key" in instead(key, "7 foo") or "is no unit" in instead(key, "7 foo")
                assert instead(key, "7") == f"write {key} = 7"


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("full_dose_mg = 500.0", 'full_dose_mg = "280 mcg"', "280 mcg are 0.28 mg: write full_dose_mg = 0.28"),
        ("drug_mg = 5.0", 'drug_mg = "5 g"', "5 g are 5000 mg: write drug_mg = 5000"),
        ("line_dead_volume_ml = 0.3", 'line_dead_volume_ml = "300 uL"', "write line_dead_volume_ml = 0.3"),
        ("max_hold_min = 120", 'max_hold_min = "2 h"', "2 h are 120 min: write max_hold_min = 120"),
    ],
)
def test_check_says_it(office: Office, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str) -> None:
    """Else the words are there and nobody reads them."""
    office.change(old, new)
    assert office.run("protocol", "check", office.file, "--json") == 1
    messages = [row["message"] for row in json.loads(capsys.readouterr().out)["findings"]]
    assert any(message.endswith(said) for message in messages), messages


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("rate_ml_h = 5,0", "write rate_ml_h = 5.0"),
        ("rate_ml_h = .6", "write rate_ml_h = 0.6"),
        ("rate_ml_h = 5.  # slow", "write rate_ml_h = 5"),
        ("rate_ml_h = 5 mL/h", "write rate_ml_h = 5"),
        ("rate_ml_h = 2 mL/min", "2 mL/min are 120 mL/h: write rate_ml_h = 120"),
        ("rate_ml_h = 1,250", "1.250 (decimal point) or 1250, in mL/h"),
    ],
)
def test_a_number_that_is_no_toml_names_its_line_and_the_number(
    office: Office, capsys: pytest.CaptureFixture[str], new: str, said: str
) -> None:
    """Else a decimal comma costs half an hour before the first dose, or a guess."""
    office.change("rate_ml_h = 2.0", new)
    line = Path(office.file).read_text("utf-8").splitlines().index(new) + 1
    assert cli.main(["protocol", "check", str(office.file)]) == 2
    error = capsys.readouterr().err
    assert f", line {line}" in error and said in error and len(error.splitlines()) == 1


@pytest.mark.req("PRO-6")
def test_a_text_without_end_is_answered_at_once(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a damaged file keeps the laptop busy until somebody pulls the plug."""
    office.change("full_dose_mg = 500.0", f'full_dose_mg = "{"1" * 100_000}x1"')
    assert office.run("protocol", "check", office.file) == 1
    assert "a number of mg, without quotation marks" in capsys.readouterr().out


def test_other_lines_have_no_such_remedy() -> None:
    """Else a broken text is told to be a number."""
    assert in_line('name = "x') == "" and in_line("[protocol") == "" and in_line("") == ""


@pytest.mark.req("PRO-6")
def test_a_date_without_a_time_is_told_in_words(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a pharmacist reads a programming language."""
    office.change("drug_mg = 5.0", "drug_mg = 5.0\nprepared_at = 2026-11-29\nexpires_h = 8")
    assert office.run("protocol", "check", office.file) == 1
    out = capsys.readouterr().out
    assert "2026-11-29 is not a time; write a date with its time and offset" in out and "datetime" not in out

"""`protocol check`: rules beside faults of the file, dilutions, dates, units of printed cells, what is not proven."""

import json
from pathlib import Path
from typing import Any

import pytest
from approval_kit import Office

import toleramp
from toleramp import cli

pytest_plugins = ("approval_kit",)
SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
NOW = ("--now", "2026-11-22T08:00:00+01:00")


def check(folder: Path, capsys: pytest.CaptureFixture[str], *changes: tuple[str, str]) -> tuple[int, list[Any]]:
    """Exit code and findings of the sample with texts replaced, its approval left out."""
    text = SAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "deep.toml"
    path.write_text(text, "utf-8")
    code = cli.main(["protocol", "check", str(path), "--json", *NOW])
    rows = json.loads(capsys.readouterr().out)["findings"]
    return code, [
        (row["code"], row["where"], row["severity"], row["message"]) for row in rows if row["code"] != "approval"
    ]


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize(
    ("slip", "code", "where"),
    [
        (("[reaction]", "[reacton]"), "unknown-key", "top level"),
        (('id = "A"', 'id = "A"\ndilutent = "water"'), "unknown-key", "solution 1"),
        (("spo2_stop_fall = 4", "spo2_stop_fall = 99"), "range", "monitoring, spo2_stop_fall"),
        (("[monitoring]", "[flush]\nvolume_ml = 20\n[monitoring]"), "missing", "flush"),
    ],
)
def test_the_rules_are_judged_beside_a_fault_that_leaves_the_dose_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], slip: tuple[str, str], code: str, where: str
) -> None:
    """Else the second fault shows only when the first is mended."""
    steep = ("rate_ml_h = 5.0", "rate_ml_h = 50.0")
    status, rows = check(tmp_path, capsys, slip, steep)
    assert status == 1 and (code, where) in {row[:2] for row in rows}
    assert ("ratio-exceeded", "step 2") in {row[:2] for row in rows}


@pytest.mark.req("PRO-6")
def test_nothing_is_judged_of_a_dose_that_was_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else what follows from the fault is told as faults of their own."""
    status, rows = check(tmp_path, capsys, ("drug_mg = 50.0", "drug_mg = 0"))
    assert status == 1 and len(rows) == 1 and rows[0][1].startswith("solution 2")


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    "slip", [("full_dose_mg = 500", "full_dose_mg = 5000"), ("drug_mg = 496.065", "drug_mg = 49.6065")]
)
def test_a_last_step_of_litres_is_told_with_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], slip: tuple[str, str]
) -> None:
    """Else "out of bounds" sends people looking everywhere."""
    status, rows = check(tmp_path, capsys, slip)
    assert status == 1 and [row[:2] for row in rows] == [("range", "step 12")]
    assert "the rest of the full dose is 2" in rows[0][3] and "at most 1000 mL" in rows[0][3]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("dilution", "severity"),
    [("1:100", ""), ("1 : 100", ""), ("1:10", "error"), ("1:1000", "error"), ("1:0", "warning"), ("banana", "warning")],
)
def test_a_dilution_fits_its_bag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dilution: str, severity: str
) -> None:
    """Else the label's dilution and its milligrams contradict each other. Bag A holds a hundredth of the dose."""
    text = SAMPLE.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("dilution"))
    _, rows = check(tmp_path, capsys, (line, f'dilution = "{dilution}"'))
    assert [row[1:3] for row in rows if row[0] == "dilution"] == ([("solution 1", severity)] if severity else [])


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize(
    ("prepared", "severity"),
    [
        ("2026-11-22T07:59:00+01:00", ""),
        ("2026-11-22T09:00:00+01:00", "warning"),
        ("2026-11-24T08:01:00+01:00", "error"),
        ("2027-11-22T07:00:00+01:00", "error"),
    ],
)
def test_a_bag_is_prepared_before_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prepared: str, severity: str
) -> None:
    """Else a slip in the year keeps an expired bag good."""
    _, rows = check(tmp_path, capsys, ('id = "A"', f'id = "A"\nprepared_at = "{prepared}"\nexpires_h = 24'))
    found = [row[1:3] for row in rows if row[0] == "expired"]
    assert found == ([("solution 1", severity)] if severity else [])


@pytest.mark.req("PRO-6")
def test_printed_doses_are_in_the_protocols_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a table in mg is compared with units."""
    _, rows = check(tmp_path, capsys, ("rate_ml_h = 2.0", "printed_dose_u = 0.01\nrate_ml_h = 2.0"))
    assert [row[:2] for row in rows] == [("unit", "step 1")] and "printed_dose_mg" in rows[0][3]
    text = SAMPLE.read_text("utf-8").replace("_mg = ", "_u = ").replace('dose_unit = "mg"', 'dose_unit = "U"')
    path = tmp_path / "units.toml"
    for key, wrong in (("printed_dose_u = 0.01", False), ("printed_cumulative_u = 0.02", True)):
        path.write_text(text.replace("rate_ml_h = 2.0", f"{key}\nrate_ml_h = 2.0", 1), "utf-8")
        assert cli.main(["protocol", "check", str(path)]) == wrong
        assert ("printed-mismatch" in capsys.readouterr().out) == wrong


@pytest.mark.req("PRO-6")
def test_a_printed_cell_with_an_exponent_is_no_rounder_than_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else 5e2 agrees with 461.34."""
    _, rows = check(tmp_path, capsys, ("rate_ml_h = 80.0", "printed_dose_mg = 5e2\nrate_ml_h = 80.0"))
    assert [row[0] for row in rows] == ["printed-mismatch"]


@pytest.mark.req("PRO-1", "PRO-6")
def test_what_is_out_of_order_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else three different slips read alike."""
    _, rows = check(tmp_path, capsys, ("rate_ml_h = 10.0", "rate_ml_h = 4.0"))
    assert any(row[0] == "order" and "the dose rate falls" in row[3] for row in rows)
    text = SAMPLE.read_text("utf-8")
    _, rows = check(
        tmp_path, capsys, (text[text.index("[[step]]") :], text[text.index("[[step]]") :].replace('"B"', '"C"', 4))
    )
    assert ("bag-sum", "protocol", "warning", "bag B is drawn by no step") in rows
    _, rows = check(tmp_path, capsys, ("volume_ml = 250.0", "volume_ml = 5.0"))
    assert any(row[0] == "bag-short" and row[3].startswith("bag A holds 5 mL; up to this step") for row in rows)


@pytest.mark.req("PRO-1", "SES-1")
def test_signatures_are_not_proven_by_the_check(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else 64 zeros look like an approval."""
    assert office.sign("afischer") == 0 and office.sign("bmeier") == 0
    capsys.readouterr()
    assert cli.main(["protocol", "check", str(office.file)]) == 0
    assert "signed by afischer as author and bmeier as verifier: proven by" in capsys.readouterr().out

"""`protocol diff`: differences by their meaning, steps aligned."""

import json
from pathlib import Path

import pytest

import toleramp
from toleramp import cli

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
LAST = "rate_ml_h = 80.0\nto_full_dose"


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """The sample with texts replaced."""
    text = SAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "other.toml"
    path.write_text(text, "utf-8")
    return path


def rows(a: Path, b: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[tuple[str, str], tuple[str, str]]]:
    """Exit code, and (where, what) -> values."""
    code = cli.main(["protocol", "diff", str(a), str(b), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["alike"] == (code == 0)
    return code, {(row["where"], row["what"]): (row["a"], row["b"]) for row in document["differences"]}


def test_the_same_file_is_alike(capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(SAMPLE, SAMPLE, capsys) == (0, {})
    assert cli.main(["protocol", "diff", str(SAMPLE), str(SAMPLE)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "alike"


def test_another_way_to_write_a_number_or_a_comment_is_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = changed(
        tmp_path, ("full_dose_mg = 500.0", "full_dose_mg = 500  # ordered"), ("minutes = 15.0", "minutes=15")
    )
    assert rows(SAMPLE, other, capsys) == (0, {})


def test_a_step_inserted_before_the_last_shifts_but_does_not_change_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step = 'rate_ml_h = 60.0\nminutes = 15.0\n\n[[step]]\nsolution = "C"\n'
    code, found = rows(SAMPLE, changed(tmp_path, (LAST, step + LAST)), capsys)
    assert code == 1
    # 15 mL at 60 mL/h in 15 min; 496.065 mg in 250 mL: 29.7639 mg; the last gives 217.5 mL instead of 232.5.
    assert found[("step 12", "inserted")] == ("", "bag C, 60 mL/h for 15 min, 29.7639 mg")
    assert ("step 12 (now 13)", "rate") not in found
    assert found[("step 12 (now 13)", "volume")] == ("232.5 mL", "217.5 mL (-6.45 %)")
    assert found[("all steps", "total time")] == ("339.375 min", "343.125 min (+1.1 %)")  # + 15 - 15 mL / 80 mL/h
    assert ("all steps", "total dose") not in found


def test_removed_step_and_changed_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    step = '[[step]]\nsolution = "A"\nrate_ml_h = 2.0\nminutes = 15.0\n'
    code, found = rows(SAMPLE, changed(tmp_path, (step, ""), (LAST, LAST.replace("80", "75"))), capsys)
    assert code == 1
    assert found[("step 1", "removed")] == ("bag A, 2 mL/h for 15 min, 0.01 mg", "")
    assert found[("step 12 (now 11)", "rate")] == ("80 mL/h", "75 mL/h (-6.25 %)")
    assert not [where for where, _ in found if where.startswith("step 5")]


def test_bags_and_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = changed(
        tmp_path,
        ("drug_mg = 50.0", "drug_mg = 49.0"),
        ("TLR-B-0001", "TLR-B-0002"),
        ("glucose 5 %", "saline"),
        ("spo2_stop_percent = 92", "spo2_stop_percent = 90"),
        ("insert_allowed = true", "insert_allowed = false"),
    )
    _, found = rows(SAMPLE, other, capsys)
    assert found[("bag B", "drug")] == ("50 mg", "49 mg (-2 %)")
    assert found[("bag B", "concentration")] == ("0.2 mg/mL", "0.196 mg/mL (-2 %)")
    assert found[("bag B", "code")] == ("TLR-B-0001", "TLR-B-0002")
    assert found[("bag A", "diluent")] == ("glucose 5 %", "saline")
    assert found[("limits", "SpO2 stop limit")] == ("92 %", "90 %")
    assert found[("limits", "inserted steps")] == ("allowed", "not allowed")
    assert found[("step 5", "dose")] == ("0.25 mg", "0.245 mg (-2 %)")
    assert ("step 5", "rate") not in found


@pytest.mark.req("PRO-6", "SES-5")
def test_the_bag_offered_first_and_signatures_in_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a signature fills two lines of the page, and the wish to hang bags again is lost."""
    other = changed(tmp_path, ("insert_allowed = true", 'insert_allowed = true\nboundary = "rehang"'))
    digest = "0f" * 32
    other.write_text(other.read_text("utf-8") + f'\n[approval]\nauthor = "bm"\ndigest = "{digest}"\n', "utf-8")
    _, found = rows(SAMPLE, other, capsys)
    assert found[("limits", "bag offered first when going back")] == ("the one that hangs", "the step's own")
    assert found[("approval", "digest")] == ("", "0f0f0f0f...")


def test_what_the_pump_does_not_get_still_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = changed(tmp_path, ('route = "IV"', 'route = "IO"'))
    assert rows(SAMPLE, other, capsys) == (1, {("protocol", "route"): ("IV", "IO")})
    assert cli.main(["protocol", "diff", str(SAMPLE), str(other)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "different, but the pump gets the same from both"


def test_a_missing_file_is_one_line_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["protocol", "diff", str(SAMPLE), str(tmp_path / "none.toml")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "none.toml" in err

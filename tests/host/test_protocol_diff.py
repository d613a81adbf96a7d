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


# -- units, digits, and every key


@pytest.mark.req("PRO-6")
def test_each_side_has_its_own_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else 5 mg is read as 5 U, and a percentage compares what cannot be compared."""
    other = tmp_path / "u.toml"
    text = SAMPLE.read_text("utf-8").replace('dose_unit = "mg"', 'dose_unit = "U"')
    other.write_text(text.replace("full_dose_mg = 500.0", "full_dose_u = 500.0").replace("drug_mg", "drug_u"), "utf-8")
    assert cli.main(["protocol", "diff", str(SAMPLE), str(other)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "protocol: dose unit mg -> U"
    for line in (
        "protocol: full dose 500 mg -> 500 U",
        "bag A: drug 5 mg -> 5 U",
        "bag A: concentration 0.02 mg/mL -> 0.02 U/mL",
        "step 1: dose 0.01 mg -> 0.01 U",
        "all steps: total dose 500 mg -> 500 U",
    ):
        assert line in lines
    assert not any("%)" in line for line in lines)
    assert not any("full_dose" in line or "drug_" in line for line in lines)  # told above, once


@pytest.mark.req("PRO-6")
def test_a_bag_of_one_file_only_is_in_its_own_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "u.toml"
    text = SAMPLE.read_text("utf-8").replace('"C"', '"D"').replace('dose_unit = "mg"', 'dose_unit = "U"')
    other.write_text(text.replace("full_dose_mg", "full_dose_u").replace("drug_mg", "drug_u"), "utf-8")
    _, found = rows(SAMPLE, other, capsys)
    assert found[("bag C", "only in the first")] == ("496.065 mg in 250 mL, code TLR-C-0001", "")
    assert found[("bag D", "only in the second")] == ("", "496.065 U in 250 mL, code TLR-C-0001")
    assert found[("bag D", "diluent")] == ("", "glucose 5 %")


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "where", "what", "sides"),
    [
        ("drug_mg = 496.065 ", "drug_mg = 496.0650001 ", "bag C", "drug_mg", ("496.065", "496.0650001")),
        (
            "minutes = 15.0\n",
            "minutes = 15.0001\n",
            "step 1",
            "time",
            ("15 min", "15.0001 min (+0.000556 %)"),
        ),  # 500,003 nL
        ('name = "Carboplatin 500', 'name = "Carboplatin  500', "protocol", "name", None),
        ('drug = "carboplatin"', 'drug = "c\u0430rboplatin"', "protocol", "drug", None),  # a Cyrillic letter
        ('diluent = "glucose 5 %"\n', 'diluent = "glucose  5 %"\n', "bag A", "diluent", None),
        ("[reaction]\n", '[reaction]\nboundary = "present"\n', "reaction", "boundary", ("", "present")),
        ('route = "IV"\n', "", "protocol", "route", ("IV", "")),
    ],
)
def test_two_sides_never_look_alike(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    where: str,
    what: str,
    sides: tuple[str, str] | None,
) -> None:
    """Else a line says "500 mg -> 500 mg", and nobody knows what differs."""
    other = changed(tmp_path, (old, new))
    _, found = rows(SAMPLE, other, capsys)
    a, b = found[(where, what)]
    assert " ".join(a.split()) != " ".join(b.split()) and (sides is None or (a, b) == sides)
    assert sides is not None or (b.isascii() and "\\u0" in b)
    assert all(" ".join(a.split()) != " ".join(b.split()) for a, b in found.values())


@pytest.mark.req("PRO-6")
def test_noise_of_roundings_is_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else each change of a rate reads "total dose 500 mg -> 500 mg (-0.0000000617 %)"."""
    # 11/3 min at 5 mL/h: 305,556 nL instead of 305,555.5; the last step takes the rest, to 1 nL
    other = changed(tmp_path, ("rate_ml_h = 5.0\nminutes = 15.0", "rate_ml_h = 5.3333\nminutes = 15.05"))
    _, found = rows(SAMPLE, other, capsys)
    assert ("all steps", "total dose") not in found and ("step 2", "rate") in found


PRINTED = "minutes = 15.0\nprinted_volume_ml = 0.5\nprinted_dose_mg = 0.01\n"
AT = "2026-11-22T08:00:00+01:00"
MORE = """
[flush]
volume_ml = 5
rate_ml_h = 40
[[premedication]]
drug = "famotidine"
dose = "20 mg"
wait_min = 20
[checklist]
required = ["peak flow"]
"""


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("printed_dose_mg = 0.01", "printed_dose_mg = 0.011", "step 1: printed_dose_mg 0.01 -> 0.011"),
        ("printed_volume_ml = 0.5\n", "", "step 1: printed_volume_ml 0.5 -> none"),
        ("volume_ml = 5\n", "volume_ml = 6\n", "flush: volume_ml 5 -> 6"),
        ("rate_ml_h = 40\n", "rate_ml_h = 41\n", "flush: rate_ml_h 40 -> 41"),
        ('drug = "famotidine"', 'drug = "cetirizine"', "premedication 1: drug famotidine -> cetirizine"),
        ('"peak flow"', '"peak flow", "two lines"', 'checklist: required ["peak flow"] -> ["peak flow", "two lines"]'),
        ('required = ["peak flow"]', "", 'checklist: required ["peak flow"] -> none'),
        ('dilution = "1:100"', 'dilution = "1:10"', "bag A: dilution 1:100 -> 1:10"),
        ("weight_kg = 62", "weight_kg = 63", "protocol: weight_kg 62 -> 63"),
        ("expires_h = 8", "expires_h = 9", "bag A: expires_h 8 -> 9"),
        ("T08:00:00+01", "T08:00:00+02", f"bag A: prepared_at {AT} -> {AT.replace('+01', '+02')}"),
        ("minutes = 15.0\nprinted", "volume_ml = 0.5\nprinted", "step 1: minutes 15 -> none"),
        ("spo2_stop_percent = 92\n", "", "monitoring: spo2_stop_percent 92 -> none"),
        ("[monitoring]\n", "[monitoring]\nrr_max = 30\n", "monitoring: rr_max none -> 30"),
        ('["same", "one-back"', '["one-back", "same"', None),
        ('primed_with = "solution"\n', 'primed_with = "saline"\n', "limits: line primed with solution -> saline"),
    ],
)  # fmt: skip
def test_every_key_that_differs_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, line: str | None
) -> None:
    """Else "alike" is said of files of which one has another flush, another expiry or another table beside it."""
    text = SAMPLE.read_text("utf-8").replace("minutes = 15.0\n", PRINTED, 1) + MORE
    bag = 'code = "TLR-A-0001"\nprepared_at = "2026-11-22T08:00:00+01:00"\nexpires_h = 8\n'
    text = text.replace('code = "TLR-A-0001"\n', bag).replace('route = "IV"\n', 'route = "IV"\nweight_kg = 62\n')
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    assert old in text
    one.write_text(text, "utf-8")
    two.write_text(text.replace(old, new, 1), "utf-8")
    assert cli.main(["protocol", "diff", str(one), str(one)]) == 0
    capsys.readouterr()
    assert cli.main(["protocol", "diff", str(one), str(two)]) == 1
    assert line is None or line in capsys.readouterr().out.splitlines()


def test_the_spelling_of_numbers_and_times_is_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dated = ("[[solution]]\n", '[[solution]]\nprepared_at = "2026-11-22T08:00:00+01:00"\n')
    one = changed(tmp_path, dated).rename(tmp_path / "one.toml")
    plain = (dated[0], dated[1].replace('"', "").replace("T08", " 08"))
    two = changed(tmp_path, plain, ("full_dose_mg = 500.0", "full_dose_mg = 5e2"), ("= 0.3", "= 3e-1"))
    assert rows(one, two, capsys) == (0, {})


@pytest.mark.req("PRO-6")
def test_bags_in_another_order_are_not_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else two files are called alike whose fingerprints differ."""
    head, *bags = SAMPLE.read_text("utf-8").split("[[solution]]")
    last, steps = bags[2].split("[[step]]", 1)
    other = tmp_path / "other.toml"
    other.write_text("[[solution]]".join([head, bags[1], bags[0], last]) + "[[step]]" + steps, "utf-8")
    assert rows(SAMPLE, other, capsys) == (1, {("bags", "order"): ("A, B, C", "B, A, C")})

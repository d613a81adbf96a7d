"""Protocols by mouth and protocols with line-fills and own lines, from the file to table, sheet, picture and diff."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import toleramp
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from toleramp import cli
from toleramp.errors import UserError
from toleramp.preparation.mixing import uses_of
from toleramp.protocol.file import read_all, read_protocol, scaled
from toleramp.protocol.plot import pumped

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
ORAL = """format = 1
[protocol]
name = "Aspirin 7 mg"
drug = "aspirin"
route = "PO"
full_dose_mg = 7
class = "oral"
tolerance_gap_h = 48
max_hold_min = 120
max_wait_min = 30
[[step]]
kind = "oral"
dose_mg = 1.000000001
minutes = 15
[[step]]
kind = "oral"
dose_mg = 1.999999999
minutes = 20
[[step]]
kind = "oral"
dose_mg = 4
minutes = 15.5
"""
FILL = '[[step]]\nsolution = "{}"\nrate_ml_h = {}\nvolume_ml = 0.3\nkind = "line-fill"\n\n'


@pytest.fixture
def oral(tmp_path: Path) -> Path:
    """A file by mouth."""
    path = tmp_path / "oral.toml"
    path.write_text(ORAL, "utf-8")
    return path


@pytest.fixture
def lined(tmp_path: Path) -> Path:
    """The sample with a line-fill before bag B and bag C, own lines, and room for both in bag C."""
    text = SAMPLE.read_text("utf-8")
    for letter, rate in (("C", "40.0"), ("B", "20.0")):
        first = text.index(f'[[step]]\nsolution = "{letter}"')
        text = text[:first] + FILL.format(letter, rate) + text[first:]
    text = text.replace("volume_ml = 250.0\ndrug_mg = 496.065", "volume_ml = 260.0\ndrug_mg = 515.9076")
    text = text.replace('id = "A"\n', 'id = "A"\nline_volume_ml = 1.5\n').replace(
        'id = "C"\n', 'id = "C"\nline_volume_ml = 2\n'
    )
    path = tmp_path / "lined.toml"
    path.write_text(text, "utf-8")
    return path


def document(path: Path, verb: str, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What a verb of `protocol` says with --json."""
    cli.main(["protocol", verb, str(path), "--json", *words])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def text(path: Path, verb: str, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["protocol", verb, str(path), *words]) == 0
    return capsys.readouterr().out


# -- by mouth


@pytest.mark.req("PRO-3", "PRO-6")
def test_doses_by_mouth_are_read_exactly_and_compiled(oral: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a dose by mouth is not the one that was written."""
    protocol = read_protocol(oral)
    assert [(d.dose_pg, d.duration_ms) for d in protocol.doses] == [
        (1_000_000_001, 900_000), (1_999_999_999, 1_200_000), (4 * 10**9, 930_000),
    ]  # fmt: skip
    assert (protocol.steps, protocol.solutions, protocol.line_dead_nl) == ([], [], 0)
    assert encode(p.decode(bytearray(encode(protocol)))) == encode(protocol)
    assert cli.main(["protocol", "check", str(oral)]) == 0
    assert "ACCEPTED" in capsys.readouterr().out


def test_the_table_by_mouth_has_no_bag_no_rate_and_no_vein(oral: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a reader takes a dose by mouth for an infusion."""
    shown = document(oral, "table", capsys)
    assert [row["dose_mg"] for row in shown["steps"]] == [1.000000001, 1.999999999, 4.0]
    assert [row["cumulative_mg"] for row in shown["steps"]] == [1.000000001, 3.0, 7.0]
    assert [row["minutes"] for row in shown["steps"]] == [15, 20, 15.5] and shown["total_minutes"] == 50.5
    for row in shown["steps"]:
        nothing = ("solution", "rate_ml_h", "volume_ml", "dose_rate_mg_h", "vein_dose_mg", "vein_cumulative_mg")
        assert {row[key] for key in nothing} == {None} and row["kind"] == "oral"
    assert shown["steps"][0]["ratio"] is None and shown["max_ratio"] == pytest.approx(2, abs=1e-8)
    assert shown["solutions"] == [] and shown["total_mg"] == 7 and shown["class"] == "oral"
    page = text(oral, "table", capsys)
    assert "1.000000001" in page and "total 7 mg in 50.5 min" in page and "mL" not in page.partition("\nwarning")[0]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('class = "oral"', 'class = "multi-bag"', "step 1: a dose by mouth in a protocol that is infused"),
        ('kind = "oral"\n', "", "step 1: a step of kind 'infusion' in a protocol by mouth"),
        ("dose_mg = 4", 'dose_mg = 4\nsolution = "A"', "step 3: solution does not go with this kind of step"),
        ("dose_mg = 4", "dose_mg = 4\nrate_ml_h = 2", "step 3: rate_ml_h does not go with this kind of step"),
        ("dose_mg = 4", "dose_u = 4", "step 3: dose_u does not go with dose_unit mg"),
        ("dose_mg = 4", "dose = 4", "step 3: unknown key dose; write dose_mg or dose_u: the key names the unit"),
        ("dose_mg = 4\n", "", "step 3: dose_mg is missing"),
        ("dose_mg = 4", "dose_mg = 0", "step 3: dose_mg is out of range"),
        ("dose_mg = 4", "dose_mg = 0.0000000001", "step 3, dose_mg: 1E-10 has more digits"),
        ("minutes = 15.5\n", "", "step 3: minutes is missing"),
        ("minutes = 15.5", "minutes = 0", "step 3: there is no time to wait"),
        ("minutes = 20", "minutes = 15.000001", "step 2, minutes: 15.000001 has more digits"),
        ("max_wait_min = 30", "max_wait_min = 30\nline_dead_volume_ml = 1", "line_dead_volume_ml does not go with"),
        ("max_wait_min = 30", 'max_wait_min = 30\nprimed_with = "saline"', "primed_with does not go with"),
        ("[[step]]", '[[solution]]\nid = "A"\n[[step]]', "solution does not go with a protocol by mouth"),
        ("[[step]]", "[flush]\nvolume_ml = 1\nrate_ml_h = 1\n[[step]]", "flush does not go with a protocol by mouth"),
    ],
)
def test_a_slip_by_mouth_is_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Else it is searched for, or read as something else."""
    path = tmp_path / "slip.toml"
    assert old in ORAL
    path.write_text(ORAL.replace(old, new, 1), "utf-8")
    protocol, found = read_all(path)
    lines = [str(fault) for fault in found]
    assert protocol is None and sum(said in line for line in lines) == 1, lines
    assert all("\n" not in line for line in lines)


@pytest.mark.req("PRO-6")
def test_a_dose_by_mouth_in_an_infused_protocol_is_one_fault(tmp_path: Path) -> None:
    """Else its missing rate and bag are told instead."""
    path = tmp_path / "mixed.toml"
    path.write_text(SAMPLE.read_text("utf-8") + '\n[[step]]\nkind = "oral"\ndose_mg = 1\nminutes = 15\n', "utf-8")
    (fault,) = read_all(path)[1]
    assert "step 13: a dose by mouth in a protocol that is infused" in str(fault)


@pytest.mark.req("PRO-3")
def test_a_sheet_by_mouth(oral: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else nobody knows what to draw up and when to give it."""
    sheet = document(oral, "prepare", capsys, "--stock-mg-per-ml", "0.5,4")
    # 1 mg: 2 mL of 0.5 (0.25 of 4 would be less than 1 mL); 4 mg: 1 mL of 4.
    drawn = [(row["strength_per_ml"], row["draw_ml"], row["made"]) for row in sheet["doses"]]
    assert drawn == [("0.5", "2", "1"), ("0.5", "4", "2"), ("4", "1", "4")]
    assert [Fraction(row["cumulative"]) for row in sheet["doses"]] == [Fraction("1.000000001"), 3, 7]
    assert sheet["made_given"] == "7" and sheet["dose_error"] == "0" and sheet["bags"] == []
    page = text(oral, "prepare", capsys, "--stock-mg-per-ml", "0.5,4")
    assert "Doses by mouth: Aspirin 7 mg" in page and "______" in page and "Drawn up by" in page
    assert "wait min" in text(oral, "prepare", capsys)
    coarse = document(oral, "prepare", capsys, "--stock-mg-per-ml", "3")
    # 1.333333334 mL is drawn as 1.3 of 3 mg/mL: 3.9 mg... each to 0.1 mL above 1 mL, to 0.01 below.
    assert [row["draw_ml"] for row in coarse["doses"]] == ["0.33", "0.67", "1.3"]
    assert [row["code"] for row in coarse["warnings"]] == ["rounding"] * 3


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    "words",
    [
        ["--labels", "x.html"],
        ["--serial", "A"],
        ["--holds-ml", "A=3"],
        ["--stock-mg-per-ml", "4,x"],
        ["--stock-mg-per-ml", "1000"],
    ],
)
def test_what_does_not_go_with_doses_by_mouth_is_one_line(
    oral: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Else labels of bags that do not exist are printed."""
    assert cli.main(["protocol", "prepare", str(oral), *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("error: ")


def test_a_picture_by_mouth(oral: Path, tmp_path: Path) -> None:
    assert cli.main(["protocol", "plot", str(oral), "-o", str(tmp_path / "p.svg")]) == 0
    drawn = (tmp_path / "p.svg").read_text("utf-8")
    for words in ("Dose (mg), log scale", "Full dose 7 mg", "3: 4", "by mouth"):
        assert words in drawn
    assert cli.main(["protocol", "plot", str(oral), "-o", str(tmp_path / "p.png")]) == 0
    with Image.open(tmp_path / "p.png") as picture:
        assert (0x00, 0x72, 0xB2) in {c for _, c in picture.convert("RGB").getcolors(1 << 24) or []}


def test_what_differs_between_files_by_mouth(oral: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.toml"
    other.write_text(ORAL.replace("minutes = 20", "minutes = 30").replace("dose_mg = 4", "dose_mg = 5"), "utf-8")
    assert cli.main(["protocol", "diff", str(oral), str(other)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "step 2: wait 20 min -> 30 min (+50 %)" in lines and "step 3: dose 4 mg -> 5 mg (+25 %)" in lines
    assert cli.main(["protocol", "diff", str(oral), str(SAMPLE)]) == 1
    mixed = capsys.readouterr().out
    assert "step 1: removed by mouth, 1.000000001 mg, then 15 min" in mixed and "step 12: inserted" in mixed


def test_doses_by_mouth_are_not_scaled_for_a_bench(oral: Path) -> None:
    with pytest.raises(UserError, match="do not run on a bench"):
        scaled(read_protocol(oral), Fraction(1, 50))


# -- line-fills and own lines


@pytest.mark.req("PRO-3", "PRO-7")
def test_line_fills_and_own_lines_from_the_file_to_the_table(lined: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else what fills the line shows as dose, or what stays in a line is nowhere."""
    protocol = read_protocol(lined)
    assert [step.flags for step in protocol.steps].count(p.LINE_FILL) == 2
    assert [bag.line_nl for bag in protocol.solutions] == [1_500_000, 0, 2_000_000]
    shown = document(lined, "table", capsys)
    assert [row["code"] for row in shown["findings"]] in ([], ["approval"])
    filling = [row for row in shown["steps"] if row["kind"] == "line-fill"]
    assert [row["step"] for row in filling] == [5, 10]
    for row in filling:
        assert row["dose_mg"] == 0 and row["ratio"] is None and row["dose_rate_mg_h"] is None
        assert row["volume_ml"] == 0.3 and row["cumulative_mg"] == shown["steps"][row["step"] - 2]["cumulative_mg"]
    assert [row["vein_dose_mg"] for row in filling] == [0.006, 0.06]  # 0.3 mL of 0.02 and of 0.2 mg/mL
    assert [bag["line_volume_ml"] for bag in shown["solutions"]] == [1.5, 0, 2]
    assert [bag["volume_used_ml"] for bag in shown["solutions"]] == [9.25, 19.05, 250.3]
    assert shown["total_mg"] == 500
    # 500 mg; fills of 0.3 mL from B and C; 0.3 mL of A in the line at first
    assert shown["vein"]["with_flush_mg"] == pytest.approx(500 + 0.06 + 0.3 * 1.98426 + 0.006)
    assert shown["vein"]["reaches_patient_mg"] == pytest.approx(500.066)  # no flush is written: the rest stays in it
    page = text(lined, "table", capsys)
    assert page.count(" fill\n") == 2 and "1.5 mL stay in its own line" in page
    assert "with line-fills and primed line, without a flush 500.066 mg reach the patient" in page


@pytest.mark.req("PRO-3")
def test_line_fills_and_own_lines_on_the_sheet(lined: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the pharmacist counts as given what only fills lines."""
    sheet = document(lined, "prepare", capsys)
    given = [Fraction(bag["given"]) for bag in sheet["bags"]]
    assert given == [Fraction("0.185"), Fraction("3.75"), Fraction("496.065")] and sheet["given"] == "500"
    assert [(bag["line_fill_ml"], bag["line_volume_ml"]) for bag in sheet["bags"]] == [
        ("0", "1.5"), ("0.3", "0"), ("0.3", "2"),
    ]  # fmt: skip
    page = text(lined, "prepare", capsys)
    assert "Prime its own line with 2 mL of it" in page and "0.3 mL fill the shared line" in page
    assert "the pump stops with 7.7 mL left in it" in page  # 260 - 250.3 - 2
    assert [use.line_ml for use in uses_of(read_protocol(lined))] == [Fraction("1.5"), 0, 2]


def test_line_fills_in_the_picture_and_in_the_diff(
    lined: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["protocol", "plot", str(lined), "-o", str(tmp_path / "p.svg")]) == 0
    drawn = (tmp_path / "p.svg").read_text("utf-8")
    assert "Line-fill" in drawn and "which keeps: A 1.5 mL, C 2 mL" in drawn
    protocol = read_protocol(lined)
    counted, all_pumped = (pumped(protocol, Fraction(300), counted) for counted in (True, False))
    assert counted == 500 and all_pumped - counted == Fraction("0.06") + Fraction("0.3") * Fraction("1.98426")
    capsys.readouterr()
    assert cli.main(["protocol", "diff", str(SAMPLE), str(lined)]) == 1
    words = capsys.readouterr().out
    assert "step 5: inserted none -> line-fill, bag B, 20 mL/h for 0.9 min, 0 mg" in words
    assert "bag A: its own line 0 mL -> 1.5 mL" in words


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('volume_ml = 0.3\nkind = "line-fill"', 'to_full_dose = true\nkind = "line-fill"', "to_full_dose does not go"),
        ('kind = "line-fill"', 'kind = "line-fill"\ndose_mg = 3', "dose_mg does not go with this kind of step"),
        ('kind = "line-fill"', 'kind = "linefill"', "kind 'linefill' is unknown"),
        ("line_volume_ml = 1.5", "line_volume_ml = 51", "51 is out of range; write 0 to 50"),
        ("line_volume_ml = 1.5", "line_volume_ml = 0.0000001", "has more digits than can be held"),
        ("line_volume_ml = 1.5", "line_volume = 1.5", "write line_volume_ml: the key names the unit"),
    ],
)
def test_a_slip_of_a_line_is_one_line(lined: Path, old: str, new: str, said: str) -> None:
    """Else it is searched for."""
    content = lined.read_text("utf-8")
    assert old in content
    lined.write_text(content.replace(old, new, 1), "utf-8")
    lines = [str(fault) for fault in read_all(lined)[1]]
    assert sum(said in line for line in lines) == 1, lines


@pytest.mark.req("PRO-7")
def test_scaling_takes_lines_and_fills_with_it(lined: Path) -> None:
    """Else a bench run of such a protocol is refused, or judges other shares."""
    small = scaled(read_protocol(lined), Fraction(1, 50))
    assert small.steps[4].volume_nl == 6000 and small.solutions[2].line_nl == 40_000 and small.approval is None

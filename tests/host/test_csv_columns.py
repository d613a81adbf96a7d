"""A free table as spreadsheets save it: separator, capitals, more columns; what cannot be read says what was found."""

from pathlib import Path

import pytest

from toleramp import cli
from toleramp.errors import UserError
from toleramp.protocol.csv_columns import columns_of

WANTED = ["solution", "rate_ml_h", "minutes"]
PLAIN = "solution,rate_ml_h,minutes\nA,2.5,15\nA,5,15\nB,5,15\nB,10,\n"
Capture = pytest.CaptureFixture[str]


def cells(text: str) -> list[list[str]]:
    """The wanted cells of a table."""
    return [[cell.strip() for cell in row] for _, row in columns_of(text, WANTED, Path("steps.csv")).rows]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace(",", ";").replace("2.5", "2,5"),
        PLAIN.replace(",", "\t").replace("2.5", "2,5"),
        PLAIN.replace("solution,rate_ml_h,minutes", "Solution,Rate (mL/h),MINUTES"),
        PLAIN.replace("solution,rate_ml_h,minutes", "Bag, rate_mL_h ,Time (min)"),
        PLAIN.replace(",", " ; "),
        "sep=;\n" + PLAIN.replace(",", ";").replace("2.5", "2,5"),
        '"sep=|"\r\n' + PLAIN.replace(",", "|"),
        "SEP=,\n" + PLAIN,
        "Step;Bag;Volume (mL);Rate mL/h;Minutes\n1;A;0,5;2,5;15\n2;A;1;5;15\n3;B;1;5;15\n4;B;;10;\n",
    ],
)
def test_a_spreadsheet_s_table_is_the_same_table(text: str) -> None:
    """Else people retype it by hand, and mistype it."""
    assert cells(text) == cells(PLAIN) == [["A", "2.5", "15"], ["A", "5", "15"], ["B", "5", "15"], ["B", "10", ""]]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.replace(",", ";").replace("minutes", "hours"), "write minutes, with the value converted from h to min"),
        (PLAIN.replace("rate_ml_h", "rate_ml_min"), "write rate_ml_h, with the value converted from mL/min to mL/h"),
        (PLAIN.replace("rate_ml_h", "rate"), "write rate_ml_h: the key names the unit"),
        (PLAIN.replace(",", ";").replace("rate_ml_h", "speed"), "cells are parted by semicolons"),
        (PLAIN.replace("minutes", "solution"), "does not name the column minutes"),
        (PLAIN.replace("A,2.5,15", "A,2,5,15"), "4 cells instead of 3"),
        ("a b c\n1 2 3\n", "write solution,rate_ml_h,minutes"),
        (PLAIN.replace(",", ";").replace("2.5", "1.000"), "write 1000 (no mark) or 1,0 (decimal comma)"),
        (PLAIN.replace(",", "\t").replace("A\t2.5\t15", "A\t2,5\t1.500"), "line 2, minutes"),
        ("sep=;\n" + PLAIN.replace(",", ";").replace("2.5", "1.000"), "line 3, rate_ml_h"),
        ("sep=:\n" + PLAIN, "sep=: is no separator"),
        (
            "printed_dose_mg,printed_dose_mg," + PLAIN.replace("\n", "\n1,1,").rstrip("1,"),
            "printed_dose_mg stands twice",
        ),
        ("solution;rate_ml_h;minutes;minutes\nA;2;15;15\n", "minutes stands twice"),
    ],
)
def test_what_cannot_be_read_says_what_was_found(text: str, said: str) -> None:
    """Else "the first line does not name the columns" stands over a first line that does."""
    with pytest.raises(UserError) as refused:
        cells(text)
    assert said in str(refused.value) and "steps.csv" in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.req("PRO-6")
def test_three_digits_behind_a_comma_are_nobody_s_decimals(tmp_path: Path, capsys: Capture) -> None:
    """Else 1,500 mL/h of a spreadsheet is 1.5, or 1.5 is 1500."""
    table = tmp_path / "steps.csv"
    table.write_text(PLAIN.replace(",", ";").replace("2.5", "1,500"), "utf-8")
    words = ["protocol", "new", "--template", "custom", "--drug", "x", "--dose-mg", "10", "--csv", str(table)]
    words += ["--max-hold-min", "60", "--line-dead-volume-ml", "0.3", "--primed-with", "saline", "--bag-ml", "50"]
    assert cli.main([*words, "-o", str(tmp_path / "p.toml")]) == 2
    said = capsys.readouterr().err
    assert "line 2, rate_ml_h" in said and "1500" in said and "1.5" in said


@pytest.mark.req("PRO-6")
def test_columns_that_were_not_used_are_named_in_the_file(tmp_path: Path, capsys: Capture) -> None:
    """Else a column of doses that does not fit looks as if it had been checked."""
    table = tmp_path / "steps.csv"
    rows = "A;2,5;15;0,1\nA;5;15;0,2\nB;5;15;0,3\nB;10;;9\n"
    table.write_text(f"Bag;Rate mL/h;Minutes;Dose mg\n{rows}", "utf-8")
    words = ["protocol", "new", "--template", "custom", "--drug", "x", "--dose-mg", "10", "--csv", str(table)]
    words += ["--max-hold-min", "60", "--line-dead-volume-ml", "0.3", "--primed-with", "saline", "--bag-ml", "50"]
    cli.main([*words, "-o", str(tmp_path / "p.toml")])
    assert "not used: dose_mg" in (tmp_path / "p.toml").read_text("utf-8")


def made(folder: Path, table: str) -> int:
    """`protocol new` from a table of two bags, into p.toml."""
    (folder / "steps.csv").write_text(table, "utf-8")
    words = ["protocol", "new", "--template", "custom", "--drug", "x", "--dose-mg", "10", "--code", "1"]
    words += ["--csv", str(folder / "steps.csv"), "--max-hold-min", "60", "--line-dead-volume-ml", "0"]
    return cli.main([*words, "--primed-with", "saline", "--bag-ml", "50", "-o", str(folder / "p.toml")])


@pytest.mark.req("PRO-3", "PRO-6")
def test_printed_cells_go_into_the_file_and_are_checked(tmp_path: Path, capsys: Capture) -> None:
    """Else the misprint of a published table is dropped with its column, and the table looks checked."""
    table = "Bag;Rate mL/h;Minutes;Printed volume (mL)\nA;2,4;15;0,60\nA;4,8;15;\nB;4,8;15;1,3\nB;9,6;;\n"
    made(tmp_path, table)
    said, text = capsys.readouterr().out, (tmp_path / "p.toml").read_text("utf-8")
    assert text.count("printed_volume_ml") == 2 and "printed_volume_ml = 0.60\n" in text and "not used" not in text
    assert "printed_volume_ml is 1.3, the arithmetic gives 1.2" in said and "is 0.60" not in said


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("printed_volume_l", "1", "no cell printed_volume_l of a step; one of printed_minutes"),
        ("printed_used_ml", "1", "no cell printed_used_ml of a step"),
        ("printed_dose_mg", "much", "line 2, printed_dose_mg"),
    ],
)
def test_a_printed_column_that_the_file_cannot_hold_is_refused_by_name(
    column: str, cell: str, said: str, tmp_path: Path, capsys: Capture
) -> None:
    """Else it is dropped quietly, and nobody learns that it was never checked."""
    assert made(tmp_path, f"solution,rate_ml_h,minutes,{column}\nA,2.4,15,{cell}\nB,4.8,,{cell}\n") == 2
    error = capsys.readouterr().err
    assert said.partition(";")[0] in error and said.rpartition("; ")[2] in error and not (tmp_path / "p.toml").exists()

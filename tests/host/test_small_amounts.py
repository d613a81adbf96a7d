"""No page writes an amount with leading zeros: small doses stand in written units wherever they are told (PRO-8)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from toleramp import cli

ZEROS = re.compile(r"(?<![\d.])0\.00\d+ (?:mg|U)\b")  # what has been read as ten or a hundred times as much
ORDER = [
    "--dose-mg",
    "0.3",
    "--drug",
    "a",
    "--tolerance-gap-h",
    "24",
    "--max-hold-min",
    "60",
    "--line-dead-volume-ml",
    "0",
    "--primed-with",
    "saline",
]
MOUTH = """format = 1
[protocol]
name = "small"
drug = "a"
class = "oral"
full_dose_mg = {sum}
tolerance_gap_h = 24
max_hold_min = 60
max_wait_min = 30
"""
"""By mouth: each dose twice the one before, from nanograms to micrograms."""


def _oral(path: Path) -> Path:
    doses = [f"{2**n * 4e-6:.6f}" for n in range(12)]
    total = f"{sum(map(float, doses)):.6f}"
    steps = "".join(f'[[step]]\nkind = "oral"\ndose_mg = {dose}\nminutes = 20\n' for dose in doses)
    path.write_text(MOUTH.format(sum=total) + steps, encoding="utf-8")
    return path


def _said(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    cli.main(list(line))
    both = capsys.readouterr()
    return both.out + both.err


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("verb", [["check"], ["table"], ["prepare"], ["prepare", "--stock-mg-per-ml", "0.01,0.0001"]])
def test_by_mouth_small_doses_stand_in_written_units(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else 0.000004 mg is drawn up as 0.00004."""
    said = _said(capsys, "protocol", verb[0], str(_oral(tmp_path / "small.toml")), *verb[1:])
    assert "grams" in said or verb == ["check"]
    assert not ZEROS.findall(said)


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("verb", [["check"], ["table"], ["prepare"], ["prepare", "--stock-mg-per-ml", "0.05"]])
def test_by_vein_small_doses_stand_in_written_units(
    verb: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else what the last bag holds, and what the other bags give before, are told in mg with six zeros."""
    path = tmp_path / "small.toml"
    _said(capsys, "protocol", "new", "--template", "bwh-12", *ORDER, "--out", str(path))
    assert path.exists()
    said = _said(capsys, "protocol", verb[0], str(path), *verb[1:])
    assert not ZEROS.findall(said)


@pytest.mark.req("PRO-8")
def test_what_differs_is_told_in_written_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the comparison of two small ladders is where the zeros come back."""
    one, other = _oral(tmp_path / "one.toml"), tmp_path / "other.toml"
    text = one.read_text("utf-8")
    other.write_text(text.replace("dose_mg = 0.000016", "dose_mg = 0.000017"), encoding="utf-8")
    said = _said(capsys, "protocol", "diff", str(one), str(other))
    assert "nanograms" in said and not ZEROS.findall(said)


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize(
    ("dose", "shares", "column", "name"),
    [
        (("--dose-mg", "4 nanograms"), "1,1,2", ["1", "1", "2"], "y 4 nanograms, 3 doses"),
        (("--dose-u", "0.004"), "1,1,2", ["1", "1", "2"], "y 4 milliunits, 3 doses"),
        (("--dose-mg", "0.35"), "1,2,4", ["0.05", "0.1", "0.2"], "y 0.35 mg, 3 doses"),
        (("--dose-mg", "35 micrograms"), "1,2,4", ["5", "10", "20"], "y 0.035 mg, 3 doses"),
    ],
)
def test_no_single_dose_of_a_small_order_begins_with_zeros(
    dose: tuple[str, str], shares: str, column: list[str], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the first dose, 1 nanogram, stands as 0.001 on the page and as 0.000004 in the name."""
    path = tmp_path / "y.toml"
    _said(capsys, "protocol", "new", "--template", "oral", "--drug", "y", *dose, "--shares", shares,
          "--max-hold-min", "60", "-o", str(path))  # fmt: skip
    said = _said(capsys, "protocol", "table", str(path))
    rows = [line.split() for line in said.splitlines() if re.match(r" +\d  ", line)]
    assert [row[1] for row in rows] == column and said.startswith(name + "    ")
    assert column == [line.split()[1] for line in _said(capsys, "protocol", "prepare", str(path)).splitlines()
                      if re.match(r" +\d  .*______", line)]  # fmt: skip


@pytest.mark.req("PRO-8")
def test_totals_stand_in_the_unit_of_their_table_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the sum under a column in nanograms is a number of milligrams, and one is read as the other."""
    path = tmp_path / "small.toml"
    _said(capsys, "protocol", "new", "--template", "bwh-12", *ORDER, "-o", str(path))
    said = _said(capsys, "protocol", "table", str(path))
    unit = re.search(r"ALL DOSES IN ([A-Z]+)", said)
    assert unit and re.search(rf"^total \d+ {unit[1].lower()} = 0\.3 mg in ", said, re.MULTILINE)

"""What pharmacy and bedside read of a bag is the same on label, sheet and page, and nothing of it is cut off."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_labels import labels
from test_preparation_as_made import run

import toleramp
from toleramp import cli
from toleramp.bag_looks import LOOKS
from toleramp.errors import UserError
from toleramp.preparation.room import demand_room, lines_of

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
NAMES = {"mg": 1, "micrograms": 10**3, "nanograms": 10**6, "picograms": 10**9, "mL": 1}
FIGURE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?) (mg|micrograms|nanograms|picograms|mL)\b(/mL)?")
BAG = re.compile(r"^Bag ([A-H]): (.+? in .+? mL) = (\S+ \S+/mL) ", re.MULTILINE)

MADE = re.compile(r"As measured: (.+? in .+? mL) = (\S+ \S+/mL), .* bears (THESE|the)")


def new(file: Path, template: str, dose: str, *words: str) -> int:
    """`protocol new` for this order."""
    fixed = ["--drug", "x", "--max-hold-min", "60", "--line-dead-volume-ml", "0.2", "--primed-with", "solution"]
    order = ["--template", template, "--dose-mg", dose, *fixed, *words]
    return cli.main(["protocol", "new", *order, "-o", str(file), "--force"])


def figures(text: str) -> Iterator[tuple[str, Fraction, str]]:
    """(kind, value, as printed) of all amounts, volumes and concentrations."""
    for number, unit, per in FIGURE.findall(text):
        yield ("mL" if unit == "mL" else "dose") + per, Fraction(number) / NAMES[unit], f"{number} {unit}{per}"


def printed_label(page: str) -> list[tuple[str, str, str]]:
    """(letter, amount in volume, concentration) of each label."""
    parts = page.split('<section class="label">')[1:]
    return [
        (re.findall(r"Bag<b>(.)</b>", part)[0], *re.findall(r'<div class="amount[^"]*">([^<]*)</div>', part))
        for part in parts
    ]


ORDERS = st.tuples(
    st.sampled_from(["bwh-8", "bwh-12", "bwh-16", "bwh-20"]),
    st.decimals("0.05", "3000", places=3).filter(bool).map(str),
    st.sampled_from(["50", "100", "250", "500"]),
    st.decimals("0", "30", places=1).map(str),
)


@pytest.mark.req("PRO-3", "PRO-9")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ORDERS)
def test_no_figure_of_a_bag_is_rounded_in_two_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], order: tuple[str, str, str, str]
) -> None:
    """Else the nurse compares 694 with 694.491, and learns to overlook a difference."""
    template, dose, bag_ml, overfill_ml = order
    file, page = tmp_path / "p.toml", tmp_path / "l.html"
    assume(new(file, template, dose, "--bag-ml", bag_ml, "--overfill-ml", overfill_ml) == 0)
    stock = str(max(Fraction(dose) // 10, 1))
    capsys.readouterr()
    words = ["--stock-mg-per-ml", stock, "--labels", str(page), "--force"]
    assume(cli.main(["protocol", "prepare", str(file), *words]) == 0)
    sheet = capsys.readouterr().out
    assert cli.main(["protocol", "table", str(file)]) == 0
    table = capsys.readouterr().out
    label = html.unescape(page.read_text("utf-8"))
    heads = {letter: (amount, strength) for letter, amount, strength in BAG.findall(sheet)}
    made = {letter: MADE.findall(part)[0] for letter, part in zip(heads, sheet.split("\nBag ")[1:], strict=True)}
    labelled = {letter: numbers[:2] if numbers[2] == "THESE" else heads[letter] for letter, numbers in made.items()}
    assert heads and {letter: (amount, strength) for letter, amount, strength in printed_label(label)} == labelled
    for letter, (amount, strength) in heads.items():
        drug, volume = re.findall(r"[\d.]+", amount)
        row = next(line for line in table.splitlines() if re.match(f"{letter}    TLR", line))
        assert [drug, volume, strength.split()[0]] == [c for c in row.split()[2:] if c.replace(".", "").isdigit()][:3]
    said = "\n".join(line for line in sheet.splitlines() if "As measured" not in line and "(" not in line)
    said += re.sub(r"<svg.*?</svg>|<style>.*?</style>", "", label, flags=re.DOTALL)
    known = set(figures(said))
    for (kind, one, text), (other_kind, other, other_text) in combinations(known, 2):
        near = kind == other_kind and one != other and abs(one - other) * 10**5 <= one
        assert not near, (text, other_text)


@pytest.mark.req("PRO-8")
def test_a_label_says_what_a_pharmacist_prints(tmp_path: Path) -> None:
    """Else the rest of a bag is given too, or a bag is taken for another, or nobody can be asked."""
    page = labels(tmp_path, "--stock-mg-per-ml", "10", "--storage", "2 to 8 C, dark", "--batch", "L-4711")
    for words in (
        "carboplatin · IV",
        "Full dose 500 mg. Of this bag 0.185 mg are given; DISCARD THE REST (4.815 mg).",
        "Full dose 500 mg. This bag is given to its end.",
        "Store <b>2 to 8 C, dark</b>",
        "Batch <b>L-4711</b>",
        "Made by <span",
        "Checked by <span",
    ):
        assert words in page
    marks = re.findall(r'fill="(#\w{6})"/>(?:<path d="([^"]*)")?', page)
    assert len(set(marks)) == 3 and len({look.colour for look in LOOKS}) == len({look.strokes for look in LOOKS}) == 8
    blank = labels(tmp_path, changes=(('route = "IV"\n', ""),))
    assert 'route <span class="blank">' in blank and 'Batch <span class="blank">' in blank


@pytest.mark.req("PRO-3")
def test_a_bag_that_is_further_off_than_rounding_says_so(tmp_path: Path) -> None:
    """Else a bag that is not as ordered bears the figures of the order."""
    means = ("--stock-mg-per-ml", "11", "--syringe-step-ml", "0.02", "--serial", "none")
    page = labels(tmp_path, *means)
    assert page.count("NOT AS THE PROTOCOL WANTS IT: 5 mg in 250 mL") == 1 and "5.06 mg in 250 mL" in page
    code, sheet, _ = run(SAMPLE, *means)
    assert (
        code == 0 and "As measured: 5.06 mg in 250 mL = 0.02024 mg/mL, +1.2 %; the label bears THESE figures" in sheet
    )


@pytest.mark.req("PRO-6")
def test_small_bags_are_written_out_on_sheet_and_label(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a bag holds 0.0000300062 mg, and somebody counts zeros."""
    file, page = tmp_path / "p.toml", tmp_path / "l.html"
    assert new(file, "bwh-20", "0.3") == 0
    capsys.readouterr()
    words = ["--stock-mg-per-ml", "0.1", "--labels", str(page)]
    assert cli.main(["protocol", "prepare", str(file), *words]) == 0
    sheet, label = capsys.readouterr().out, page.read_text("utf-8")
    assert "Bag A: 30 nanograms in 250 mL = 0.12 nanograms/mL" in sheet and "30.0062 nanograms" in sheet
    assert printed_label(label)[0] == ("A", "30 nanograms in 250 mL", "0.12 nanograms/mL")
    assert cli.main(["protocol", "table", str(file)]) == 0
    for text in (sheet.partition("Dose in a bag")[0], re.sub(r"<svg.*?</svg>", "", label), capsys.readouterr().out):
        assert not re.search(r"(?<![\d.])0\.0000|0000000", text)


@pytest.mark.req("PRO-9")
def test_the_stock_and_its_vials_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Else a vial is missing when the first bag is half made."""
    code, sheet, _ = run(SAMPLE, "--stock-mg-per-ml", "10", "--vial-ml", "15")
    assert code == 0 and "Stock for all bags together: 55.1 mL (551 mg): 4 vials of 15 mL, 4.9 mL left over." in sheet
    assert "Diluent for all bags together, containers included: 750 mL of glucose 5 %." in sheet
    assert "1 vial of 100 mL, 44.9 mL" in run(SAMPLE, "--stock-mg-per-ml", "10", "--vial-ml", "100")[1]


@pytest.mark.req("PRO-9")
def test_mixing_is_told_as_a_person_would(capsys: pytest.CaptureFixture[str]) -> None:
    """Else somebody takes 250 mL, removes 250 mL and adds 250 mL."""
    undiluted = run(SAMPLE, "--stock-mg-per-ml", "1.98426")[1].partition("Bag C:")[2]
    assert "1. Take an empty container: nothing is diluted in this bag.\n  2. Add 250 mL of the stock" in undiluted
    assert "Draw off" not in undiluted
    empty = run(SAMPLE, "--stock-mg-per-ml", "10", "--holds-ml", "A=0")[1]
    assert "1. Take an empty container.\n  2. Add 249.5 mL of glucose 5 %" in empty


# -- nothing is cut


@pytest.mark.req("PRO-9")
def test_what_does_not_fit_on_a_label_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else "in glucose 5 %, protect from light, do not ..." ends there, and nobody sees that it went on."""
    text = SAMPLE.read_text("utf-8").replace("glucose 5 %", "a very particular diluent " * 7, 1)
    (tmp_path / "p.toml").write_text(text, "utf-8")
    page = tmp_path / "l.html"
    argv = ["protocol", "prepare", str(tmp_path / "p.toml"), "--labels", str(page)]
    assert cli.main(argv) == 2 and not page.exists()
    out, error = capsys.readouterr()
    assert out == "" and error.count("\n") == 1
    assert "label of bag A, diluent: 'a very particular diluent" in error and "about " in error
    for option in ("--storage", "--batch"):
        assert cli.main(["protocol", "prepare", str(SAMPLE), "--labels", str(page), option, "x" * 70]) == 2
        assert option in capsys.readouterr().err and not page.exists()
    assert cli.main(["protocol", "prepare", str(SAMPLE), "--labels", str(page), "--patient", "W" * 60,
                     "--patient-id", "1"]) == 2  # fmt: skip
    assert "--patient: " in capsys.readouterr().err


@pytest.mark.req("PRO-9")
def test_room_counts_lines() -> None:
    assert lines_of("", 50, 10) == lines_of("glucose 5 %", 57, 6.5) == 1
    assert lines_of("word " * 40, 57, 6.5) > 2 and lines_of("x" * 200, 57, 6.5) > 4
    demand_room("glucose 5 %", 1, 57, 6.5, "here")
    with pytest.raises(UserError, match="does not fit on the label"):
        demand_room("word " * 40, 2, 57, 6.5, "here")

"""Templates with line-fills, own lines and doses by mouth: what is written, and what each file is found to be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_templates import codes, made

from pump.protocol import protocol as p
from pump.protocol.doses import fills
from pump.protocol.rules import total_dose
from toleramp import cli
from toleramp.errors import UserError
from toleramp.protocol.file import compile_file, read_protocol
from toleramp.protocol.table import finding_rows
from toleramp.protocol.templates import BY_NAME, order
from toleramp.protocol.templates.write import protocol_text

LADDERS = ("bwh-8", "bwh-12", "bwh-16", "bwh-20", "one-bag")
CHANGES = {"bwh-8": 1, "bwh-12": 2, "bwh-16": 3, "bwh-20": 4, "one-bag": 0}


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("primed", ["saline", "solution"])
@pytest.mark.parametrize("name", LADDERS)
def test_a_line_fill_before_each_bag_at_the_rate_that_the_line_had(name: str, primed: str) -> None:
    """Else what is in the line comes at another dose rate than before."""
    line = {"line_dead_volume_ml": "0.4", "line_fill_ml": "0.4", "primed_with": primed}
    if name == "one-bag":  # its first step is just D/400: room for the line keeps it there
        line["overfill_ml"] = "1"
    protocol = made(name, dose_mg="500", **line)[1]
    filling = [k for k, step in enumerate(protocol.steps) if fills(step)]
    assert len(filling) == CHANGES[name] + (primed == "saline")
    for k in filling:
        step, before, after = protocol.steps[k], protocol.steps[k - 1], protocol.steps[k + 1]
        assert step.volume_nl == 400_000 and step.solution == after.solution
        assert step.rate_e4 == (before.rate_e4 if k else after.rate_e4)
    assert not codes(protocol)
    plain = made(name, dose_mg="500")[1]
    rates = [(step.solution, step.rate_e4) for step in protocol.steps if not fills(step)]
    assert rates == [(step.solution, step.rate_e4) for step in plain.steps]
    off = protocol.full_dose_pg - Fraction(*total_dose(protocol))
    assert 0 <= off < Fraction(protocol.solutions[-1].drug_pg, protocol.solutions[-1].volume_nl) + 1  # 1 nL of it


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize("last_bag", ["under", "full", "run-dry"])
def test_own_lines_and_line_fills_are_in_the_last_bag(last_bag: str) -> None:
    """Else the last bag runs dry by what its line keeps."""
    line = {"line_volume_ml": "2", "line_fill_ml": "0.3", "line_dead_volume_ml": "0.3", "last_bag": last_bag}
    protocol = made("bwh-12", dose_mg="500", **line)[1]
    assert [bag.line_nl for bag in protocol.solutions] == [2_000_000] * 3
    drawn_nl = sum(step.volume_nl for step in protocol.steps if step.solution == 2)
    if last_bag == "full":
        assert drawn_nl == 248_332_500 and codes(protocol) == {"bag-short"}  # 1.6675 mL left for a line of 2
    else:
        assert 0 <= 248_000_000 - drawn_nl <= 1 and not codes(protocol)
    # 496.065 mg in what counts of 250 mL: 247.7 mL
    if last_bag == "under":
        assert protocol.solutions[2].drug_pg == -(-496_065_000_000 * 2500 // 2477)


@pytest.mark.req("PRO-7")
def test_a_line_fill_larger_than_the_line_is_told() -> None:
    """Else drug that counts as none reaches the patient unseen."""
    protocol = made("bwh-12", dose_mg="500", line_dead_volume_ml="0.3", line_fill_ml="0.5")[1]
    rows = [(row["severity"], row["code"], row["where"]) for row in finding_rows(protocol)]
    assert ("warning", "line-fill", "step 5") in rows and ("error", "vein-ratio", "step 5") in rows
    small = made("bwh-12", dose_mg="500", line_dead_volume_ml="0.3", line_fill_ml="0.2")[1]
    told = [row["message"] for row in finding_rows(small)]
    assert told == ["0.1 mL of what was in the line are still ahead of this step"] * 2


# -- by mouth

ASKED = {"drug": "aspirin", "max_hold_min": "120"}


def by_mouth(folder: Path, **options: str) -> p.Protocol:
    """What the template's file reads back as."""
    values = order.read(BY_NAME["oral"], order.answers(BY_NAME["oral"], {**ASKED, **options}))
    plan, unit = order.build(BY_NAME["oral"], values)
    path = folder / "oral.toml"
    path.write_text(protocol_text("oral", values, plan, unit), "utf-8")
    return compile_file(path)[1]


@pytest.mark.req("PRO-2", "PRO-3")
@pytest.mark.parametrize(
    ("dose", "first", "doses"),
    [
        ("31", "1", "1 2 4 8 16"),
        ("325", "81", "81 97.6 146.4"),  # 244 left, three times the last: in two, 2:3
        ("325", "100", "100 225"),
        ("1", "0.5", "0.5 0.5"),
    ],
)
def test_a_doubling_series_and_what_is_left(tmp_path: Path, dose: str, first: str, doses: str) -> None:
    """Else what is left is a leap at the end."""
    protocol = by_mouth(tmp_path, dose_mg=dose, first_dose_mg=first)
    assert [Fraction(d.dose_pg, 10**9) for d in protocol.doses] == [Fraction(text) for text in doses.split()]
    assert {d.duration_ms for d in protocol.doses} == {900_000} and not codes(protocol)


@pytest.mark.req("PRO-2", "PRO-3")
@settings(max_examples=150)
@given(st.integers(1, 10**7), st.integers(1, 10**6))
def test_any_doubling_series_keeps_the_rules(tmp_path_factory: pytest.TempPathFactory, dose: int, first: int) -> None:
    """Else the template writes what no device takes."""
    options = {"dose_mg": f"{dose}", "first_dose_mg": f"{first // 1000}.{first % 1000:03d}"}
    try:
        protocol = by_mouth(tmp_path_factory.getbasetemp(), **options)
    except UserError as error:
        assert error.remedy
        return
    assert not codes(protocol) and sum(d.dose_pg for d in protocol.doses) == protocol.full_dose_pg


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "--shares"),
        ({"first_dose_mg": "1", "shares": "1; 2"}, "not both"),
        ({"first_dose_mg": "900"}, "--first-dose-mg"),
        ({"shares": "1,10000000000000"}, "--shares"),
        ({"shares": "0.000000001,10000000"}, "nothing"),
        ({"shares": ",".join(["1"] * 41)}, "at most 40"),
        ({"shares": "1,x"}, "is not a number"),
        ({"first_dose_mg": "1", "primed_with": "saline"}, "does not have it"),
        ({"first_dose_mg": "1", "bag_ml": "250"}, "does not have it"),
        ({"first_dose_mg": "1", "wait_min": "0"}, "--wait-min"),
    ],
)
def test_what_cannot_be_taken_by_mouth_is_one_line(tmp_path: Path, options: dict[str, str], words: str) -> None:
    """Else a slip ends in a traceback or in a file that nobody meant."""
    with pytest.raises(UserError) as error:
        by_mouth(tmp_path, dose_mg="500", **options)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_doses_by_mouth_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the interview asks for bags and lines that do not exist."""
    from test_protocol_new import Terminal

    file = tmp_path / "a.toml"
    # template, drug, weight, unit, dose, hold, wait, gap, name, route; first dose, doses before the rest, wait;
    # zone, wide steps, premedication, checklist, limits; file
    answers = [
        "oral",
        "aspirin",
        "",
        "",
        "325",
        "120",
        "",
        "",
        "",
        "",
        "40",
        "",
        "30",
        "",
        "",
        "",
        "",
        "",
        "",
        str(file),
    ]
    monkeypatch.setattr("sys.stdin", Terminal("\n".join(answers) + "\n"))
    assert cli.main(["protocol", "new"]) == 0
    asked = capsys.readouterr().err
    assert "First dose in mg" in asked and "Wait after each dose in min [15]" in asked
    assert not any(word in asked for word in ("bag in mL", "primed", "Dead volume", "Diluent"))
    protocol = read_protocol(file)
    assert [d.dose_pg // 10**9 for d in protocol.doses] == [40, 80, 82, 123]
    assert {d.duration_ms for d in protocol.doses} == {1_800_000}

"""What is wrong is told with its figures, its line and what would be right (PRO-6)."""

import json
from pathlib import Path
from typing import Any

import pytest
from approval_kit import Office

from toleramp import cli
from toleramp.live.lines import status_line

pytest_plugins = ("approval_kit",)
Capture = pytest.CaptureFixture[str]


def rows(office: Office, capsys: Capture) -> list[dict[str, Any]]:
    """The findings of the changed sample."""
    office.run("protocol", "check", office.file, "--json")
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return found


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("drug_mg = 5.0", "drug_mg = 500.0", "1 mg; of 500 mg class multi-bag allows 0.5 mg in 15 min (1/1000 for"),
        ("rate_ml_h = 2.0\nminutes = 15.0", "rate_ml_h = 60.0\nminutes = 30.0", "allows 1 mg in 30 min"),
        ("full_dose_mg = 500.0", "full_dose_mg = 5.0", "10 micrograms; of 5 mg class multi-bag allows 5 micrograms in"),
    ],
)
def test_a_first_step_that_is_too_large_is_told_in_figures(
    office: Office, capsys: Capture, old: str, new: str, said: str
) -> None:
    """Else nobody knows whether it is ten times too large or a tenth of a percent."""
    if "30.0" in new:
        office.change("drug_mg = 5.0", "drug_mg = 50.0")
    if "5.0" in new and "full" in new:
        office.change("to_full_dose = true", "minutes = 15.0")
    office.change(old, new)
    assert [said in row["message"] for row in rows(office, capsys) if row["code"] == "first-step"] == [True]


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "drug_mg = 496.065",
            "drug_mg = 496065.0",
            "bag C alone gives 34724.55 mg of 500 mg: is its strength, 1984.26",
        ),
        ("drug_mg = 50.0", "drug_mg = 50000.0", "bag B alone gives 3750 mg of 500 mg: is its strength, 200 mg/mL"),
        ("minutes = 15.0", "minutes = 15.0", ""),
    ],
)
def test_a_bag_of_a_thousandfold_strength_is_named(
    office: Office, capsys: Capture, old: str, new: str, said: str
) -> None:
    """Else people leave out the last step, as told, and a bag of a thousandfold strength stays."""
    office.change(old, new)
    messages = [row["message"] for row in rows(office, capsys) if "complete before" in row["message"]]
    assert len(messages) == bool(said) and all(said in message for message in messages)


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("weight", "height", "said"),
    [
        ("170", "70", "weight_kg 170 and height_cm 70 make 347 kg/m2: are they exchanged?"),
        ("3.5", "180", "make 1.08 kg/m2: is one of them wrong?"),
        ("3.5", "50", ""),
        ("70", "170", ""),
        ("250", "170", ""),
    ],
)
def test_weight_and_height_of_nobody_are_a_question(
    office: Office, capsys: Capture, weight: str, height: str, said: str
) -> None:
    """Else a dose by body surface goes by two exchanged numbers."""
    office.change("max_hold_min", f"weight_kg = {weight}\nheight_cm = {height}\nmax_hold_min")
    found = [row for row in rows(office, capsys) if row["code"] == "body"]
    assert len(found) == bool(said) and all(said in row["message"] and row["line"] for row in found)


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("height_cm = 1.75", "1.75 m are 175 cm: if that is meant, write 175"),
        ("weight_kg = 70000", "70000 g are 70 kg: if that is meant, write 70"),
        ("line_dead_volume_ml = 300", "300 uL are 0.3 mL: if that is meant, write 0.3"),
        ("height_cm = 400", "write 30 to 250"),
    ],
)
def test_a_value_in_another_usual_unit_is_told(office: Office, capsys: Capture, line: str, said: str) -> None:
    """Else 1.75 is mended to 30, the least that is taken."""
    if line.startswith("line_dead"):
        office.change("line_dead_volume_ml = 0.3", line)
    else:
        office.change("max_hold_min", f"{line}\nmax_hold_min")
    messages = [row["message"] for row in rows(office, capsys) if "out of range" in row["message"]]
    assert len(messages) == 1 and messages[0].endswith(said)


@pytest.mark.req("PRO-6")
def test_a_height_in_metres_on_the_command_line(tmp_path: Path, capsys: Capture) -> None:
    """Else the answer is to write fewer decimals."""
    words = [
        "--template",
        "bwh-12",
        "--drug",
        "x",
        "--dose-mg-per-m2",
        "100",
        "--weight-kg",
        "70",
        "--height-cm",
        "1.75",
    ]
    words += ["--max-hold-min", "60", "--line-dead-volume-ml", "0", "--primed-with", "saline"]
    assert cli.main(["protocol", "new", *words, "-o", str(tmp_path / "a.toml")]) == 2
    assert "1.75 m are 175 cm: if that is meant, write 175" in capsys.readouterr().err


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("born", ["02.04.1968", "1868-04-02", "2999-01-01"])
def test_a_wrong_birth_date_names_its_own_line(office: Office, capsys: Capture, born: str) -> None:
    """Else it is searched for from the head of the table."""
    new = f'birth_date = "{born}"'
    office.change("max_hold_min", f"{new}\nmax_hold_min")
    line = office.file.read_text("utf-8").splitlines().index(new) + 1
    assert [row["line"] for row in rows(office, capsys) if "birth date" in row["message"]] == [line]


@pytest.mark.req("PRO-9")
def test_the_sheet_names_the_diluent_without_a_strength_of_the_stock(office: Office, capsys: Capture) -> None:
    """Else a bag is made in saline that is unstable in it."""
    office.run("protocol", "prepare", office.file)
    assert capsys.readouterr().out.count("  Diluent: glucose 5 %.") == 3
    office.change('diluent = "glucose 5 %"\n', "")
    office.run("protocol", "prepare", office.file)
    assert capsys.readouterr().out.count("Diluent: ") == 2


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("text", [None, "", "format = 1\n[library]\nname = 'x'\n"])
def test_without_a_drug_library_the_smallest_is_shown(
    text: str | None, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the way to a library is told to be `protocol new`."""
    file = tmp_path / "library.toml"
    if text is not None:
        file.write_text(text, "utf-8")
    assert cli.main(["protocol", "library", str(file)]) == 2
    error = capsys.readouterr().err
    assert "protocol new" not in error and "protocol file" not in error
    smallest = error.rpartition("the smallest has five lines: ")[2].partition(";")[0].split(" / ")
    file.write_text("\n".join(smallest), "utf-8")
    assert len(smallest) == 5 and cli.main(["protocol", "library", "--only-check", str(file)]) == 0
    monkeypatch.setenv("TOLERAMP_LIBRARY", str(tmp_path / "none.toml"))
    assert cli.main(["protocol", "library"]) == 2
    assert "the smallest has five lines" in capsys.readouterr().err


@pytest.mark.req("PRO-6", "PRO-1")
def test_single_doses_are_refused_before_a_pump_is_looked_for(tmp_path: Path, capsys: Capture) -> None:
    """Else a pump is fetched and plugged in for what none runs."""
    file = tmp_path / "o.toml"
    words = ["--template", "oral", "--drug", "x", "--dose-mg", "4", "--shares", "1,1,2", "--max-hold-min", "60"]
    cli.main(["protocol", "new", *words, "-o", str(file)])
    capsys.readouterr()
    assert cli.main(["load", str(file)]) == 2
    error = capsys.readouterr().err
    assert "no pump runs single doses" in error and "no pump found" not in error and error.count("\n") == 1


@pytest.mark.req("FLO-10")
@pytest.mark.parametrize(
    ("target", "steps", "said"),
    [
        (0, None, "no reading  total"),
        (0, [{"step": 1, "volume_ml": 0.5}], "0.0000 of 0.5000 mL"),
        (0.4, None, "of 0.4000"),
    ],
)
def test_a_step_without_a_target_is_not_0_of_0(target: float, steps: Any, said: str) -> None:
    """Else a pump that is ready says that there is nothing to give."""
    record = {
        "t_ms": 0, "state": "ready", "hold": None, "pl_pulse": 100_000, "solution": 0, "step": 1, "steps": 12,
        "step_ml": 0.0, "target_ml": target, "total_ml": 0.0, "rate_ml_h": 2.0, "spo2": None, "pulse": None,
        "vitals": [], "alarm": None,
    }  # fmt: skip
    line = status_line(record, {"steps": steps} if steps else None)
    assert said in line and "of 0.0000" not in line

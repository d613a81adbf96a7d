"""Doses by weight and by surface worked out aloud; a number with its unit: taken, converted aloud, or refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_protocol_new import Terminal, new, no_terminal
from test_protocol_new_numbers import refused
from test_templates import made

import toleramp
from toleramp import cli
from toleramp.errors import UserError
from toleramp.protocol.file import read_protocol
from toleramp.protocol.templates import every_option
from toleramp.protocol.templates.body import FORMULAS, surface_m2
from toleramp.protocol.templates.units import aloud, without

__all__ = ["no_terminal"]  # for every test here
SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"


@pytest.mark.req("PRO-6")
def test_a_dose_by_body_surface_is_worked_out_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else somebody works it out in the head, and nobody sees by which formula."""
    file = tmp_path / "a.toml"
    assert new(file, "--weight-kg", "62", "--height-cm", "170", "--dose-mg-per-m2", "75") == 0
    said = capsys.readouterr().out
    # square root of 170 x 62 / 3600 = 1.7111
    assert "170 cm, 62 kg: square root of (cm x kg / 3600) = 1.71 m2 (Mosteller, N Engl J Med 1987;317:1098" in said
    assert "full dose: 75 mg/m2 x 1.71 m2 = 128.25 mg" in said
    assert read_protocol(file).full_dose_pg == 128_250_000_000 and "# full dose: 75 mg/m2 x 1.71" in file.read_text()
    assert new(tmp_path / "b", "--weight-kg", "62", "--dose-mg-per-m2", "75") == 2
    assert "give --height-cm" in capsys.readouterr().err
    assert made("bwh-12", dose_u_per_m2="100", weight_kg="20", height_cm="110")[1].full_dose_pg == 78 * 10**9
    assert made("bwh-12", dose_mg_per_m2="100", weight_kg="62", height_cm="170", bsa_formula="dubois")[1].unit == 0


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("formula", "m2"), [("mosteller", "1.71"), ("dubois", "1.72"), ("haycock", "1.71")]
)  # of 170 cm, 62 kg: 1.7111, 1.7188, 1.7107
def test_the_formulas_of_body_surface(formula: str, m2: str) -> None:
    assert surface_m2(Fraction(170), Fraction(62), formula) == Fraction(m2) and FORMULAS[formula].source


@pytest.mark.req("PRO-6")
def test_a_dose_by_weight_is_worked_out_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(tmp_path / "a", "--weight-kg", "12.5", "--dose-mg-per-kg", "500 micrograms/kg") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "--dose-mg-per-kg: 500 micrograms/kg = 0.5 mg/kg"
    assert said[1] == "full dose: 0.5 mg/kg x 12.5 kg = 6.25 mg"


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("text", "mg", "words"),
    [
        ("700 mg", "700", ""),
        ("700mg", "700", ""),
        ("0.7 g", "700", "0.7 g = 700 mg"),
        ("300 micrograms", "0.3", "300 micrograms = 0.3 mg"),
        ("300 mcg", "0.3", "300 micrograms = 0.3 mg"),
        ("300 \u00b5g", "0.3", "300 micrograms = 0.3 mg"),
        ("20 ng", "0.00002", "20 nanograms = 0.00002 mg"),
    ],
)
def test_a_dose_with_its_unit(text: str, mg: str, words: str) -> None:
    """Else "700 mg" is answered with "write it like 12.5", and micrograms are typed where mg stand."""
    option = next(option for option in every_option() if option.key == "dose_mg")
    assert option.read(text) == Fraction(mg)
    assert option.aloud(text) == ([f"--dose-mg: {words}"] if words else [])


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("text", ["5000 IU", "5 mL", "12 apples", "5 mg/kg", "5 mg/", "5 u", "5 mg mg"])
def test_another_or_an_unknown_unit_is_refused(text: str) -> None:
    """Else units of a drug are taken for milligrams."""
    option = next(option for option in every_option() if option.key == "dose_mg")
    with pytest.raises(UserError) as error:
        option.read(text)
    assert "give the number alone" in error.value.remedy and "the unit is mg" in error.value.remedy


@pytest.mark.req("PRO-6")
def test_every_number_takes_its_own_unit_and_no_other() -> None:
    """Else one of the options is the exception that somebody meets."""
    for option in every_option():
        if option.kind in ("number", "whole", "numbers") and option.unit:
            low = Fraction(option.low) or Fraction(1)
            plain = str(int(low)) if low >= 1 else option.low
            assert option.read(f"{plain} {option.unit}") == option.read(plain), option.flag
            with pytest.raises(UserError, match="not a unit of this") as error:
                option.read(f"{plain} apples")
            assert option.unit in error.value.remedy and error.value.where == option.flag
        elif option.kind in ("number", "whole"):
            with pytest.raises(UserError, match="not a unit of this"):
                option.read("5 mg")


@pytest.mark.req("PRO-6")
@given(st.decimals("0.001", "1000", places=3))
def test_a_conversion_is_exact(value: object) -> None:
    """Else what is converted is not what was ordered."""
    assert Fraction(without(f"{value} g", "mg", "x")) == Fraction(str(value)) * 1000
    assert Fraction(without(f"{value} micrograms/kg", "mg/kg", "x")) * 1000 == Fraction(str(value))
    assert Fraction(without(f"{value} mL/min", "mL/h", "x")) == Fraction(str(value)) * 60


@pytest.mark.req("PRO-6")
def test_other_digits_stay_refused_with_a_unit() -> None:
    """Else "1,000 mg" is one milligram, or "100 s" a number that goes on for ever."""
    option = next(option for option in every_option() if option.key == "dose_mg")
    for text in ("1,000 mg", "1 000 g", "1.000,5 mg"):
        with pytest.raises(UserError, match="is not a number"):
            option.read(text)
    with pytest.raises(UserError, match="no decimal number of min"):
        without("100 s", "min", "--dwell-min")
    assert aloud("1,000 g", "mg", "x") == ""


@pytest.mark.req("PRO-6")
def test_an_answer_is_converted_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the slip is seen only when all is answered."""
    monkeypatch.setattr("sys.stdin", Terminal("mg\n5000 IU\n300 micrograms\n"))
    assert new(tmp_path / "a") == 0
    out, said = capsys.readouterr()
    assert "give the number alone, the unit is mg" in said and "  --dose-mg: 300 micrograms = 0.3 mg" in said
    assert "--dose-mg: 300 micrograms = 0.3 mg\n" in out and read_protocol(tmp_path / "a").full_dose_pg == 3 * 10**8


@pytest.mark.req("PRO-6")
def test_the_help_names_doses_units_and_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    """Else who has an order per m2 finds nothing, and types a number that somebody worked out."""
    with pytest.raises(SystemExit):
        cli.main(["protocol", "new", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for words in ("--dose-mg-per-m2", "--height-cm", "--dose-u-per-kg", "micrograms", "IU are U", "Mosteller"):
        assert words in text
    assert cli.main(["protocol", "templates"]) == 0
    assert "--dose-mg-per-m2" in capsys.readouterr().out


@pytest.mark.req("PRO-6")
def test_preparing_takes_units_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["protocol", "prepare", str(SAMPLE), "--stock-mg-per-ml"]
    assert cli.main([*words, "10 g/L", "--holds-ml", "A=0.25 L"]) == 0
    out, error = capsys.readouterr()
    assert "stock 10 mg/mL" in out and "10 g/L = 10 mg/mL" in error and "0.25 L = 250 mL" in error
    for text, said in (("10 IU/mL", "'IU/mL' is not a unit"), ("10 mg", "the unit is mg/mL"), ("x", "is mg/mL")):
        assert said in refused([*words, text], capsys)

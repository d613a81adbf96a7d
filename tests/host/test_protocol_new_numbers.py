"""`protocol new`: numbers that can be read in two ways, units, bounds, names and files that are not what they seem."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from test_protocol_new import new, no_terminal
from test_templates import made

from toleramp import cli
from toleramp.errors import UserError
from toleramp.protocol.file import read_protocol
from toleramp.protocol.keys import BOUNDS, TEXT_BYTES
from toleramp.protocol.templates import BY_NAME, every_option

__all__ = ["no_terminal"]  # for every test here
BY_MOUTH = ["protocol", "new", "--template", "oral", "--drug", "penicillin", "--max-hold-min", "120"]


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which a command fails."""
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    return err


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1,000", ("1000", "1.0")),
        ("12,345", ("12345", "12.345")),
        ("1234,567", ("1234567", "1234.567")),
        ("1'000", ("1000", "1.0")),
        ("1 000", ("1000", "1.0")),
        ("1\u00a0000", ("1000", "1.0")),
        ("1\u202f000", ("1000", "1.0")),
        ("1_000", ("1000", "1.0")),
        ("1.000,5", ("10005", "1000.5")),
        ("1,000.5", ("10005", "1000.5")),
        ("1,000,000", ("1000000", "1000.0")),
        ("1.000.000", ("1000000", "1000.0")),
    ],
)
def test_thousands_and_decimals_are_never_guessed(text: str, readings: tuple[str, str]) -> None:
    """Else who follows the advice gives a thousandth of the dose."""
    for option in every_option():
        if option.kind in ("number", "whole"):
            with pytest.raises(UserError) as error:
                option.read(text)
            remedy = "thousands or decimals? write {} (no separator) or {} (decimal point)".format(*readings)
            assert error.value.remedy == remedy and error.value.where == option.flag


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(("text", "reading"), [("2,5", "2.5"), ("12,25", "12.25"), ("0,125", "0.125")])
def test_a_decimal_comma_with_one_reading_is_told(text: str, reading: str) -> None:
    with pytest.raises(UserError) as error:
        made("bwh-12", dose_mg=text)
    assert error.value.remedy == f"write {reading}"


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("text", ["1,000", "1, 000", "1,050", "1,500", "10,000,1000", "12,500"])
@pytest.mark.parametrize("key", ["overfill_ml", "shares", "dilutions"])
def test_a_comma_in_a_number_is_not_taken_for_one_between_numbers(key: str, text: str) -> None:
    """Else 1,000 mL of overfill are 1 mL in one bag and none in the other."""
    option = next(option for option in every_option() if option.key == key)
    with pytest.raises(UserError) as error:
        option.read(text)
    assert "(no separator) or" in error.value.remedy and error.value.where == option.flag


def test_numbers_in_a_list_with_blanks_or_without() -> None:
    option = next(option for option in every_option() if option.key == "shares")
    assert option.read("1, 500") == (1, 500) and option.read("1000,100,10,1") == (1000, 100, 10, 1)
    assert option.read("100,200,400,800") == (100, 200, 400, 800)


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dose-u", "1296700", "--first-dose-mg", "100"], "--first-dose-mg: the dose is in U; give --first-dose-u"),
        (["--dose-mg", "325", "--first-dose-u", "40"], "--first-dose-u: the dose is in mg; give --first-dose-mg"),
        (["--dose-mg", "5", "--dose-u", "5"], "--dose-mg and --dose-u: the full dose is given twice"),
        (
            ["--dose-u", "5", "--first-dose-mg", "1", "--first-dose-u", "1"],
            "--first-dose-mg: the dose is in U; give --first-dose-u",
        ),
        (["--weight-kg", "10", "--dose-u-per-kg", "5", "--first-dose-mg", "1"], "the dose is in U"),
        (["--dose-u-per-kg", "5", "--first-dose-u", "1"], "give --weight-kg"),
        (["--first-dose-u", "1"], "missing: --dose-u"),
    ],
)
def test_milligrams_beside_units_are_refused(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else 100 mg are written as 100 U."""
    assert said in refused([*BY_MOUTH, *words, "-o", str(tmp_path / "a")], capsys)


@pytest.mark.req("PRO-2", "PRO-6")
def test_a_series_in_units(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    assert cli.main([*BY_MOUTH, "--dose-u", "3100", "--first-dose-u", "100", "-o", str(file)]) == 0
    protocol = read_protocol(file)
    assert protocol.unit == 1 and [d.dose_pg // 10**9 for d in protocol.doses] == [100, 200, 400, 800, 1600]
    series = made("log-series", dose_u="500", first_dose_u="0.5")[1]
    assert series.unit == 1 and series.full_dose_pg == 500 * 10**9


@pytest.mark.req("PRO-6")
def test_units_by_weight() -> None:
    protocol = made("bwh-12", dose_u_per_kg="100", weight_kg="12.5")[1]
    assert (protocol.unit, protocol.full_dose_pg) == (1, 1250 * 10**9)
    with pytest.raises(UserError, match="more than a protocol holds") as error:
        made("bwh-12", dose_u_per_kg="1000000", weight_kg="70")
    assert (error.value.where, error.value.remedy) == ("--dose-u-per-kg", "at most 142857.142 U/kg")


@pytest.mark.req("PRO-6")
def test_an_option_takes_what_the_file_takes() -> None:
    """Else a value is accepted and all is lost at the end."""
    sections = {**dict.fromkeys(("bag_ml", "overfill_ml"), ("solution", "volume_ml")),
                **{key: ("solution", key) for key in ("line_volume_ml",)}}  # fmt: skip
    for option in every_option():
        bounds = BOUNDS.get(sections.get(option.key, ("protocol", option.key)))
        if bounds:
            assert float(option.high) <= bounds[1] and float(option.low) >= bounds[0], option.key
        assert option.longest <= TEXT_BYTES.get(("protocol", option.key), 200)
    for text in ("450", "0.8"):
        with pytest.raises(UserError, match="out of range") as error:
            made("bwh-12", dose_mg="500", weight_kg=text)
        assert (error.value.where, error.value.remedy) == ("--weight-kg", "from 1 to 400 kg")


@pytest.mark.req("PRO-6")
def test_a_csv_file_is_read_as_a_protocol_file_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else /dev/zero is read without end, and a pipe that nobody writes into waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    (tmp_path / "huge").write_bytes(b"x" * 300_000)
    cases = {"/dev/zero": "not a file", str(tmp_path / "pipe"): "not a file", str(tmp_path): "this is a folder",
             str(tmp_path / "large"): "too large", str(tmp_path / "huge"): "too large",
             str(tmp_path / "none"): "no such file"}  # fmt: skip
    for name, said in cases.items():
        with pytest.raises(UserError) as error:
            made("custom", dose_mg="5", csv=name)
        assert said in error.value.what and ".toml" not in str(error.value) and error.value.where == name


@pytest.mark.req("PRO-6")
def test_a_misspelt_name_gets_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(["protocol", "new", "--template", "bwh12", "-o", str(tmp_path / "a")], capsys)
    assert "did you mean bwh-12? one of " + ", ".join(BY_NAME) in line
    assert new(tmp_path / "a", "--dose-mg", "5", "--primed-with", "salin") == 2
    assert "did you mean saline?" in capsys.readouterr().err
    line = refused(["protocol", "new", "--template", "zzz", "-o", str(tmp_path / "a")], capsys)
    assert "did you mean" not in line

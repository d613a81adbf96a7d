"""A comma in a list that may be a decimal mark is refused with both readings (PRO-6): every option with lists."""

from pathlib import Path

import pytest
from approval_kit import SAMPLE

from toleramp import cli
from toleramp.errors import UserError
from toleramp.words.lists import number_texts

Capture = pytest.CaptureFixture[str]
NEW = ["protocol", "new", "--template", "bwh-8", "--drug", "x", "--dose-mg", "500", "--max-hold-min", "60"]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("12,5", ("12.5", "12; 5")),
        ("0,5", ("0.5", "0; 5")),
        ("2,5,10", None),
        ("12,5,12,5", ("12.5; 12.5", "12; 5; 12; 5")),
        ("12,5,250", ("12.5; 250", "12; 5; 250")),
    ],
)
def test_a_comma_that_may_be_a_decimal_mark(text: str, readings: tuple[str, str] | None) -> None:
    """Else 12.5 mL of overfill are 12 mL in one bag and 5 in the other, without a word."""
    if readings is None:  # rises all the way: a list, as nobody writes decimals
        assert number_texts(text, "--x") == ["2", "5", "10"]
        return
    with pytest.raises(UserError) as refused:
        number_texts(text, "--x")
    assert all(reading in str(refused.value) for reading in readings) and "\n" not in str(refused.value)


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("12, 5", ["12", "5"]),
        ("12; 5", ["12", "5"]),
        ("12,5; 5", ["12,5", "5"]),  # whoever reads the number refuses its comma
        ("12.5,5", ["12.5", "5"]),
        ("100,10,1", ["100", "10", "1"]),
        ("25", ["25"]),
    ],
)
def test_what_has_one_reading_is_read(text: str, parts: list[str]) -> None:
    """Else people cannot give a list at all."""
    assert number_texts(text, "--x") == parts


@pytest.mark.req("PRO-6")
def test_overfill_of_two_bags(tmp_path: Path, capsys: Capture) -> None:
    """Else the two bags hold 262 and 255 mL, and no finding says so."""
    words = [*NEW, "--line-dead-volume-ml", "0.3", "--primed-with", "saline", "--code", "1", "-o", str(tmp_path / "p")]
    assert cli.main([*words, "--overfill-ml", "12,5"]) == 2
    said = capsys.readouterr().err
    assert "--overfill-ml" in said and "12.5" in said and "12; 5" in said and not (tmp_path / "p").exists()


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("option", ["--stock-mg-per-ml", "--syringe-step-ml", "--holds-ml"])
def test_strengths_and_volumes_of_the_preparation(option: str, capsys: Capture) -> None:
    """Else a stock of 2.5 mg/mL is taken for one of 2, or the message says nothing of the comma."""
    value = "A=2,5" if option == "--holds-ml" else "2,5"
    more = [] if option == "--stock-mg-per-ml" else ["--stock-mg-per-ml", "10"]
    assert cli.main(["protocol", "prepare", str(SAMPLE), *more, option, value]) == 2
    said = capsys.readouterr().err
    assert option in said and "write 2.5" in said and said.count("\n") == 1


@pytest.mark.req("PRO-6")
def test_strengths_by_mouth(tmp_path: Path, capsys: Capture) -> None:
    """Else a child's syrup of 2.5 mg/mL is drawn up as one of 5."""
    oral = tmp_path / "oral.toml"
    head = 'format = 1\n[protocol]\nname = "a"\ndrug = "a"\nclass = "oral"\nfull_dose_mg = 7\n'
    limits = "tolerance_gap_h = 24\nmax_hold_min = 60\nmax_wait_min = 30\n"
    doses = "".join(f'[[step]]\nkind = "oral"\ndose_mg = {dose}\nminutes = 15\n' for dose in (1, 2, 4))
    oral.write_text(head + limits + doses, "utf-8")
    assert cli.main(["protocol", "prepare", str(oral), "--stock-mg-per-ml", "2,5"]) == 2
    assert "write 2.5" in capsys.readouterr().err
    assert cli.main(["protocol", "prepare", str(oral), "--stock-mg-per-ml", "1; 0.5"]) == 0

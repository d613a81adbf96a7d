"""`protocol prepare`: what is mixed, what rounding does to it; each figure computed a second time here."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toleramp
from pump.protocol.protocol import Protocol, Solution, Step
from toleramp import cli
from toleramp.errors import UserError
from toleramp.preparation.as_made import last_bag
from toleramp.preparation.mixing import SYRINGES, Bag, Means, dose_error, measured, parts, prepare, rounded, show
from toleramp.preparation.sheet import exact

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
F = Fraction


def sheet(capsys: pytest.CaptureFixture[str], *options: str, path: Path = SAMPLE) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `protocol prepare --json`."""
    code = cli.main(["protocol", "prepare", str(path), "--json", *options])
    made = json.loads(capsys.readouterr().out)
    assert made["verdict"] == ("refused" if code else "accepted")
    return code, made


def numbers(bag: dict[str, Any], *keys: str) -> list[Fraction]:
    """Some of a bag's numbers, exactly."""
    return [F(bag[key]) for key in keys]


def test_what_a_syringe_measures() -> None:
    auto = Means()
    pairs = [("0.004", "0"), ("0.005", "0.01"), ("0.996", "1"), ("1.04", "1"), ("1.05", "1.1"), ("9.96", "10")]
    pairs += [("10.09", "10"), ("10.1", "10.2"), ("19.91", "20"), ("20.4", "20"), ("49.6065", "50"), ("127.5", "128")]
    for volume, read in pairs:
        assert rounded(F(volume), auto) == F(read), volume
    assert rounded(F("49.6065"), Means(step_ml=F("0.05"))) == F("49.6")


@pytest.mark.req("PRO-3")
def test_what_two_syringes_measure() -> None:
    """Else 49.6 mL are taken for 50, which is 0.8 % too much."""
    auto = Means()
    pairs = [("49.6065", "49.6"), ("3.6667", "3.67"), ("1.049", "1.05"), ("15.31", "15.3"), ("50.04", "50"), ("5", "5")]
    pairs += [("0.996", "1"), ("12.4016", "12.4"), ("199.1", "199"), ("198.6", "198.6"), ("10.994", "11")]
    for volume, read in pairs:
        assert measured(F(volume), auto) == F(read), volume
    assert measured(F("49.6065"), Means(down=True)) == F("49.6") and measured(F("5.049"), Means(down=True)) == F("5.04")
    assert parts(F("49.6")) == [(49, 50), (F("0.6"), 1)] and parts(F("3.67")) == [(3, 10), (F("0.67"), 1)]
    assert parts(F("198.6")) == [(198, 50), (F("0.6"), 1)] and parts(F("12.4")) == [(F("12.4"), 20)]


@given(st.fractions(F(1, 100), F(1000)), st.booleans())
def test_two_syringes_measure_all_but_the_least(volume: Fraction, down: bool) -> None:
    made = measured(volume, Means(down=down))
    assert abs(made - volume) <= max(volume / 1000, F(1, 100) if down else F(1, 200))
    assert made <= volume or not down
    drawn = parts(made) if made else []
    assert sum((ml for ml, _ in drawn), F(0)) == made and len(drawn) <= 2
    for ml, holds in drawn:  # each on a mark of its syringe, which is filled again only if it is the largest
        assert (ml / dict(SYRINGES)[holds]).denominator == 1 and (ml <= holds or holds == 50)


def test_the_sample_from_stock(capsys: pytest.CaptureFixture[str]) -> None:
    code, made = sheet(capsys, "--stock-mg-per-ml", "10")
    assert code == 0
    a, b, c = made["bags"]
    assert numbers(a, "exact_ml", "draw_ml", "diluent_ml", "error_percent") == [F("0.5"), F("0.5"), F("-0.5"), 0]
    assert numbers(b, "draw_ml", "made_drug", "given") == [5, 50, F("3.75")]
    assert numbers(c, "exact_ml", "draw_ml", "made_drug", "made_per_ml") == [F("49.6065"), F("49.6"), 496, F("1.984")]
    assert F(c["error_percent"]) == (F(496) / F("496.065") - 1) * 100 and F(c["made_volume_ml"]) == 250
    assert c["draw_syringes"] == c["diluent_syringes"] == [["49", "50"], ["0.6", "1"]]
    assert F(made["dose_error"]) == F("-0.065") and F(made["dose_error_percent"]) == F("-0.013")
    assert made["warnings"] == [] and made["as_made"]["findings"] == []


def test_a_given_step_stands(capsys: pytest.CaptureFixture[str]) -> None:
    _, made = sheet(capsys, "--stock-mg-per-ml", "10", "--syringe-step-ml", "0.1")
    assert F(made["bags"][2]["draw_ml"]) == F("49.6") and made["warnings"] == []
    assert made["bags"][2]["draw_syringes"] == []  # nobody knows which
    assert F(made["dose_error"]) == F(496) - F("496.065")


@pytest.mark.req("PRO-3")
def test_overfill_is_drawn_off(capsys: pytest.CaptureFixture[str]) -> None:
    _, made = sheet(capsys, "--stock-mg-per-ml", "10", "--holds-ml", "A=275", "--holds-ml", "B=0")
    a, b, _ = made["bags"]
    # A: 275 - 25.5 + 0.5 mL hold 5 mg; B: an empty container, 245 + 5 mL.
    assert numbers(a, "diluent_ml", "made_volume_ml", "error_percent") == [F("-25.5"), 250, 0]
    assert numbers(b, "diluent_ml", "made_volume_ml", "error_percent") == [245, 250, 0]


def test_serial_dilution_carries_the_source_s_error(capsys: pytest.CaptureFixture[str]) -> None:
    _, made = sheet(capsys, "--stock-mg-per-ml", "15", "--serial", "A")
    a, b, _ = made["bags"]
    # A wants 5 mg of 0.2 mg/mL: 25 mL; so 275 mL of B are made with 55 mg: 3.666 mL, measured 3.67 mL.
    assert a["source"] == "B" and numbers(a, "exact_ml", "draw_ml") == [25, 25]
    assert numbers(b, "exact_ml", "draw_ml", "extra_ml") == [F(55, 15), F("3.67"), 25]
    diluent = F(250) + 25 - F("3.67") - 250  # 21.33 mL, measured 21.3
    assert F(b["diluent_ml"]) == F("21.3") and abs(diluent - F("21.3")) < F(275, 1000)
    strength = F("3.67") * 15 / (250 + F("21.3") + F("3.67"))
    assert numbers(b, "made_per_ml", "made_volume_ml") == [strength, 250 + F("21.3") + F("3.67") - 25]
    assert F(a["made_per_ml"]) == 25 * strength / 250
    cli.main(["protocol", "prepare", str(SAMPLE), "--stock-mg-per-ml", "15", "--serial", "A"])
    text = capsys.readouterr().out
    assert "5 mg / 0.2 mg/mL = 25 mL" in text
    assert text.index("Bag B:") < text.index("Bag A:")


def small(*drugs_pg: int) -> Protocol:
    """A protocol with 250 mL bags of these contents (pg), 10 mL drawn of each."""
    protocol = Protocol()
    protocol.full_dose_pg = sum(drugs_pg)
    for index, drug in enumerate(drugs_pg):
        protocol.solutions.append(Solution(250_000_000, drug, "ABCDEFGH"[index], "X"))
        protocol.steps.append(Step(index, 0, 400_000, 900_000, 10_000_000))
    return protocol


def test_serial_by_itself_where_stock_cannot_be_measured() -> None:
    a, b = prepare(small(10**7, 10**9), Means(stock=F(10)))  # 0.01 mg of 10 mg/mL would be 0.001 mL
    assert a.source == "B" and a.draw_ml == F("2.5") and a.made_per_ml == F("2.5") * b.made_per_ml / a_total(a)
    assert b.extra_ml == F("2.5")


def a_total(bag: Bag) -> Fraction:
    """What is in the container after mixing, mL."""
    return bag.holds_ml + bag.diluent_ml + bag.draw_ml


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(UserError, match="cannot be measured"):
        prepare(small(60 * 10**9), Means(stock=F(10_000)))  # 0.006 mL would be rounded up to 0.01 mL
    with pytest.raises(UserError, match="cannot be measured"):
        prepare(small(10**4, 10**5), Means(stock=F(10)))
    with pytest.raises(UserError, match="do not fit"):
        prepare(small(10**9, 10**12), Means(stock=F(1)))


@given(
    st.lists(st.integers(10**7, 10**12), min_size=1, max_size=4, unique=True),
    st.sampled_from([F(1), F(10), F("12.5"), F(50)]),
    st.sampled_from([None, F("0.01"), F("0.1"), F(1)]),
    st.sampled_from([0, 250, 275, F("251.3")]),
)
def test_the_stated_error_is_the_error_of_what_was_measured(
    drugs: list[int], stock: Fraction, step: Fraction | None, holds: Fraction
) -> None:
    protocol = small(*drugs)
    try:
        bags = prepare(protocol, Means(stock, step, {bag.id: F(holds) for bag in protocol.solutions}))
    except UserError:
        return
    in_mg, in_percent = dose_error(bags)
    poured = {bag.letter: mixed(bag, bags, stock) for bag in bags}
    planned = sum((F(drug, 10**9) * 10 / 250 for drug in drugs), F(0))
    given_mg = sum((poured[bag.letter] * min(F(10), bag.made_volume_ml) for bag in bags), F(0))
    assert in_mg == given_mg - planned
    assert in_percent == in_mg * 100 / planned
    for bag, drug in zip(bags, drugs, strict=True):
        assert bag.error_percent == 100 * (poured[bag.letter] * 250 * 10**9 / drug - 1)
        assert step is None or (bag.draw_ml / step).denominator == (bag.diluent_ml / step).denominator == 1


def mixed(bag: Bag, bags: list[Bag], stock: Fraction) -> Fraction:
    """mg/mL of a bag from what was measured alone: its syringes, its container, its source."""
    source = stock if bag.source == "stock" else mixed(next(b for b in bags if b.letter == bag.source), bags, stock)
    return source * bag.draw_ml / a_total(bag)


def test_the_last_bag_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "made UNDER full strength, so that all bags together give 500 mg" in sheet(capsys)[1]["last_bag"]
    full = tmp_path / "full.toml"
    full.write_text(SAMPLE.read_text("utf-8").replace("496.065", "500.0"), "utf-8")
    words = sheet(capsys, path=full)[1]["last_bag"]
    assert "made at FULL strength, run dry it would come to 503.935 mg of 500 mg" in words
    assert "stops with 1.9675 mL left" in words  # 3.935 mg at 2 mg/mL
    assert "neither" in last_bag(small(10**9, 10**9, 10**9), prepare(small(10**9, 10**9, 10**9), Means()), "mg")


def refused(path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], dict[str, Any]]:
    """The page and the document of a sheet that must be refused: nothing to mix by, no labels."""
    labels = folder / "l.html"
    assert cli.main(["protocol", "prepare", str(path), "--stock-mg-per-ml", "10", "--labels", str(labels)]) == 1
    out, err = capsys.readouterr()
    assert "no labels" in err and not labels.exists()
    assert "take " not in out and "Mixed by" not in out and "steps draw" not in out
    code, made = sheet(capsys, "--stock-mg-per-ml", "10", path=path)
    assert code == 1 and made["bags"] == [] and made["errors"]
    return out.splitlines(), made


def test_a_protocol_that_breaks_a_rule_is_not_prepared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else bags are mixed that no pump takes."""
    path = tmp_path / "slip.toml"
    path.write_text(SAMPLE.read_text("utf-8").replace("drug_mg = 50.0", "drug_mg = 500.0"), "utf-8")
    lines, made = refused(path, tmp_path, capsys)
    assert lines[0].startswith("NOT TO BE PREPARED: step 5: the dose rate rises 25.00-fold")
    assert "ratio-exceeded" in {row["code"] for row in made["errors"]}


@pytest.mark.req("PRO-3", "PRO-8")
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("drug_mg = 5.0", 'drug_mg = 5.0\nprepared_at = "2020-01-01T08:00:00+01:00"\nexpires_h = 8', "expired"),
        ("rate_ml_h = 2.0", "rate_ml_h = 2.0\nprinted_dose_mg = 0.1", "printed-mismatch"),
        ("[monitoring]", "[flush]\nvolume_ml = 20\nrate_ml_h = 90\n[monitoring]", "flush-rate"),
    ],
)
def test_a_file_with_an_error_is_not_prepared(
    old: str, new: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a bag that has expired, or a table with a misprint, is mixed and labelled."""
    text = SAMPLE.read_text("utf-8") + ("" if "[monitoring]" in SAMPLE.read_text("utf-8") else "\n[monitoring]\n")
    assert old in text
    path = tmp_path / "slip.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    lines, made = refused(path, tmp_path, capsys)
    assert [row["code"] for row in made["errors"]] == [code] and f"[{code}]" in lines[0]


def test_what_the_file_s_findings_warn_of_stands_on_the_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the pharmacist mixes without having read them."""
    path = tmp_path / "thick.toml"
    path.write_text(
        SAMPLE.read_text("utf-8").replace("line_dead_volume_ml = 0.3", "line_dead_volume_ml = 0.5"), "utf-8"
    )
    assert cli.main(["protocol", "prepare", str(path)]) == 0
    out = capsys.readouterr().out
    assert "warning: step 5: the line's 0.5 mL take 40 % of this step's 1.25 mL" in out and "Mixed by" in out


@pytest.mark.parametrize(
    "options",
    [
        ["--stock-mg-per-ml", "0"],
        ["--stock-mg-per-ml", "nan"],
        ["--stock-mg-per-ml", "1e999"],
        ["--syringe-step-ml", "fine"],
        ["--holds-ml", "Z=3"],
        ["--holds-ml", "A"],
        ["--serial", "Q"],
        ["--stock-mg-per-ml", "1"],
        ["--stock-mg-per-ml", "100000"],
    ],
)
def test_what_cannot_be_used_is_one_line_and_2(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["protocol", "prepare", str(SAMPLE), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("error: ")


@given(st.fractions(max_denominator=10**6))
def test_exact_text_is_exact(value: Fraction) -> None:
    assert F(exact(value)) == value


@given(st.fractions(min_value=F(1, 10**6), max_value=10**6))
def test_shown_numbers_have_six_digits(value: Fraction) -> None:
    assert abs(F(show(value)) / value - 1) <= F(1, 200_000)


def test_shown_and_exact_texts() -> None:
    assert [show(F(text)) for text in ("0", "500", "0.0000012345678", "-1.5", "1234567.8", "0.999999999")] == [
        "0", "500", "0.00000123457", "-1.5", "1234568", "1",
    ]  # fmt: skip
    assert [exact(F(text)) for text in ("0", "-0.125", "1/3", "500", "0.02")] == ["0", "-0.125", "1/3", "500", "0.02"]

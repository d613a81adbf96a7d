"""Templates against the published tables, against a second computation by hand, and over drawn orders."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from pump.protocol.protocol import Protocol
from pump.protocol.rules import total_dose
from toleramp.errors import UserError
from toleramp.protocol.file import compile_file
from toleramp.protocol.table import finding_rows
from toleramp.protocol.templates import BY_NAME, order
from toleramp.protocol.templates.model import Plan
from toleramp.protocol.templates.write import protocol_text

ORDER = {
    "drug": "carboplatin",
    "max_hold_min": "120",
    "line_dead_volume_ml": "0",
    "primed_with": "solution",
}
DOSES = ["500", "0.75", "40", "333.3", "2000", "10000"]


def made(name: str, /, **options: str) -> tuple[Plan, Protocol]:
    """A template's plan, and the protocol that its file reads back as."""
    values = order.read(BY_NAME[name], order.answers(BY_NAME[name], {**ORDER, **options}))
    plan, unit = order.build(BY_NAME[name], values)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.toml"
        path.write_text(protocol_text(name, values, plan, unit), "utf-8")
        return plan, compile_file(path)[1]


def cells(protocol: Protocol) -> list[tuple[str, Fraction, Fraction, Fraction, Fraction]]:
    """(bag, mL/h, minutes, mL, mg) of each step, exactly."""
    rows = []
    for step in protocol.steps:
        bag = protocol.solutions[step.solution]
        dose = Fraction(step.volume_nl * bag.drug_pg, bag.volume_nl * 10**9)
        minutes, volume = Fraction(step.duration_ms, 60_000), Fraction(step.volume_nl, 10**6)
        rows.append((bag.id, Fraction(step.rate_e4, 10_000), minutes, volume, dose))
    return rows


def codes(protocol: Protocol) -> set[str]:
    return {row["code"] for row in finding_rows(protocol) if row["severity"] == "error"}


# -- the published tables

GOLDEN: dict[str, tuple[str, dict[str, str]]] = {
    "bwh12_2start_80": ("bwh-12", {}),
    "bwh12_2start_75": ("bwh-12", {"final_rate": "75"}),
    "bwh12_25start_80": ("bwh-12", {"first_rate": "2.5"}),
    "bwh16_25start_80": ("bwh-16", {}),
    "bwh8_80": ("bwh-8", {}),
    "onesol_490_to250": ("one-bag", {}),
    "takase4": ("four-bag", {"last_bag": "run-dry"}),
    "bwh12_2start_80_uncomp": ("bwh-12", {"last_bag": "run-dry"}),
}


@pytest.mark.parametrize("dose", DOSES)
@pytest.mark.parametrize("name", GOLDEN)
def test_published_tables_cell_by_cell(name: str, dose: str, shared_folder: Path) -> None:
    text = (shared_folder / "protocols" / "golden.json").read_text("utf-8")
    entry = next(entry for entry in json.loads(text, parse_float=Decimal) if entry["id"] == name)
    template, options = GOLDEN[name]
    protocol = made(template, dose_mg=dose, **options)[1]
    expected = [
        (
            "ABCDE"[row["solution"] - 1],
            *(Fraction(row[key]) for key in ("rate_ml_h", "minutes", "volume_ml")),
            Fraction(row["dose_fraction"]) * Fraction(dose),
        )
        for row in entry["steps"]
    ]
    assert cells(protocol) == expected
    assert codes(protocol) == set(entry.get("expect_codes", ()))


# By hand: bag, first rate, volume of step 1, final rate, and what a shared line must stay well below: step 5's volume.
SCALED = {
    "250": ("2", "0.5", "80", "1.25"),
    "100": ("0.8", "0.2", "32", "0.5"),
    "50": ("0.4", "0.1", "16", "0.25"),
    "25": ("0.2", "0.05", "8", "0.125"),
}


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("bag_ml", SCALED)
def test_smaller_bags_keep_their_shares_and_need_thinner_lines(bag_ml: str) -> None:
    """Else a child's small bags are run over a line that swallows a rung."""
    steps = made("bwh-12", dose_mg="500", bag_ml=bag_ml)[1].steps
    volumes = [Fraction(step.volume_nl, 10**6) for step in steps]
    rates = [Fraction(step.rate_e4, 10**4) for step in steps]
    assert (rates[0], volumes[0], rates[-1], volumes[4]) == tuple(Fraction(text) for text in SCALED[bag_ml])
    thick = made("bwh-12", dose_mg="500", bag_ml=bag_ml, line_dead_volume_ml=SCALED[bag_ml][3])[1]
    assert "dead-volume" in codes(thick)
    thin = made("bwh-12", dose_mg="500", bag_ml=bag_ml, line_dead_volume_ml=str(float(volumes[4] / 5)))[1]
    assert not codes(thin)


def test_smaller_bags_as_published(shared_folder: Path) -> None:
    text = (shared_folder / "protocols" / "vectors.json").read_text("utf-8")
    rows = json.loads(text, parse_float=Decimal)["bag_scaling"]
    keys = ("first_rate_ml_h", "step1_volume_ml", "final_rate_ml_h", "rung_skip_dead_volume_ml")
    printed = {str(row["bag_ml"]): tuple(Fraction(row[key]) for key in keys) for row in rows}
    assert printed == {bag: tuple(Fraction(text) for text in row) for bag, row in SCALED.items()}


# -- a second computation, by hand: (dilution, rates) of each bag

TWINS: dict[str, tuple[int, list[tuple[int, list[int | str]]]]] = {
    "bwh-8": (250, [(10, [5, 10, 20, 40]), (1, [10, 20, 40, 80])]),
    "bwh-12": (250, [(100, [2, 5, 10, 20]), (10, [5, 10, 20, 40]), (1, [10, 20, 40, 80])]),
    "bwh-16": (
        250,
        [(1000, ["2.5", 5, 10, 20]), (100, ["2.5", 5, 10, 20]), (10, [5, 10, 20, 40]), (1, [10, 20, 40, 80])],
    ),
    "bwh-20": (
        250,
        [(d, ["2.5", 5, 10, 20]) for d in (10_000, 1000, 100)] + [(10, [5, 10, 20, 40]), (1, [10, 20, 40, 80])],
    ),
    "one-bag": (500, [(1, [5, 10, 25, 50, 75, 100, 150, 200, 250])]),
}


def by_hand(name: str, dose: Fraction) -> list[tuple[str, Fraction, Fraction, Fraction, Fraction]]:
    """The cells, from the ladder's rule: 15 min a step; the last bag holds the rest of the dose and runs dry."""
    bag_ml, bags = TWINS[name]
    rows, given = [], Fraction(0)
    for letter, (dilution, rates) in zip("ABCDE", bags, strict=False):
        drug = dose / dilution if dilution > 1 else dose - given
        volumes = [Fraction(rate) / 4 for rate in rates]
        if dilution == 1:
            volumes[-1] = bag_ml - sum(volumes[:-1])
        for rate, volume in zip(rates, volumes, strict=True):
            rows.append((letter, Fraction(rate), volume / Fraction(rate) * 60, volume, volume * drug / bag_ml))
            given += rows[-1][4]
    return rows


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize("dose", DOSES)
@pytest.mark.parametrize("name", TWINS)
def test_ladders_as_by_hand(name: str, dose: str) -> None:
    plan, protocol = made(name, dose_mg=dose)
    hand = by_hand(name, Fraction(dose))
    if (name, dose) != ("bwh-20", "0.75"):
        assert cells(protocol) == hand
    for row, same in zip(cells(protocol), hand, strict=True):  # its last bag has no whole pg: 1 pg more, 1 nL less
        assert row[:2] == same[:2] and abs(row[3] - same[3]) <= Fraction(1, 10**6)
    assert not codes(protocol)
    last = plan.bags[-1]
    assert 0 <= plan.dose_pg - Fraction(*total_dose(protocol)) < Fraction(last.drug_pg, last.volume_nl)  # 1 nL


def test_all_rates_scaled_to_a_final_one() -> None:
    steps = made("bwh-12", dose_mg="500", scaled_final_rate="75")[1].steps
    assert [step.rate_e4 for step in steps[:3]] == [18_750, 46_875, 93_750]
    assert sum(step.duration_ms for step in steps) == 351_875 * 60
    thirds = made("bwh-12", dose_mg="500", scaled_final_rate="70.0001")
    assert thirds[1].steps[0].rate_e4 == 17_500 and thirds[0].notes


def test_overfill_goes_into_the_bag_and_is_given() -> None:
    protocol = made("bwh-12", dose_mg="500", overfill_ml="25")[1]
    assert [bag.volume_nl for bag in protocol.solutions] == [275_000_000] * 3
    assert [bag.drug_pg for bag in protocol.solutions[:2]] == [5 * 10**9, 50 * 10**9]
    drawn_nl = sum(step.volume_nl for step in protocol.steps if step.solution == 2)
    assert 0 <= 275_000_000 - drawn_nl <= 1 and not codes(protocol)
    each = made("bwh-12", dose_mg="500", overfill_ml="10,20,30")[1]
    assert [bag.volume_nl for bag in each.solutions] == [260_000_000, 270_000_000, 280_000_000]


def test_a_full_last_bag_runs_only_to_the_dose() -> None:
    protocol = made("bwh-12", dose_mg="500", last_bag="full")[1]
    assert protocol.solutions[-1].drug_pg == 500 * 10**9
    assert sum(step.volume_nl for step in protocol.steps if step.solution == 2) == 248_032_500
    assert Fraction(*total_dose(protocol)) == 500 * 10**9


def test_four_bags_of_an_hour_rise_tenfold() -> None:
    protocol = made("four-bag", dose_mg="500")[1]
    assert protocol.kind == 3 and not codes(protocol)
    assert [step.duration_ms for step in protocol.steps] == [3_600_000] * 4
    assert protocol.solutions[-1].drug_pg == 444_500_000_000  # 0.889 D


@pytest.mark.parametrize(("series", "factors"), [("doubling", {2}), ("half-log", {3, Fraction(10, 3)})])
def test_series_of_doses_and_a_remainder(series: str, factors: set[Fraction]) -> None:
    protocol = made("log-series", dose_mg="500", first_dose_mg="0.01", series=series)[1]
    doses = [row[4] for row in cells(protocol)]
    assert doses[0] == Fraction(1, 100) and sum(doses) == 500
    assert {b / a for a, b in zip(doses[:-2], doses[1:-1], strict=True)} == factors
    assert doses[-1] >= doses[-2] and not codes(protocol)


def test_series_of_a_given_length() -> None:
    doses = [row[4] for row in cells(made("log-series", dose_mg="10", first_dose_mg="0.01", series_steps="5")[1])]
    assert [dose * 100 for dose in doses] == [1, 2, 4, 8, 16, 969]


def test_a_drug_in_units() -> None:
    assert made("bwh-12", dose_u="1000")[1].unit == 1


# -- what cannot be done


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("bwh-12", {"bag_ml": "10"}, "bags from 12.5 mL work"),
        ("bwh-12", {"bag_ml": "33.333"}, "bags of 33.35 mL work"),
        ("bwh-12", {"scaled_final_rate": "3"}, "--scaled-final-rate may be at least 3.998 mL/h"),
        ("bwh-12", {"first_rate": "0.05"}, "from 0.1 work"),
        ("bwh-12", {"scaled_final_rate": "70", "final_rate": "70"}, "not both"),
        ("bwh-12", {"dwell_min": "600"}, "bag A"),
        ("one-bag", {"dwell_min": "300"}, "bag A"),
        ("bwh-12", {"overfill_ml": "1,2"}, "--overfill-ml"),
        ("bwh-12", {"first_dose_mg": "1"}, "it has --bag-ml"),
        ("bwh-20", {"dose_mg": "0.000001"}, "too small"),
        ("bwh-12", {"dose_u": "7"}, "given twice"),
        ("bwh-12", {"dose_mg_per_kg": "7"}, "given twice"),
        ("log-series", {"first_dose_mg": "900"}, "--first-dose-mg"),
        ("log-series", {"first_dose_mg": "1", "series_steps": "30"}, "--series-steps"),
        ("log-series", {"first_dose_mg": "0.000001", "first_rate": "1200", "bag_ml": "1"}, "more bags"),
        *(
            ("bwh-12", {"dose_mg": text}, "--dose-mg")
            for text in ("", "x", "nan", "-1", "1e999", "12,5", "1" * 60, "٣")
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(name: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as error:
        made(name, **{"dose_mg": "500", **options})
    assert words in str(error.value) and "\n" not in str(error.value)


@drawn(st.integers(1, 100_000), st.sampled_from(["bwh-8", "bwh-12", "bwh-16", "one-bag"]))
@settings(max_examples=150)
def test_a_suggested_bag_does_work(thousandths_ml: int, name: str) -> None:
    options = {"dose_mg": "500", "bag_ml": f"{thousandths_ml // 1000}.{thousandths_ml % 1000:03d}"}
    try:
        made(name, **options)
    except UserError as error:
        words = error.remedy.split()
        assert words[0] == "bags" and words[3].startswith("mL")
        made(name, **{**options, "bag_ml": words[2]})


# -- free tables

LADDER_CSV = "solution,rate_ml_h,minutes\nA,2,15\nA,5,15\nB,5,15\nB,10,15\nB,20,15\n"


def test_a_free_table(tmp_path: Path) -> None:
    file = tmp_path / "steps.csv"
    file.write_text("\ufeff" + LADDER_CSV.replace("B,20,15", "\nB, 20 ,"), "utf-8")
    protocol = made("custom", dose_mg="10", csv=str(file), bag_ml="50", dilutions="1000,1")[1]
    assert [row[:2] for row in cells(protocol)] == [("A", 2), ("A", 5), ("B", 5), ("B", 10), ("B", 20)]
    assert sum(row[4] for row in cells(protocol)) == 10
    assert protocol.solutions[0].drug_pg == 10**7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "first line"),
        ("a,b,c\nA,2,15\n", "first line"),
        ("solution,rate_ml_h,minutes\n", "0 steps"),
        (LADDER_CSV + "B,20\n", "line 7"),
        (LADDER_CSV + "b,20,15\n", "line 7"),
        (LADDER_CSV + "B,0.01,15\n", "line 7, rate_ml_h"),
        (LADDER_CSV + "B,20,nan\n", "line 7, minutes"),
        (LADDER_CSV + "B,20,15.000001\n", "millisecond"),
        (LADDER_CSV.replace("5,15\nB,10", "5,\nB,10"), "line 4"),
        (LADDER_CSV + "A,20,15\n", "last bag"),
        (LADDER_CSV + "B,20,15\n" * 40, "45 steps"),
    ],
)
def test_faults_of_a_free_table_name_the_line(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "steps.csv"
    file.write_text(text, "utf-8")
    for path in (file, tmp_path, tmp_path / "none.csv"):
        with pytest.raises(UserError) as error:
            made("custom", dose_mg="10", csv=str(path))
        assert path != file or words in str(error.value)


# -- over drawn orders

dose_texts = st.integers(100, 10**9).map(lambda n: f"{n // 10_000}.{n % 10_000:04d}")  # 0.01 to 100,000 mg
LADDERS: dict[str, Any] = {
    "name": st.sampled_from(sorted(TWINS)),
    "dose": dose_texts,
    "bag_ml": st.integers(25, 1000).map(str),
    "extra": st.fixed_dictionaries(
        {"last_bag": st.sampled_from(["under", "full"]), "overfill_ml": st.integers(0, 100).map(str)},
        optional={
            "first_rate": st.integers(1, 40).map(lambda n: f"0.{n:02d}" if n > 9 else f"{n}"),
            "scaled_final_rate": st.integers(20, 200).map(str),
            "dwell_min": st.sampled_from(["15", "15.5", "20", "17.05"]),
        },
    ),
}


@pytest.mark.req("PRO-3", "PRO-4")
@drawn(**LADDERS)
@settings(max_examples=300)
def test_the_steps_sum_to_the_order(name: str, dose: str, bag_ml: str, extra: dict[str, str]) -> None:
    if name == "one-bag":
        extra.pop("last_bag")
    try:
        plan, protocol = made(name, dose_mg=dose, bag_ml=bag_ml, **extra)
    except UserError as error:
        assert error.remedy
        return
    last = protocol.solutions[-1]
    off = protocol.full_dose_pg - Fraction(*total_dose(protocol))
    assert protocol.full_dose_pg == Fraction(dose) * 10**9
    assert -1 <= off < Fraction(last.drug_pg, last.volume_nl)  # less than 1 nL of the last bag
    for bag, planned in zip(protocol.solutions, plan.bags, strict=True):
        assert (bag.id, bag.volume_nl, bag.drug_pg) == (planned.letter, planned.volume_nl, planned.drug_pg)
    for bag in plan.bags[:-1]:
        assert abs(bag.drug_pg * bag.dilution - plan.dose_pg) <= bag.dilution / 2
    assert [step.volume_nl for step in protocol.steps[:-1]] == [rung.drawn_nl() for rung in plan.rungs[:-1]]
    assert not codes(protocol) & {"dose-sum", "bag-short", "step-volume", "rate-range"}
    assert all(step.duration_ms >= 15 * 60_000 for step in protocol.steps[:-1])


@drawn(dose_texts, st.integers(25, 1000), st.sampled_from(sorted(TWINS)))
@settings(max_examples=150)
def test_any_bag_keeps_the_shares_of_the_dose(dose: str, bag_ml: int, name: str) -> None:
    protocol = made(name, dose_mg=dose, bag_ml=str(bag_ml))[1]
    reference = made(name, dose_mg=dose)[1]
    for row, same in zip(cells(protocol), cells(reference), strict=True):
        assert abs(row[4] - same[4]) <= same[4] / 10**4  # volumes of small bags are whole nL
        assert abs(row[2] - same[2]) <= Fraction(1, 1000)


@drawn(
    dose_texts, st.integers(1, 10**6), st.sampled_from(["doubling", "half-log"]), st.sampled_from(["15", "20", "60"])
)
@settings(max_examples=200)
def test_any_series_sums_to_the_order(dose: str, first: int, series: str, dwell: str) -> None:
    options = {"first_dose_mg": f"0.{first:06d}", "series": series, "dwell_min": dwell}
    try:
        protocol = made("log-series", dose_mg=dose, **options)[1]
    except UserError as error:
        assert error.remedy
        return
    last = protocol.solutions[-1]
    off = protocol.full_dose_pg - Fraction(*total_dose(protocol))
    assert 0 <= off < Fraction(last.drug_pg, last.volume_nl)
    assert not codes(protocol) & {"dose-sum", "step-volume", "dwell-short"}


awkward = st.one_of(
    st.text(max_size=12),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.sampled_from(["0", "0.1", "1", "15", "250", "1200", "10000000", "under", "run-dry", "half-log", "one-bag"]),
)


@pytest.mark.req("PRO-6")
@drawn(st.sampled_from(sorted(set(BY_NAME) - {"custom"})), st.data())
@settings(max_examples=300)
def test_no_option_makes_it_crash(name: str, data: st.DataObject) -> None:
    keys = [option.key for option in BY_NAME[name].every_option()]
    options = data.draw(st.dictionaries(st.sampled_from(keys), awkward, max_size=4))
    series = {"first_dose_mg": "0.01"} if name == "log-series" else {}
    try:
        made(name, **{"dose_mg": "500", **series, **options})
    except UserError as error:
        assert "\n" not in str(error)

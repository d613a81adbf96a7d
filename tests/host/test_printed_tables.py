"""Each cell that a published table prints can be entered, and each one that is changed is named (PRO-3, PRO-6)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from approval_kit import SAMPLE, Office

from toleramp.protocol.file import read_content
from toleramp.protocol.printed import printed_findings

pytest_plugins = ("approval_kit",)

Content = dict[str, Any]
Place = tuple[str, int, str]  # section, number from 1, key
PATH = Path("printed.toml")
DOSE = Decimal(500)


def named(content: Content) -> list[tuple[str, str]]:
    """(where, key) of each cell that is called wrong."""
    reading = read_content(PATH, content)
    assert reading.judged is not None, [str(fault) for fault in reading.faults]
    rows = printed_findings(reading, reading.judged)
    assert all(row["severity"] == "error" and row["code"] == "printed-mismatch" for row in rows)
    return [(row["where"], row["message"].split()[0]) for row in rows]


def cells(content: Content) -> Iterator[Place]:
    """The places of all printed cells."""
    for section in ("protocol", "solution", "step"):
        tables = content.get(section, [])
        for number, table in enumerate(tables if isinstance(tables, list) else [tables], 1):
            yield from ((section, number, key) for key in table if key.startswith("printed_"))


def table_at(content: Content, place: Place) -> Content:
    """The table that holds a cell."""
    value = content[place[0]]
    return value[place[1] - 1] if isinstance(value, list) else value


def demand_each_change_named(content: Content) -> int:
    """Nothing is wrong; then each cell in turn, at its last digit and tenfold; how many there were."""
    assert named(content) == []
    every = list(cells(content))
    for place in every:
        table, key = table_at(content, place), place[2]
        right = table[key]
        last = Decimal(1).scaleb(int(Decimal(right).as_tuple().exponent))
        for wrong in (right + last, right * 10 if right else last):
            table[key] = wrong
            where = place[0] if place[0] == "protocol" else f"{place[0]} {place[1]}"
            assert named(content) == [(where, key)], (place, right, wrong)
        table[key] = right
    return len(every)


def decimal(value: Fraction, decimals: int = 9) -> Decimal:
    """The value as it would be printed with so many decimals at most."""
    return Decimal(round(value * 10**decimals)).scaleb(-decimals).normalize() + 0


def from_golden(table: Content) -> Content:
    """A protocol file of a reference table for 500 mg, its cells printed as the table has them."""
    bags, steps, total_ml, total_min = [], [], Decimal(0), Decimal(0)
    for bag in table["solutions"]:
        drug, volume = Decimal(bag["dose_in_bag_fraction"]) * DOSE, Decimal(bag["volume_ml"])
        row = {"id": chr(64 + bag["solution"]), "code": f"BAG-{bag['solution']}", "volume_ml": volume, "drug_mg": drug}
        row |= {"printed_drug_mg": drug, "printed_volume_ml": volume}
        row["printed_mg_per_ml"] = decimal(Fraction(drug) / Fraction(volume), 15)
        if bag.get("volume_used_ml") is not None:
            row["printed_used_ml"] = bag["volume_used_ml"]
        bags.append(row)
    for step in table["steps"]:
        row = {"solution": chr(64 + step["solution"]), "rate_ml_h": step["rate_ml_h"], "minutes": step["minutes"]}
        total_ml, total_min = total_ml + step["volume_ml"], total_min + step["minutes"]
        row |= {"printed_rate_ml_h": step["rate_ml_h"], "printed_minutes": step["minutes"]}
        row |= {"printed_volume_ml": step["volume_ml"], "printed_cumulative_ml": total_ml}
        row["printed_dose_mg"] = step["dose_fraction"] * DOSE
        row["printed_cumulative_mg"] = step["cumulative_fraction"] * DOSE
        row["printed_dose_rate_mg_h"] = step["dose_rate_fraction_per_h"] * DOSE
        steps.append(row)
    head = {"full_dose_mg": DOSE, "printed_total_minutes": total_min, "printed_total_ml": total_ml}
    kind = "multi-bag" if len(bags) > 1 else "one-bag"
    head |= {"class": kind, "line_dead_volume_ml": 0, "primed_with": "saline"}
    head["printed_total_mg"] = table["steps"][-1]["cumulative_fraction"] * DOSE
    return {"format": 1, "protocol": HEAD | head, "solution": bags, "step": steps}


HEAD: Content = {"name": "a", "drug": "a", "tolerance_gap_h": 48, "max_hold_min": 60, "max_wait_min": 30}


def by_mouth(table: Content) -> Content:
    """A protocol file of a reference table by mouth, in units."""
    steps = []
    for step in table["steps"]:
        row = {"kind": "oral", "dose_u": step["dose"], "minutes": step["minutes"], "printed_minutes": step["minutes"]}
        steps.append(row | {"printed_dose_u": step["dose"], "printed_cumulative_u": step["cumulative"]})
    total, minutes = table["steps"][-1]["cumulative"], sum(step["minutes"] for step in table["steps"])
    head = {"full_dose_u": total, "class": "oral", "dose_unit": "U"}
    head |= {"printed_total_u": total, "printed_total_minutes": minutes}
    return {"format": 1, "protocol": HEAD | head, "step": steps}


@pytest.mark.req("PRO-3", "PRO-6")
def test_each_changed_cell_of_every_reference_table_is_named(shared_folder: Path) -> None:
    """Else a misprint in a column that cannot be entered is copied by hand, as two of ten were."""
    text = (shared_folder / "protocols" / "golden.json").read_text(encoding="utf-8")
    with localcontext() as context:
        context.prec = 60
        for table in json.loads(text, parse_float=Decimal):
            content = by_mouth(table) if table["route"] == "PO" else from_golden(table)
            count = demand_each_change_named(content)
            assert count >= 3 * len(table["steps"]), table["id"]


def sample() -> Content:
    """The 12-step example with every cell that a table prints, worked out by hand for the first three steps."""
    content: Content = tomllib.loads(SAMPLE.read_text("utf-8"), parse_float=Decimal)
    rows = [
        ("15", "2.0", "0.500", "0.50", "0.010", "0.010", "0.0400"),
        ("15.0", "5", "1.25", "1.75", "0.025", "0.035", "0.10"),
        ("15", "10", "2.5", "4.25", "0.05", "0.085", "0.2"),
    ]
    names = ("minutes", "rate_ml_h", "volume_ml", "cumulative_ml", "dose_mg", "cumulative_mg", "dose_rate_mg_h")
    for step, row in zip(content["step"], rows, strict=False):
        step |= {f"printed_{name}": Decimal(cell) for name, cell in zip(names, row, strict=True)}
    last = ("174.375", "80", "232.5", "278", "461.34045", "500.000", "158.7408")
    content["step"][-1] |= {f"printed_{name}": Decimal(cell) for name, cell in zip(names, last, strict=True)}
    bags = (("5", "250", "0.02", "9.25"), ("50", "250", "0.20", "18.75"), ("496.065", "250.0", "1.984", "250"))
    for bag, row in zip(content["solution"], bags, strict=True):
        names_of_bag = ("drug_mg", "volume_ml", "mg_per_ml", "used_ml")
        bag |= {f"printed_{name}": Decimal(cell) for name, cell in zip(names_of_bag, row, strict=True)}
    totals = {"total_minutes": "339.375", "total_ml": "278", "total_mg": "500"}
    content["protocol"] |= {f"printed_{name}": Decimal(cell) for name, cell in totals.items()}
    return content


@pytest.mark.req("PRO-3", "PRO-6")
def test_each_changed_cell_of_our_own_table_is_named() -> None:
    """Else the columns are checked only where the reference material lies beside the checkout."""
    assert demand_each_change_named(sample()) == 4 * 7 + 3 * 4 + 3


@pytest.mark.req("PRO-3", "PRO-6")
def test_a_dose_that_says_full_strength_on_an_under_filled_bag_is_named() -> None:
    """Else the label trap of a printed table (500 mg beside 250 mL of 1.984 mg/mL) is copied."""
    content = sample()
    content["solution"][2]["printed_drug_mg"] = Decimal(500)
    assert named(content) == [("solution 3", "printed_drug_mg")]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("section", "key", "right"),
    [
        ("step", "printed_dose_rate_u_h", "printed_dose_rate_mg_h"),
        ("step", "printed_cumulative_u", "printed_cumulative_mg"),
        ("solution", "printed_u_per_ml", "printed_mg_per_ml"),
        ("protocol", "printed_total_u", "printed_total_mg"),
    ],
)
def test_a_cell_in_the_other_unit_is_refused(section: str, key: str, right: str) -> None:
    """Else units are compared with milligrams."""
    content = sample()
    table_at(content, (section, 1, key))[key] = Decimal(1)
    reading = read_content(PATH, content)
    assert any(f"write {right} = ..." in str(fault) for fault in reading.faults)


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "has", "lacks"),
    [
        ("rate_ml_h = 2.0", "rate_ml_h = 2.0\nprinted_doses = 1", "printed_dose_mg, printed_cumul", "printed_used_ml"),
        ("drug_mg = 5.0", "drug_mg = 5.0\nprinted_conc = 1", "printed_mg_per_ml, printed_used_ml", "printed_minutes"),
        (
            "max_wait_min = 30",
            "max_wait_min = 30\nprinted_sum = 1",
            "printed_total_ml, printed_total_mg",
            "printed_dose",
        ),
    ],
)
def test_a_misspelt_printed_cell_is_answered_with_those_of_its_table(
    old: str, new: str, has: str, lacks: str, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else people guess names of keys until they leave the cell out."""
    office.change(old, new)
    assert office.run("protocol", "check", office.file, "--json") == 1
    rows = [row for row in json.loads(capsys.readouterr().out)["findings"] if row["code"] == "unknown-key"]
    assert len(rows) == 1 and has in rows[0]["message"] and lacks not in rows[0]["message"]
    assert "_u" not in rows[0]["message"].replace("_used", "")

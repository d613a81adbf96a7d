"""Published ladders cell by cell: our own exact tables always, the reference tables where they are at hand."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from core_kit import BAG_MG, MINUTES, build, standard

from pump import protocol as p
from pump import rules
from toleramp.protocol_table import dose_rates_mg_h, step_doses

DOSE = 500
DOSES = (Fraction(500), Fraction(3, 4), Fraction(40), Fraction(3333, 10), Fraction(2000), Fraction(10_000))
Table = dict[str, Any]

# Written down by hand: mL and mg of each step of the standard ladder, for 500 mg.
VOLUMES_UL = (500, 1250, 2500, 5000, 1250, 2500, 5000, 10_000, 2500, 5000, 10_000, 232_500)
DOSES_NG = (
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000,
    4_960_650, 9_921_300, 19_842_600, 461_340_450,
)  # fmt: skip


def tables(folder: Path) -> list[Table]:
    """The reference tables for a pump; decimals stay exact."""
    text = (folder / "protocols" / "golden.json").read_text(encoding="utf-8")
    return [table for table in json.loads(text, parse_float=Decimal) if table["route"] == "IV"]


def kind_of(table: Table) -> str:
    """The class that the table's own shape asks for."""
    if any(step["minutes"] == 60 for step in table["steps"]):
        return "wide-step"
    return "multi-bag" if len(table["solutions"]) > 1 else "one-bag"


def protocol_of(table: Table, dose: Fraction = DOSES[0]) -> p.Protocol:
    """The table for so many mg."""
    bags = [
        (Fraction(s["volume_ml"]), Fraction(s["dose_in_bag_fraction"]) * dose)
        for s in table["solutions"]
    ]  # fmt: skip
    steps = [(s["solution"] - 1, Fraction(s["rate_ml_h"]), Fraction(s["minutes"])) for s in table["steps"]]
    return build(dose, bags, steps, kind_of(table))


def near(cell: Decimal | int, exact: Fraction) -> bool:
    """True when the cell, written with at most twelve digits, is the exact value."""
    return abs(Fraction(cell) - exact) <= abs(exact) / 10**10


def check_cells(table: Table, protocol: p.Protocol, full: Fraction = DOSES[0]) -> None:
    """Volumes exactly; doses, sums and dose rates to the last digit written."""
    total = Fraction(0)
    lines = zip(table["steps"], protocol.steps, step_doses(protocol), dose_rates_mg_h(protocol), strict=True)
    for cells, step, dose, rate in lines:
        total += dose
        assert Fraction(step.volume_nl, 10**6) == Fraction(cells["volume_ml"])
        assert near(cells["dose_fraction"], dose / 10**9 / full), cells
        assert near(cells["cumulative_fraction"], total / 10**9 / full), cells
        assert near(cells["dose_rate_fraction_per_h"], rate / full), cells
        if full == DOSE and "dose_mg_for_D500" in cells:
            assert near(cells["dose_mg_for_D500"], dose / 10**9), cells
            assert near(cells["cumulative_mg_for_D500"], total / 10**9), cells


@pytest.mark.req("PRO-3")
def test_the_standard_ladder_cell_by_cell() -> None:
    """Else the table on the wall and the pump differ."""
    protocol = standard()
    assert [step.volume_nl for step in protocol.steps] == [1000 * volume for volume in VOLUMES_UL]
    assert step_doses(protocol) == [Fraction(dose * 1000) for dose in DOSES_NG]
    assert sum(DOSES_NG) == DOSE * 10**6


@pytest.mark.req("PRO-2", "PRO-3")
def test_a_four_bag_ladder_of_sixteen_steps() -> None:
    """Else high-risk patients' ladders cannot be loaded."""
    ladder = ((Fraction(5, 2), 5, 10, 20), (Fraction(5, 2), 5, 10, 20), (5, 10, 20, 40), (10, 20, 40, 80))
    rates = [(bag, Fraction(rate)) for bag, row in enumerate(ladder) for rate in row]
    steps = [(bag, rate, Fraction(15)) for bag, rate in rates[:-1]]
    # 500 - 0.002 * 9.375 - 0.02 * 9.375 - 0.2 * 18.75 = 496.04375 mg remain for the last bag, run dry.
    bags = [(Fraction(250), Fraction(mg)) for mg in (Fraction(1, 2), 5, 50, Fraction(49604375, 100_000))]
    protocol = build(500, bags, [*steps, (3, Fraction(80), MINUTES[-1])])
    assert Fraction(*rules.total_dose(protocol)) == 500 * 10**9
    assert rules.findings(protocol) == []


@pytest.mark.req("PRO-3")
def test_a_last_bag_at_full_strength_and_run_dry_is_refused() -> None:
    """Else the three bags give 100.8 % of the order, every time."""
    protocol = standard()
    protocol.solutions[2].drug_pg = 500 * 10**9
    with pytest.raises(p.Refusal) as caught:
        rules.demand(protocol)
    assert caught.value.name == "dose-sum"
    assert BAG_MG[2] < 500


@pytest.mark.req("PRO-2", "PRO-3")
@pytest.mark.parametrize("dose", DOSES, ids=lambda dose: f"{float(dose):g}mg")
def test_the_standard_ladder_for_any_dose(dose: Fraction) -> None:
    """Else a child's dose, or a large one, is computed with other digits."""
    bags = [(Fraction(250), mg * dose / DOSE) for mg in BAG_MG]
    steps = [(step.solution, Fraction(step.rate_e4, 10**4), MINUTES[k]) for k, step in enumerate(standard().steps)]
    protocol = build(dose, bags, steps)
    assert step_doses(protocol) == [mg * 1000 * dose / DOSE for mg in DOSES_NG]
    assert rules.findings(protocol) == []
    assert p.decode(bytearray(p.encode(protocol))).full_dose_pg == dose * 10**9


@pytest.mark.req("PRO-2", "PRO-3")
@pytest.mark.parametrize("dose", DOSES, ids=lambda dose: f"{float(dose):g}mg")
def test_every_reference_table_gives_its_own_cells(shared_folder: Path, dose: Fraction) -> None:
    """Else a published ladder runs with other volumes or doses."""
    for table in tables(shared_folder):
        if table.get("negative"):
            continue
        protocol = protocol_of(table, dose)
        check_cells(table, protocol, dose)
        found = [f for f in rules.findings(protocol) if f[0] == rules.ERROR]
        assert found == [], table["id"]
        p.decode(bytearray(p.encode(protocol)))


@pytest.mark.req("PRO-2", "PRO-3", "PRO-6")
@pytest.mark.parametrize("dose", DOSES, ids=lambda dose: f"{float(dose):g}mg")
def test_every_faulty_reference_table_is_refused_for_its_own_reason(shared_folder: Path, dose: Fraction) -> None:
    """Else a misprint of a published table is infused."""
    for table in tables(shared_folder):
        if table.get("negative"):
            found = {
                code for severity, code, _, _ in rules.findings(protocol_of(table, dose)) if severity == rules.ERROR
            }
            assert found & set(table["expect_codes"]), (table["id"], found)

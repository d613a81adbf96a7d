"""Published ladders cell by cell: our own exact tables always, the reference tables where they are at hand."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from core_kit import BAG_MG, MINUTES, build, standard

from pump.protocol import protocol as p
from pump.protocol import rules
from pump.protocol.encoding import encode
from toleramp.cli import main
from toleramp.preparation.oral import strength_for
from toleramp.protocol.file import read_protocol
from toleramp.protocol.table import dose_rates_mg_h, step_doses
from toleramp.protocol.table import table as dose_table

DOSE = 500
DOSES = (Fraction(500), Fraction(3, 4), Fraction(40), Fraction(3333, 10), Fraction(2000), Fraction(10_000))
Table = dict[str, Any]

# Written down by hand: mL and mg of each step of the standard ladder, for 500 mg.
VOLUMES_UL = (500, 1250, 2500, 5000, 1250, 2500, 5000, 10_000, 2500, 5000, 10_000, 232_500)
DOSES_NG = (
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000,
    4_960_650, 9_921_300, 19_842_600, 461_340_450,
)  # fmt: skip


def tables(folder: Path, route: str = "IV") -> list[Table]:
    """The reference tables for a pump, or those by mouth; decimals stay exact."""
    text = (folder / "protocols" / "golden.json").read_text(encoding="utf-8")
    return [table for table in json.loads(text, parse_float=Decimal) if table["route"] == route]


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
    assert p.decode(bytearray(encode(protocol))).full_dose_pg == dose * 10**9


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
        p.decode(bytearray(encode(protocol)))


@pytest.mark.req("PRO-2", "PRO-3", "PRO-6")
@pytest.mark.parametrize("dose", DOSES, ids=lambda dose: f"{float(dose):g}mg")
def test_every_faulty_reference_table_is_refused_for_its_own_reason(shared_folder: Path, dose: Fraction) -> None:
    """Else a misprint of a published table is infused."""
    for table in tables(shared_folder):
        if table.get("negative"):
            protocol = protocol_of(table, dose)
            found = {code for severity, code, _, _ in rules.findings(protocol) if severity == rules.ERROR}
            assert found >= set(table["expect_codes"]), (table["id"], found)
            with pytest.raises(p.Refusal) as refused:
                rules.demand(protocol)
            assert refused.value.name in found


# -- by mouth: the doses of a published series (U)

ORAL_U = (100, 200, 400, 800, 1600, 3200, 6400, 12_000, 24_000, 48_000, 80_000, 160_000, 320_000, 640_000)
ORAL_SUM = 1_296_700
ORAL_DOSES = (Fraction(ORAL_SUM), *DOSES)


def oral_rows(folder: Path, full: Fraction) -> list[dict[str, Any]]:
    """The rows of the table, of a file that the template writes for so many units."""
    digits = f"{full.numerator}" if full.denominator == 1 else f"{float(full)}"
    path, shares = folder / "oral.toml", ",".join(map(str, ORAL_U))
    options = ["--shares", shares, "--dose-u", digits, "--drug", "penicillin V", "--max-hold-min", "120"]
    assert main(["protocol", "new", "--template", "oral", *options, "--force", "-o", str(path)]) == 0
    protocol = read_protocol(path)
    assert rules.findings(protocol) == [] and Fraction(*rules.total_dose(protocol)) == full * 10**9
    exact = [dose / 10**9 for dose in step_doses(protocol)]
    return [{**row, "exact": dose} for row, dose in zip(dose_table(protocol)["steps"], exact, strict=True)]


def check_oral(cells: list[dict[str, Any]], rows: list[dict[str, Any]], full: Fraction) -> None:
    """Each dose and sum to 1e-9 of the full dose; exactly at the table's own."""
    total = Fraction(0)
    allowed = 0 if full == ORAL_SUM else full / 10**9
    for cell, row in zip(cells, rows, strict=True):
        total += row["exact"]
        assert abs(row["exact"] - Fraction(cell["dose"]) * full / ORAL_SUM) <= allowed, cell
        assert abs(total - Fraction(cell["cumulative"]) * full / ORAL_SUM) <= allowed, cell
        assert (row["step"], row["minutes"]) == (cell["step"], cell["minutes"])
        assert row["solution"] is row["rate_ml_h"] is row["volume_ml"] is None and row["kind"] == "oral"
        assert row["dose_mg"] == float(row["exact"]) and row["cumulative_mg"] == float(total)


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize("full", ORAL_DOSES, ids=lambda dose: f"{float(dose):g}U")
def test_the_series_by_mouth_cell_by_cell(tmp_path: Path, full: Fraction) -> None:
    """Else doses by mouth, or their sum, differ from the published ones."""
    sums = [sum(ORAL_U[: k + 1]) for k in range(14)]
    cells = [{"step": k + 1, "dose": dose, "cumulative": sums[k], "minutes": 15} for k, dose in enumerate(ORAL_U)]
    check_oral(cells, oral_rows(tmp_path, full), full)


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize("full", ORAL_DOSES, ids=lambda dose: f"{float(dose):g}U")
def test_the_reference_table_by_mouth_cell_by_cell(shared_folder: Path, tmp_path: Path, full: Fraction) -> None:
    """Else the published table by mouth cannot be expressed."""
    (published,) = tables(shared_folder, "PO")
    rows = oral_rows(tmp_path, full)
    check_oral(published["steps"], rows, full)
    for cell, row in zip(published["steps"], rows, strict=True):
        assert abs(Fraction(cell["dose_fraction"]) - row["exact"] / full) <= Fraction(1, 10**9)
    last = published["steps"][-1]["cumulative_fraction"]
    assert abs(last - 1) <= Decimal("1e-9")


@pytest.mark.req("PRO-3")
def test_the_volumes_by_mouth_of_the_reference(shared_folder: Path) -> None:
    """Else the sheet by which doses are drawn up differs from the published one."""
    (published,) = tables(shared_folder, "PO")
    strengths = [Fraction(1000), Fraction(10_000), Fraction(80_000)]
    for cell in published["steps"]:
        dose = Fraction(cell["dose"])
        strength = strength_for(dose, strengths)
        assert (dose / strength, strength) == (Fraction(cell["volume_ml"]), strengths[cell["solution"] - 1])

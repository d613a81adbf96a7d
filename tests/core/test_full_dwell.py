"""The standard ladder at full length in virtual time, and the same run at two scan periods (FLO-3, PRO-4)."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from core_kit import PL_PULSE, RATES, finish, pulses_of_steps, pump_with, scan_s, short, standard, start

from toleramp_bench.boards.core_pump import CorePump

# By hand: microlitres of each step, and its dose in nanograms for 500 mg.
VOLUMES_UL = (500, 1250, 2500, 5000, 1250, 2500, 5000, 10_000, 2500, 5000, 10_000, 232_500)
DOSES_NG = (
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_000_000,
    4_960_650, 9_921_300, 19_842_600, 461_340_450,
)  # fmt: skip


@pytest.fixture(scope="module")
def full() -> CorePump:
    """A session of 5 h 40 min with a scan a second."""
    pump = pump_with(standard(), 1_000_000)
    start(pump)
    assert finish(pump, 30_000) == "completed"
    scan_s(pump, 10)
    return pump


@pytest.mark.req("FLO-3", "PRO-4")
def test_each_steps_volume_is_the_tables(full: CorePump) -> None:
    """Else the ladder delivered is not the ladder ordered."""
    assert [pulses * PL_PULSE // 1000 for pulses in pulses_of_steps(full)] == [ul * 1000 for ul in VOLUMES_UL]
    assert full.stepper.pulses == sum(VOLUMES_UL) * 10


@pytest.mark.req("PRO-4")
def test_each_steps_dose_is_the_tables(full: CorePump) -> None:
    """Else the chart shows a dose that nobody got."""
    bags = standard().solutions
    doses = [
        Fraction(pulses * PL_PULSE * bags[bag].drug_pg, bags[bag].volume_nl * 1000)
        for pulses, (bag, _) in zip(pulses_of_steps(full), RATES, strict=True)
    ]
    assert doses == [Fraction(ng * 1000) for ng in DOSES_NG]
    assert sum(doses) == 500 * 10**9


@pytest.mark.req("SES-2", "FLO-3")
def test_each_step_takes_its_dwell(full: CorePump) -> None:
    """Else a step is over before its time."""
    marks = [int(str(e["t_ms"])) for e in full.events if e["event"] in ("step_started", "step_completed")]
    took = [after - before for before, after in zip(marks[::2], marks[1::2], strict=True)]
    dwell = [step.duration_ms for step in standard().steps]
    assert all(0 <= took_ms - dwell_ms <= 3_000 for took_ms, dwell_ms in zip(took, dwell, strict=True))


@pytest.mark.req("ALM-6")
def test_a_nominal_session_raises_no_alarm_but_bag_changes_and_its_end(full: CorePump) -> None:
    """Else staff learn to silence this pump."""
    raised = [event["code"] for event in full.events if event["event"] == "alarm_raised"]
    assert raised == ["bag", "bag", "completed"]


@pytest.mark.req("FLO-3", "PRO-4")
def test_volumes_and_doses_are_those_of_the_reference_table(full: CorePump, shared_folder: Path) -> None:
    """Else our own table was copied wrong."""
    text = (shared_folder / "protocols" / "golden.json").read_text(encoding="utf-8")
    tables = {table["id"]: table for table in json.loads(text, parse_float=Decimal)}
    steps = tables["bwh12_2start_80"]["steps"]
    assert [Fraction(step["volume_ml"]) * 1000 for step in steps] == list(VOLUMES_UL)
    assert [Fraction(step["dose_mg_for_D500"]) * 10**6 for step in steps] == list(DOSES_NG)
    assert len(pulses_of_steps(full)) == len(steps)


def run_at(period_us: int) -> CorePump:
    """The short ladder with one scan period."""
    pump = pump_with(short(), period_us)
    start(pump)
    assert finish(pump) == "completed"
    return pump


@pytest.mark.req("FLO-2", "SES-2")
def test_the_scan_period_changes_times_by_a_scan_and_nothing_else() -> None:
    """Else what is shown at a scan a second says nothing about the pump."""
    fast, slow = run_at(20_000), run_at(1_000_000)
    assert pulses_of_steps(fast) == pulses_of_steps(slow)
    kinds = ("step_started", "step_completed", "bag_requested", "bag_confirmed", "completed")
    lists = [[(e["event"], e["step"], e["arg"]) for e in pump.events if e["event"] in kinds] for pump in (fast, slow)]
    assert lists[0] == lists[1]
    spans = []
    for pump in (fast, slow):
        marks = [int(str(e["t_ms"])) for e in pump.events if e["event"] in ("step_started", "step_completed")]
        spans.append([after - before for before, after in zip(marks[::2], marks[1::2], strict=True)])
    # A step ends in the scan that counts its last pulse; its first may wait for the seam of up to three scans.
    assert all(abs(a - b) <= 3_000 for a, b in zip(*spans, strict=True))
    assert sum(abs(a - b) for a, b in zip(*spans, strict=True)) <= 12 * 1_500

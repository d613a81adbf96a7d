"""A whole session: order, volumes, bags, and who lets the drug flow (SES, PRO-4, PRO-8, FLO-10, SEC-1)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import (
    BAG_MG,
    BAG_ML,
    MINUTES,
    RATES,
    STEP_PULSES,
    build,
    dose_pg,
    finish,
    hang,
    names,
    pulses_of_steps,
    pump_with,
    run_to_step,
    scan_s,
    short,
    start,
    state,
    tap,
    until,
)

import toleramp_bench.boards.core_pump as bench
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.protocol.encoding import encode
from pump.tables import causes
from toleramp.protocol.file import scaled


@pytest.mark.req("PRO-4", "PRO-8", "FLO-2", "SES-1")
@pytest.mark.parametrize("period_us", [20_000, 100_000])
def test_a_whole_session_in_order(period_us: int) -> None:
    """Else the standard case fails."""
    protocol = short()
    pump = pump_with(protocol, period_us)
    start(pump)
    assert finish(pump) == "completed"
    expected = [("armed", 1), ("bag_requested", 1), ("bag_confirmed", 1), ("step_started", 1)]
    for step in range(1, 13):
        expected.append(("step_completed", step))
        if step in (4, 8):
            expected += [("bag_requested", step + 1), ("bag_confirmed", step + 1)]
        expected += [("step_started", step + 1)] if step < 12 else [("completed", 12)]
    wanted = {name for name, _ in expected} | {"paused", "fault", "stopped", "locked", "resumed"}
    assert names(pump, *wanted) == expected
    assert pulses_of_steps(pump) == list(STEP_PULSES)
    assert pump.stepper.pulses == sum(STEP_PULSES)
    by_bag = [sum(STEP_PULSES[k] for k in range(12) if RATES[k][0] == bag) for bag in range(3)]
    assert dose_pg(protocol, by_bag) == protocol.full_dose_pg


@pytest.mark.req("FLO-2", "INT-3")
def test_the_same_session_across_the_wrap_of_the_ticks() -> None:
    """Else a pump that has been on for twelve days ends a session in a fault."""
    pump = pump_with(short(), start_ms=(1 << 30) - 30_000)
    start(pump)
    assert finish(pump) == "completed"
    assert pulses_of_steps(pump) == list(STEP_PULSES)


@pytest.mark.req("FLO-2", "FLO-5", "ALM-6")
@pytest.mark.parametrize("pl_pulse", [33_333, 101_317, 250_000])
@pytest.mark.parametrize("bag", [Fraction(1, 10), Fraction(4, 10)])
def test_a_calibration_that_no_volume_is_a_multiple_of(
    monkeypatch: pytest.MonkeyPatch, pl_pulse: int, bag: Fraction
) -> None:
    """Else a really calibrated pump ends a slow step in a false fault."""
    monkeypatch.setattr(bench, "PL_PULSE", pl_pulse)
    steps = [(n, rate * bag, minutes) for (n, rate), minutes in zip(RATES, MINUTES, strict=True)]
    protocol = scaled(build(500, [(BAG_ML * bag, mg) for mg in BAG_MG], steps), Fraction(1, 50))
    pump = pump_with(protocol)
    start(pump)
    assert finish(pump) == "completed"
    volume_pl = sum(step.volume_nl for step in protocol.steps) * 1000
    assert abs(pump.stepper.pulses * pl_pulse - volume_pl) <= pl_pulse


@pytest.mark.req("FLO-10", "PRO-8")
def test_at_a_bag_boundary_nothing_flows_until_confirm() -> None:
    """Else the next step runs from the wrong bag."""
    pump = pump_with(short())
    start(pump)
    assert until(pump, "bag")
    before = pump.stepper.pulses
    for button in (START, UP, DOWN, SILENCE):
        tap(pump, button)
    scan_s(pump, 600)
    assert state(pump) == "bag" and pump.stepper.pulses == before == sum(STEP_PULSES[:4])
    hang(pump)
    scan_s(pump, 5)
    assert pump.stepper.pulses > before


@pytest.mark.req("SEC-1", "FLO-10", "SES-1")
def test_without_a_press_nothing_ever_flows() -> None:
    """Else a pump left alone doses."""
    pump = pump_with(short())
    scan_s(pump, 1200)
    assert pump.stepper.pulses == 0 and not names(pump, "armed", "step_started")


@pytest.mark.req("SEC-1", "SES-1", "INT-6")
@pytest.mark.parametrize(
    "presses", [(START,), (CONFIRM,), (CONFIRM, START), (START, START), (CONFIRM, CONFIRM), (UP, DOWN)]
)
def test_one_press_alone_never_starts(presses: tuple[int, ...]) -> None:
    """Else a bump on the key is a start."""
    pump = pump_with(short())
    for button in presses:
        tap(pump, button)
    scan_s(pump, 60)
    assert pump.stepper.pulses == 0


@pytest.mark.req("SES-1")
def test_the_second_press_must_come_within_half_a_minute() -> None:
    """Else a start forgotten in the morning runs at noon."""
    pump = pump_with(short())
    tap(pump, START)
    scan_s(pump, 31)
    assert state(pump) == "ready"
    tap(pump, CONFIRM)
    scan_s(pump, 10)
    assert pump.stepper.pulses == 0


@pytest.mark.req("SES-1", "VIT-2")
@pytest.mark.parametrize(
    ("spo2", "pulse", "flags"), [(92, 72, 1), (97, 49, 1), (97, 131, 1), (97, 72, 0), (97, 72, 64)]
)
def test_no_start_without_a_good_reading(spo2: int, pulse: int, flags: int) -> None:
    """Else a session begins blind."""
    pump = pump_with(short())
    pump.parser.spo2, pump.parser.pulse, pump.parser.flags = spo2, pulse, flags
    tap(pump, START)
    tap(pump, CONFIRM)
    scan_s(pump, 10)
    assert pump.stepper.pulses == 0 and state(pump) == "ready"


@pytest.mark.req("FLO-6", "SES-11")
@pytest.mark.parametrize(
    "where", ["ready", "armed", "running", "bag", "held", "decision", "resumable", "locked", "completed"]
)
def test_stop_is_obeyed_in_every_state(where: str) -> None:
    """Else there is a moment in which STOP does nothing."""
    from core_kit import choose_step, classify

    pump = pump_with(short())
    if where != "ready":
        tap(pump, START)
    if where not in ("ready", "armed"):
        hang(pump)
        run_to_step(pump, 3)
    if where == "bag":
        assert until(pump, "bag")
    if where in ("held", "decision", "resumable", "locked"):
        tap(pump, STOP)
    if where in ("decision", "resumable"):
        classify(pump, causes.MILD)
    if where == "resumable":
        choose_step(pump, 2)
    if where == "locked":
        classify(pump, causes.SEVERE)
    if where == "completed":
        finish(pump)
    assert state(pump) == where
    before = pump.stepper.pulses
    pump.press(STOP, 1000)
    pump.scan()
    assert pump.out.words == 0 and not pump.out.permit
    before = pump.stepper.pulses
    scan_s(pump, 120)
    assert pump.stepper.pulses == before
    expected = {"armed": "ready", "running": "held", "bag": "held", "decision": "held", "resumable": "held"}
    assert state(pump) == expected.get(where, where)


@pytest.mark.req("SES-2", "FLO-10", "ALM-6")
def test_a_step_waits_at_zero_for_a_good_reading_and_goes_on_by_itself() -> None:
    """Else a short dip at a step's end either raises the rate or ends the session in a fault."""
    pump = pump_with(short())
    start(pump)
    run_to_step(pump, 2)
    scan_s(pump, 16.5)
    pump.parser.spo2 = 91
    scan_s(pump, 5)
    before = pump.stepper.pulses
    assert before == sum(STEP_PULSES[:2]) and state(pump) == "running" and not names(pump, "step_completed")[1:]
    scan_s(pump, 2)
    assert pump.stepper.pulses == before and pump.controller.session.rate_e4() == 0
    pump.parser.spo2 = 97
    assert finish(pump) == "completed"
    assert pulses_of_steps(pump) == list(STEP_PULSES)


@pytest.mark.req("PRO-4")
def test_a_second_session_starts_from_nothing() -> None:
    """Else the account of yesterday's session is charged to today's."""
    pump = pump_with(short())
    for _ in range(2):
        before = pump.stepper.pulses
        pump.load(encode(short()))
        start(pump)
        assert finish(pump) == "completed"
        assert pump.stepper.pulses - before == sum(STEP_PULSES)

"""The supervisor: what differs from the plan stops the flow and stays stopped (FLO-5, FLO-7, INT-4, ALM-5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from core_kit import finish, names, pump_with, run_to_step, scan_s, short, start, state, tap, until
from guard_kit import Bench

from pump.claim import Claim
from pump.guard.guard import Guard
from pump.io import CONFIRM, START, STOP, Snapshot
from pump.tables import causes
from toleramp_bench.boards.core_pump import CorePump

PULSES_OF_20_UL = 200  # of 100 nL


def running_at(step: int, seconds: float = 3) -> CorePump:
    """A pump in the given step for so long."""
    pump = pump_with(short())
    start(pump)
    run_to_step(pump, step)
    scan_s(pump, seconds)
    return pump


def fault(pump: CorePump) -> str:
    """The code of the fault, empty when there was none."""
    codes = [str(event["code"]) for event in pump.events if event["event"] == "fault"]
    assert len(codes) <= 1
    return codes[0] if codes else ""


def check_dead(pump: CorePump) -> None:
    """A faulted pump: no pulse and no permit any more, whatever is pressed or asked."""
    before = pump.stepper.pulses
    for button in (START, CONFIRM, STOP, START, CONFIRM):
        tap(pump, button)
    for _ in range(600):
        pump.scan()
        assert not pump.out.permit and not pump.out.words
    assert state(pump) == "fault" and pump.stepper.pulses == before


@pytest.mark.req("FLO-5", "FLO-7", "ALM-2")
@pytest.mark.parametrize("step", [4, 8, 11, 12])
def test_a_stall_is_an_under_delivery_and_the_step_does_not_advance(step: int) -> None:
    """Else a blocked pump walks through the ladder by the clock."""
    pump = running_at(step)
    pump.stepper.deaf = True
    begin, rate = pump.now_us, pump.controller.session.rate_e4()
    assert until(pump, "fault", 200)
    assert fault(pump) == "under-delivery"
    assert ("step_completed", step) not in names(pump, "step_completed")
    due = pump.controller.session.progress.target
    tolerance = min(2000, PULSES_OF_20_UL + due // 50) + 10
    assert pump.now_us - begin <= (tolerance * 100_000 * 36_000) // rate + 1_500_000
    pump.stepper.deaf = False
    check_dead(pump)


@pytest.mark.req("FLO-5", "SES-2")
@pytest.mark.parametrize("scans", [1, 5, 10])
def test_a_few_lost_pulses_end_in_an_alarm_not_in_a_wait_for_ever(scans: int) -> None:
    """Else a step that lacks one pulse stands at zero, in silence, until somebody looks."""
    pump = running_at(3)
    pump.stepper.deaf = True
    for _ in range(scans):
        pump.scan()
    pump.stepper.deaf = False
    assert pump.stepper.lost > 0
    assert until(pump, "fault", 60)
    assert fault(pump) == "under-delivery" and pump.controller.alarms.priority == 3
    check_dead(pump)


@pytest.mark.req("FLO-5", "FLO-7")
@pytest.mark.parametrize("extra", [350, 1000, 5000])
@pytest.mark.parametrize("step", [1, 6, 12])
def test_pulses_that_were_not_due_are_an_over_delivery(step: int, extra: int) -> None:
    """Else a runaway motor empties the bag."""
    pump = running_at(step)
    pump.controller.guard.bounds = None  # the last line would be first
    pump.stepper.stray(extra + pump.controller.session.progress.done // 40)
    pump.scan()
    assert not pump.out.permit
    pump.scan()
    assert fault(pump) == "over-delivery" and state(pump) == "fault"
    check_dead(pump)


@pytest.mark.req("FLO-5", "FLO-7")
def test_pulses_too_many_in_the_scan_that_ends_a_step_are_seen() -> None:
    """Else what comes at a step's very end is charged to nobody."""
    pump = running_at(2)
    pump.controller.guard.bounds = None
    assert until(pump, lambda c: c.controller.session.progress.done >= c.controller.session.progress.target - 2)
    pump.stepper.stray(50)
    assert until(pump, "fault", 5)
    assert fault(pump) == "over-delivery"
    check_dead(pump)


def _ready(pump: CorePump) -> None:
    """Before any session."""


def _held(pump: CorePump) -> None:
    start(pump)
    scan_s(pump, 2)
    tap(pump, STOP)


def _bag(pump: CorePump) -> None:
    start(pump)
    assert until(pump, "bag")
    scan_s(pump, 1)


def _completed(pump: CorePump) -> None:
    start(pump)
    assert finish(pump) == "completed"
    scan_s(pump, 1)


@pytest.mark.req("FLO-7", "FLO-10")
@pytest.mark.parametrize("before", [_ready, _held, _bag, _completed])
def test_a_pulse_while_nothing_may_flow_is_a_runaway(before: Callable[[CorePump], None]) -> None:
    """Else a motor that turns by itself in a hold is not noticed."""
    pump = pump_with(short())
    before(pump)
    pump.stepper.stray(1)
    scan_s(pump, 0.3)
    assert fault(pump) == "runaway" and state(pump) == "fault"
    check_dead(pump)


@pytest.mark.req("FLO-11", "ALM-5")
def test_a_queue_that_runs_dry_is_a_drive_fault_and_is_never_caught_up() -> None:
    """Else pulses missed by a hung loop come all at once."""
    pump = running_at(8)
    pump.stepper.queue.clear()
    pump.stepper.end_us = pump.now_us
    pump.scan()
    assert fault(pump) == "drive-late"
    check_dead(pump)


@pytest.mark.req("INT-4", "PRO-1")
@pytest.mark.parametrize("at", [7, 60, 120, 200])
def test_a_bit_flipped_in_the_guards_copy_is_found_before_the_next_step(at: int) -> None:
    """Else a changed protocol decides what may flow."""
    pump = running_at(1)
    pump.controller.guard.blob[at] ^= 1
    assert until(pump, "fault", 30)
    assert fault(pump) == "memory" and names(pump, "step_completed")[-1] == ("step_completed", 1)
    check_dead(pump)


@pytest.mark.req("INT-4", "FLO-5")
def test_a_rate_changed_in_controls_memory_is_found_by_the_guard() -> None:
    """Else one flipped bit in the running plan is a tenfold rate."""
    pump = running_at(3)
    pump.controller.guard.bounds = None  # the last line would be first
    pump.controller.session.case.course.interval_us[3] //= 16
    assert until(pump, "fault", 60)
    assert fault(pump) == "over-delivery"
    check_dead(pump)


@pytest.mark.req("FLO-10", "SEC-1")
def test_the_guard_refuses_a_start_without_a_press() -> None:
    """Else a fault of the control channel alone starts the drug."""
    bench = Bench()
    bench.flow(0)
    assert not bench.scan()
    assert causes.NAMES[bench.guard.trip] == "claim"


@pytest.mark.req("FLO-10", "SEC-1")
def test_a_press_counts_for_one_start_only() -> None:
    """Else the press of the morning allows every later start."""
    bench = Bench()
    bench.scan(buttons=CONFIRM)
    bench.flow(0)
    assert bench.scan()
    bench.claim.flow = False
    for _ in range(10):
        assert not bench.scan()
    bench.claim.flow = True
    assert not bench.scan() and bench.guard.trip


@pytest.mark.req("PRO-2", "FLO-5")
@pytest.mark.parametrize("step", [1, 2, 11])
def test_the_guard_refuses_a_step_before_the_one_below_it_is_complete(step: int) -> None:
    """Else one fault skips a rung: four times the dose rate."""
    bench = Bench()
    bench.scan(buttons=CONFIRM)
    bench.flow(step)
    assert not bench.scan() and causes.NAMES[bench.guard.trip] == "claim"


@pytest.mark.req("PRO-2", "FLO-5")
def test_the_guard_lets_the_next_step_follow_its_own_count_only() -> None:
    """Else control's word is enough to go on."""
    bench = Bench()
    plan = bench.guard.plan
    bench.scan(buttons=CONFIRM)
    bench.flow(0)
    assert bench.scan()
    for _ in range(plan.pulses[0] - 1):
        for _ in range(9):
            assert bench.scan()
        assert bench.scan(pulses=1)
    early = plan.pulses[0] - 1
    assert bench.snap.pulses == early
    bench.flow(1, entry=2)
    assert not bench.scan() and causes.NAMES[bench.guard.trip] == "claim"


@pytest.mark.req("PRO-4", "FLO-5")
def test_the_guard_refuses_a_larger_target_than_its_own() -> None:
    """Else control alone decides how much a step gives."""
    bench = Bench()
    bench.scan(buttons=CONFIRM)
    bench.flow(0)
    bench.claim.target += 1
    assert not all(bench.scan() for _ in range(5)) and causes.NAMES[bench.guard.trip] == "claim"


@pytest.mark.req("FLO-6")
def test_no_permit_while_stop_is_down() -> None:
    """Else the control channel alone decides whether STOP stops."""
    bench = Bench()
    bench.scan(buttons=CONFIRM)
    bench.flow(0)
    assert bench.scan()
    assert not bench.scan(buttons=STOP)


@pytest.mark.req("FLO-5")
def test_the_guard_without_a_protocol_refuses_everything() -> None:
    """Else an empty pump pumps."""
    guard, snap, claim = Guard(100_000), Snapshot(), Claim()
    claim.flow = True
    snap.buttons = CONFIRM
    guard.account(snap)
    guard.judge(claim, snap)
    assert not guard.permit and guard.trip

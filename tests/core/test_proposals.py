"""What comes over the line while people answer: no press ever means what was not before their eyes (SES-16, SEC-1)."""

from __future__ import annotations

import pytest
from core_kit import (
    MILD,
    SEVERE,
    TECHNICAL,
    classify,
    host,
    mini,
    name_bag,
    pump_with,
    resume,
    run_to_step,
    running_at,
    scan_s,
    short,
    standard,
    start,
    state,
    tap,
    until,
)

from pump.io import CONFIRM, START, STOP, UP
from pump.session.held import GRADES
from pump.tables import messages as m
from pump.tables.causes import BOUNDS
from toleramp_bench.boards.core_pump import CorePump


def asked(step: int = 5, period_us: int = 20_000) -> CorePump:
    """A pump that asks for a bag: that of the start, or the one of a later step."""
    pump = pump_with(short(), period_us)
    if step == 1:
        tap(pump, START)
        return pump
    start(pump)
    run_to_step(pump, step - 1)
    assert until(pump, "bag", 200)
    scan_s(pump, 1)
    return pump


def code(step: int) -> bytes:
    """The code of the bag of that step."""
    return b"T-1" if step < 5 else b"T-2" if step < 9 else b"T-3"


def show(pump: CorePump, choice: int) -> None:
    """UP until that choice stands on the screen."""
    while pump.controller.session.question.shown != choice:
        tap(pump, UP)


# -- a scanned code


@pytest.mark.req("SES-16", "PRO-8", "SEC-1")
@pytest.mark.parametrize("step", [1, 5, 9])
def test_a_code_from_the_line_while_a_key_is_down_is_refused(step: int) -> None:
    """Else the nurse confirms the wrong bag that hangs, the line names the right one, and the wrong one runs."""
    pump = asked(step)
    show(pump, 3 if step == 5 else 2)
    scan_s(pump, 2)
    before = pump.stepper.moved
    pump.press(CONFIRM)
    assert host(pump, m.HANG[0], code(step)) == m.REFUSED[0]
    scan_s(pump, 5)
    assert state(pump) in ("armed", "bag") and pump.stepper.moved == before
    assert not pump.controller.session.question.second


@pytest.mark.req("SES-16", "PRO-8")
@pytest.mark.parametrize("step", [1, 5, 9])
@pytest.mark.parametrize("after_s", [0.1, 0.4, 0.8])
def test_a_press_right_after_a_code_from_the_line_was_meant_for_something_else(step: int, after_s: float) -> None:
    """Else a press on its way answers what nobody has read."""
    pump = asked(step)
    show(pump, 3 if step == 5 else 2)
    assert host(pump, m.HANG[0], code(step)) == m.ACK[0]
    scan_s(pump, after_s)
    pump.press(CONFIRM, 80)
    scan_s(pump, 2)
    assert state(pump) in ("armed", "bag")
    tap(pump, CONFIRM)  # read, and answered
    scan_s(pump, 1)
    assert state(pump) == "running" and pump.controller.guard.trip == 0
    assert pump.controller.guard.hanging.bag == int(code(step)[-1:]) - 1


@pytest.mark.req("PRO-8", "ALM-6")
@pytest.mark.parametrize("step", [1, 5])
@pytest.mark.parametrize("scans", range(12))
def test_a_code_as_soon_as_the_bag_is_asked_for_leaves_both_channels_with_one_belief(step: int, scans: int) -> None:
    """Else control knows the bag, the guard does not, and stops a good session as an overdose."""
    pump = pump_with(short(), 20_000)
    if step == 1:
        pump.press(START)
    else:
        start(pump)
        run_to_step(pump, 4)
    assert until(pump, "armed" if step == 1 else "bag", 200)
    for _ in range(scans):
        pump.scan()
    host(pump, m.HANG[0], code(step))
    scan_s(pump, 2)
    if pump.controller.session.question.second:
        tap(pump, CONFIRM)
    else:
        name_bag(pump)
        tap(pump, CONFIRM)
    scan_s(pump, 8)
    assert state(pump) == "running" and pump.controller.guard.trip == 0


@pytest.mark.req("SES-8", "SES-16")
@pytest.mark.parametrize("sent", [b"T-1", b"T-3"])
def test_no_line_keeps_a_forgotten_start_alive(sent: bytes) -> None:
    """Else a START of an hour ago runs at the first touch of a key."""
    pump = asked(1)
    for _ in range(12):
        host(pump, m.HANG[0], sent)
        scan_s(pump, 5)
    assert state(pump) == "ready"


@pytest.mark.req("PRO-8")
def test_after_it_has_lapsed_a_bag_can_be_scanned_again() -> None:
    """Else who was called away at a bag change can never confirm it by the scanner."""
    pump = asked(5)
    for _ in range(3):
        assert host(pump, m.HANG[0], b"T-2") == m.ACK[0]
        scan_s(pump, 2)
        assert pump.controller.session.question.second
        scan_s(pump, 30)
        assert not pump.controller.session.question.second
    host(pump, m.HANG[0], b"T-2")
    scan_s(pump, 2)
    tap(pump, CONFIRM)
    assert state(pump) == "running"


# -- requests


@pytest.mark.req("SES-16", "SES-4", "SEC-1")
@pytest.mark.parametrize("request_", [m.STOP, m.PAUSE], ids=["stop", "pause"])
def test_no_request_takes_an_emergency_back(request_: tuple[int, ...]) -> None:
    """Else a stop from the nurse station wipes out the severe reaction that was just being entered."""
    pump = running_at(6)
    tap(pump, STOP)
    show(pump, GRADES.index(SEVERE) + 1)
    tap(pump, CONFIRM)
    host(pump, request_[0])
    scan_s(pump, 21)
    assert state(pump) == "locked"
    assert [e["event"] for e in pump.events if e["event"] in ("reaction", "locked")] == ["reaction", "locked"]


@pytest.mark.req("SES-16", "SES-4")
def test_a_fault_after_the_first_press_of_severe_keeps_the_reaction() -> None:
    """Else the log of a session that faulted says nothing of the reaction that was entered in it."""
    pump = running_at(6)
    tap(pump, STOP)
    show(pump, GRADES.index(SEVERE) + 1)
    tap(pump, CONFIRM)
    pump.controller.guard._latch(BOUNDS)
    scan_s(pump, 1)
    assert state(pump) == "fault"
    assert [e["code"] for e in pump.events if e["event"] == "reaction"] == ["severe"]


@pytest.mark.req("SES-16", "SEC-1")
def test_a_pause_from_the_laptop_before_the_first_bag_runs_is_acknowledged_only() -> None:
    """Else the nurse's next two presses, meant to run the bag, end the monitoring."""
    pump = asked(1)
    name_bag(pump)
    assert host(pump, m.PAUSE[0]) == m.ACK[0]
    scan_s(pump, 1)
    assert state(pump) == "armed"
    tap(pump, CONFIRM)
    assert state(pump) == "running"


# -- presses too close to each other


@pytest.mark.req("SES-16", "INT-6")
def test_the_second_of_two_quick_presses_answers_no_question_that_came_between() -> None:
    """Else a double press at the choice of the step chooses the bag, unseen."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 5)
    scan_s(pump, 3)
    tap(pump, STOP)
    classify(pump, MILD)
    show_step(pump, 4)
    scan_s(pump, 2)
    pump.press(CONFIRM, 80)
    scan_s(pump, 0.24)
    pump.press(CONFIRM, 80)
    scan_s(pump, 2)
    assert state(pump) == "boundary"


def show_step(pump: CorePump, step: int) -> None:
    """UP or DOWN until that step stands there."""
    from pump.io import DOWN

    while pump.controller.session.question.shown != step:
        tap(pump, DOWN)


@pytest.mark.req("SES-16", "PRO-8")
@pytest.mark.parametrize("gap_s", [0.2, 0.24])
def test_a_double_press_names_a_bag_and_does_not_run_it(gap_s: float) -> None:
    """Else two presses are one slip of a finger, and the second was never asked for on the screen."""
    pump = asked(5)
    show(pump, 2)
    scan_s(pump, 2)
    pump.press(CONFIRM, 80)
    scan_s(pump, gap_s)
    pump.press(CONFIRM, 80)
    scan_s(pump, 2)
    assert state(pump) == "bag" and pump.controller.session.question.second


# -- a hold right after a bag was confirmed


@pytest.mark.req("ALM-6", "PRO-8")
@pytest.mark.parametrize("step", [1, 5, 9])
@pytest.mark.parametrize("after_ms", [0, 60, 100, 200, 300, 400, 500, 600, 800])
@pytest.mark.parametrize("how", ["stop", "pause"])
def test_a_hold_right_after_the_press_that_runs_a_bag_ends_no_session(step: int, after_ms: int, how: str) -> None:
    """Else the guard reads the old request on the screen, forgets the bag, and stops the resume as an overdose."""
    pump = asked(step)
    name_bag(pump)
    pump.press(CONFIRM)
    assert until(pump, "running", 2)
    scan_s(pump, after_ms / 1000)
    if how == "stop":
        tap(pump, STOP)
    else:
        host(pump, m.PAUSE[0])
    scan_s(pump, 1)
    assert state(pump) == "held"
    classify(pump, TECHNICAL)
    resume(pump)
    if state(pump) == "bag":  # nothing had flowed yet: it is asked for again
        name_bag(pump)
        tap(pump, CONFIRM)
    scan_s(pump, 12)
    assert state(pump) == "running" and pump.controller.guard.trip == 0


@pytest.mark.req("ALM-6", "PRO-8")
def test_the_same_at_full_dwell() -> None:
    """Else it is found in small protocols only."""
    pump = pump_with(standard(), 20_000)
    tap(pump, START)
    name_bag(pump)
    pump.press(CONFIRM)
    assert until(pump, "running", 2)
    scan_s(pump, 0.2)
    tap(pump, STOP)
    scan_s(pump, 1)
    classify(pump, TECHNICAL)
    resume(pump)
    scan_s(pump, 60)
    assert state(pump) == "running" and pump.controller.guard.trip == 0


@pytest.mark.req("PRO-8")
def test_a_short_step_between_two_requests_hides_neither() -> None:
    """Else the request for the next bag is taken for the old one where a step was shorter than the screen is slow."""
    pump = pump_with(mini(), 20_000)
    start(pump)
    run_to_step(pump, 4)
    assert until(pump, "bag", 60)
    scan_s(pump, 0.5)
    assert pump.controller.guard.hanging.bag < 0

"""The guard's last line: no overdose though control, its claim and the rest of the guard were wrong (bounds.py)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from core_kit import (
    MILD,
    PL_PULSE,
    choose_step,
    classify,
    finish,
    hang,
    host,
    name_bag,
    next_key,
    pump_with,
    react,
    run_to_step,
    running_at,
    scan_s,
    short,
    shown,
    standard,
    start,
    state,
    tap,
    until,
)
from hypothesis import given
from hypothesis import strategies as st

from pump.course.plan import Plan
from pump.guard import bounds as bounds_module
from pump.guard.bounds import Bounds
from pump.io import CONFIRM, DOWN, START, STOP, UP
from pump.tables import causes
from pump.tables import messages as m
from toleramp_bench.boards.core_pump import CorePump

GUARD = Path(bounds_module.__file__)


class Hung:
    """A bag that hangs; -1: nobody knows."""

    def __init__(self, bag: int) -> None:
        self.bag = bag


def flow(bounds: Bounds, interval_us: int, pulses: int, scan_ms: int = 20) -> int:
    """Pulses at an interval, counted scan by scan; how many had come when a bound was passed, -1: none was."""
    given, now_us = 0, 0
    while given < pulses:
        now_us += scan_ms * 1_000
        new = min(pulses, now_us // interval_us) - given
        given += new
        bounds.count(new, scan_ms)
        if bounds.broken:
            return given
    return -1


def climb(bounds: Bounds, hung: Hung, steps: int) -> None:
    """The ladder as planned, its first steps."""
    plan = bounds.plan
    for k in range(steps):
        hung.bag = plan.solution[k]
        bounds.rest()
        assert flow(bounds, plan.interval_us[k], plan.pulses[k]) < 0, f"step {k + 1} as planned"


PLAN = Plan(short(), PL_PULSE)


@pytest.mark.req("FLO-7", "PRO-2")
@pytest.mark.parametrize("scan_ms", [20, 100])
def test_the_ladder_as_planned_passes_no_bound(scan_ms: int) -> None:
    """Else the last line ends a session in which nothing is wrong."""
    hung = Hung(0)
    bounds = Bounds(PLAN, hung)
    for k in range(PLAN.count):
        hung.bag = PLAN.solution[k]
        bounds.rest()
        assert flow(bounds, PLAN.interval_us[k], PLAN.pulses[k], scan_ms) < 0, f"step {k + 1}"


@pytest.mark.req("PRO-2", "PRO-8")
@pytest.mark.parametrize("known", [True, False], ids=["the next bag", "an unknown bag"])
@pytest.mark.parametrize("step", range(8))
def test_a_stronger_bag_and_an_unknown_one_are_stopped_within_a_window(step: int, known: bool) -> None:
    """Else the wrong bag runs for as long as its step lasts, or a belief that has ended goes on deciding."""
    hung = Hung(0)
    bounds = Bounds(PLAN, hung)
    climb(bounds, hung, step)
    bounds.rest()
    hung.bag = PLAN.solution[step] + 1 if known else -1
    given = flow(bounds, PLAN.interval_us[step], PLAN.pulses[step])
    most = bounds_module.WINDOW + -(-bounds_module.STRETCH_MS * 1000 // PLAN.interval_us[step]) + 5
    assert 0 < given <= most


@pytest.mark.req("PRO-2", "FLO-7")
@given(st.integers(0, 8), st.integers(410, 3000))
def test_no_dose_rate_beyond_what_was_tolerated_times_the_factor(step: int, hundredths: int) -> None:
    """Else a wrong rate in both channels is a rate."""
    hung = Hung(0)
    bounds = Bounds(PLAN, hung)
    climb(bounds, hung, step)
    bounds.rest()
    level = max(0, step - 1)
    factor = hundredths if step else hundredths // 3  # a window of 16 pulses or 100 ms tells it to within a third
    interval_us = PLAN.interval_us[level] * 100 // factor
    assert flow(bounds, interval_us, 400, 20) > 0


@pytest.mark.req("PRO-4", "FLO-7")
@given(st.integers(1, 20))
def test_never_more_than_the_order(extra: int) -> None:
    """Else a count that control has lost is given again."""
    plan = Plan(short(), PL_PULSE)
    hung = Hung(0)
    bounds = Bounds(plan, hung)
    climb(bounds, hung, 12)
    bounds.rest()
    pulses = flow(bounds, plan.interval_us[11], extra * 46_500)
    assert 0 < pulses <= 46_500 // 1000 + 200


@pytest.mark.req("PRO-3", "ALM-5")
def test_never_more_than_a_bag_holds() -> None:
    """Else air is counted as dose."""
    protocol = short()
    protocol.solutions[0].volume_nl, protocol.solutions[0].drug_pg = 187_000, 187 * 20_000
    plan, hung = Plan(protocol, PL_PULSE), Hung(0)
    bounds = Bounds(plan, hung)
    climb(bounds, hung, 4)
    bounds.rest()
    assert flow(bounds, plan.interval_us[3], 3_000) <= 187_000 * 1000 // PL_PULSE - 1_850 + 120


# -- in the pump: whatever else is wrong


@pytest.mark.req("PRO-8", "PRO-2", "FLO-7")
def test_a_bag_on_the_pole_that_control_takes_for_another_is_stopped() -> None:
    """Else step 4 runs from bag B, ten times the dose rate, and nothing trips."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 4)
    assert until(pump, "bag")
    scan_s(pump, 1)
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, 4)
    pump.controller.session.progress.hung = 0  # the old belief, and a guard that trusts every claim
    pump.controller.session._seal.close()
    pump.controller.guard._go_back = lambda claim: None
    tap(pump, START)
    tap(pump, CONFIRM)
    assert until(pump, "fault", 5)
    assert causes.NAMES[pump.controller.guard.trip] in ("bounds", "claim")


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("between", [lambda pump: None, lambda pump: scan_s(pump, 20), lambda pump: tap(pump, UP)])
def test_what_the_guard_saw_confirmed_is_what_hangs(between: Callable[[CorePump], None]) -> None:
    """Else the guard asks nobody, or takes a press for another."""
    pump = pump_with(short(), 20_000)
    start(pump)
    guard = pump.controller.guard
    assert guard.hanging.bag == 0
    run_to_step(pump, 4)
    assert until(pump, "bag")
    scan_s(pump, 1)
    assert guard.hanging.bag == -1
    name_bag(pump)
    between(pump)
    if not pump.controller.session.question.second:
        assert guard.hanging.bag == -1
        name_bag(pump)
    tap(pump, CONFIRM)
    scan_s(pump, 2)
    assert guard.hanging.bag == 1 and state(pump) == "running"


@pytest.mark.req("PRO-4")
def test_sessions_with_reactions_pass_no_bound() -> None:
    """Else a session that goes back, as it may, ends in a fault."""
    pump = running_at(9)
    react(pump, 7)
    if state(pump) == "bag":
        hang(pump)
    scan_s(pump, 1)
    assert finish(pump) == "completed"


@pytest.mark.req("FLO-7")
def test_the_last_line_knows_no_course_and_nobody_of_control_knows_it() -> None:
    """Else what is wrong in control is wrong here too."""
    assert len(GUARD.read_text().splitlines()) <= 120
    names = {node.module or "" for node in ast.walk(ast.parse(GUARD.read_text())) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in names if name.split(".")[1:2] in (["course"], ["session"], ["delivery"], ["claim"])}
    others = [path for path in GUARD.parents[1].rglob("*.py") if path.parent.name != "guard"]
    assert others and not [path for path in others if "guard.bounds" in path.read_text()]


def rolled(hold_ms: int, gap_scans: int) -> bool:
    """UP, then CONFIRM so soon after it: whether control took the code; the guard must have taken the same."""
    pump = pump_with(short(), 20_000)
    shown(pump)
    tap(pump, START)
    while next_key(pump) != CONFIRM:
        tap(pump, UP)
    tap(pump, DOWN)
    pump.press(UP, hold_ms)
    for _ in range(gap_scans):
        pump.scan()
    pump.press(CONFIRM, 120)
    scan_s(pump, 1)
    if not pump.controller.session.question.second:
        return False
    tap(pump, CONFIRM)
    scan_s(pump, 2)
    assert state(pump) == "running" and not pump.controller.guard.trip, (hold_ms, gap_scans)
    return pump.controller.guard.hanging.bag == 0


@pytest.mark.req("PRO-8", "INT-6")
@pytest.mark.parametrize("hold_ms", [60, 80, 100, 140])
def test_quick_fingers_confirm_the_same_bag_in_both_channels(hold_ms: int) -> None:
    """Else the same press means two bags, and a session ends in a fault, or a wrong bag in none."""
    taken = [rolled(hold_ms, gap) for gap in range(1, 18)]
    assert any(taken) and not all(taken)


@pytest.mark.req("PRO-8", "VIT-2")
def test_a_code_that_the_screen_does_not_show_is_not_confirmed() -> None:
    """Else presses made while the screen says NO SPO2 name a bag for control that the guard has not seen."""
    pump = pump_with(short(), 20_000)
    tap(pump, START)
    spo2, pump.parser.spo2 = pump.parser.spo2, 80
    scan_s(pump, 1)
    for button in (UP, CONFIRM):
        tap(pump, button)
    question = pump.controller.session.question
    assert not question.second and question.shown == 0 and pump.controller.guard.hanging.bag == -1
    pump.parser.spo2 = spo2
    scan_s(pump, 1)
    hang(pump)
    scan_s(pump, 5)
    assert state(pump) == "running" and not pump.controller.guard.trip


@pytest.mark.req("SEC-1", "INT-7")
def test_a_code_from_the_line_while_the_drug_flows_changes_no_belief() -> None:
    """Else whoever is on the line ends a session by a scanner's frame."""
    pump = running_at(2)
    pump.controller.guard.scanned(b"T-3")
    assert host(pump, m.HANG[0], b"T-3") == m.REFUSED[0]
    scan_s(pump, 5)
    assert state(pump) == "running" and pump.controller.guard.hanging.bag == 0


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("code", [b"t-1", b"T-l", b" T-I ", b"T-1\r\n"])
def test_a_code_is_compared_as_eyes_see_it_in_both_channels(code: bytes) -> None:
    """Else the right bag is called wrong because the scanner sends small letters."""
    pump = pump_with(short(), 20_000)
    tap(pump, START)
    scan_s(pump, 0.5)
    assert host(pump, m.HANG[0], code) == m.ACK[0]
    scan_s(pump, 1.1)
    tap(pump, CONFIRM)
    scan_s(pump, 2)
    assert state(pump) == "running" and pump.controller.guard.hanging.bag == 0


@pytest.mark.req("PRO-2")
def test_the_standard_ladder_at_full_dwell_has_every_level_tolerated() -> None:
    """Else the bound lags behind the ladder and trips late in a real session."""
    plan, hung = Plan(standard(), PL_PULSE), Hung(0)
    bounds = Bounds(plan, hung)
    for k in range(4):
        bounds.rest()
        assert flow(bounds, plan.interval_us[k], plan.pulses[k], 100) < 0
        assert bounds.reached == k + 1


@pytest.mark.req("PRO-2", "FLO-7")
@pytest.mark.parametrize("percent", [51, 75, 85])
def test_a_ladder_climbed_at_part_of_each_dwell_is_stopped(percent: int) -> None:
    """Else each step is two and a half times one that nobody was shown to tolerate for its time."""
    plan, hung = Plan(standard(), PL_PULSE), Hung(0)
    bounds = Bounds(plan, hung)
    for k in range(plan.count):
        hung.bag = plan.solution[k]
        bounds.rest()
        if flow(bounds, plan.interval_us[k], plan.pulses[k] * percent // 100) >= 0:
            assert 1 <= k <= 2
            return
    raise AssertionError("the whole ladder came")


@pytest.mark.req("PRO-8", "FLO-7")
@pytest.mark.parametrize("step", [5, 9])
def test_a_code_that_begins_another_is_told_from_it(step: int) -> None:
    """Else the guard believes in the weaker bag for the whole session, and stops no stronger one."""
    protocol = short()
    for bag, code in zip(protocol.solutions, ("T-1", "T-12", "T-123"), strict=True):
        bag.code = code
    pump = pump_with(protocol, 20_000)
    start(pump)
    run_to_step(pump, step)
    assert pump.controller.guard.hanging.bag == pump.controller.session.case.plan.solution[step - 1]

"""What a session says it has given, step by step: the share of the dose, by the pulses of each bag (INT-5, PRO-4)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import (
    TECHNICAL,
    bag_pulses,
    classify,
    dose_pg,
    finish,
    pump_with,
    react,
    resume,
    run_to_step,
    running_at,
    scan_s,
    short,
    start,
    state,
    tap,
)
from test_line_fill import filled

from pump.course.course import Tally
from pump.course.plan import Plan
from pump.io import START, STOP
from pump.protocol.encoding import encode
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump

WITHIN_PPM = 80  # of the full dose


def check_share(pump: CorePump) -> None:
    """What it says against its stepper's pulses, bag by bag."""
    protocol, session = short(), pump.controller.session
    tally, progress = session.case.tally, session.progress
    by_bag = list(tally.by_bag)
    by_bag[session.case.solution()] += progress.loose
    assert sum(by_bag) == pump.stepper.moved == progress.total
    exact_ppm = dose_pg(protocol, by_bag) * 10**6 / protocol.full_dose_pg
    assert exact_ppm - WITHIN_PPM <= session.case.dose_ppm() <= exact_ppm


@pytest.mark.req("INT-5", "PRO-4")
def test_the_share_of_the_dose_is_that_of_the_pulses() -> None:
    """Else the record, the summary and the memory of orders tell another dose than the patient had."""
    pump = pump_with(short())
    assert pump.controller.session.case.dose_ppm() == 0
    start(pump)
    for step in (1, 2, 5, 9, 12):
        run_to_step(pump, step)
        scan_s(pump, 3)
        check_share(pump)
    assert finish(pump) == "completed"
    assert sum(bag_pulses(pump)) == pump.stepper.moved
    check_share(pump)


@pytest.mark.req("INT-5", "SES-3")
def test_the_share_counts_what_a_repeat_has_given() -> None:
    """Else a step that was given twice counts once, or the part before the reaction counts twice."""
    pump = running_at(3)
    react(pump, 2)
    scan_s(pump, 3)
    check_share(pump)
    run_to_step(pump, 4)
    scan_s(pump, 3)
    check_share(pump)


@pytest.mark.req("INT-5", "SES-15")
def test_a_second_session_s_share_begins_with_nothing() -> None:
    """Else a session tells the dose of the one before it."""
    pump = pump_with(short())
    start(pump)
    finish(pump)
    pump.load(encode(short()))
    assert pump.controller.session.case.dose_ppm() == 0


@pytest.mark.req("SES-6", "SES-7")
@pytest.mark.parametrize(("seconds", "goes_on"), [(50, True), (62, False)])
def test_a_hold_in_the_first_step_is_too_long_like_any_other(seconds: int, goes_on: bool) -> None:
    """Else a session that stood still for hours in its first step goes on as if nothing had been."""
    protocol = short()
    protocol.max_hold_min = 1
    pump = pump_with(protocol)
    start(pump)
    scan_s(pump, 5)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    scan_s(pump, seconds)
    resume(pump)
    assert state(pump) == ("running" if goes_on else "resumable")


@pytest.mark.req("SES-6")
def test_a_start_that_waits_for_its_first_bag_is_no_hold() -> None:
    """Else a session is refused for the time before it."""
    protocol = short()
    protocol.max_hold_min = 1
    pump = pump_with(protocol)
    scan_s(pump, 90)
    tap(pump, START)
    assert not pump.controller.session.case.held_too_long()
    start(pump)


@pytest.mark.req("PRO-3")
def test_a_line_fill_counts_as_no_dose_once() -> None:
    """Else what fills the line is taken off the dose, or what is filled a second time is not."""
    plan = Plan(filled("0.3", "0.3"), PL_PULSE)
    fill = next(k for k in range(plan.count) if not plan.counts[k])
    bag, pulses = plan.solution[fill], plan.pulses[fill]
    tally = Tally(plan)
    for _ in range(2):
        assert sum(tally.by_bag) == sum(tally.drawn) == 0
        tally.settle(fill, bag, pulses - 1)
        tally.settle(fill, bag, 1)
        assert (tally.by_bag[bag], tally.drawn[bag]) == (0, pulses)
        tally.settle(fill, bag, 7)
        assert (tally.by_bag[bag], tally.drawn[bag]) == (7, pulses + 7)
        assert tally.left(bag) == plan.holds[bag] - pulses - 7
        tally.restart()
    assert Fraction(tally.left(bag)) == plan.holds[bag]

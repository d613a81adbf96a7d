"""What the pump believes of the world ends when the world may have changed: bags, their content, time without flow."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import (
    END,
    MILD,
    PL_PULSE,
    TECHNICAL,
    bag_pulses,
    choose_step,
    classify,
    finish,
    hang,
    name_bag,
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
    until,
)

from pump.course.course import bags_hold
from pump.io import CONFIRM, START, STOP
from pump.tables import causes
from toleramp_bench.boards.core_pump import CorePump


def at_bag(step: int, period_us: int = 100_000, line_ml: Fraction = Fraction(0)) -> CorePump:
    """A pump that asks for the bag of a step (5 or 9), a shared line before it."""
    protocol = short()
    protocol.line_dead_nl = int(line_ml * 10**6)
    pump = pump_with(protocol, period_us)
    start(pump)
    for bag_step in (5, 9):
        assert until(pump, "bag")
        if bag_step == step:
            return pump
        hang(pump)
    raise AssertionError


def asked_since(pump: CorePump, count: int) -> bool:
    """Whether a bag was asked for after so many events."""
    return any(event["event"] == "bag_requested" for event in pump.events[count:])


# -- which bag hangs


@pytest.mark.req("PRO-8", "SES-3")
@pytest.mark.parametrize(("bag_step", "resume_at"), [(5, 4), (5, 3), (5, 1), (9, 8), (9, 6), (9, 5)])
def test_after_a_bag_was_asked_for_it_is_asked_again_whatever_step_is_chosen(bag_step: int, resume_at: int) -> None:
    """Else the old step runs from the new bag, ten times too strong."""
    pump = at_bag(bag_step)
    seen = len(pump.events)
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, resume_at)
    resume(pump)
    assert state(pump) == "bag" and asked_since(pump, seen)
    before = pump.stepper.pulses
    scan_s(pump, 10)
    assert pump.stepper.pulses == before
    hang(pump)
    assert state(pump) == "running"


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("after_confirm", [False, True])
def test_a_technical_hold_while_a_bag_is_hung_asks_for_it_again(after_confirm: bool) -> None:
    """Else a press made before the hold says what hangs after it."""
    pump = at_bag(5)
    if after_confirm:
        name_bag(pump)
    seen = len(pump.events)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    resume(pump)
    assert state(pump) == "bag" and asked_since(pump, seen)
    tap(pump, CONFIRM)
    assert state(pump) == "bag"


@pytest.mark.req("PRO-8")
def test_a_bag_that_was_confirmed_and_flowed_is_known() -> None:
    """Else people hang and confirm the same bag after each hold, and stop reading."""
    pump = running_at(6)
    tap(pump, STOP)
    seen = len(pump.events)
    classify(pump, TECHNICAL)
    resume(pump)
    assert state(pump) == "running" and not asked_since(pump, seen)


# -- the line


@pytest.mark.req("SES-5")
@pytest.mark.parametrize("resume_at", [4, 3, 2, 1])
@pytest.mark.parametrize("pulses", [0, 1, 2])
def test_a_hold_around_the_first_pulse_of_a_bag_ends_in_no_loop(resume_at: int, pulses: int) -> None:
    """Else the scan never ends, and the watchdog ends the session."""
    pump = at_bag(5, 20_000, Fraction(6, 1000))
    name_bag(pump)
    before = pump.stepper.pulses
    pump.press(CONFIRM)
    assert until(pump, lambda c: state(c) == "running" and c.stepper.pulses - before >= pulses, 10)
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, resume_at)
    line = pump.controller.session.case.tally.line
    assert all(line.pulses[i] for i in range(line.count))
    resume(pump)
    if state(pump) == "bag":
        hang(pump)
    assert state(pump) == "running"
    assert finish(pump) == "completed"


# -- what a bag still holds


def small_bag(volume_ul: int) -> CorePump:
    """A first bag of so much, of which the four steps draw 185 uL."""
    protocol = short()
    protocol.solutions[0].volume_nl, protocol.solutions[0].drug_pg = volume_ul * 1_000, volume_ul * 20_000
    pump = pump_with(protocol)
    start(pump)
    return pump


@pytest.mark.req("PRO-3", "ALM-5")
@pytest.mark.parametrize(("volume_ul", "way"), [(187, False), (300, False), (330, True), (1_000, True)])
def test_a_step_is_offered_only_where_its_bag_holds_what_follows(volume_ul: int, way: bool) -> None:
    """Else the motor runs on an empty bag, and air counts as dose."""
    pump = small_bag(volume_ul)
    run_to_step(pump, 4)
    scan_s(pump, 10)
    tap(pump, STOP)
    classify(pump, MILD)
    case = pump.controller.session.case
    assert bags_hold(case.plan, case.tally, 0, -1) is way
    assert bool(pump.controller.session.ways.of(0)) is way


@pytest.mark.req("PRO-3", "PRO-4", "ALM-5")
@pytest.mark.parametrize("volume_ul", [187, 250, 330, 400])
def test_no_bag_gives_more_than_it_holds_whatever_is_repeated(volume_ul: int) -> None:
    """Else two returns to step 1 pump two and a half times the bag."""
    pump = small_bag(volume_ul)
    for _ in range(2):
        run_to_step(pump, 4)
        scan_s(pump, 10)
        tap(pump, STOP)
        classify(pump, MILD)
        ways = [k for k in range(4) if pump.controller.session.ways.of(k)]
        if not ways:
            break
        choose_step(pump, ways[0] + 1)
        resume(pump)
        if state(pump) == "bag":
            hang(pump)
    scan_s(pump, 60)
    assert bag_pulses(pump)[0] * PL_PULSE <= volume_ul * 1_000_000


# -- to which step a reaction belongs


@pytest.mark.req("SES-3", "PRO-2")
@pytest.mark.parametrize("bag_step", [5, 9])
def test_a_reaction_at_a_bag_change_belongs_to_the_step_that_flowed(bag_step: int) -> None:
    """Else the step that has not begun is offered first, at two and a half times the rate of the reaction."""
    pump = at_bag(bag_step)
    tap(pump, STOP)
    classify(pump, MILD)
    told = next(event for event in reversed(pump.events) if event["event"] == "reaction")
    assert told["arg"] == bag_step - 1
    question = pump.controller.session.question
    assert not question.shown and question.choices == bag_step, "nothing above it can be chosen"


@pytest.mark.req("SES-3")
def test_a_second_reaction_before_the_repeat_flows_leads_no_higher_than_the_first_choice() -> None:
    """Else who went back to step 4 may go on at step 6 because nothing has flowed since."""
    pump = running_at(6)
    react(pump, 4)
    assert state(pump) == "bag"
    tap(pump, STOP)
    classify(pump, MILD)
    assert pump.controller.session.question.choices == 5, "choose, and steps 1 to 4"


# -- time without flow


def waiting(minutes: float, max_hold_min: int = 5, max_wait_min: int = 240) -> CorePump:
    """A pump that has asked for bag B for so long."""
    protocol = short()
    protocol.max_hold_min, protocol.max_wait_min = max_hold_min, max_wait_min
    pump = pump_with(protocol, 1_000_000)
    start(pump)
    assert until(pump, "bag")
    scan_s(pump, minutes * 60)
    return pump


@pytest.mark.req("SES-6", "SES-7")
@pytest.mark.parametrize("rounds", [1, 3])
def test_holds_at_a_bag_change_count_from_the_last_pulse(rounds: int) -> None:
    """Else a hold of ten hours passes for many of four minutes."""
    pump = waiting(0, 20)
    for _ in range(rounds):
        scan_s(pump, 19 * 60 / rounds)
        if state(pump) == "bag":
            tap(pump, STOP)
        classify(pump, TECHNICAL)
        resume(pump)
    scan_s(pump, 2 * 60)
    if state(pump) == "held":
        classify(pump, TECHNICAL)
    resume(pump)
    scan_s(pump, 5)
    assert state(pump) != "running"
    assert pump.controller.session.case.held_too_long()


@pytest.mark.req("SES-6", "INT-3")
@pytest.mark.parametrize("hours", [1, 24, 30 * 24])
def test_a_hold_too_long_stays_too_long(hours: int) -> None:
    """Else a counter that has gone round takes a week for a minute."""
    pump = running_at(6)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    session, snap = pump.controller.session, pump.snap
    for _ in range(hours * 6):
        snap.now_ms = (snap.now_ms + 600_000) % (1 << 30)
        snap.dt_ms = 600_000
        pump.controller.scan(snap, pump.out)
    assert session.case.held_too_long() is (hours * 60 > session.case.plan.protocol.max_hold_min)


@pytest.mark.req("SES-2", "SES-8")
@pytest.mark.parametrize("max_wait_min", [1, 3])
def test_a_bag_that_does_not_come_is_a_decision(max_wait_min: int) -> None:
    """Else the protocol's longest wait is a number on paper."""
    pump = waiting(max_wait_min - 0.5, 120, max_wait_min)
    assert state(pump) == "bag"
    scan_s(pump, 40)
    assert state(pump) == "held"
    paused = next(event for event in reversed(pump.events) if event["event"] == "paused")
    assert paused["code"] == causes.NAMES[causes.STEP_WAIT]


@pytest.mark.req("SES-6")
def test_what_is_held_too_long_can_be_ended() -> None:
    """Else nobody gets out of it."""
    pump = waiting(6)
    if state(pump) != "held":
        tap(pump, STOP)
    classify(pump, TECHNICAL)
    assert not pump.controller.session.may_resume()
    tap(pump, START)
    tap(pump, STOP)
    classify(pump, END)
    assert state(pump) == "stopped"


# -- the count


@pytest.mark.req("FLO-2", "FLO-12", "INT-4")
@pytest.mark.parametrize(
    ("where", "back"), [("flow", 50), ("flow", 900), ("held", 50), ("held", 900), ("bag", 1), ("bag", 900)]
)
def test_a_count_that_falls_is_a_fault(where: str, back: int) -> None:
    """Else what was given is given again."""
    pump = at_bag(5) if where == "bag" else running_at(8, 12)
    if where == "held":
        pump.press(STOP)
        pump.scan()
    pump.stepper.pulses -= back
    pump.stepper.moved -= back
    scan_s(pump, 1)
    assert state(pump) == "fault" and causes.NAMES[pump.controller.guard.trip] == "pulse-count"


@pytest.mark.req("FLO-12")
def test_both_channels_see_a_count_that_falls() -> None:
    """Else one of them gives it again."""
    pump = running_at(8)
    pump.controller.guard._latch = lambda reason: None
    pump.stepper.pulses -= 500
    pump.stepper.moved -= 500
    scan_s(pump, 1)
    assert state(pump) == "fault"


# -- what the screen says of it


def second_line(pump: CorePump) -> str:
    """The second line of the screen."""
    scan_s(pump, 1)
    return bytes(pump.controller.display.lines[16:32]).decode().rstrip()


@pytest.mark.req("ALM-2", "SES-6")
def test_a_hold_too_long_says_so() -> None:
    """Else the screen asks for a reading that is there, and the nurse looks at the probe."""
    pump = waiting(6)
    if state(pump) != "held":
        tap(pump, STOP)
    classify(pump, TECHNICAL)
    assert second_line(pump) == "TOO LONG: END IT"


@pytest.mark.req("ALM-2", "SES-3")
def test_the_least_time_of_a_hold_counts_down() -> None:
    """Else the screen says that it waits for SpO2 while it waits for the clock."""
    protocol = short()
    protocol.min_hold_min = 2
    pump = pump_with(protocol)
    start(pump)
    scan_s(pump, 2)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    said = [second_line(pump), second_line(pump)]
    seconds = [int(text.removeprefix("WAIT ").removesuffix(" S")) for text in said]
    assert 100 < seconds[1] < seconds[0] <= 120
    scan_s(pump, 120)
    assert second_line(pump) == "PRESS START"


@pytest.mark.req("ALM-2", "PRO-3")
def test_where_no_step_can_be_had_the_screen_says_what_is_left() -> None:
    """Else CONFIRM does nothing, and nobody knows why."""
    pump = small_bag(187)
    run_to_step(pump, 4)
    scan_s(pump, 10)
    tap(pump, STOP)
    classify(pump, MILD)
    assert second_line(pump) == "NONE GOES: END"
    tap(pump, CONFIRM)
    assert state(pump) == "decision"
    tap(pump, STOP)
    classify(pump, END)
    assert state(pump) == "stopped"

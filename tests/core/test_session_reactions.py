"""Reactions: graded by people, led back by people, the dose in full, once (SES-3 to SES-6, PRO-4)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import (
    MILD,
    PL_PULSE,
    SEVERE,
    TECHNICAL,
    bag_pulses,
    check_dose,
    choose_step,
    classify,
    dose_pg,
    finish,
    hang,
    names,
    pulses_of_steps,
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

from pump.io import CONFIRM, DOWN, START, STOP, UP
from toleramp_bench.boards.core_pump import CorePump


@pytest.mark.req("SES-3", "PRO-4")
@pytest.mark.parametrize(
    ("at", "back", "seconds"), [(6, 5, 5), (6, 6, 10), (3, 1, 9), (11, 9, 12), (9, 8, 7), (12, 10, 60), (12, 12, 100)]
)
def test_after_a_mild_reaction_steps_repeat_in_full_and_the_dose_stays(at: int, back: int, seconds: float) -> None:
    """Else the repeats come on top of the dose, or are cut short."""
    pump = running_at(at, seconds)
    react(pump, back)
    assert finish(pump) == "completed"
    started = [step for _, step in names(pump, "step_started")]
    assert started == [*range(1, at + 1), *range(back, 13)]
    planned = [step.volume_nl // 100 for step in short().steps]
    first = len(pump.events) - [e["event"] for e in pump.events][::-1].index("resumed")
    volumes = [int(str(e["pulses"])) for e in pump.events[first:] if e["event"] in ("step_started", "step_completed")]
    repeats = [b - a for a, b in zip(volumes[::2], volumes[1::2], strict=True)]
    assert repeats[:-1] == planned[back - 1 : 11]
    check_dose(pump)


@pytest.mark.req("PRO-4", "SES-3")
@pytest.mark.parametrize("back", [9, 5, 1])
def test_repeats_late_in_the_last_step_never_exceed_the_order(back: int) -> None:
    """Else going back near the end gives more than the full dose."""
    pump = running_at(12, 203)
    react(pump, back)
    assert finish(pump) == "completed"
    protocol = short()
    rest = protocol.full_dose_pg - dose_pg(protocol, bag_pulses(pump))
    # The end may fall into any bag: to one pulse of it.
    assert 0 <= rest < Fraction(PL_PULSE * protocol.solutions[2].drug_pg, protocol.solutions[2].volume_nl * 1000)


@pytest.mark.req("SES-3", "SES-4")
def test_a_reaction_stands_although_stop_is_pressed_while_the_step_is_chosen() -> None:
    """Else STOP and "technical" turn a reaction into a resume of the rest."""
    pump = running_at(6)
    tap(pump, STOP)
    classify(pump, MILD)
    tap(pump, STOP)
    assert state(pump) == "held"
    classify(pump, TECHNICAL)
    assert state(pump) == "decision"
    choose_step(pump, 6)
    resume(pump)
    assert names(pump, "step_started").count(("step_started", 6)) == 2
    assert finish(pump) == "completed"
    check_dose(pump)


@pytest.mark.req("SES-3", "PRO-2")
def test_no_step_beyond_the_present_one_can_be_chosen() -> None:
    """Else a reaction is a way to skip a step."""
    pump = running_at(4)
    tap(pump, STOP)
    classify(pump, MILD)
    for _ in range(9):
        tap(pump, UP)
    tap(pump, CONFIRM)
    resume(pump)
    assert names(pump, "step_started")[-1] == ("step_started", 4)


@pytest.mark.req("SES-4", "SES-16")
@pytest.mark.parametrize("button", [START, CONFIRM, UP])
def test_a_severe_reaction_locks(button: int) -> None:
    """Else an anaphylaxis ends in a resume."""
    pump = running_at(7)
    tap(pump, STOP)
    classify(pump, SEVERE)
    before = pump.stepper.pulses
    for _ in range(5):
        tap(pump, button)
    resume(pump)
    scan_s(pump, 300)
    assert state(pump) == "locked" and pump.stepper.pulses == before
    assert names(pump, "locked") == [("locked", 7)]


@pytest.mark.req("SES-6")
def test_the_third_reaction_locks() -> None:
    """Else a patient is led through the ladder against every sign."""
    pump = running_at(6)
    for back in (5, 5):
        react(pump, back)
        assert state(pump) == "running"
        scan_s(pump, 2)
    tap(pump, STOP)
    classify(pump, MILD)
    before = pump.stepper.pulses
    resume(pump)
    scan_s(pump, 60)
    assert state(pump) == "locked" and pump.stepper.pulses == before
    assert len(names(pump, "reaction")) == 3


@pytest.mark.req("PRO-8", "SES-3")
def test_going_back_over_a_bag_boundary_asks_for_the_bag() -> None:
    """Else step 8 runs from the bag of step 9: ten times the dose."""
    pump = running_at(9)
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, 8)
    before = pump.stepper.pulses
    resume(pump)
    assert state(pump) == "bag" and pump.stepper.pulses == before
    asked = [event["arg"] for event in pump.events if event["event"] == "bag_requested"]
    assert asked == [0, 1, 2, 1]
    hang(pump)
    assert state(pump) == "running" and finish(pump) == "completed"
    check_dose(pump)


def pump_held_in(step: int, choices: int, line_dead_nl: int = 0) -> CorePump:
    """A mild reaction in a step (from 1) of a protocol that lets people go back so far."""
    protocol = short()
    protocol.resume_choices, protocol.line_dead_nl = choices, line_dead_nl
    pump = pump_with(protocol)
    start(pump)
    run_to_step(pump, step)
    scan_s(pump, 5)
    tap(pump, STOP)
    classify(pump, MILD)
    return pump


@pytest.mark.req("SES-3", "SES-16")
@pytest.mark.parametrize(
    ("step", "choices", "offered"),
    [
        (6, 1, [6]),
        (6, 2, [5]),
        (6, 5, [6, 4]),
        (6, 8, [3, 2, 1]),
        (6, 15, [6, 5, 4, 3, 2, 1]),
        (2, 4, [1]),
        (1, 2, [1]),
    ],
)
def test_only_the_steps_that_the_protocol_allows_are_offered(step: int, choices: int, offered: list[int]) -> None:
    """Else what two people signed is changed at the bedside."""
    pump = pump_held_in(step, choices)
    tap(pump, CONFIRM)
    assert state(pump) == "decision" and not pump.controller.session.question.shown, "nothing is preselected"
    seen = []
    for _ in range(9):
        tap(pump, DOWN)
        seen.append(pump.controller.session.question.shown)
    assert list(dict.fromkeys(seen)) == offered and pump.controller.session.question.stuck
    choose_step(pump, offered[-1])
    assert state(pump) == "resumable" and pump.controller.session.progress.step + 1 == offered[-1]


@pytest.mark.req("SES-5", "FLO-1")
def test_the_line_decides_how_far_back_one_can_go() -> None:
    """Else a step is offered that can only run at several times its dose rate."""
    pump = pump_held_in(9, 15, 6_000)  # 0.3 mL at this scale, full of bag C
    for _ in range(10):
        tap(pump, DOWN)
    session = pump.controller.session
    assert session.question.shown == 3 and session.question.stuck  # step 3 is 0.1008 mL/h of bag C, step 2 half of it
    tap(pump, CONFIRM)
    assert state(pump) == "boundary" and (session.question.shown, session.ways.offer_e4) == (2, 1_007)
    tap(pump, UP)
    assert (session.question.shown, session.ways.offer_e4) == (0, 100_000)


@pytest.mark.req("SES-5")
def test_the_step_s_own_bag_comes_first_where_the_protocol_says_so() -> None:
    """Else a ward that hangs bags again has to refuse the pump's offer each time."""
    protocol = short()
    protocol.rehang_first = 1
    pump = pump_with(protocol)
    start(pump)
    run_to_step(pump, 9)
    tap(pump, STOP)
    classify(pump, MILD)
    for button in (DOWN, DOWN, CONFIRM):
        tap(pump, button)
    session = pump.controller.session
    assert state(pump) == "boundary" and session.question.shown == 1
    tap(pump, UP)
    assert session.question.shown == 2
    tap(pump, DOWN)
    tap(pump, CONFIRM)
    resume(pump)
    assert state(pump) == "bag"


@pytest.mark.req("PRO-4", "FLO-5")
def test_the_guard_ends_what_goes_on_beyond_the_order() -> None:
    """Else one flipped bit after a late reaction gives the rest of the ladder on top of the dose."""
    pump = running_at(12, 203)
    react(pump, 9)
    course = pump.controller.session.case.course
    assert course.last < 11
    course.last, course.cut = 11, False
    course.pulses[10] = course.plan.pulses[10]
    assert finish(pump) == "fault"
    assert dose_pg(short(), bag_pulses(pump)) <= short().full_dose_pg


@pytest.mark.req("SES-5", "SES-11")
def test_stop_while_the_bag_is_chosen_leaves_the_reaction_standing() -> None:
    """Else STOP and "technical" turn a reaction into a resume of the rest."""
    pump = pump_held_in(9, 15)
    session = pump.controller.session
    for button in (DOWN, DOWN, CONFIRM):
        tap(pump, button)
    assert state(pump) == "boundary" and session.question.shown == 2
    tap(pump, STOP)
    assert state(pump) == "held"
    classify(pump, TECHNICAL)
    assert state(pump) == "decision"


@pytest.mark.req("SES-5", "PRO-4", "FLO-5")
def test_two_steps_back_on_the_bag_that_hangs() -> None:
    """Else bags are changed twice more for two steps, or the order is not completed."""
    pump = running_at(9)
    react(pump, 7, 2)
    assert state(pump) == "running" and finish(pump) == "completed"
    assert [event["arg"] for event in pump.events if event["event"] == "bag_requested"] == [0, 1, 2]
    assert pulses_of_steps(pump)[8:11] == [101, 202, 500]
    check_dose(pump)


@pytest.mark.req("FLO-5", "SES-5")
@pytest.mark.parametrize("leg", [0, 1])
def test_the_guard_sees_a_wrong_rate_in_either_leg(leg: int) -> None:
    """Else the stretch in which the line still holds the stronger bag is not watched."""
    pump = pump_held_in(9, 15, 6_000)
    choose_step(pump, 8)
    resume(pump)
    course = pump.controller.session.case.course
    course.interval_us[course.first[7] + leg] //= 40
    hang(pump)
    assert until(pump, "fault", 60)
    assert [event["code"] for event in pump.events if event["event"] == "fault"] == ["over-delivery"]


@pytest.mark.req("SES-3", "PRO-2", "FLO-11")
@pytest.mark.parametrize("extra", [0, 1])
def test_a_pulse_behind_the_end_of_a_step_moves_no_reaction_to_the_next(extra: int) -> None:
    """Else a person is offered a step that never began, at a rate that nobody has tolerated."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 4)
    assert until(pump, "bag")
    pump.stepper.moved += extra
    pump.stepper.pulses += extra
    scan_s(pump, 2)
    assert state(pump) == "bag" and pump.controller.session.progress.flowed == 3
    tap(pump, STOP)
    classify(pump, MILD)
    session = pump.controller.session
    assert session.case.reached() == 3 and names(pump, "reaction")
    assert session.ways.of(3)

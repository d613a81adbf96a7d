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
    react,
    resume,
    running_at,
    scan_s,
    short,
    state,
    tap,
)

from pump.io import CONFIRM, START, STOP, UP


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


@pytest.mark.req("SES-4")
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

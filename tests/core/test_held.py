"""A hold is classified by a person: one press, and two where that ends the session (SES-4, SES-16)."""

from __future__ import annotations

import pytest
from core_kit import END, MILD, SEVERE, TECHNICAL, answer, running_at, scan_s, state, tap

from pump.io import CONFIRM, DOWN, STOP, UP
from pump.session.held import Held
from pump.tables import causes
from pump.tables.states import DECISION, LOCKED, RESUMABLE, STOPPED
from toleramp_bench.boards.core_pump import CorePump

pytestmark = pytest.mark.req("SES-4")


def held(step: int = 6) -> CorePump:
    """A pump that was stopped in a step; nobody has said why."""
    pump = running_at(step)
    tap(pump, STOP)
    assert state(pump) == "held" and pump.controller.session.question.shown == 0
    return pump


def choose(pump: CorePump, grade: int) -> None:
    """Goes to a grade; nothing is confirmed."""
    for _ in causes.GRADES:
        tap(pump, UP)
        if causes.GRADES[pump.controller.session.question.shown - 1] == grade:
            return
    raise AssertionError("it is not among the choices")


@pytest.mark.req("SES-16")
def test_confirm_alone_says_nothing() -> None:
    """Else a hand on the key grades a reaction that nobody has looked at."""
    pump = held()
    tap(pump, CONFIRM)
    assert state(pump) == "held" and not pump.controller.session.question.second


@pytest.mark.req("SES-16")
@pytest.mark.parametrize(("grade", "ends_in"), [(SEVERE, "locked"), (END, "stopped")])
def test_what_ends_the_session_is_pressed_twice(grade: int, ends_in: str) -> None:
    """Else a slip of one key ends a session of six hours."""
    pump = held()
    choose(pump, grade)
    tap(pump, CONFIRM)
    assert state(pump) == "held"
    tap(pump, CONFIRM)
    assert state(pump) == ends_in and pump.controller.session.progress.cause == grade


@pytest.mark.req("SES-16")
@pytest.mark.parametrize(("grade", "leads_to"), [(TECHNICAL, "resumable"), (MILD, "decision")])
def test_what_goes_on_is_pressed_once(grade: int, leads_to: str) -> None:
    """Else people learn to press twice without looking."""
    pump = held()
    choose(pump, grade)
    tap(pump, CONFIRM)
    assert state(pump) == leads_to


@pytest.mark.req("SES-16")
def test_another_key_between_the_two_presses_takes_the_first_back() -> None:
    """Else a choice that was changed is confirmed by its first press."""
    pump = held()
    choose(pump, SEVERE)
    tap(pump, CONFIRM)
    tap(pump, DOWN)
    tap(pump, UP)
    tap(pump, CONFIRM)
    assert state(pump) == "held" and pump.controller.session.question.second


@pytest.mark.req("SES-16")
def test_a_severe_reaction_calls_from_its_first_press_and_locks_after_twenty_seconds() -> None:
    """Else whoever runs to the patient after one press leaves a pump that can be resumed."""
    pump = held()
    choose(pump, SEVERE)
    tap(pump, CONFIRM)
    assert pump.controller.session.held.calls()
    scan_s(pump, 18)
    assert state(pump) == "held"
    scan_s(pump, 2.5)
    assert state(pump) == "locked" and pump.controller.session.progress.cause == SEVERE
    locked = [event for event in pump.events if event["event"] in ("locked", "reaction")]
    assert [event["code"] for event in locked] == ["severe"] * len(locked) and locked


@pytest.mark.req("SES-16")
def test_the_end_that_is_not_confirmed_is_forgotten_after_half_a_minute() -> None:
    """Else a press of before a pause counts after it."""
    pump = held()
    choose(pump, END)
    tap(pump, CONFIRM)
    assert not pump.controller.session.held.calls()
    scan_s(pump, 25)
    assert pump.controller.session.question.second
    scan_s(pump, 6)
    tap(pump, CONFIRM)
    assert state(pump) == "held"
    tap(pump, CONFIRM)
    assert state(pump) == "stopped"


@pytest.mark.req("SES-6")
def test_the_third_reaction_locks_and_names_its_step() -> None:
    """Else a resume follows where a clinician has to decide."""
    pump = held(3)
    for _ in range(2):
        pump.controller.session.progress.react()
    pump.controller.session._seal.close()
    answer(pump, cause=MILD)
    assert state(pump) == "locked" and pump.controller.session.progress.cause == MILD
    (said,) = [event for event in pump.events if event["event"] == "reaction"]
    assert (said["code"], said["arg"]) == ("mild", 3)


@pytest.mark.req("SES-3")
def test_a_technical_hold_does_not_take_back_a_reaction_that_stands() -> None:
    """Else STOP, pressed while the step is chosen, makes a reaction a technical matter."""
    pump = held()
    answer(pump, cause=MILD)
    tap(pump, STOP)
    assert state(pump) == "held"
    answer(pump, cause=TECHNICAL)
    assert state(pump) == "decision" and pump.controller.session.progress.reactions == 1


def test_where_each_grade_leads() -> None:
    """Else the end of a session carries another cause than the one that was confirmed."""
    situation = Held(held().controller.session.case)
    assert situation._classify(TECHNICAL) == RESUMABLE
    assert situation._classify(MILD) == DECISION
    assert situation._classify(SEVERE) == LOCKED | SEVERE << 8
    assert situation._classify(END) == STOPPED | END << 8

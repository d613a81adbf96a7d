"""What a power cut may not take: a word that was said, the watch over the patient, what one worn slot would hide."""

from __future__ import annotations

import pytest
from core_kit import (
    END,
    MILD,
    SEVERE,
    TECHNICAL,
    classify,
    pump_with,
    run_to_step,
    scan_s,
    short,
    start,
    state,
    tap,
    up,
)
from power_kit import BY_WATCHDOG, POWER_ON, cycle, go_on, lines_of, looked, why

from pump.io import CONFIRM, FAILED, SILENCE, STOP, UP, Outputs
from pump.store.entries import GUARD_NOW, GUARD_TURN, NOW, PLACES, PROTOCOL, TURN
from pump.store.journal import WATCHED_S
from pump.tables import causes
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import EVENTS

pytestmark = pytest.mark.req("INT-2", "SES-14")


def held(period_us: int = 100_000, spoiled: set[int] | None = None) -> CorePump:
    """A pump whose session a person has stopped in step 3; slots of `spoiled` keep nothing, from the load on."""
    pump = pump_with(short(), period_us)
    sound, bad = pump.board._write, set() if spoiled is None else spoiled

    def write(out: Outputs) -> int:
        return FAILED if out.fram_slot in bad else sound(out)

    pump.board._write = write  # type: ignore[method-assign]
    start(pump)
    run_to_step(pump, 3)
    scan_s(pump, 5)
    tap(pump, STOP)
    scan_s(pump, 1)
    return pump


def choose(pump: CorePump, grade: int) -> None:
    """Goes to a grade and presses once."""
    question = pump.controller.session.question
    while not question.shown or causes.GRADES[question.shown - 1] != grade:
        tap(pump, UP)
    tap(pump, CONFIRM)


@pytest.mark.req("SES-4", "SES-16")
@pytest.mark.parametrize("cause", [POWER_ON, BY_WATCHDOG])
@pytest.mark.parametrize("cuts", [1, 2])
@pytest.mark.parametrize("after_s", [0.5, 5, 15])
def test_a_severe_reaction_that_was_said_once_stands(after_s: float, cuts: int, cause: int) -> None:
    """Else who pulls the plug for it finds a session that goes on as after a technical hold."""
    pump = held()
    choose(pump, SEVERE)
    assert lines_of(pump)[1] == "CLAMP DISCONNECT"
    scan_s(pump, after_s)
    for _ in range(cuts):
        cycle(pump, 5, cause)
    assert (state(pump), why(pump)) == ("idle", "session-over") and "session-lost" in up(pump)
    said = [event for event in pump.events if event["event"] == EVENTS.REACTION]
    assert said and said[-1]["code"] == "severe" and said[-1]["arg"] == 3


@pytest.mark.req("SES-4", "SES-16")
def test_one_that_was_taken_back_does_not() -> None:
    """Else a slip of a finger, put right at once, ends a session with the next power cut."""
    pump = held()
    choose(pump, SEVERE)
    tap(pump, UP)
    scan_s(pump, 3)
    cycle(pump)
    assert state(pump) == "recovered"
    go_on(pump)
    assert state(pump) == "running"


# -- the patient is watched until a person ends it


def low(pump: CorePump) -> bool:
    """Whether a patient who gets low now is told of."""
    pump.parser.spo2 = 80
    scan_s(pump, 30)
    return "spo2-stop" in up(pump)


def over(how: str) -> CorePump:
    """A pump whose session has ended."""
    pump = held()
    if how == "fault":
        pump.controller.guard.trip = causes.OVER_DELIVERY
        scan_s(pump, 1)
    else:
        classify(pump, SEVERE if how == "locked" else END)
    scan_s(pump, 1)
    assert state(pump) == how
    return pump


@pytest.mark.req("ALM-7")
@pytest.mark.parametrize("cuts", [1, 2])
@pytest.mark.parametrize("how", ["locked", "stopped", "fault"])
def test_power_off_and_on_is_no_act_that_ends_the_watch(how: str, cuts: int) -> None:
    """Else nobody is told that a patient after a severe reaction goes on sinking."""
    pump = over(how)
    for _ in range(cuts):
        cycle(pump, 20)
    if pump.controller.lost.step:
        tap(pump, CONFIRM)
    assert lines_of(pump)[1] == "END MONITORING?"
    assert low(pump)
    pump.parser.spo2 = 97
    scan_s(pump, 100)
    tap(pump, SILENCE)  # heard: it is over
    for _ in range(2):
        tap(pump, CONFIRM)
    scan_s(pump, 1)
    assert not pump.controller.conditions.monitoring.on and "MONITORING" not in lines_of(pump)[1]
    cycle(pump, 20)
    assert not low(pump), "a person has ended it"


@pytest.mark.req("ALM-7")
def test_what_was_lost_is_answered_before_the_watch_is_asked_about() -> None:
    """Else two presses that answer SESSION LOST end the watch over the patient."""
    pump = over("locked")
    cycle(pump, 20)
    tap(pump, CONFIRM)
    assert not pump.controller.conditions.monitoring.second
    tap(pump, CONFIRM)
    assert lines_of(pump)[1] == "CONFIRM TO END" and pump.controller.conditions.monitoring.on


@pytest.mark.req("ALM-7", "ALM-6")
@pytest.mark.parametrize(("off_s", "watched"), [(WATCHED_S - 60, True), (WATCHED_S + 60, False)])
def test_after_an_hour_without_power_the_patient_is_another(off_s: int, watched: bool) -> None:
    """Else a pump that somebody switches on in the morning alarms for a patient who has gone home."""
    pump = over("stopped")
    cycle(pump, off_s, scanned_s=3)
    assert pump.controller.conditions.monitoring.on == watched


# -- a slot that keeps nothing


@pytest.mark.req("INT-12", "SES-3", "SES-6")
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("kind", [NOW, GUARD_NOW, TURN, GUARD_TURN, PROTOCOL])
@pytest.mark.parametrize("period_us", [20_000, 100_000])
def test_a_worn_slot_hides_no_reaction_and_costs_no_session(kind: bytes, place: int, period_us: int) -> None:
    """Else what was said stands in no record, or in one that is never found: the other place takes it."""
    first, slots = PLACES[kind]
    pump = held(period_us, {first + place * slots})
    classify(pump, MILD)
    scan_s(pump, 3)
    cycle(pump, 5)
    progress = pump.controller.session.progress
    assert (state(pump), progress.reactions, progress.reacted) == ("recovered", 1, True)


@pytest.mark.req("INT-12", "SES-3", "SES-6")
def test_a_record_that_knows_of_fewer_reactions_than_the_log_is_not_taken_up() -> None:
    """Else both places worn, the step in which somebody reacted runs on."""
    spoiled = set[int]()
    pump = held(spoiled=spoiled)
    spoiled |= {PLACES[NOW][0], PLACES[NOW][0] + 1}
    classify(pump, MILD)
    scan_s(pump, 3)
    cycle(pump, 5)
    assert (state(pump), why(pump)) == ("idle", "stale")


@pytest.mark.req("SES-3", "SES-6")
@pytest.mark.parametrize(("said", "reactions"), [(TECHNICAL, 1), (MILD, 2)])
def test_after_a_cut_in_the_choice_of_a_step_the_choice_comes_again(said: int, reactions: int) -> None:
    """Else the step in which somebody reacted runs on; the same reaction is said no second time, as README.md tells."""
    pump = held()
    classify(pump, MILD)
    scan_s(pump, 3)
    cycle(pump, 5)
    looked(pump)
    classify(pump, said)
    assert (state(pump), pump.controller.session.progress.reactions) == ("decision", reactions)

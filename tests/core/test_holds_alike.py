"""However a hold began, a person's word counts, and it lasts its least time (SES-3, SES-4, SES-6)."""

from __future__ import annotations

import pytest
from core_kit import (
    END,
    MILD,
    SEVERE,
    TECHNICAL,
    choose_step,
    classify,
    names,
    pump_with,
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

from pump.io import STOP
from toleramp_bench.boards.core_pump import CorePump

LEAST_MIN = 2
LEAST_S = 60 * LEAST_MIN
LATE_S = 15  # before the least time is over: keys take their time, too


def low(pump: CorePump) -> CorePump:
    """The same pump, held for SpO2."""
    pump.parser.spo2 = 80
    assert until(pump, "held", 15)
    assert pump.controller.session.progress.by_vitals
    return pump


def with_a_least_hold(step: int) -> CorePump:
    """A pump in a step of a protocol whose holds last two minutes at least."""
    protocol = short()
    protocol.min_hold_min = LEAST_MIN
    pump = pump_with(protocol)
    start(pump)
    run_to_step(pump, step)
    return pump


@pytest.mark.req("SES-3", "SES-4", "SES-6")
@pytest.mark.parametrize(
    ("word", "leads_to", "reactions"),
    [(TECHNICAL, "resumable", 0), (MILD, "decision", 1), (SEVERE, "locked", 0), (END, "stopped", 0)],
)
def test_what_a_person_says_of_a_hold_by_the_oximeter_counts(word: int, leads_to: str, reactions: int) -> None:
    """Else skin signs that came with a desaturation are a loose probe: no reaction, no choice of a step."""
    pump = low(running_at(6))
    classify(pump, word)
    assert state(pump) == leads_to
    assert pump.controller.session.progress.reactions == reactions
    assert len(names(pump, "reaction")) == (word in (MILD, SEVERE))


@pytest.mark.req("SES-6")
def test_a_reaction_that_is_said_while_the_step_is_chosen_is_one_more() -> None:
    """Else a patient reacts again and again before the first choice, and a third reaction never comes."""
    pump = running_at(6)
    for before in ("decision", "decision", "locked"):
        tap(pump, STOP)
        classify(pump, MILD)
        assert state(pump) == before
    assert len(names(pump, "reaction")) == pump.controller.session.progress.reactions == 3


def resumes_after_the_least_hold(pump: CorePump) -> None:
    """A resume just before the least hold is over does nothing; then one counts."""
    scan_s(pump, LEAST_S - LATE_S)
    resume(pump)
    assert state(pump) == "resumable"
    scan_s(pump, LATE_S)
    resume(pump)


@pytest.mark.req("SES-3")
@pytest.mark.parametrize("back", [9, 8])
def test_the_least_hold_is_kept_where_another_bag_is_to_be_hung(back: int) -> None:
    """Else whoever goes back over a change of bags goes on at once, and the signs are not gone."""
    pump = with_a_least_hold(9)
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, back)
    resume(pump)
    assert state(pump) == "resumable"
    resumes_after_the_least_hold(pump)
    assert state(pump) == ("running" if back == 9 else "bag")


@pytest.mark.req("SES-3")
def test_what_was_waited_for_a_bag_is_no_part_of_the_hold() -> None:
    """Else a hold after a long change of bags is over before it has begun."""
    pump = with_a_least_hold(4)
    assert until(pump, "bag")
    scan_s(pump, LEAST_S + 60)
    assert state(pump) == "bag"
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    resume(pump)
    assert state(pump) == "resumable"
    resumes_after_the_least_hold(pump)
    assert state(pump) == "bag"


@pytest.mark.req("SES-3")
def test_a_hold_that_follows_a_hold_lasts_its_own_time() -> None:
    """Else the first stop of a session pays for all later ones."""
    pump = with_a_least_hold(6)
    for _ in range(2):
        tap(pump, STOP)
        classify(pump, TECHNICAL)
        resumes_after_the_least_hold(pump)
        assert state(pump) == "running"

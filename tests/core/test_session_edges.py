"""The edges of a session's states: start, stop, step's end, resume, each as the records and the pin show it."""

from __future__ import annotations

import pytest
from core_kit import (
    END,
    MILD,
    STEP_PULSES,
    TECHNICAL,
    answer,
    classify,
    hang,
    host,
    name_bag,
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

from pump.course.plan import Plan
from pump.delivery.delivery import Delivery
from pump.io import CONFIRM, START, STOP, UP, Snapshot
from pump.senses.baseline import LEAST_S
from pump.senses.vitals import Vitals
from pump.session.case import Case
from pump.session.running import Running
from pump.session.session import Session
from pump.tables import alarms, causes, events, questions, states
from pump.tables import messages as m
from pump.tables.vitals import VALID
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump


def held(step: int = 6, **fields: int) -> CorePump:
    """A pump that was stopped in a step, by hand, for a technical reason; the protocol with these limits."""
    protocol = short()
    for name, value in fields.items():
        setattr(protocol, name, value)
    pump = pump_with(protocol)
    start(pump)
    run_to_step(pump, step)
    scan_s(pump, 5)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    return pump


@pytest.mark.req("SES-1", "SES-16")
@pytest.mark.parametrize("key", [CONFIRM, UP])
def test_only_start_begins_a_session(key: int) -> None:
    """Else any key on a loaded pump begins one."""
    pump = pump_with(short())
    tap(pump, key)
    scan_s(pump, 1)
    assert state(pump) == "ready" and not names(pump, "armed")


@pytest.mark.req("SES-1", "VIT-1")
def test_a_start_records_the_patient_s_own_value_first() -> None:
    """Else a session runs without the baseline that its limits come from, or the record says another."""
    pump = pump_with(short())
    tap(pump, START)
    told = [event for event in pump.events if event["event"] in ("baseline", "armed", "bag_requested")]
    assert [event["event"] for event in told] == ["baseline", "armed", "bag_requested"]
    assert told[0]["arg"] == pump.controller.vitals.baseline and 90 < pump.controller.vitals.baseline <= 100


@pytest.mark.req("SES-1", "SES-11")
def test_a_start_is_taken_back_by_stop() -> None:
    """Else STOP before the first pulse leaves a bag question that a press answers later."""
    pump = pump_with(short())
    tap(pump, START)
    assert state(pump) == "armed"
    tap(pump, STOP)
    assert state(pump) == "ready" and pump.controller.session.question.kind == questions.START
    scan_s(pump, 1)
    start(pump)
    assert state(pump) == "running"


@pytest.mark.req("SES-3")
@pytest.mark.parametrize(("minutes", "held_s", "left_s"), [(1, 40, 20), (1, 59, 1), (1, 60, 0), (0, 1, 0)])
def test_the_least_time_of_a_hold_is_told_in_whole_seconds_and_kept(minutes: int, held_s: int, left_s: int) -> None:
    """Else the pump resumes before the time that was signed, or the screen says 0 while it still waits."""
    pump = held(min_hold_min=minutes)
    case, resuming = pump.controller.session.case, pump.controller.session.resuming
    for part_ms in (0, 1, 999):
        case.progress.held_ms = held_s * 1_000 - part_ms
        exact_ms = max(0, minutes * 60_000 - case.progress.held_ms)
        assert resuming.least_s() == -(-exact_ms // 1_000)
        assert resuming.may() is (exact_ms == 0)
    assert left_s == max(0, minutes * 60 - held_s)


@pytest.mark.req("SES-6")
def test_without_a_least_time_a_hold_waits_for_none() -> None:
    """Else a bag that ran empty keeps a patient waiting for a second that nobody signed."""
    pump = held(min_hold_min=0)
    assert pump.controller.session.resuming.least_s() == 0
    resume(pump)
    assert state(pump) == "running"


@pytest.mark.req("FLO-4", "PRO-4")
def test_each_step_is_booked_to_its_bag_when_it_ends() -> None:
    """Else the account of bag and line stays behind, and the way back after a reaction is worked out wrongly."""
    pump = pump_with(short())
    start(pump)
    booked = 0
    for step in range(2, 6):
        run_to_step(pump, step)
        booked += STEP_PULSES[step - 2]
        tally, progress = pump.controller.session.case.tally, pump.controller.session.progress
        assert sum(tally.drawn) == booked and progress.loose == progress.total - booked


@pytest.mark.req("SES-16")
def test_while_the_drug_flows_nothing_is_asked() -> None:
    """Else the screen, or the laptop, shows a question over a running step."""
    question = running_at(5).controller.session.question
    assert (question.kind, question.choices, question.shown) == (questions.NONE, 0, 0)
    pump = held()
    resume(pump)
    assert state(pump) == "running" and pump.controller.session.question.kind == questions.NONE


@pytest.mark.req("INT-5")
def test_a_step_s_records_name_its_bag_and_the_reactions() -> None:
    """Else the chart cannot tell from which bag a step ran."""
    pump = pump_with(short())
    start(pump)
    run_to_step(pump, 6)
    steps = [event for event in pump.events if event["event"] in ("step_started", "step_completed")]
    assert [(e["event"], e["step"], e["arg"]) for e in steps[:10:2]] == [
        ("step_started", step, 0 if step < 5 else 1) for step in range(1, 6)
    ]
    assert {e["arg"] for e in steps if e["event"] == "step_completed"} == {0}


@pytest.mark.req("SES-4", "VIT-1")
@pytest.mark.parametrize("then", ["technical", "again"])
def test_after_a_hold_by_the_oximeter_a_resume_waits_for_a_good_minute(then: str) -> None:
    """Else a patient who was at 88 % gets drug again ten seconds later; also when STOP was pressed meanwhile."""
    pump = running_at(6)
    pump.parser.spo2 = 88
    assert until(pump, "held", 60)
    pump.parser.spo2 = 98
    if then == "again":
        classify(pump, TECHNICAL)
        tap(pump, STOP)
    classify(pump, TECHNICAL)
    scan_s(pump, 40)
    resume(pump)
    assert state(pump) == "resumable"
    scan_s(pump, 40)
    resume(pump)
    assert state(pump) == "running"


@pytest.mark.req("SEC-1", "SES-11")
@pytest.mark.parametrize("kind", [m.PAUSE[0], m.STOP[0]])
def test_the_line_stops_nothing_where_nothing_runs(kind: int) -> None:
    """Else a laptop's request at rest ends a session that has not begun."""
    pump = pump_with(short())
    host(pump, kind)
    scan_s(pump, 1)
    assert state(pump) == "ready" and not names(pump, "stopped", "paused")
    tap(pump, START)
    hang(pump)
    assert state(pump) == "running"


@pytest.mark.req("SEC-1", "SES-11")
def test_stop_from_the_line_ends_a_session_and_it_stays_ended() -> None:
    """Else a stop from the laptop is a pause, or the pump can be loaded while it runs."""
    pump = running_at(3)
    session = pump.controller.session
    assert not session.idle()
    host(pump, m.STOP[0])
    assert state(pump) == "stopped" and session.idle() and not pump.controller.delivery.flowing
    assert session.progress.cause == causes.HOST_STOP
    before = pump.stepper.moved
    scan_s(pump, 20)
    assert pump.stepper.moved - before <= 1 and not session.case.progress.still_ms > 40_000


@pytest.mark.req("FLO-8", "SES-11")
def test_a_stop_leaves_nothing_to_flow() -> None:
    """Else what was left of the step is still there when the pump says that it holds."""
    pump = running_at(10)
    tap(pump, STOP)
    delivery = pump.controller.delivery
    assert (delivery.flowing, delivery.left) == (False, 0)
    tap(pump, UP)
    classify(pump, END)
    assert state(pump) == "stopped" and (delivery.flowing, delivery.left) == (False, 0)


@pytest.mark.req("SES-6", "SES-7")
def test_time_without_flow_is_counted_in_a_session_and_only_there() -> None:
    """Else a hold of hours is none, or the time before the start is a hold."""
    pump = pump_with(short())
    progress = pump.controller.session.progress
    scan_s(pump, 20)
    assert (progress.still_ms, progress.held_ms) == (0, 0)
    start(pump)
    scan_s(pump, 5)
    assert progress.still_ms < 2_500  # since the last pulse at 2 mL/h
    tap(pump, STOP)
    scan_s(pump, 30)
    assert 30_000 <= progress.held_ms <= 31_000 and progress.held_ms <= progress.still_ms <= 34_000


@pytest.mark.req("PRO-8", "ALM-2")
def test_a_wrong_bag_alarms_until_another_choice_is_made() -> None:
    """Else nobody hears that the bag is refused, or it sounds for ever."""
    pump = pump_with(short())
    tap(pump, START)
    name_bag(pump, 2)
    scan_s(pump, 1)
    assert pump.controller.session.bits == causes.BIT[causes.WRONG_BAG]
    assert pump.controller.alarms.active[alarms.WRONG_BAG]
    tap(pump, UP)
    assert pump.controller.session.bits == 0


@pytest.mark.req("SES-3", "SES-11")
def test_stop_while_the_step_is_chosen_keeps_the_time_and_the_cause_of_the_hold() -> None:
    """Else pressing STOP again makes the hold a new and short one."""
    pump = running_at(6)
    tap(pump, STOP)
    answer(pump, cause=MILD)
    scan_s(pump, 20)
    progress = pump.controller.session.progress
    tap(pump, STOP)
    assert state(pump) == "held" and progress.held_ms > 20_000 and progress.cause == MILD


def counted(*scans: tuple[int, int]) -> Session:
    """A session with nothing loaded that has seen these counts: all pulses, and those that moved the motor."""
    session = Session(Delivery(20_000), Vitals(), lambda *record: None)
    snap = Snapshot()
    for pulses, moved in scans:
        snap.pulses, snap.moved, snap.dt_ms = pulses, moved, 20
        session.update(snap, 0, 0, 0, 0)
    return session


@pytest.mark.req("INT-3", "FLO-12")
@pytest.mark.parametrize("begin", [0, 1, 77, (1 << 30) - 3])
def test_a_count_may_begin_anywhere_and_go_round(begin: int) -> None:
    """Else a pump that has run for months, or was just switched on, faults at its first pulse."""
    span = 1 << 30
    steps = [((begin + k) % span, (begin + k) % span) for k in (0, 0, 2, 5, 5)]
    assert states.NAMES[counted(*steps).state] == "idle"


@pytest.mark.req("INT-4", "FLO-12")
@pytest.mark.parametrize("fallen", [(99, 100), (100, 99), (50, 50)])
def test_a_count_that_falls_is_a_fault_at_once(fallen: tuple[int, int]) -> None:
    """Else what was given is no longer known, and the pump goes on."""
    session = counted((100, 100), fallen)
    assert states.NAMES[session.state] == "fault" and session.progress.cause == causes.COUNT


@pytest.mark.req("INT-5")
def test_an_event_without_a_code_carries_none() -> None:
    """Else the byte is taken for a cause once the event's row names a table for it."""
    pump = pump_with(short())
    told: list[tuple[int, int]] = []
    log = pump.controller.journal.event

    def heard(kind: int, code: int = 0, arg: int = 0, parts: int = 0) -> None:
        told.append((kind, code))
        log(kind, code, arg, parts)

    pump.controller.journal.event = heard
    start(pump)
    run_to_step(pump, 6)
    assert len({kind for kind, _ in told}) > 5
    assert {code for kind, code in told if events.CODE[kind] == events.OF_NOTHING} == {0}


@pytest.mark.req("SES-1", "SES-16")
@pytest.mark.parametrize("late", [1, 2])
def test_stop_takes_a_start_back_before_the_first_bag_is_asked_for(late: int) -> None:
    """Else who presses STOP in those two scans finds the session begun when the key is let go."""
    made = Session(Delivery(20_000), Vitals(), lambda *said: None)
    case, snap = made.case, Snapshot()
    case.adopt(Plan(short(), PL_PULSE))
    made._to(states.READY)
    for second in range(LEAST_S):
        case.vitals.sample(97, 72, VALID, second * 1000)
        case.vitals.watch(second * 1000)
    snap.dt_ms = 20
    made.update(snap, START, 0, 0, 0)
    for _ in range(late - 1):
        made.update(snap, 0, 0, 0, 0)
    snap.buttons = STOP
    made.update(snap, 0, 0, 0, 0)
    snap.buttons = 0
    for _ in range(4):
        made.update(snap, 0, 0, 0, 0)
    assert made.state == states.READY
    made.update(snap, START, 0, 0, 0)
    for _ in range(3):
        made.update(snap, 0, 0, 0, 0)
    assert made.state == states.ARMED


@pytest.mark.req("VIT-4", "SES-2")
def test_a_hold_by_the_oximeter_is_one_until_the_next_hold() -> None:
    """Else the press that goes on after low oxygen waits for no good minute once the signal was gone."""
    pump = running_at(2)
    progress = pump.controller.session.progress
    tap(pump, STOP)
    assert state(pump) == "held" and not progress.by_vitals
    pump = running_at(2)
    progress = pump.controller.session.progress
    pump.parser.spo2 = 80
    until(pump, "held")
    assert progress.by_vitals
    tap(pump, STOP)
    assert progress.by_vitals, "STOP on top of it changes no cause"


@pytest.mark.req("INT-5", "SES-16")
def test_a_step_that_begins_asks_nothing_and_records_its_bag() -> None:
    """Else a key answers what stands on the screen no more, or the chart tells a cause where there is none."""
    told: list[tuple[int, ...]] = []
    case = Case(Vitals(), lambda *said: told.append(said))
    case.adopt(Plan(short(), PL_PULSE))
    case.question.ask(questions.BAG, 4, 1)
    running = Running(case, Delivery(20_000))
    assert running.enter() == states.BAG and case.question.kind == questions.BAG
    case.progress.hung = 0
    assert running.enter() == 0 and told == [(events.STEP_STARTED, 0, 0)]
    assert (case.question.kind, case.question.choices, case.question.shown) == (questions.NONE, 0, 0)


@pytest.mark.req("FLO-10", "SES-2")
def test_what_is_queued_beyond_a_step_s_volume_never_comes() -> None:
    """Else a pulse that nobody asked for, counted near a step's end, lets one of the old bag flow while the next one is
    being hung; scans are slow, so that the dwell is over before the queue is."""
    pump = pump_with(short(), 100_000)
    start(pump)
    run_to_step(pump, 4)
    progress = pump.controller.session.progress
    assert until(pump, lambda _: progress.step == 3 and progress.target - progress.done < 8)
    pump.stepper.stray(progress.target - progress.done)
    assert until(pump, "bag", 2)
    made = pump.stepper.pulses
    assert not pump.stepper.queue
    scan_s(pump, 2)
    assert pump.stepper.pulses == made and not pump.controller.guard.trip

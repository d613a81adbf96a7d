"""The numbers by which a session decides, and goes on after a power cut, one by one (INT-2, INT-4, SES-14)."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from core_kit import (
    bag_question,
    choose_step,
    classify,
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
)  # fmt: skip

from pump.io import CONFIRM, DOWN, START, STOP, UP
from pump.session import recovered
from pump.session.recovered import NOW, TURN, Record, put_now, put_turn, restore
from pump.tables import causes, events, states

pytestmark = pytest.mark.req("INT-2", "SES-14")
GOES_ON = ("bag", "running", "held", "decision", "boundary", "resumable", "recovered")


@pytest.fixture(scope="module")
def running() -> Any:
    """A pump's session in its third step."""
    pump = pump_with(short(), 1_000_000)
    start(pump)
    run_to_step(pump, 3)
    return pump


def told(pump: Any, state: int | None = None) -> Record:
    """The record of its session as it stands, or as if it stood in that state."""
    buf, session = bytearray(NOW), pump.controller.session
    kept, session.state = session.state, session.state if state is None else state
    try:
        put_now(session, buf, 0, 7, 8, 9, pump.controller.wall, False)
    finally:
        session.state = kept
    return Record(buf, 0)


@pytest.mark.parametrize(("still_ms", "still_s"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (1 << 29, 0xFFFF)])
def test_a_time_without_flow_is_rounded_up(running: Any, still_ms: int, still_s: int) -> None:
    """Else each power cut makes it shorter."""
    progress = running.controller.session.progress
    kept, progress.still_ms = progress.still_ms, still_ms
    assert told(running).still_s == still_s
    progress.still_ms = kept


@pytest.mark.parametrize("state", range(len(states.NAMES)))
def test_only_a_session_that_has_begun_and_is_not_over_goes_on(running: Any, state: int) -> None:
    """Else one that has ended, or that nobody has begun, stands there after a power cut."""
    record = told(running, state)
    assert record.open == (states.NAMES[state] in GOES_ON)
    assert record.flowing == (states.NAMES[state] == "running")


def test_it_is_taken_up_as_it_stood_and_held_until_the_vital_signs_are_good(running: Any) -> None:
    """Else a session goes on by itself, or at a step to which nobody went back."""
    record, session = told(running), running.controller.session
    again = pump_with(short(), 1_000_000)
    case = again.controller.session.case
    assert restore(case, record, [])
    progress, was = case.progress, session.progress
    assert (progress.cause, progress.by_vitals, progress.back_step) == (causes.POWER_OFF, True, -1)
    assert (progress.total, progress.done, progress.step) == (was.total, was.done, was.step)
    assert (progress.entries, progress.session, record.mark, record.run, record.boot) == (1, 1, 7, 8, 9)
    recovering = again.controller.session.recovered
    for older, nl in ((False, recovered.STEP_NL), (True, 2 * recovered.STEP_NL)):
        recovering.begin(record, False, older)
        rate_e4 = max(case.course.rate_e4[record.step : record.step + 2])
        assert recovering.unsure_nl == nl + rate_e4 * recovered.LAG_MS // 36_000
        assert recovering.unsure_e4 * 100 >= recovering.unsure_nl > (recovering.unsure_e4 - 100) * 100
        given_nl = progress.total * case.plan.pl_pulse // 1000
        assert abs(recovering.given_e4 * 100 - given_nl) <= 500 and not recovering.given_e4 % 10
        assert recovering.off_s == -1 and progress.still_ms > 0
    recovering.begin(record, True)
    assert recovering.off_s == recovered.RESET_S


def test_a_drug_that_has_stood_still_too_long_in_the_first_step_is_not_resumed() -> None:
    """Else what has flowed in step 1 counts as nothing."""
    case = running_at(1).controller.session.case
    case.progress.still_ms = case.plan.protocol.max_hold_min * 60_000
    assert case.progress.flowed == 0 and not case.held_too_long()
    case.progress.still_ms += 1
    assert case.held_too_long()
    case.progress.flowed = -1
    assert not case.held_too_long()


SEALED = (
    "progress.step", "progress.leg", "progress.leg_end", "progress.target", "progress.entered", "progress.reacted",
    "progress.by_vitals", "progress.reactions", "progress.cause", "progress.resume_step", "progress.wrong_bags",
    "progress.hung", "progress.back_bag", "progress.back_step", "progress.session", "progress.entries",
    "progress.turn", "question.kind", "question.second", "running.resting", "state",
)  # fmt: skip


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("path", SEALED)
def test_one_changed_bit_of_a_session_is_seen_before_it_decides(running: Any, path: str) -> None:
    """Else it goes on at another step, with another target, or on another bag."""
    session = running.controller.session
    owner = session
    *parts, name = path.split(".")
    for part in parts:
        owner = getattr(owner, part)
    kept = getattr(owner, name)
    session._seal.close()
    assert session._seal.whole()
    for bit in range(1 if isinstance(kept, bool) else 30):
        setattr(owner, name, not kept if isinstance(kept, bool) else kept ^ 1 << bit)
        assert not session._seal.whole(), bit
        setattr(owner, name, kept)
    assert session._seal.whole()


@pytest.mark.parametrize(("held_ms", "held_s"), [(0, 0), (999, 0), (1_999, 1), (1 << 29, 0xFFFF)])
def test_the_time_of_a_hold_is_rounded_down(running: Any, held_ms: int, held_s: int) -> None:
    """Else each power cut makes the least time of a hold shorter."""
    progress = running.controller.session.progress
    kept, progress.held_ms = progress.held_ms, held_ms
    assert told(running).held_s == held_s
    progress.held_ms = kept


@pytest.mark.parametrize("turn", [1, 3, 255])
def test_a_decision_is_told_by_its_number(running: Any, turn: int) -> None:
    """Else the account of another decision is taken up."""
    progress = running.controller.session.progress
    kept, progress.turn = progress.turn, turn
    assert told(running).turn == turn
    progress.turn = kept


@pytest.mark.parametrize("state", [states.IDLE, states.READY, states.ARMED, states.COMPLETED, states.STOPPED])
def test_a_second_press_opens_no_session_before_or_after_it(running: Any, state: int) -> None:
    """Else the pump comes up in a session that nobody has begun; one that waits for its first flow is open."""
    question = running.controller.session.question
    kept, question.second = question.second, True
    assert told(running, state).open == bool(states.GROUP[state] & states.ON)
    question.second = kept


def test_where_people_chose_to_go_on_outlives_the_power() -> None:
    """Else a session that was sent back goes on from nowhere."""
    pump = running_at(6)
    react(pump, 3)
    scan_s(pump, 5)
    session = pump.controller.session
    assert session.progress.turn == 1 and session.progress.back_step == 2
    turn = bytearray(TURN)
    put_turn(session.case, turn, 0, 7, 8)
    again = pump_with(short(), 1_000_000).controller.session
    assert restore(again.case, told(pump), [turn])
    assert (again.progress.back_step, again.progress.turn) == (2, 1)


FAST = 6_000_000  # 600 mL/h, in 0.0001 mL/h


@pytest.mark.parametrize(("fast_step", "counts"), [(2, True), (3, True), (4, False)])
def test_what_may_flow_before_a_record_is_whole_is_that_of_this_step_and_the_next(
    running: Any, fast_step: int, counts: bool
) -> None:
    """Else the volume is told as surer than it is; or each later step makes it unsure."""
    again = pump_with(short(), 1_000_000).controller.session
    record = told(running)
    assert record.step == 2 and restore(again.case, record, [])
    course = again.case.course
    for leg in range(course.first[fast_step], course.first[fast_step + 1]):
        course.rate_e4[leg] = FAST
    again.recovered.begin(record, False)
    assert (again.recovered.unsure_nl == recovered.STEP_NL + FAST * recovered.LAG_MS // 36_000) == counts
    assert (again.recovered.unsure_nl > 2 * recovered.STEP_NL) == counts


def test_volumes_on_the_screen_are_rounded_where_they_have_to_be(running: Any) -> None:
    """Else 10.000 mL stand there as 9.999, and 50 uL as 60."""
    again = pump_with(short(), 1_000_000).controller.session
    record = told(running)
    assert restore(again.case, record, [])
    case, course = again.case, again.case.course
    for leg in range(len(course.rate_e4)):
        course.rate_e4[leg] = FAST
    case.progress.total = 9_999_500_000 // case.plan.pl_pulse  # 9.9995 mL
    again.recovered.begin(record, False, True)
    assert again.recovered.unsure_nl == recovered.MOST_NL
    assert (again.recovered.given_e4, again.recovered.unsure_e4) == (100_000, 500)


def test_codes_of_records_that_name_none(running: Any) -> None:
    """Else a reader of the log looks for a cause where there is none."""
    pump, begun = pump_with(short(), 1_000_000), list[tuple[int, ...]]()
    case = pump.controller.session.case
    log = case.log

    def both(*record: Any) -> None:
        begun.append(record)
        log(*record)

    case.log = both
    start(pump)
    codes = {kind: code for kind, code, *_ in begun}
    assert [codes[kind] for kind in (events.BASELINE, events.BAG_REQUESTED, events.STEP_STARTED)] == [0, 0, 0]
    again = pump_with(short(), 1_000_000).controller.session
    assert restore(again.case, told(running), [])
    logged: list[tuple[int, ...]] = []
    again.case.log = lambda *record: logged.append(record)
    again.recovered.begin(told(running), True)
    assert logged == [(events.TIME_OFF, 0, recovered.RESET_S)]


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_changed_bit_ends_a_step_in_a_fault_at_its_end_at_the_latest(at_the_end: bool) -> None:
    """Else the step after it begins by a number that nobody has written."""
    pump = running_at(3)
    session = pump.controller.session
    if at_the_end:
        session.progress.leg_end = session.progress.done  # nothing else is looked at in such a scan
    session._seal.close()
    session.progress.reactions ^= 1
    snap = pump.board.snap
    snap.buttons = 0 if at_the_end else STOP
    session.update(snap, 0, 0, 0, 0)
    assert states.NAMES[session.state] == "fault" and session.progress.cause == causes.MEMORY


@pytest.mark.req("INT-4")
def test_a_changed_bit_is_seen_whatever_the_others_are(running: Any) -> None:
    """Else a bit of one number is hidden by the same bit of another."""
    session, random = running.controller.session, Random(3)
    owners = [(session, *path.split(".")) for path in SEALED]
    places = [(getattr(owner, names[0]) if names[1:] else owner, names[-1]) for owner, *names in owners]
    kept = [getattr(owner, name) for owner, name in places]
    for (owner, name), value in zip(places, kept, strict=True):
        setattr(owner, name, random.random() < 0.5 if isinstance(value, bool) else random.getrandbits(30))
    session._seal.close()
    for owner, name in places:
        value = getattr(owner, name)
        for bit in range(1 if isinstance(value, bool) else 30):
            setattr(owner, name, not value if isinstance(value, bool) else value ^ 1 << bit)
            assert not session._seal.whole(), (name, bit)
            setattr(owner, name, value)
    for (owner, name), value in zip(places, kept, strict=True):
        setattr(owner, name, value)
    session._seal.close()


@pytest.mark.req("INT-4", "SES-6")
@pytest.mark.parametrize("bit", [0, 1, 5, 6, -1])
def test_a_changed_bit_of_the_step_that_flowed_last_ends_the_session(bit: int) -> None:
    """Else a hold of two hours counts as none, or a reaction as one of another step."""
    pump = running_at(3)
    tap(pump, STOP)
    progress = pump.controller.session.progress
    progress.flowed = ~progress.flowed if bit < 0 else progress.flowed ^ 1 << bit
    scan_s(pump, 2)
    assert state(pump) == "fault" and progress.cause == causes.MEMORY


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize("state", range(len(states.NAMES)))
def test_what_is_completed_is_claimed_to_be(running: Any, state: int) -> None:
    """Else the guard never looks whether the dose is whole."""
    session = running.controller.session
    kept, session.state = session.state, state
    session._publish()
    assert session.claim.over == (state == states.COMPLETED)
    session.state = kept
    session._publish()


@pytest.mark.req("SES-16")
@pytest.mark.parametrize("between", [0, UP, DOWN])
def test_start_and_confirm_are_a_pair_with_nothing_between(between: int) -> None:
    """Else a hand on the keys resumes."""
    pump = running_at(3)
    tap(pump, STOP)
    classify(pump, causes.TECHNICAL)
    scan_s(pump, 61)
    tap(pump, START)
    assert pump.controller.session.question.second
    if between:
        tap(pump, between)
    tap(pump, CONFIRM)
    assert (state(pump) == "running") == (not between)


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("code", [b"FOREIGN-99", b"", b"A-1", b"?"])
@pytest.mark.parametrize("step", [1, 4, 8])
def test_a_code_of_no_bag_is_a_wrong_one_at_every_bag(code: bytes, step: int) -> None:
    """Else a foreign bag counts as the one that is asked for, where the count of bags comes out."""
    bags, question, said = bag_question(short(), short().steps[step - 1].solution)
    assert not bags.scanned(code)
    assert (question.second, question.refused, question.shown) == (False, True, 0)


@pytest.mark.parametrize(("then_s", "off_s"), [(1_000, 0), (1_001, 1), (999, -1), (0, -1)])
def test_the_time_off_is_that_between_two_times_of_the_clock(running: Any, then_s: int, off_s: int) -> None:
    """Else a pump that was off for no second says that it does not know."""
    again = pump_with(short(), 1_000_000).controller.session
    record = told(running)
    assert restore(again.case, record, [])
    record.now_s, record.era = 1_000, 2
    again.recovered.begin(record, False)
    again.progress.held_ms = 7
    again.recovered.look(then_s, 2, 20)
    for _ in range(300):
        if again.recovered.open:
            again.recovered.look(then_s, 2, 20)
    assert again.recovered.off_s == off_s and again.progress.held_ms == 7, "time off is no time of a hold"


def test_a_decision_whose_account_was_not_written_is_worked_out_from_the_one_before() -> None:
    """Else the steps that were given before the reaction are given in full again, or the session is lost."""
    pump = running_at(6)
    react(pump, 3)
    scan_s(pump, 5)
    case = pump.controller.session.case
    first = bytearray(TURN)
    put_turn(case, first, 0, 7, 8)
    run_to_step(pump, 4)
    tap(pump, STOP)
    classify(pump, causes.MILD)
    choose_step(pump, 3)
    written = bytearray(TURN)
    put_turn(case, written, 0, 7, 8)
    record, rows = told(pump), []
    assert record.turn == 2 and not record.entered
    for turns in ([first], [written], [bytearray(TURN), first], []):
        again = pump_with(short(), 1_000_000).controller.session
        if not restore(again.case, record, turns):
            rows.append(None)
            continue
        row: list[int] = []
        again.case.tally.pack(row)
        again.case.course.pack(row)
        rows.append(row)
    assert rows[0] == rows[1] == rows[2] is not None and rows[3] is None


@pytest.mark.parametrize(("done", "leg"), [(0, 2), (4, 2), (5, 3), (7, 3), (8, 4), (9, 4), (10, 4), (11, 4)])
def test_the_rest_of_a_step_flows_at_the_rate_of_its_leg(done: int, leg: int) -> None:
    """Else after a power cut a step goes on too fast for what lies in the line."""
    course = SimpleNamespace(first=[0, 2], pulses=[9, 10], end=[4, 9, 5, 8, 10])
    assert recovered._leg_at(course, 1, done) == leg


def test_a_resumed_session_holds_for_no_reason_any_more() -> None:
    """Else the next power cut, or the claim, tells of a hold that is over."""
    pump = running_at(3)
    tap(pump, STOP)
    classify(pump, causes.TECHNICAL)
    scan_s(pump, 61)
    progress = pump.controller.session.progress
    assert progress.cause
    resume(pump)
    assert state(pump) == "running" and progress.cause == 0

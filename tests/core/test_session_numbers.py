"""The numbers by which a session decides, and goes on after a power cut, one by one (INT-2, INT-4, SES-14)."""

from __future__ import annotations

from typing import Any

import pytest
from core_kit import pump_with, run_to_step, running_at, short, start

from pump.session import recovered
from pump.session.recovered import NOW, Record, put_now, restore
from pump.tables import causes, states

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

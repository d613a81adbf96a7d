"""A session after a power cut: it stands as it stood, nothing flows by itself, and people can go on (SES-14, INT-2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from core_kit import (
    MILD,
    TECHNICAL,
    bag_pulses,
    choose_step,
    classify,
    finish,
    hang,
    names,
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
from power_kit import BY_WATCHDOG, cycle, go_on, lines_of, looked, why

from pump.io import CONFIRM, SILENCE, START, STOP, UP
from pump.senses.vitals import RECOVER_MS
from pump.store import entries
from pump.tables import alarms, parts
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump

pytestmark = pytest.mark.req("INT-2", "SES-14")
UNKNOWN_PULSES = 50_000_000 // PL_PULSE  # 0.05 mL
MIN_S = 60


def fast(step: int, seconds: float = 5) -> CorePump:
    """A pump with the board's scans in a step for so long."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, step)
    scan_s(pump, seconds)
    return pump


def known(pump: CorePump) -> int:
    """Pulses that the pump counts as given."""
    return int(pump.controller.session.progress.total)


def screens(pump: CorePump, seconds: float = 7) -> set[str]:
    """Each first and second line that stands on the screen within so long."""
    found = set()
    for _ in range(round(seconds * 5)):
        scan_s(pump, 0.2)
        found |= set(lines_of(pump)[:2])
    return found


@pytest.mark.req("PRO-4", "INV-1")
@pytest.mark.parametrize("step", [1, 3, 6])
def test_it_stands_as_it_stood_and_goes_on_to_the_whole_dose(step: int) -> None:
    """Else a power cut ends a session, or gives a step twice."""
    pump = fast(step)
    moved = pump.stepper.moved
    cycle(pump)
    assert state(pump) == "recovered" and why(pump) == "power-cut" and pump.stepper.moved == 0
    assert pump.controller.session.progress.step + 1 == step and 0 <= moved - known(pump) <= UNKNOWN_PULSES
    assert pump.controller.alarms.active[alarms.POWER] and pump.out.tone_hz
    unknown = moved - known(pump)
    go_on(pump)
    assert state(pump) == "running" and finish(pump) == "completed" and not pump.controller.guard.trip
    whole = sum(pump.controller.session.case.plan.pulses)
    assert moved + pump.stepper.moved == whole + unknown


def test_the_screen_says_how_long_how_much_and_how_surely() -> None:
    """Else people decide by a figure that they take for exact."""
    pump = cycle(fast(3), 14 * MIN_S)
    seen = screens(pump)
    assert {"OFF 15 MIN", "LOOKED? CONFIRM"} <= seen
    assert any(line.startswith("0.0") and line.endswith("mL+-0.02") for line in seen), seen
    (told,) = [e["arg"] for e in pump.events if e["event"] == "recovered"]
    assert isinstance(told, int) and 10_000 <= told < 20_000
    (off_s,) = [e["arg"] for e in pump.events if e["event"] == "time_off"]
    assert isinstance(off_s, int) and 0 <= off_s - 14 * MIN_S <= 2  # the clock tells whole seconds, and so do records


@pytest.mark.req("FLO-10", "INV-1")
@pytest.mark.parametrize("keys", [(START,), (CONFIRM, START, CONFIRM), (START, CONFIRM), (UP, START)])
def test_no_press_short_of_all_lets_anything_flow(keys: tuple[int, ...]) -> None:
    """Else who silences the alarm starts a pump whose patient nobody has looked at."""
    pump = cycle(fast(3))
    scan_s(pump, RECOVER_MS / 1000 + 5)
    for key in keys:
        tap(pump, key)
        assert state(pump) != "running" and not pump.out.permit
    assert pump.stepper.pulses == 0


@pytest.mark.req("SES-16")
def test_a_press_before_all_was_shown_is_none() -> None:
    """Else somebody confirms what he has not read."""
    pump = cycle(fast(3), scanned_s=0.5)
    tap(pump, CONFIRM)
    assert state(pump) == "recovered"
    scan_s(pump, 4)
    tap(pump, CONFIRM)
    assert state(pump) == "held"


@pytest.mark.req("SES-4", "PRO-8")
def test_a_resume_wants_a_good_minute_and_the_bag_by_its_code() -> None:
    """Else a low patient gets more, or the wrong bag that was hung meanwhile runs."""
    pump = cycle(fast(3))
    looked(pump)
    classify(pump, TECHNICAL)
    resume(pump)
    assert state(pump) == "resumable", "a minute has not passed"
    scan_s(pump, RECOVER_MS / 1000)
    resume(pump)
    assert state(pump) == "bag" and pump.stepper.pulses == 0
    tap(pump, CONFIRM)
    tap(pump, CONFIRM)
    assert state(pump) == "bag"
    hang(pump)
    assert state(pump) == "running"


@pytest.mark.req("SES-3", "SES-6")
@pytest.mark.parametrize("chosen", [False, True])
def test_a_reaction_outlives_the_power(chosen: bool) -> None:
    """Else the switch is a way around the third reaction, or around choosing a lower step."""
    pump = fast(6)
    tap(pump, STOP)
    classify(pump, MILD)
    if chosen:
        choose_step(pump, 5)
    scan_s(pump, 1)
    cycle(pump)
    progress = pump.controller.session.progress
    assert state(pump) == "recovered" and progress.reactions == 1
    looked(pump)
    classify(pump, TECHNICAL)
    assert state(pump) == ("resumable" if chosen else "decision")
    if not chosen:
        choose_step(pump, 5)
    assert progress.step == 4
    scan_s(pump, RECOVER_MS / 1000)
    resume(pump)
    hang(pump)
    assert finish(pump) == "completed" and not pump.controller.guard.trip


@pytest.mark.req("SES-5", "PRO-4")
@pytest.mark.parametrize("step", [3, 4])
def test_the_way_that_people_chose_is_gone_on(step: int) -> None:
    """Else after a power cut the ladder is as planned again, and the dose more than the order."""
    pump = fast(6)
    react(pump, step, 1)  # on the stronger bag that hangs
    assert state(pump) == "running"
    run_to_step(pump, 5)
    scan_s(pump, 6)
    course = pump.controller.session.case.course
    way = list(course.bag), list(course.pulses), list(course.end)
    moved = pump.stepper.moved
    cycle(pump)
    course = pump.controller.session.case.course
    assert state(pump) == "recovered" and way == (list(course.bag), list(course.pulses), list(course.end))
    unknown = moved - known(pump)
    go_on(pump)
    assert finish(pump) == "completed" and not pump.controller.guard.trip
    assert 0 <= unknown <= UNKNOWN_PULSES
    assert moved + pump.stepper.moved == pump.controller.session.progress.total + unknown


@pytest.mark.req("SES-7", "SES-6")
@pytest.mark.parametrize(("off_min", "goes"), [(100, True), (121, False), (4 * 24 * 60, False)])
def test_time_without_power_is_time_without_flow(off_min: int, goes: bool) -> None:
    """Else after a night people resume at the step of the evening."""
    pump = cycle(fast(3), off_min * MIN_S)
    assert pump.controller.session.case.held_too_long() is not goes
    assert ("TOO LONG: END IT" in screens(pump)) is not goes
    looked(pump)
    classify(pump, TECHNICAL)
    scan_s(pump, RECOVER_MS / 1000 + 2)
    resume(pump)
    assert (state(pump) == "bag") is goes


@pytest.mark.req("SES-7", "INT-3")
@pytest.mark.parametrize("when", ["before", "away", "back", "battery"])
def test_a_time_that_nobody_knows_counts_as_too_long(when: str) -> None:
    """Else a clock that lost its battery, or was set in the gap, lets the session of yesterday go on."""
    pump = fast(3)
    board = pump.board
    if when == "before":
        board.unplug(parts.CLOCK, True)
        scan_s(pump, 12)
        board.unplug(parts.CLOCK, False)
    elif when == "away":
        board.unplug(parts.CLOCK, True)
    elif when == "back":
        board.clock.set_to(board.clock.time - timedelta(days=1))
    else:
        board.clock.lose()
    cycle(pump)
    scan_s(pump, 6)
    board.unplug(parts.CLOCK, False)
    scan_s(pump, 6)
    assert "TIME OFF UNKNOWN" in screens(pump) and pump.controller.session.case.held_too_long()
    assert [e["arg"] for e in pump.events if e["event"] == "time_off"] == [-1]
    cycle(pump)
    assert pump.controller.session.case.held_too_long(), "a second power cut makes it no shorter"


@pytest.mark.req("FLO-7", "INT-8")
def test_a_reset_while_it_flows_makes_delivery_less_sure() -> None:
    """Else what the queue gave after the processor died is nowhere told."""
    sure, unsure = cycle(fast(8)), cycle(fast(8), 1, BY_WATCHDOG)
    assert why(unsure) == "reset" and state(unsure) == "recovered" and "RESET: UNSURE" in screens(unsure)
    told = [[e["arg"] for e in pump.events if e["event"] == "recovered"][0] for pump in (sure, unsure)]
    assert int(str(told[1])) > int(str(told[0])) + 1_000
    unsure.board.unplug(parts.CLOCK, True)
    assert why(cycle(unsure, 1, BY_WATCHDOG)) == "reset"
    assert not unsure.controller.session.case.held_too_long(), "without a clock too, a reset is known to be short"
    assert not cycle(unsure, 1, BY_WATCHDOG).controller.session.case.held_too_long()


def test_a_power_cut_during_the_recovery_changes_nothing() -> None:
    """Else who switches twice loses the session."""
    pump = fast(3)
    moved = pump.stepper.moved
    for scanned_s in (0, 0.1, 3, 8):
        cycle(pump, 20, scanned_s=scanned_s)
        assert why(pump) in ("power-cut", "") and known(pump) <= moved
    looked(pump)
    cycle(pump, 20)
    assert state(pump) == "recovered"
    go_on(pump)
    scan_s(pump, 3)
    cycle(pump, 20)
    assert state(pump) == "recovered"
    go_on(pump)
    assert finish(pump) == "completed"


def test_a_bag_that_is_asked_for_is_asked_for_again() -> None:
    """Else what hangs is a belief."""
    pump = running_at(4)
    assert until(pump, "bag")
    scan_s(pump, 2)
    cycle(pump)
    assert state(pump) == "recovered" and pump.controller.session.progress.step == 4
    go_on(pump)
    assert state(pump) == "running" and finish(pump) == "completed"
    assert names(pump, "bag_confirmed")[0] == ("bag_confirmed", 5)


@pytest.mark.req("VIT-1")
def test_the_patients_own_spo2_is_still_known() -> None:
    """Else after a power cut the limits are those of anybody."""
    pump = fast(3)
    own = pump.controller.vitals.baseline, pump.controller.vitals.stop
    cycle(pump)
    assert (pump.controller.vitals.baseline, pump.controller.vitals.stop) == own and own[0] == 97


# -- what is not taken up


def spoilt(pump: CorePump, kind: bytes, place: int | None = None) -> None:
    """A bit of what lies there has changed: in one place, or in both."""
    first, slots = entries.PLACES[kind]
    for at in range(2) if place is None else (place,):
        slot = first + at * slots
        data = bytearray(pump.board.slot(slot))
        data[20] ^= 1
        pump.board.fram[slot] = bytes(data)


@pytest.mark.parametrize("kind", [entries.NOW, entries.GUARD_NOW])
def test_with_both_places_bad_a_session_is_lost_and_never_guessed(kind: bytes) -> None:
    """Else a pump goes on from defaults."""
    for places, expected in (((0,), "recovered"), ((1,), "recovered"), ((0, 1), "idle")):
        pump = fast(3)
        for place in places:
            spoilt(pump, kind, place)
        cycle(pump)
        assert state(pump) == expected
    assert why(pump) == "no-record" and lines_of(pump)[:2] == ["NO PROTOCOL", "LOST IN STEP 3"]
    assert pump.controller.alarms.active[alarms.SESSION]


def test_without_its_protocol_or_its_account_it_is_lost() -> None:
    """Else steps are worked out from another protocol, or bags from none."""
    pump = fast(3)
    spoilt(pump, entries.PROTOCOL)
    assert why(cycle(pump)) == "protocol-gone" and state(pump) == "idle"
    for kind in (entries.TURN, entries.GUARD_TURN):
        pump = fast(6)
        react(pump, 5)
        scan_s(pump, 3)
        spoilt(pump, kind)
        assert why(cycle(pump)) == "stale" and state(pump) == "idle" and not pump.controller.guard.permit
        assert lines_of(pump)[0] == "NO PROTOCOL" and pump.controller.session.case.plan is None


def test_another_layout_is_refused_by_name() -> None:
    """Else what older firmware kept is taken for doses, or for damage."""
    pump = fast(3)
    for slot in (entries.PLACES[entries.NOW][0], entries.PLACES[entries.NOW][0] + 1):
        data = bytearray(pump.board.slot(slot))
        data[3] += 1
        pump.board.fram[slot] = bytes(data)
    assert why(cycle(pump)) == "layout" and state(pump) == "idle"


def test_a_record_that_is_behind_the_log_is_stale() -> None:
    """Else a memory that kept the log and lost the rest gives a step again."""
    pump = fast(3)
    kept = {slot: pump.board.fram[slot] for kind in (entries.NOW, entries.GUARD_NOW) for slot in range(
        entries.PLACES[kind][0], entries.PLACES[kind][0] + 2)}  # fmt: skip
    run_to_step(pump, 6)
    scan_s(pump, 2)
    pump.board.fram.update(kept)
    assert why(cycle(pump)) == "stale" and state(pump) == "idle"


@pytest.mark.req("SES-15")
def test_what_is_lost_or_over_leaves_nothing_to_go_on_with() -> None:
    """Else the session before goes on at the next power cut."""
    pump = fast(3)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    scan_s(pump, 1)
    pump.controller.session._end(10, 0)  # stopped
    scan_s(pump, 1)
    cycle(pump)
    assert state(pump) == "idle" and why(pump) == ""


def test_a_silenced_alarm_is_no_look() -> None:
    """Else the sound is what people answer."""
    pump = cycle(fast(3))
    scan_s(pump, 6)
    tap(pump, SILENCE)
    assert state(pump) == "recovered"


def test_the_memory_holds_all_places_beside_each_other() -> None:
    """Else one thing is written over another."""
    taken = [slot for first, slots in entries.PLACES.values() for slot in range(first, first + 2 * slots)]
    assert len(taken) == len(set(taken)) and min(taken) == entries.FIRST_SLOT and max(taken) == 5_399


def test_bags_are_counted_over_a_power_cut() -> None:
    """Else a bag runs empty in the middle of a step."""
    pump = fast(6)
    before = bag_pulses(pump)
    cycle(pump)
    tally, progress = pump.controller.session.case.tally, pump.controller.session.progress
    drawn = list(tally.drawn)
    drawn[1] += progress.loose
    assert drawn[0] == before[0] and sum(drawn) == progress.total

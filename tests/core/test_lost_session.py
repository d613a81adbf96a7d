"""A reset in a session is told: SESSION LOST, the step, a high alarm, until a person has seen it."""

from __future__ import annotations

import pytest
from core_kit import (
    END,
    SEVERE,
    classify,
    encode,
    finish,
    names,
    pump_with,
    running_at,
    scan_s,
    short,
    shown,
    start,
    state,
    tap,
    until,
)
from power_kit import lines_of

from pump.controller import Controller
from pump.io import CONFIRM, SILENCE, START, STOP
from pump.store.journal import open_log, unfinished
from pump.tables import alarms
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump

pytestmark = pytest.mark.req("INT-8", "ALM-2")


def reset(pump: CorePump) -> CorePump:
    """The same board after the watchdog: its memory is new, its FRAM is not."""
    number, slot = open_log(pump.board.slot)
    controller = Controller(
        pump.parser, PL_PULSE, pump.period_us, bench=True, first_record=number, first_slot=slot,
        lost_step=unfinished(pump.board.slot, slot),
    )  # fmt: skip
    controller.boot(3)
    controller.self_test(7)
    pump.board.off()
    pump.boots(controller, number)
    scan_s(pump, 2)
    return pump


def told(pump: CorePump) -> bool:
    """Whether screen, alarm and record all say so."""
    on_screen = any("SESSION LOST" in line for line in lines_of(pump))
    return bool(on_screen and pump.controller.alarms.active[alarms.SESSION] and names(pump, "session_lost"))


@pytest.mark.parametrize("step", [1, 6])
def test_a_reset_in_a_step_is_told_with_its_step(step: int) -> None:
    """Else the pump says NO PROTOCOL, and nobody knows that a patient is half way up the ladder."""
    pump = reset(running_at(step))
    assert told(pump) and f"LOST IN STEP {step}" in lines_of(pump)[1]
    assert pump.out.tone_hz or pump.controller.alarms.priority == alarms.HIGH
    assert [e["arg"] for e in pump.events if e["event"] == "session_lost"] == [step]


def test_it_stands_until_a_person_has_seen_it_and_the_alarm_until_it_is_silenced() -> None:
    """Else a lost session is over before somebody comes."""
    pump = reset(running_at(3))
    scan_s(pump, 300)
    assert told(pump)
    tap(pump, CONFIRM)
    scan_s(pump, 15)
    tap(pump, SILENCE)
    scan_s(pump, 1)
    assert not pump.controller.alarms.active[alarms.SESSION] and "LOST" not in "".join(lines_of(pump))


def test_a_second_reset_forgets_nothing() -> None:
    """Else a pump that resets twice says nothing."""
    pump = reset(reset(running_at(3)))
    assert told(pump)
    tap(pump, CONFIRM)
    scan_s(pump, 1)
    assert not told(reset(pump))


def test_a_held_and_a_locked_session_are_lost_as_well() -> None:
    """Else a reset ends an emergency."""
    held = running_at(3)
    tap(held, STOP)
    assert told(reset(held))


@pytest.mark.parametrize("end", ["none", "armed", "completed"])
def test_where_no_drug_was_on_its_way_nothing_is_lost(end: str) -> None:
    """Else each power-on after a good session is an emergency."""
    pump = pump_with(short(), 20_000)
    if end == "armed":
        shown(pump)
        tap(pump, START)
        assert state(pump) == "armed"
    elif end == "completed":
        start(pump)
        assert finish(pump) == "completed"
        scan_s(pump, 1)  # until it is written
    assert not told(reset(pump)) and not names(pump, "session_lost")


def test_a_loaded_protocol_ends_it() -> None:
    """Else the next session begins under the last one's alarm."""
    pump = reset(running_at(3))
    pump.load(encode(short()))
    assert not pump.controller.lost.step


def locked(step: int = 3) -> CorePump:
    """A severe reaction has been entered."""
    pump = running_at(step)
    tap(pump, STOP)
    classify(pump, SEVERE)
    assert state(pump) == "locked"
    scan_s(pump, 1)
    return pump


def faulted(step: int = 3) -> CorePump:
    """The motor has run by itself."""
    pump = running_at(step)
    tap(pump, STOP)
    pump.stepper.stray(5000)
    assert until(pump, "fault", 5)
    scan_s(pump, 1)
    return pump


@pytest.mark.parametrize("step", [1, 3, 6])
@pytest.mark.parametrize("ended", [locked, faulted])
@pytest.mark.parametrize("key", [0, SILENCE])
def test_power_off_and_on_is_no_way_around_a_fault_or_a_lock(ended, step: int, key: int) -> None:  # type: ignore[no-untyped-def]
    """Else "do not use this pump again" is over with the next power-on, and the next order runs on a broken drive."""
    pump = ended(step)
    tap(pump, key) if key else None
    pump = reset(pump)
    assert told(pump)
    for _ in range(2):
        with pytest.raises(ValueError, match="unseen"):
            pump.load(encode(short()))
        scan_s(pump, 1)
        pump = reset(pump)
        assert told(pump)
    tap(pump, CONFIRM)
    pump.load(encode(short()))
    assert state(pump) == "ready" and not pump.controller.lost.must


@pytest.mark.parametrize("ended", [locked, faulted])
def test_who_has_seen_it_is_not_told_again(ended) -> None:  # type: ignore[no-untyped-def]
    """Else each power-on of a year tells of it."""
    pump = reset(ended())
    tap(pump, CONFIRM)
    scan_s(pump, 1)
    assert not told(reset(pump))


def stopped_at(spo2: int) -> CorePump:
    """People have ended a session of a patient at so much."""
    pump = running_at(4)
    pump.parser.spo2 = spo2
    scan_s(pump, 15)
    if state(pump) != "held":
        tap(pump, STOP)
    classify(pump, END)
    scan_s(pump, 1)
    assert state(pump) == "stopped"
    return pump


@pytest.mark.req("ALM-7")
@pytest.mark.parametrize(("spo2", "wanted"), [(80, True), (90, True), (97, False)])
def test_a_patient_who_was_low_at_power_off_is_told_of(spo2: int, wanted: bool) -> None:
    """Else the switch is how an alarm of a patient at 80 % ends, and nobody who comes in afterwards learns of it."""
    assert told(reset(stopped_at(spo2))) is wanted


@pytest.mark.req("ALM-7")
def test_a_low_reading_that_people_have_confirmed_and_a_probe_taken_off_are_over() -> None:
    """Else each pump that is switched off after a session alarms at the next patient."""
    pump = stopped_at(80)
    pump.parser.spo2 = 97
    scan_s(pump, 40)
    tap(pump, SILENCE)
    pump.parser.flags = 0
    scan_s(pump, 30)
    assert not told(reset(pump))


@pytest.mark.parametrize("requests", [1, 5])
def test_what_comes_by_itself_after_the_power_on_is_no_person(requests: int) -> None:
    """Else a laptop that asks at each power-on, or a plug, ends the alarm for the second one."""
    pump = reset(running_at(3))
    for _ in range(requests):
        with pytest.raises(ValueError, match="checksum|truncated|format"):
            pump.load(bytes(40))
        pump.board.unplug(1, True)
        scan_s(pump, 2)
        pump.board.unplug(1, False)
        scan_s(pump, 5)
    assert told(reset(pump))

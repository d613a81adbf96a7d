"""A reset in a session is told: SESSION LOST, the step, a high alarm, until a person has seen it."""

from __future__ import annotations

import pytest
from core_kit import encode, finish, names, pump_with, running_at, scan_s, short, shown, start, state, tap

from pump.controller import Controller
from pump.io import CONFIRM, SILENCE, START, STOP
from pump.store.journal import open_log, unfinished
from pump.tables import alarms
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.boards.local_brain import LocalBrain

pytestmark = pytest.mark.req("INT-8", "ALM-2")


def reset(pump: CorePump) -> CorePump:
    """The same board after the watchdog: its memory is new, its FRAM is not."""
    number, slot = open_log(pump.board.slot)
    pump.controller = Controller(
        pump.parser, PL_PULSE, pump.period_us, bench=True, first_record=number, first_slot=slot,
        lost_step=unfinished(pump.board.slot, slot),
    )  # fmt: skip
    pump.controller.boot(3)
    pump.controller.self_test(7)
    pump.brain = LocalBrain(pump.controller, number)
    pump.board.off()
    pump.board.boot(pump.brain, pump.now_us)
    pump.events = []
    scan_s(pump, 2)
    return pump


def lines_of(pump: CorePump) -> list[str]:
    """What stands on the screen, inverted or not."""
    text = bytes(byte & 127 for byte in pump.controller.display.lines).decode("ascii")
    return [text[at : at + 16].rstrip() for at in range(0, len(text), 16)]


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

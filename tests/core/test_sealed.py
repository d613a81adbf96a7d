"""One changed bit of what decides, in state or in what was worked out once, is found before it decides (INT-4)."""

from __future__ import annotations

import pytest
from core_kit import MILD, TECHNICAL, choose_step, classify, resume, running_at, scan_s, state, tap

from pump.guard.sealed import LEVELS, OF_BOUNDS, OF_PLAN, PLAN
from pump.io import SILENCE, STOP
from pump.tables import alarms
from toleramp_bench.boards.core_pump import CorePump

FOUND_S = 8  # all rows of a 12-step plan take their turns, 80 ms each, beside those of the protocol


def owner(pump: CorePump, name: str) -> object:
    """Whose row that is, in the guard."""
    guard = pump.controller.guard
    if name in (*PLAN, *OF_PLAN):
        return guard.plan
    return guard.bounds.levels if name in LEVELS or name == "top" else guard.bounds


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("name", [*PLAN, *LEVELS, *OF_PLAN, *OF_BOUNDS, "top", "fills"])
def test_a_bit_of_what_the_guard_judges_by_is_found(name: str, bit: int) -> None:
    """Else the guard lets through for hours what it would have stopped."""
    pump = running_at(3)
    row = getattr(owner(pump, name), name)
    if isinstance(row, int):
        setattr(owner(pump, name), name, row ^ 1 << bit)
    else:
        row[-1] ^= 1 << (bit % 7 if isinstance(row, bytearray) else bit)
    scan_s(pump, FOUND_S)
    assert state(pump) == "fault"
    before = pump.stepper.moved
    scan_s(pump, 5)
    assert pump.stepper.moved == before


@pytest.mark.req("INT-4", "SES-6", "SES-3")
@pytest.mark.parametrize("bit", [0, 4, 20])
@pytest.mark.parametrize("name", ["reactions", "held_ms", "still_ms"])
def test_a_bit_of_what_forbids_a_resume_is_found(name: str, bit: int) -> None:
    """Else the third reaction is the first, or a hold of a day one of a minute."""
    pump = running_at(6)
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, 5)
    progress = pump.controller.session.progress
    setattr(progress, name, getattr(progress, name) ^ 1 << bit)
    resume(pump)
    scan_s(pump, 1)
    assert state(pump) == "fault"


@pytest.mark.req("INT-4", "VIT-2")
@pytest.mark.parametrize("bit", [13, 16, 22, 28])
def test_a_bit_of_the_time_of_the_last_reading_hides_no_lost_signal(bit: int) -> None:
    """Else the drug flows for an hour without a reading, and without an alarm."""
    pump = running_at(6)
    pump.parser.flags = 0
    scan_s(pump, 3)
    pump.controller.vitals._sure_ms ^= 1 << bit
    scan_s(pump, 16)
    assert state(pump) == "fault" and pump.controller.alarms.active[alarms.MEMORY]


@pytest.mark.req("INT-4", "ALM-3", "ALM-7")
@pytest.mark.parametrize("bit", [17, 20, 28])
def test_a_bit_of_the_pause_makes_no_silence_longer(bit: int) -> None:
    """Else a desaturation is silent for as long as a bit says."""
    pump = low()
    tap(pump, SILENCE)
    pump.controller.alarms.paused_ms ^= 1 << bit
    assert sounds(pump, 125)


@pytest.mark.req("INT-4", "ALM-7")
@pytest.mark.parametrize("name", ["active", "_there"])
def test_a_bit_of_an_alarm_is_raised_again(name: str) -> None:
    """Else the alarm of a patient at 80 % is gone by itself."""
    pump = low()
    getattr(pump.controller.alarms, name)[alarms.SPO2_STOP] ^= 1
    scan_s(pump, 6)
    assert pump.controller.alarms.active[alarms.SPO2_STOP] and sounds(pump, 10)


def low() -> CorePump:
    """A pump that holds for a patient at 80 %."""
    pump = running_at(6)
    pump.parser.spo2 = 80
    scan_s(pump, 15)
    assert state(pump) == "held" and pump.controller.alarms.active[alarms.SPO2_STOP]
    return pump


def sounds(pump: CorePump, seconds: float) -> bool:
    """Whether it sounds within that time."""
    for _ in range(round(seconds * 1_000_000 / pump.period_us)):
        pump.scan()
        if pump.out.tone_hz:
            return True
    return False


@pytest.mark.req("INT-4", "ALM-6")
def test_nothing_is_found_where_nothing_has_changed() -> None:
    """Else a sound session is stopped by its own supervisor."""
    pump = running_at(6)
    for _ in range(3):
        tap(pump, STOP)
        classify(pump, TECHNICAL)
        resume(pump)
        scan_s(pump, FOUND_S)
    assert state(pump) in ("running", "bag") and pump.controller.guard.trip == 0

"""Another file's limits while a patient is watched: stricter at once, never looser (ALM-7, VIT-1)."""

from __future__ import annotations

import pytest
from core_kit import END, classify, encode, pump_with, scan_s, short, start, state, tap, up

from pump.io import CONFIRM, STOP
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import ALARMS

LOW = ALARMS.SPO2_STOP


def at_a_hundred() -> CorePump:
    """A session that was ended by people, of a patient whose own SpO2 is 100 %: 96 % and below is low."""
    pump = pump_with(short())
    pump.parser.spo2 = 100
    scan_s(pump, 70)
    start(pump)
    scan_s(pump, 3)
    tap(pump, STOP)
    classify(pump, END)
    assert pump.controller.vitals.stop == 96
    return pump


def load(pump: CorePump, stop: int = 92, early: int = 94, delay_s: int = 10) -> None:
    """Another file."""
    protocol = short()
    protocol.name = "next"
    protocol.spo2_stop, protocol.spo2_early, protocol.delay_s = stop, early, delay_s
    pump.load(encode(protocol))
    scan_s(pump, 1)


@pytest.mark.req("ALM-7", "VIT-1")
@pytest.mark.parametrize(("spo2", "low"), [(96, True), (95, True), (97, False)])
def test_a_file_ends_no_alarm_of_a_patient_who_is_watched(spo2: int, low: bool) -> None:
    """Else loading the next file is how a standing SPO2 LOW is quietened."""
    pump = at_a_hundred()
    pump.parser.spo2 = spo2
    scan_s(pump, 20)
    load(pump)
    assert state(pump) == "ready"
    scan_s(pump, 60)
    assert (LOW in up(pump)) is low and pump.controller.conditions.monitoring.on
    assert pump.controller.vitals.baseline == 100 and pump.controller.guard.trip == 0


@pytest.mark.req("ALM-7", "VIT-1", "INT-4")
def test_a_file_makes_limits_stricter_at_once_and_never_looser() -> None:
    """Else the limits of the patient in the bed are those of a file that was looked at."""
    pump = at_a_hundred()
    vital = pump.controller.vitals
    load(pump, 85, 88, 20)
    assert (vital.stop, vital.early_limit, vital.delay_ms) == (96, 97, 10_000)
    load(pump, 97, 98, 4)
    assert (vital.stop, vital.early_limit, vital.delay_ms) == (97, 98, 4_000)
    load(pump, 85, 88, 20)
    assert (vital.stop, vital.early_limit, vital.delay_ms) == (97, 98, 4_000)
    scan_s(pump, 5)
    assert state(pump) == "ready", "the guard compares them with the file all the time"


@pytest.mark.req("ALM-7", "VIT-1", "SES-1")
@pytest.mark.parametrize("by", ["end", "start"])
def test_limits_of_before_end_with_the_monitoring_or_a_new_start(by: str) -> None:
    """Else the next patient, whose own SpO2 is 95 %, cannot be started or holds for ever."""
    pump = at_a_hundred()
    load(pump)
    if by == "end":
        tap(pump, CONFIRM)
        tap(pump, CONFIRM)
        scan_s(pump, 1)
        assert not pump.controller.conditions.monitoring.on
        pump.parser.spo2 = 95
        scan_s(pump, 70)
        start(pump)
        assert (pump.controller.vitals.baseline, pump.controller.vitals.stop) == (95, 92)
        return
    pump.parser.spo2 = 98
    scan_s(pump, 70)
    start(pump)
    assert (pump.controller.vitals.baseline, pump.controller.vitals.stop) == (98, 94)

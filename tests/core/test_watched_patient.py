"""The patient's alarms follow the patient, whatever the pump holds for; what the screen says (ALM-7, VIT-1)."""

from __future__ import annotations

import pytest
from core_kit import (
    END,
    MILD,
    SEVERE,
    TECHNICAL,
    classify,
    finish,
    host,
    pump_with,
    react,
    resume,
    running_at,
    scan_s,
    short,
    shown,
    start,
    state,
    tap,
    until,
    up,
)
from power_kit import lines_of

from pump.io import CONFIRM, SILENCE, START, STOP
from pump.tables import alarms, causes, vitals
from pump.tables import messages as m
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import ALARMS, EVENTS

LOW = ALARMS.SPO2_STOP


def sounds(pump: CorePump, seconds: float = 8) -> bool:
    """Whether there is a tone within that time."""
    heard = False
    for _ in range(round(seconds * 1_000_000 / pump.period_us)):
        pump.scan()
        heard = heard or bool(pump.out.tone_hz)
    return heard


def armed() -> CorePump:
    pump = pump_with(short())
    tap(pump, START)
    return pump


def held_by_stop() -> CorePump:
    pump = running_at(2)
    tap(pump, STOP)
    return pump


def to_resume() -> CorePump:
    pump = held_by_stop()
    classify(pump, TECHNICAL)
    return pump


def choosing() -> CorePump:
    pump = held_by_stop()
    classify(pump, MILD)
    return pump


def locked() -> CorePump:
    pump = held_by_stop()
    classify(pump, SEVERE)
    return pump


def stopped() -> CorePump:
    pump = running_at(2)
    host(pump, m.STOP[0])
    return pump


def ended() -> CorePump:
    pump = held_by_stop()
    classify(pump, END)
    return pump


def completed() -> CorePump:
    pump = pump_with(short())
    start(pump)
    assert finish(pump) == "completed"
    return pump


def faulted() -> CorePump:
    pump = held_by_stop()
    pump.stepper.stray(5000)
    assert until(pump, "fault", 5)
    return pump


def lapsed() -> CorePump:
    pump = armed()
    assert until(pump, "ready", 40)
    return pump


PLACES = [armed, held_by_stop, to_resume, choosing, locked, stopped, ended, completed, faulted, lapsed]


@pytest.mark.req("ALM-7", "VIT-1")
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_desaturation_sounds_high_in_every_state(place) -> None:  # type: ignore[no-untyped-def]
    """Else the alarm follows the reason of the hold, and a patient at 60 % is as quiet as a bag change."""
    pump = place()
    pump.parser.spo2 = 60
    scan_s(pump, 6)
    assert LOW in up(pump) and pump.controller.alarms.priority == alarms.HIGH
    assert pump.controller.alarms.top == alarms.SPO2_STOP
    assert sounds(pump)


@pytest.mark.req("ALM-7", "ALM-3")
@pytest.mark.parametrize("place", [held_by_stop, to_resume, ended], ids=lambda place: place.__name__)
def test_a_desaturation_breaks_the_pause_of_another_alarm(place) -> None:  # type: ignore[no-untyped-def]
    """Else the pause of a hold's reminder is two minutes of silence for the patient."""
    pump = place()
    pump.parser.flags = 0
    scan_s(pump, 16)
    tap(pump, SILENCE)
    assert not sounds(pump)
    pump.parser.flags = vitals.VALID
    pump.parser.spo2 = 60
    scan_s(pump, 4)
    assert sounds(pump)


@pytest.mark.req("ALM-7")
def test_four_points_worse_break_the_pause_and_a_steady_value_does_not() -> None:
    """Else a pause covers a fall from 90 to 60 %."""
    pump = held_by_stop()
    pump.parser.spo2 = 90
    scan_s(pump, 13)
    tap(pump, SILENCE)
    assert not sounds(pump, 20)
    pump.parser.spo2 = 86
    assert sounds(pump)


@pytest.mark.req("ALM-7", "SES-4", "VIT-1")
def test_a_desaturation_in_a_hold_by_stop_waits_for_the_recovery() -> None:
    """Else the press that held for another reason is resumed into a desaturation just over."""
    pump = to_resume()
    pump.parser.spo2 = 88
    scan_s(pump, 13)
    pump.parser.spo2 = 97
    scan_s(pump, 30)
    resume(pump)
    assert state(pump) == "resumable"
    scan_s(pump, 31)
    resume(pump)
    assert state(pump) == "running"


@pytest.mark.req("ALM-7")
def test_a_high_alarm_stays_after_it_is_over_until_silence() -> None:
    """Else nobody learns that the patient was at 80 % while the room was empty."""
    pump = held_by_stop()
    pump.parser.spo2 = 80
    scan_s(pump, 10)
    pump.parser.spo2 = 97
    scan_s(pump, 60)
    assert LOW in up(pump)
    tap(pump, SILENCE)
    scan_s(pump, 1)
    assert LOW not in up(pump)


@pytest.mark.req("ALM-7")
@pytest.mark.parametrize("place", [stopped, completed, lapsed], ids=lambda place: place.__name__)
def test_monitoring_ends_by_two_presses_and_not_before(place) -> None:  # type: ignore[no-untyped-def]
    """Else the patient who reacts after the last drop is watched by nobody, or the alarm never ends."""
    pump = place()
    scan_s(pump, 2)
    tap(pump, CONFIRM)
    pump.parser.flags = 0
    scan_s(pump, 40)  # the second press does not come
    tap(pump, CONFIRM)
    assert ALARMS.SIGNAL_HOLD in up(pump)
    tap(pump, CONFIRM)
    assert [e["event"] for e in pump.events].count(EVENTS.MONITORING_ENDED) == 1
    assert not up(pump) & {ALARMS.SIGNAL_HOLD, ALARMS.SIGNAL_LOST}
    pump.parser.flags, pump.parser.spo2 = vitals.VALID, 60
    scan_s(pump, 20)
    assert LOW not in up(pump)


@pytest.mark.req("ALM-7")
def test_keys_do_not_end_monitoring_while_the_patient_is_low() -> None:
    """Else the press that is to quieten the pump leaves a patient at 60 % unwatched."""
    pump = stopped()
    pump.parser.spo2 = 60
    scan_s(pump, 6)
    tap(pump, CONFIRM)
    tap(pump, CONFIRM)
    scan_s(pump, 5)
    assert LOW in up(pump)
    assert [e["event"] for e in pump.events].count(EVENTS.MONITORING_ENDED) == 0


@pytest.mark.req("ALM-7")
def test_the_screen_asks_for_the_end_of_monitoring() -> None:
    """Else nobody knows how to end it, and the plug is pulled."""
    pump = stopped()
    scan_s(pump, 4)
    assert lines_of(pump)[1] == "END MONITORING?"
    tap(pump, CONFIRM)
    scan_s(pump, 4)
    assert lines_of(pump)[1] == "CONFIRM TO END"


@pytest.mark.req("ALM-7")
def test_before_the_first_start_nobody_is_watched() -> None:
    """Else a pump on a shelf alarms (ALM-6)."""
    pump = pump_with(short())
    pump.parser.flags = 0
    scan_s(pump, 60)
    assert not up(pump)


@pytest.mark.req("VIT-1", "VIT-2", "ALM-2")
@pytest.mark.parametrize(
    ("spo2", "pulse", "flags", "said"),
    [
        (88, 72, vitals.VALID, "WAIT: O2 88 LOW"),
        (97, 140, vitals.VALID, "WAIT: PULSE 140"),
        (97, 72, 0, "WAIT: NO SPO2"),
        (93, 72, vitals.VALID, "WAIT: O2 95 60 s"),
    ],
)
def test_low_lost_and_recovering_are_three_texts(spo2: int, pulse: int, flags: int, said: str) -> None:
    """Else the nurse looks at the probe while the patient is at 88 %."""
    pump = to_resume()
    pump.parser.spo2 = 80
    scan_s(pump, 5)
    pump.parser.spo2, pump.parser.pulse, pump.parser.flags = spo2, pulse, flags
    scan_s(pump, 7)
    if spo2 == 93:
        assert pump.controller.vitals.stop == 93  # four points under the baseline of 97
        pump.parser.spo2 = 94
        scan_s(pump, 3)
    assert lines_of(pump)[1] == said


@pytest.mark.req("SES-4", "ALM-2")
def test_recovering_counts_down_and_names_its_value() -> None:
    """Else nobody knows for how long, and for what, the pump waits."""
    pump = to_resume()
    pump.parser.spo2 = 80
    scan_s(pump, 5)
    pump.parser.spo2 = 97
    scan_s(pump, 18.5)
    assert lines_of(pump)[1] in {f"WAIT: O2 95 {left} s" for left in (40, 41, 42, 43, 44)}
    scan_s(pump, 50)
    assert lines_of(pump)[1] == "PRESS START"


@pytest.mark.req("VIT-1", "ALM-2")
def test_before_a_start_the_screen_tells_a_low_reading_from_none() -> None:
    """Else a patient at 88 % looks like a probe that is not on."""
    pump = pump_with(short())
    pump.parser.spo2 = 88
    scan_s(pump, 5)
    assert lines_of(pump)[1].endswith(" O2 LOW")
    pump.parser.flags = 0
    scan_s(pump, 7)
    assert lines_of(pump)[1].endswith(" NO O2")


@pytest.mark.req("VIT-1", "SES-1")
def test_start_takes_the_baseline_and_records_it() -> None:
    """Else nobody can tell afterwards which limits held."""
    pump = pump_with(short())
    pump.parser.spo2 = 99
    scan_s(pump, 61)
    shown(pump)
    tap(pump, START)
    assert [e["arg"] for e in pump.events if e["event"] == EVENTS.BASELINE] == [99]
    assert (pump.controller.vitals.stop, pump.controller.vitals.early_limit) == (95, 96)


@pytest.mark.req("ALM-7", "SES-4")
def test_a_reaction_goes_on_being_watched() -> None:
    """Else the walk back after a reaction ends the patient's alarms."""
    pump = running_at(3)
    react(pump, 2)
    assert state(pump) == "running"
    pump.parser.spo2 = 84
    scan_s(pump, 5)
    assert state(pump) == "held" and LOW in up(pump)
    assert causes.NAMES[pump.controller.session.progress.cause] == LOW

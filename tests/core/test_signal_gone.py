"""The signal goes: how much time the pump lets pass then (VIT-2), by what the last reading was."""

from __future__ import annotations

import pytest
from test_vitals import SAMPLE_MS, VALID, Finger, held

from pump.base.units import TICK_SPAN
from pump.senses.limits import sinks
from pump.senses.vitals import ALERT_MS, FROZEN_MS, HOLD_MS, SIGNAL_CLEAR_MS
from pump.tables import causes, verdicts, vitals
from pump.tables.causes import BIT, SIGNAL_BITS
from pump.tables.messages import NONE8

LOOK_MS = 80
GONE = (0, vitals.SENSOR_OFF, vitals.OUT_OF_TRACK, vitals.FROZEN)


def patient(*course: tuple[float, int], start: int = 0) -> Finger:
    """Somebody whose SpO2 took this course: (seconds, percent)."""
    finger = Finger(start).limits()
    finger.feed(20, 97)
    for seconds, spo2 in course:
        assert finger.feed(seconds, spo2) == -1
    return finger


def lost(finger: Finger, flags: int, seconds: float = 20) -> tuple[int, int]:
    """The signal goes: (ms to the alert, ms to the hold) since the last reading, -1: never. Looked at each 80 ms."""
    begin = finger.t_ms - SAMPLE_MS
    alert = hold = -1
    while finger.t_ms - begin <= seconds * 1000:
        if flags >= 0 and (finger.t_ms - begin) % SAMPLE_MS < 20:
            finger.vitals.sample(NONE8, 65535, flags, finger.now())
        finger.vitals.watch(finger.now())
        if alert < 0 and finger.vitals.bits & BIT[causes.SIGNAL_LATE]:
            alert = finger.t_ms - begin
        if hold < 0 and finger.vitals.bits & BIT[causes.SIGNAL_LOST]:
            hold = finger.t_ms - begin
        finger.t_ms += 20
    return alert, hold


@pytest.mark.req("VIT-2", "INT-3")
@pytest.mark.parametrize("start", [0, TICK_SPAN - 22_000])
@pytest.mark.parametrize("flags", GONE)
@pytest.mark.parametrize("course", [[(2, 92)], [(2, 90)], [(3, 94)], [(4, 95), (4, 94)]])
def test_who_is_low_or_falls_has_no_time_left(flags: int, course: list[tuple[float, int]], start: int) -> None:
    """Else a probe that falls off in a desaturation buys fifteen seconds of flow."""
    finger = patient(*course, start=start)
    alert, hold = lost(finger, flags)
    assert 0 < alert == hold <= SAMPLE_MS + LOOK_MS
    assert held(finger) == "spo2-stop", "and a resume waits for a minute of good readings"
    assert finger.vitals.alert and not finger.vitals.good()


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("fresh_ms", "spo2"), [(2_000, 92), (3_000, 92), (2_000, 94)])
def test_a_silent_line_has_no_grace_either(fresh_ms: int, spo2: int) -> None:
    """Else a cable pulled in a desaturation buys time."""
    finger = patient((2, spo2))
    finger.vitals.fresh_ms = fresh_ms
    alert, hold = lost(finger, -1)
    assert fresh_ms < alert == hold <= fresh_ms + 20 + LOOK_MS


@pytest.mark.req("VIT-2")
def test_a_reading_counts_for_just_so_long() -> None:
    """Else a line that is on time to the millisecond is lost, or a reading too old is one of now."""
    finger = patient((2, 92))
    finger.t_ms += finger.vitals.fresh_ms - SAMPLE_MS
    for late_ms, gone in ((0, False), (1, True)):
        finger.t_ms += late_ms
        finger.vitals.watch(finger.now())
        assert finger.vitals.sure is not gone and bool(finger.vitals.bits & BIT[causes.SIGNAL_LOST]) is gone


@pytest.mark.req("VIT-2")
def test_a_fall_counts_from_the_last_reading_back_however_late_its_end_is_known() -> None:
    """Else a monitor that writes each two seconds has half the time in which a fall is seen."""
    finger = patient((8, 94))
    finger.vitals.fresh_ms = 4_500
    alert, hold = lost(finger, -1)
    assert 4_500 < alert == hold <= 4_500 + 20 + LOOK_MS


@pytest.mark.req("VIT-1", "VIT-2")
def test_artifact_that_ends_in_silence_is_a_lost_signal() -> None:
    """Else a trembling hand, and then nothing, is waited for as long as one who is well."""
    finger = patient((2, 92))
    finger.feed(1, 93, flags=VALID | vitals.ARTIFACT)
    finger.t_ms += finger.vitals.fresh_ms - SAMPLE_MS
    finger.vitals.watch(finger.now())
    assert not finger.vitals.bits & BIT[causes.SIGNAL_LOST]
    finger.t_ms += 1
    finger.vitals.watch(finger.now())
    assert finger.vitals.bits & BIT[causes.SIGNAL_LOST]


@pytest.mark.req("VIT-2", "ALM-6")
@pytest.mark.parametrize("course", [[], [(3, 95)], [(20, 94)], [(20, 93)], [(5, 94), (15, 95)], [(8, 92), (20, 96)]])
def test_who_is_well_has_five_and_fifteen_seconds(course: list[tuple[float, int]]) -> None:
    """Else each slip of a probe holds the infusion of a patient at the limit + 1."""
    alert, hold = lost(patient(*course), vitals.SENSOR_OFF)
    assert ALERT_MS <= alert <= ALERT_MS + LOOK_MS and HOLD_MS <= hold <= HOLD_MS + LOOK_MS


@pytest.mark.req("VIT-1", "VIT-2")
def test_unsure_readings_are_no_lost_signal() -> None:
    """Else a trembling hand at 92 % holds at once; artifact lengthens a delay, no more."""
    finger = patient((2, 92))
    at = finger.feed(12, 93, flags=VALID | vitals.ARTIFACT)
    assert at == -1 and not finger.vitals.bits & BIT[causes.SIGNAL_LOST]
    finger.sample(NONE8, flags=0)
    assert finger.vitals.bits & SIGNAL_BITS == SIGNAL_BITS


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize(("spo2", "flags"), [(93, vitals.DEGRADED), (97, vitals.DEGRADED | vitals.ARTIFACT)])
def test_what_a_bad_line_makes_of_readings_is_none(spo2: int, flags: int) -> None:
    """Else another format on the line of somebody who is low buys fifteen seconds."""
    finger = patient((2, 92))
    assert finger.feed(1.5, spo2, flags=VALID | flags) == -1
    at = finger.feed(3, spo2, flags=VALID | flags)
    assert 0 <= at <= 2_000 and finger.vitals.bits & BIT[causes.SIGNAL_LOST]


@pytest.mark.req("VIT-2")
def test_a_frozen_device_is_as_old_as_it_is_frozen() -> None:
    """Else the three seconds in which nobody can tell are three seconds more of flow."""
    finger = patient()
    finger.feed(FROZEN_MS / 1000 - 0.3, 97)
    begin = finger.t_ms - SAMPLE_MS
    alert, hold = lost(finger, vitals.FROZEN)
    known = finger.t_ms - begin
    assert ALERT_MS - FROZEN_MS <= alert <= ALERT_MS - FROZEN_MS + SAMPLE_MS + LOOK_MS
    assert HOLD_MS - FROZEN_MS <= hold <= HOLD_MS - FROZEN_MS + SAMPLE_MS + LOOK_MS < known


@pytest.mark.req("VIT-2", "ALM-7")
def test_the_next_patient_is_not_feared_for() -> None:
    """Else a pump at rest alarms for somebody who has gone."""
    finger = patient((2, 90))
    finger.vitals.let_go()
    alert, hold = lost(finger, vitals.SENSOR_OFF, 4)
    assert (alert, hold) == (-1, -1)


@pytest.mark.req("VIT-2", "SES-4")
def test_what_was_low_before_a_good_reading_counts_no_more() -> None:
    """Else a dip of long ago takes the grace for ever; a fall counts for ten seconds."""
    finger = patient((2, 92), (11, 94))
    assert lost(finger, vitals.SENSOR_OFF, 4) == (-1, -1)
    finger = patient((3, 97), (2, 94))
    assert lost(finger, vitals.SENSOR_OFF, 4)[1] > 0


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(
    ("spo2", "highest", "sinking"),
    [(92, 92, True), (93, 95, False), (94, 97, True), (94, 96, False), (95, 98, False), (95, 99, True), (98, 0, False),
     (NONE8, 100, False), (96, 99, False), (96, 100, True)],
)  # fmt: skip
def test_low_or_falling(spo2: int, highest: int, sinking: bool) -> None:
    """Else the words have no meaning: four points in ten seconds, or three at the early limit."""
    assert bool(sinks(spo2, highest, 92, 94, 0)) is sinking


@pytest.mark.req("VIT-1", "VIT-2")
@pytest.mark.parametrize("doubt", [vitals.ARTIFACT, vitals.DEGRADED])
@pytest.mark.parametrize(("flags", "most_ms"), [(vitals.SENSOR_OFF, 400), (-1, 2_400)])
def test_a_low_reading_in_doubt_buys_no_time_either(doubt: int, flags: int, most_ms: int) -> None:
    """Else artifact and then a probe that falls off lengthen a delay by more than ten seconds."""
    finger = patient()
    assert finger.feed(5, 91, flags=VALID | doubt) == -1
    begin = finger.t_ms
    while not finger.vitals.hold:
        assert finger.t_ms - begin <= most_ms
        if flags >= 0:
            finger.vitals.sample(NONE8, 65535, flags, finger.now())
        finger.vitals.watch(finger.now())
        finger.t_ms += 20


@pytest.mark.req("VIT-2", "VIT-1")
def test_a_doubt_that_a_good_reading_has_ended_counts_no_more() -> None:
    finger = patient()
    assert finger.feed(2, 91, flags=VALID | vitals.DEGRADED) == -1
    assert finger.feed(2, 97) == -1
    assert lost(finger, vitals.SENSOR_OFF)[1] >= HOLD_MS - 2 * SAMPLE_MS


@pytest.mark.req("SES-4", "VIT-2")
def test_the_second_loss_of_a_hold_is_judged_as_the_first() -> None:
    """Else who was low as the signal went goes on after two seconds, for an earlier loss that was none of that kind."""
    finger = patient()
    assert finger.silence(16) > 0 and finger.vitals.hold == causes.SIGNAL_LOST
    finger.feed(12, 97)
    finger.feed(3, 88)
    lost(finger, vitals.SENSOR_OFF, 2)
    assert finger.vitals.hold == causes.SPO2_STOP


@pytest.mark.req("VIT-5")
@pytest.mark.parametrize(
    ("spo2", "low_ms", "yes"), [(92, 0, True), (93, 1, True), (94, 1, False), (93, 0, False), (94, 0, False)]
)
def test_a_point_above_the_limit_is_low_while_its_delay_runs(spo2: int, low_ms: int, yes: bool) -> None:
    """Else one reading next to the limit, then a lost signal, buys fifteen seconds."""
    assert bool(sinks(spo2, spo2, 92, 94, low_ms)) == yes


@pytest.mark.req("VIT-2", "ALM-5")
def test_who_was_low_is_called_for_at_once() -> None:
    """Else the hold comes at once, and its alarm five seconds later."""
    finger = patient((2, 92))
    finger.sample(NONE8, 65535, flags=vitals.SENSOR_OFF)
    assert finger.vitals.alert and finger.vitals.bits & SIGNAL_BITS == SIGNAL_BITS
    assert finger.vitals.quality() == verdicts.NONE


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize(("spo2", "low"), [(91, True), (92, True), (93, False)])
def test_a_doubtful_reading_that_comes_and_is_low_is_told_as_low(spo2: int, low: bool) -> None:
    """Else people look for the cable of a patient whose saturation falls."""
    finger = patient((2, 92))
    finger.feed(3, spo2, flags=VALID | vitals.DEGRADED)
    assert finger.vitals.hold == causes.SPO2_STOP
    bits = finger.vitals.bits
    assert bool(bits & BIT[causes.SPO2_STOP]) == low and bool(bits & BIT[causes.SIGNAL_LOST]) != low


@pytest.mark.req("VIT-2", "ALM-6")
@pytest.mark.parametrize("before", ["nothing", "a loss", "a resume in the middle of one"])
def test_a_signal_is_back_after_ten_seconds_whatever_was_before(before: str) -> None:
    """Else the alarm of a second loss ends with the first reading, and the judge's row does not say why."""
    finger = patient()
    if before != "nothing":
        finger.silence(6)
        finger.feed(5 if before == "a resume in the middle of one" else 20, 97)
        finger.vitals.restart()
    finger.feed(0.3, 92)
    finger.sample(NONE8, 65535, flags=vitals.SENSOR_OFF)
    assert finger.vitals.bits & SIGNAL_BITS
    finger.t_ms += SAMPLE_MS
    begin = finger.t_ms
    while finger.vitals.bits & SIGNAL_BITS:
        finger.feed(0, 97)
    assert abs(finger.t_ms - begin - SIGNAL_CLEAR_MS) <= 2 * SAMPLE_MS


@pytest.mark.req("VIT-1")
@pytest.mark.parametrize(("spo2", "low"), [(91, True), (92, True), (93, False)])
def test_at_the_limit_is_low(spo2: int, low: bool) -> None:
    """Else the screen says that it waits for something else."""
    assert patient((1, spo2)).vitals.low() == low

"""What the vital signs say of themselves: limits that hold together, seconds to wait, what got worse (VIT-1, VIT-2)."""

from __future__ import annotations

import pytest
from core_kit import short
from test_vitals import SAMPLE_MS, Finger

from pump.protocol.protocol import Protocol
from pump.senses.vitals import Vitals
from pump.tables import causes
from pump.tables.causes import BIT
from pump.tables.messages import NONE8, NONE16

LOW, SLOW, EARLY = BIT[causes.SPO2_STOP], BIT[causes.PULSE_STOP], BIT[causes.SPO2_EARLY]
LATE, LOST = BIT[causes.SIGNAL_LATE], BIT[causes.SIGNAL_LOST]


def watched(spo2: int = 98) -> tuple[Vitals, Protocol]:
    """Vitals with a protocol's limits, and that."""
    vitals, protocol = Vitals(), short()
    vitals.adopt(protocol)
    for k in range(30):
        vitals.sample(spo2, 72, 1, k * SAMPLE_MS)
        vitals.watch(k * SAMPLE_MS)
    vitals.take_baseline()
    return vitals, protocol


@pytest.mark.req("VIT-2")
def test_before_the_first_sample_there_is_no_value() -> None:
    """Else a pump that was just switched on shows, or trusts, a reading of nobody."""
    vitals = Vitals()
    assert (vitals.spo2, vitals.pulse, vitals.baseline) == (NONE8, NONE16, NONE8)
    assert not (vitals.sure or vitals.good() or vitals.recovered or vitals.alert or vitals.worsened)
    assert not (vitals.low() or vitals.strayed()) and (vitals.bits, vitals.hold) == (0, 0)


@pytest.mark.req("VIT-2")
def test_silence_is_told_within_five_seconds_and_holds_within_fifteen() -> None:
    """Else the pump goes on blind."""
    finger = Finger().limits()
    finger.feed(3, 98)
    begin = finger.t_ms - SAMPLE_MS
    told: dict[int, int] = {}
    while finger.t_ms < begin + 20_000:
        finger.vitals.watch(finger.now())
        for bit in (LATE, LOST):
            if finger.vitals.bits & bit:
                told.setdefault(bit, finger.t_ms - begin)
        finger.t_ms += 1
    assert told == {LATE: 4_500, LOST: 14_500}
    assert finger.vitals.alert and finger.vitals.spo2 == NONE8


@pytest.mark.req("VIT-2", "VIT-5")
def test_a_short_gap_is_no_longer_than_it_is_when_many_went_before() -> None:
    """Else a probe that drops out for three seconds makes one low sample a hold of ten."""
    finger = Finger().limits()
    finger.feed(3, 98)
    for _ in range(8):
        finger.silence(4.7)
        finger.sample(98)
    assert finger.vitals.bits & LOST
    finger.sample(90)
    for _ in range(150):
        finger.t_ms += 20
        finger.vitals.watch(finger.now())
    finger.sample(90)
    assert not finger.vitals.bits & LOW
    assert finger.feed(8, 90) >= 0 and finger.vitals.bits & LOW


@pytest.mark.req("ALM-7", "SES-4")
def test_the_seconds_that_are_still_to_wait() -> None:
    """Else the screen counts the wrong way, or shows a wait where there is none."""
    finger = Finger().limits()
    finger.feed(5, 98)
    assert finger.vitals.clear_s() == 0
    finger.feed(12, 90)
    assert finger.vitals.bits & LOW and (finger.vitals.clear_s(), finger.vitals.wait_s()) == (30, 60)
    finger.feed(10, 98)
    good_s = finger.vitals.good_ms / 1000
    assert 9 < good_s <= 10
    assert finger.vitals.clear_s() == -int(-(30 - good_s) // 1) and finger.vitals.wait_s() == -int(-(60 - good_s) // 1)
    finger.feed(25, 98)
    assert not finger.vitals.bits & LOW and finger.vitals.clear_s() == 0


@pytest.mark.req("VIT-1", "INT-4")
@pytest.mark.parametrize("name", ["stop", "early_limit", "resume", "pulse_min", "pulse_max", "delay_ms"])
def test_a_limit_that_a_bit_has_changed_is_found(name: str) -> None:
    """Else a patient is judged by 93 instead of 92, or by 28, for the rest of the session."""
    vitals, protocol = watched()
    assert vitals.holds_limits_of(protocol, protocol.delay_s * 1000)
    setattr(vitals, name, getattr(vitals, name) ^ 1)
    assert not vitals.holds_limits_of(protocol, protocol.delay_s * 1000)


@pytest.mark.req("VIT-1", "INT-4")
@pytest.mark.parametrize(
    "name", ["spo2_stop", "spo2_stop_fall", "spo2_early", "spo2_early_fall", "delay_s", "pulse_min", "pulse_max"]
)
def test_limits_of_another_protocol_are_not_its_own(name: str) -> None:
    """Else the pump judges by a protocol that is no longer there."""
    vitals, protocol = watched()
    setattr(protocol, name, getattr(protocol, name) + 1)
    assert not vitals.holds_limits_of(protocol, protocol.delay_s * 1000)


@pytest.mark.req("VIT-1", "ALM-7")
def test_a_start_ends_the_limits_of_the_patient_before() -> None:
    """Else the next patient is judged by the stricter limits of the one who was watched."""
    vitals, protocol = watched()
    strict = short()
    strict.spo2_stop, strict.spo2_early, strict.pulse_min, strict.pulse_max, strict.delay_s = 95, 97, 60, 110, 3
    vitals.adopt(strict)
    vitals.adopt(protocol, True)
    assert (vitals.stop, vitals.early_limit, vitals.pulse_min, vitals.pulse_max) == (95, 97, 60, 110)
    assert vitals.delay_ms == 3_000
    vitals.take_baseline()
    assert vitals.stop == max(92, vitals.baseline - 4)
    assert (vitals.pulse_min, vitals.pulse_max, vitals.delay_ms) == (50, 130, 10_000)


@pytest.mark.req("VIT-5")
@pytest.mark.parametrize(("pulse", "holds"), [(51, True), (52, False), (128, False), (129, True)])
def test_the_pulse_s_timer_runs_back_two_beats_within_its_limit(pulse: int, holds: bool) -> None:
    """Else a pulse that swings around its limit is never told, or one that is plainly good is."""
    finger = Finger().limits()
    finger.feed(3, 98)
    beyond = 48 if pulse < 72 else 132
    assert finger.feed(6, 98, beyond) == -1
    finger.feed(6, 98, pulse)
    assert (finger.feed(6, 98, beyond) >= 0) is holds


@pytest.mark.req("ALM-7")
def test_what_was_silenced_is_told_again_when_it_is_four_points_worse() -> None:
    """Else a patient who falls from 90 to 86 in a paused alarm falls in silence."""
    finger = Finger().limits()
    finger.feed(5, 98)
    finger.feed(12, 90)
    finger.vitals.worsened = False
    finger.feed(3, 88)
    finger.vitals.mark()
    finger.feed(2, 85)
    assert not finger.vitals.worsened
    finger.sample(84)
    assert finger.vitals.worsened


@pytest.mark.req("ALM-7")
def test_silencing_while_nothing_is_known_changes_nothing() -> None:
    """Else an artifact's value is what the next fall is measured against."""
    finger = Finger().limits()
    finger.feed(5, 98)
    finger.feed(12, 90)
    finger.vitals.worsened = False
    finger.silence(3)
    finger.vitals.mark()
    finger.feed(1, 86)
    assert finger.vitals.worsened


@pytest.mark.req("VIT-1")
def test_without_a_protocol_the_limits_are_those_of_the_requirements() -> None:
    """Else a patient who is watched before a protocol is loaded is judged by other limits than people know."""
    vitals = Vitals()
    assert (vitals.stop, vitals.early_limit, vitals.delay_ms) == (92, 94, 10_000)
    assert (vitals.pulse_min, vitals.pulse_max, vitals.resume) == (50, 130, 94)


@pytest.mark.req("ALM-7", "VIT-5")
def test_an_early_sign_is_over_after_half_a_minute_above_it() -> None:
    """Else it never clears, or comes and goes with each breath."""
    finger = Finger().limits()
    finger.feed(5, 98)
    finger.feed(1, 94)
    assert finger.vitals.bits & EARLY
    finger.feed(28, 95)
    assert finger.vitals.bits & EARLY
    finger.feed(4, 95)
    assert not finger.vitals.bits & EARLY


@pytest.mark.req("SES-4", "VIT-2")
def test_a_minute_of_good_readings_begins_anew_after_a_silence() -> None:
    """Else a probe that fell off for half the minute counts as good."""
    finger = Finger().limits()
    finger.feed(50, 98)
    assert finger.vitals.good_ms > 40_000
    finger.silence(6)
    assert finger.vitals.good_ms == 0 and not finger.vitals.recovered


@pytest.mark.req("SES-4", "ALM-7")
def test_whoever_comes_next_has_not_recovered_yet() -> None:
    """Else the next patient resumes by the good minute of the one before."""
    finger = Finger().limits()
    finger.feed(70, 98)
    assert finger.vitals.recovered
    finger.vitals.let_go()
    assert not finger.vitals.recovered and finger.vitals.good_ms == 0 and finger.vitals.baseline == NONE8


@pytest.mark.req("ALM-7")
def test_a_second_bout_of_a_racing_heart_is_told_by_its_own_measure() -> None:
    """Else it is compared with the worst of an hour ago, and nobody is told."""
    finger = Finger().limits()
    finger.feed(5, 98)
    for _ in range(2):
        finger.feed(12, 98, 135)
        assert finger.vitals.bits & SLOW
        finger.vitals.worsened = False
        finger.feed(2, 98, 149)
        assert not finger.vitals.worsened
        finger.feed(2, 98, 165)
        assert finger.vitals.worsened
        finger.feed(40, 98, 72)
        assert not finger.vitals.bits & SLOW

"""Swings, deficits, violations, baseline and recovery of SpO2 (VIT-1, VIT-2, VIT-5, SES-4, ALM-7, ALM-8)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_vitals import SAMPLE_MS, STARTS, VALID, Finger, held

from pump.senses import limits
from pump.senses import vitals as sense
from pump.tables import causes, vitals
from pump.tables.causes import BIT
from pump.tables.messages import NONE8

LOW = BIT[causes.SPO2_STOP]
EARLY = BIT[causes.SPO2_EARLY]
LATE = BIT[causes.SIGNAL_LATE]


def fed(finger: Finger, values: list[int], flags: int = VALID) -> int:
    """One sample each; how many samples it took until it held, -1 for never."""
    for number, spo2 in enumerate(values):
        finger.sample(spo2, flags=flags)
        if finger.vitals.hold:
            return number
        finger.t_ms += SAMPLE_MS
    return -1


def triangle(low: int, high: int, period_s: float, seconds: float) -> list[int]:
    """A swing, sample by sample."""
    found = []
    for number in range(round(seconds * 1000 / SAMPLE_MS)):
        phase = number * SAMPLE_MS / 1000 / period_s % 1
        found.append(round(high - (high - low) * (1 - abs(2 * phase - 1))))
    return found


def started(baseline: int, stop: int = 92, early: int = 94, stop_fall: int = 4, early_fall: int = 3) -> Finger:
    """A patient with that SpO2 for a minute, then START."""
    finger = Finger()
    finger.vitals.set_limits(stop, early, 10, 50, 130, stop_fall, early_fall)
    finger.feed(61, baseline)
    finger.vitals.take_baseline()
    return finger


@pytest.mark.req("VIT-5")
def test_one_good_sample_undoes_no_delay() -> None:
    """Else one sample in nine at 96 % keeps the drug flowing at 90 %."""
    finger = Finger().limits(stop=92)
    finger.feed(5, 98)
    at = fed(finger, ([91] * 8 + [96]) * 20)
    assert held(finger) == "spo2-stop"
    assert 10_000 <= at * SAMPLE_MS <= 15_000


@pytest.mark.req("VIT-5")
@pytest.mark.parametrize("period_s", [4, 8, 12, 20])
def test_swings_around_the_limit_hold(period_s: float) -> None:
    """Else a patient between 83 and 96 % is given the drug for ever, because no dip is as long as the delay."""
    finger = Finger().limits()
    finger.feed(5, 97)
    at = fed(finger, triangle(83, 96, period_s, 120))
    assert held(finger) == "spo2-stop" and at * SAMPLE_MS <= 60_000


@pytest.mark.req("VIT-5")
@settings(max_examples=150, deadline=None)
@given(
    st.integers(60, 88), st.integers(94, 100), st.integers(2, 30), st.integers(1, 4), st.sampled_from((86, 88, 90, 92))
)
def test_whoever_spends_the_time_low_holds(low: int, high: int, dip: int, good: int, stop: int) -> None:
    """Else some rhythm of dips and good samples is never a desaturation (VIT-5)."""
    low = min(low, stop - 2)
    per_round = dip * (stop + 1 - low) - good * (high - stop - 1)
    if per_round <= 0:
        return  # as much above the limit as below it: no deficit adds up
    finger = Finger().limits(stop=stop, early=94)
    finger.feed(5, 98)
    rounds = 2 + 50 * 1000 // (per_round * SAMPLE_MS)
    assert fed(finger, ([low] * dip + [high] * good) * (rounds + 1)) >= 0


@pytest.mark.req("VIT-5", "ALM-6")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from((0, 0, 0, 0, vitals.ARTIFACT, vitals.DEGRADED)), min_size=600, max_size=600))
def test_a_stable_patient_at_limit_plus_one_never_holds(flags: list[int]) -> None:
    """Else a patient who is well is held again and again, and people learn to press on."""
    finger = Finger().limits()
    finger.feed(3, 93)
    run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        finger.sample(93, flags=VALID | (flag if run < 30 else 0))  # unsure for 15 s is a lost signal
        finger.t_ms += SAMPLE_MS
        assert not finger.vitals.hold


@pytest.mark.req("VIT-5", "ALM-6")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(94, 100), min_size=100, max_size=400))
def test_whoever_stays_above_never_holds(values: list[int]) -> None:
    """Else a timer grows without a reason."""
    assert fed(Finger().limits(), values) == -1


@pytest.mark.req("VIT-5")
def test_between_limit_and_limit_plus_two_the_timer_stands() -> None:
    """Else a patient who hangs at 93 % after nine seconds at 91 % gets nine seconds again and again."""
    finger = Finger().limits()
    finger.feed(3, 98)
    assert fed(finger, [92] * 25) == -1  # 8.3 s at the limit itself: one point a second
    assert fed(finger, [93] * 90) == -1
    assert 0 < fed(finger, [92] * 12) <= 8


@pytest.mark.req("VIT-5")
def test_the_timer_runs_back_as_fast_as_it_ran() -> None:
    """Else a dip an hour ago holds a patient who is well."""
    finger = Finger().limits()
    finger.feed(3, 98)
    assert fed(finger, [92] * 25) == -1
    assert fed(finger, [96] * 26) == -1
    assert fed(finger, [92] * 28) == -1


@pytest.mark.req("VIT-5")
@pytest.mark.parametrize(("gap", "holds"), [(20, True), (29, True), (36, False)])
def test_three_violations_within_a_minute_hold(gap: float, holds: bool) -> None:
    """Else three dips of three seconds in a minute are nothing."""
    finger = Finger().limits()
    finger.feed(3, 98)
    dip, rest = [91] * 8, [97] * (round(gap * 1000 / SAMPLE_MS) - 8)
    at = fed(finger, (dip + rest) * 3)
    assert (at >= 0) is holds
    if holds:
        assert at >= 2 * (len(dip) + len(rest))


@pytest.mark.req("VIT-5")
def test_a_violation_ends_only_after_two_good_seconds() -> None:
    """Else one good sample in a long dip makes three violations of it at once."""
    finger = Finger().limits(delay_s=20)
    finger.feed(3, 98)
    assert fed(finger, ([92] * 7 + [97] * 3) * 5) == -1


@pytest.mark.req("VIT-5")
def test_unsure_samples_freeze_the_deficit() -> None:
    """Else a trembling hand at 80 % adds up, or at 98 % wipes out what was real."""
    sums = limits.Deficit()
    sums.take(10, 333, False)
    sums.take(10, 333, False)
    before = sums.sum
    for points in (20, -8):
        sums.take(points, 333, True)
        sums.take(points, 333, True)
    assert sums.sum == before
    sums.take(10, 333, False)
    assert sums.sum == before
    sums.take(10, 333, False)
    assert sums.sum == before + 3330


@pytest.mark.req("VIT-1", "SES-4")
@pytest.mark.parametrize("baseline", range(93, 101))
@pytest.mark.parametrize(("stop", "early"), [(92, 94), (88, 90), (90, 92)])
def test_who_may_start_can_also_resume(baseline: int, stop: int, early: int) -> None:
    """Else a patient with asthma at 93 % is held once, and never goes on."""
    finger = started(baseline, stop, early)
    assert finger.vitals.good()
    finger.feed(30, finger.vitals.stop - 1)
    assert held(finger) == "spo2-stop"
    finger.feed(62, baseline)
    assert finger.vitals.recovered and finger.vitals.good()
    assert finger.vitals.stop < finger.vitals.resume <= max(finger.vitals.stop + 1, baseline - 1)
    finger.vitals.restart()
    assert finger.feed(9, finger.vitals.stop) == -1  # and the delay counts anew


@pytest.mark.req("VIT-1")
@pytest.mark.parametrize(
    ("baseline", "stop", "early"), [(100, 96, 97), (98, 94, 95), (97, 93, 94), (96, 92, 94), (93, 92, 94)]
)
def test_the_higher_of_absolute_and_relative_limit_counts(baseline: int, stop: int, early: int) -> None:
    """Else a fall of seven points from 100 % is not seen."""
    finger = started(baseline)
    assert (finger.vitals.stop, finger.vitals.early_limit) == (stop, early)
    finger.feed(12, stop)
    assert held(finger) == "spo2-stop"


@pytest.mark.req("VIT-1")
def test_the_baseline_is_the_median_of_the_last_minute_before_start() -> None:
    """Else one reading at the press, or those of an hour ago, set the limits of the session."""
    finger = Finger().limits()
    finger.feed(120, 100)
    finger.feed(35, 95)
    finger.feed(27, 97, flags=VALID | vitals.ARTIFACT)  # unsure ones do not count
    finger.feed(3, 99)
    assert finger.vitals.take_baseline() == 95
    assert Finger().vitals.take_baseline() == NONE8


@pytest.mark.req("VIT-2", "SES-4")
def test_a_probe_taken_off_in_the_last_second_has_not_recovered() -> None:
    """Else the drug flows again without a reading."""
    finger = Finger().limits()
    finger.feed(12, 90)
    finger.feed(61, 97)
    assert finger.vitals.recovered
    finger.sample(NONE8, 65535, vitals.SENSOR_OFF)
    assert not finger.vitals.recovered and not finger.vitals.good()


@pytest.mark.req("VIT-2", "SES-4")
@pytest.mark.parametrize("flag", [vitals.ARTIFACT, vitals.DEGRADED])
def test_an_unsure_sample_is_neither_good_nor_recovered(flag: int) -> None:
    """Else a moved probe starts the drug."""
    finger = Finger().limits()
    finger.feed(61, 97)
    finger.sample(97, flags=VALID | flag)
    assert not finger.vitals.recovered and not finger.vitals.good()


@pytest.mark.req("VIT-2", "SES-4")
@pytest.mark.parametrize("start", STARTS)
def test_a_reading_of_three_seconds_ago_is_not_one_of_now(start: int) -> None:
    """Else a cable pulled at the press of START is noticed after five seconds of flow."""
    finger = Finger(start).limits()
    finger.feed(61, 97)
    finger.silence(2.5)
    assert not finger.vitals.good() and not finger.vitals.recovered


@pytest.mark.req("SES-4", "VIT-2")
def test_only_time_between_good_samples_recovers() -> None:
    """Else a minute with three readings in it is a minute of good ones."""
    finger = Finger().limits()
    finger.feed(12, 90)
    for _ in range(30):
        finger.feed(0.3, 97)
        finger.silence(2.5)
    assert not finger.vitals.recovered
    assert finger.vitals.wait_s() > 40


@pytest.mark.req("SES-4", "VIT-5")
def test_one_low_sample_starts_the_recovery_anew() -> None:
    """Else a patient who dips each minute is taken for recovered."""
    finger = Finger().limits()
    finger.feed(12, 90)
    finger.feed(50, 97)
    finger.feed(0, 93)
    assert finger.vitals.wait_s() == 60
    finger.feed(59, 97)
    assert not finger.vitals.recovered
    finger.feed(2, 97)
    assert finger.vitals.recovered


def edges(finger: Finger, bit: int, values: list[int], every: int = 1) -> int:
    """How often a condition begins or ends over these samples."""
    count, before = 0, finger.vitals.bits & bit
    for spo2 in values:
        for _ in range(every):
            finger.sample(spo2)
            finger.t_ms += SAMPLE_MS
            now = finger.vitals.bits & bit
            count += now != before
            before = now
    return count


@pytest.mark.req("ALM-8", "VIT-5")
@pytest.mark.parametrize("high", [95, 96, 97, 98])
@pytest.mark.parametrize("every", [1, 3, 30, 85])
def test_a_value_that_goes_to_and_fro_over_the_early_limit_is_one_condition(high: int, every: int) -> None:
    """Else 94 and 95 % by turns fill the log in 44 minutes."""
    finger = Finger().limits()
    finger.feed(3, 98)
    assert edges(finger, EARLY, [94, high] * 60, every) == 1


@pytest.mark.req("ALM-7", "ALM-8", "VIT-5")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(70, 100), st.integers(1, 100)), min_size=20, max_size=60))
def test_no_condition_of_the_patient_comes_more_often_than_each_30_s(walk: list[tuple[int, int]]) -> None:
    """Else some patient writes the log full."""
    for bit in (LOW, EARLY):
        finger = Finger().limits()
        values = [spo2 for spo2, times in walk for _ in range(times)]
        seconds = len(values) * SAMPLE_MS / 1000
        assert edges(finger, bit, values) <= 2 + 2 * seconds / 30


@pytest.mark.req("ALM-8", "VIT-2")
def test_a_signal_that_comes_and_goes_is_one_condition() -> None:
    """Else a loose plug writes two records each six seconds."""
    finger = Finger().limits()
    finger.feed(3, 97)
    count, before = 0, 0
    for _ in range(100):
        for _ in range(5200 // 20):
            finger.vitals.watch(finger.now())
            finger.t_ms += 20
        finger.feed(0.5, 97)
        now = finger.vitals.bits & LATE
        count, before = count + (now != before), now
    assert count == 1
    finger.feed(sense.SIGNAL_CLEAR_MS / 1000 + 0.5, 97)
    assert not finger.vitals.bits & LATE


@pytest.mark.req("ALM-7")
def test_what_is_four_points_worse_or_under_the_next_limit_is_told_again() -> None:
    """Else a paused alarm says nothing while the patient goes from 90 to 60 %."""
    finger = Finger().limits()
    finger.feed(3, 98)
    finger.feed(12, 90)
    finger.vitals.mark()
    finger.vitals.worsened = False
    finger.feed(5, 87)
    assert not finger.vitals.worsened
    finger.feed(0, 86)
    assert finger.vitals.worsened
    finger.vitals.worsened = False
    finger.feed(0, 84)
    assert finger.vitals.worsened, "the next limit"


@pytest.mark.req("VIT-1", "SES-4")
def test_a_desaturation_in_another_hold_waits_for_the_recovery() -> None:
    """Else what held first, a lost signal, lets the drug flow as soon as there is a reading."""
    finger = Finger().limits()
    finger.feed(3, 98)
    finger.silence(16)
    assert held(finger) == "signal-lost"
    finger.feed(12, 88)
    assert held(finger) == "spo2-stop" and finger.vitals.bits & LOW
    finger.feed(31, 97)
    assert held(finger) == "spo2-stop" and not finger.vitals.bits & LOW and not finger.vitals.recovered

"""SpO2 and pulse to a hold: limits, delays, artifact, silence, recovery, tick wrap (VIT-1, VIT-2, SES-4)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.base.units import TICK_SPAN, ticks_add
from pump.senses import vitals as sense
from pump.senses.limits import DEFICIT_MOST, SEEN_LATE_MS
from pump.senses.vitals import Vitals
from pump.tables import causes, vitals
from pump.tables.causes import BIT

SAMPLE_MS = 333
STARTS = (0, TICK_SPAN - 7_000, TICK_SPAN - 1, TICK_SPAN // 2)
VALID = vitals.VALID


@dataclass
class Finger:
    """An oximeter in virtual time, starting anywhere in the pump's ticks; watched every scan."""

    start: int = 0
    t_ms: int = 0
    vitals: Vitals = field(default_factory=Vitals)

    def limits(self, stop: int = 92, early: int = 94, delay_s: int = 10, low: int = 50, high: int = 130) -> Finger:
        """Sets the limits."""
        self.vitals.set_limits(stop, early, delay_s, low, high)
        return self

    def now(self) -> int:
        return ticks_add(self.start, self.t_ms)

    def sample(self, spo2: int, pulse: int = 72, flags: int = VALID) -> None:
        """One sample now."""
        self.vitals.sample(spo2, pulse, flags, self.now())
        self.vitals.watch(self.now())

    def feed(self, seconds: float, spo2: int, pulse: int = 72, flags: int = VALID) -> int:
        """Samples for so long; the time (ms since the first of them) at which it held, -1 for never."""
        begin, held = self.t_ms, -1
        while self.t_ms - begin <= seconds * 1000:
            self.sample(spo2, pulse, flags)
            if self.vitals.hold and held < 0:
                held = self.t_ms - begin
            self.t_ms += SAMPLE_MS
        return held

    def silence(self, seconds: float) -> int:
        """Nothing comes for so long; the time at which it held, -1 for never."""
        begin = self.t_ms
        while self.t_ms - begin <= seconds * 1000:
            self.vitals.watch(self.now())
            if self.vitals.hold:
                return self.t_ms - begin
            self.t_ms += 20
        return -1


def held(finger: Finger) -> str:
    return causes.NAMES[finger.vitals.hold]


@pytest.mark.req("VIT-1", "INT-3")
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("stop", "spo2", "holds"), [(92, 93, False), (92, 92, True), (92, 91, True), (88, 89, False)])
@pytest.mark.parametrize("delay_s", [0, 10, 20])
def test_at_or_below_the_limit_for_the_delay_holds(start: int, stop: int, spo2: int, holds: bool, delay_s: int) -> None:
    """Else the drug flows into a patient who desaturates."""
    finger = Finger(start).limits(stop, delay_s=delay_s)
    finger.feed(5, 98)
    at = finger.feed(40, spo2)
    if not holds:
        assert at == -1
        return
    assert held(finger) == "spo2-stop"
    assert delay_s * 1000 - SEEN_LATE_MS <= at < delay_s * 1000 + SAMPLE_MS


@pytest.mark.req("VIT-1")
@pytest.mark.parametrize(
    ("pulse", "holds"), [(49, True), (50, False), (72, False), (130, False), (131, True), (1, True), (300, True)]
)
def test_pulse_limits(pulse: int, holds: bool) -> None:
    """Else a racing or failing heart is not noticed."""
    finger = Finger().limits()
    finger.feed(3, 98)
    at = finger.feed(15, 98, pulse)
    assert held(finger) == ("pulse-stop" if holds else "none")
    assert not holds or 10_000 - SEEN_LATE_MS <= at < 10_000 + SAMPLE_MS


@pytest.mark.req("VIT-1")
@pytest.mark.parametrize("delay_s", [4, 10, 20])
def test_below_85_for_three_seconds_holds_whatever_the_delay(delay_s: int) -> None:
    """Else a long delay set for a restless probe costs a deep desaturation."""
    finger = Finger().limits(delay_s=delay_s)
    finger.feed(3, 98)
    assert 3_000 - SEEN_LATE_MS <= finger.feed(10, 84) < 3_000 + SAMPLE_MS
    assert held(finger) == "spo2-stop"
    other = Finger().limits(delay_s=delay_s)
    full_ms = DEFICIT_MOST // (92 + 1 - 85)  # at 85 the deficit is full before a long delay is over (VIT-5)
    assert min(delay_s * 1000, full_ms) - SEEN_LATE_MS <= other.feed(30, 85)


@pytest.mark.req("VIT-1")
@settings(max_examples=200)
@given(st.lists(st.booleans(), min_size=75, max_size=75), st.sampled_from((86, 92)), st.sampled_from((0, 10)))
def test_artifact_lengthens_a_delay_by_at_most_ten_seconds(unsure: list[bool], spo2: int, delay_s: int) -> None:
    """Else a trembling hand hides a desaturation."""
    finger = Finger().limits(delay_s=delay_s)
    finger.feed(3, 98)
    at = -1
    for flag in unsure:
        low = finger.feed(0, spo2, flags=VALID | (vitals.ARTIFACT if flag else 0))
        at = finger.t_ms - SAMPLE_MS - 3 * 1000 if low >= 0 and at < 0 else at
    assert 0 <= at <= (delay_s + 10) * 1000 + 3 * SAMPLE_MS


@pytest.mark.req("VIT-1")
@pytest.mark.parametrize("every", [2, 3, 5])
def test_artifact_now_and_then_does_not_hide_a_deep_desaturation(every: int) -> None:
    """Else one doubtful sample in a row of 80 % starts the three seconds anew, for ever."""
    finger = Finger().limits(delay_s=20)
    finger.feed(3, 98)
    begin = finger.t_ms
    for number in range(60):
        finger.feed(0, 80, flags=VALID | (0 if number % every else vitals.ARTIFACT))
        if finger.vitals.hold:
            break
    assert held(finger) == "spo2-stop"
    assert 3_000 <= finger.t_ms - begin <= 13_000 + 2 * SAMPLE_MS


@pytest.mark.req("VIT-1")
@pytest.mark.parametrize(("spo2", "early"), [(95, False), (94, True), (93, True), (92, True)])
def test_the_early_limit(spo2: int, early: bool) -> None:
    """Else nobody is warned before the hold."""
    finger = Finger().limits()
    finger.sample(98)
    finger.sample(spo2)
    assert bool(finger.vitals.bits & BIT[causes.SPO2_EARLY]) is early


@pytest.mark.req("VIT-2", "INT-3")
@pytest.mark.parametrize("start", STARTS)
def test_silence_alerts_within_5_s_and_holds_within_15(start: int) -> None:
    """Else a pulled plug looks like a stable patient."""
    finger = Finger(start).limits()
    finger.feed(3, 98)
    last = finger.t_ms - SAMPLE_MS
    while not finger.vitals.alert:
        assert finger.vitals.good() is (finger.t_ms - last <= sense.FRESH_MS)
        finger.t_ms += 20
        finger.vitals.watch(finger.now())
    assert 4_500 <= finger.t_ms - last <= 4_520
    assert not finger.vitals.good()
    finger.silence(20)
    assert 14_500 <= finger.t_ms - last <= 14_520
    assert held(finger) == "signal-lost"


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(
    "flags",
    [0, vitals.SENSOR_OFF, vitals.OUT_OF_TRACK, VALID | vitals.ARTIFACT, VALID | vitals.DEGRADED],
)
def test_samples_without_a_sure_value_are_silence(flags: int) -> None:
    """Else a fallen probe keeps the drug flowing."""
    finger = Finger().limits()
    finger.feed(3, 98)
    assert 14_000 <= finger.feed(17, 98, flags=flags) <= 15_000
    assert held(finger) == "signal-lost"


@pytest.mark.req("VIT-2", "SES-1")
def test_before_the_first_sample_nothing_is_good() -> None:
    """Else a pump without an oximeter starts."""
    finger = Finger().limits()
    finger.vitals.watch(0)
    assert finger.vitals.alert and not finger.vitals.good() and not finger.vitals.recovered
    finger.t_ms = 10
    finger.sample(98)
    assert finger.vitals.good() and not finger.vitals.alert


@pytest.mark.req("INT-3", "VIT-2")
def test_silence_for_fourteen_days_stays_silence() -> None:
    """Else after the ticks wrapped a lost signal counts as fresh."""
    finger = Finger().limits()
    finger.sample(98)
    for _ in range(14 * 24 * 60):
        finger.t_ms += 60_000
        finger.vitals.watch(finger.now())
        assert finger.vitals.alert and not finger.vitals.good()


@pytest.mark.req("SES-4", "INT-3")
@pytest.mark.parametrize("start", STARTS)
def test_recovery_needs_the_limit_plus_two_for_sixty_seconds(start: int) -> None:
    """Else the drug flows again on the first good reading."""
    finger = Finger(start).limits()
    finger.feed(12, 90)
    finger.feed(70, 93)
    assert not finger.vitals.recovered
    begin = finger.t_ms
    while not finger.vitals.recovered:
        finger.feed(0, 94)
    assert 60_000 <= finger.t_ms - begin - SAMPLE_MS < 60_000 + SAMPLE_MS
    finger.feed(0, 93)
    assert not finger.vitals.recovered
    finger.feed(59, 97)
    assert not finger.vitals.recovered


@pytest.mark.req("SES-4", "VIT-2")
def test_a_gap_in_the_signal_ends_the_recovery() -> None:
    """Else a minute without readings counts as a minute of good ones."""
    finger = Finger().limits()
    finger.feed(61, 97)
    assert finger.vitals.recovered
    finger.silence(6)
    assert not finger.vitals.recovered
    finger.feed(30, 97)
    assert not finger.vitals.recovered


@pytest.mark.req("VIT-1")
def test_a_hold_lasts_until_it_is_taken_back() -> None:
    """Else a hold of one scan is missed."""
    finger = Finger().limits()
    finger.feed(12, 90)
    finger.feed(100, 98)
    assert held(finger) == "spo2-stop"
    finger.vitals.restart()
    assert held(finger) == "none"


def signal_of(finger: Finger, off_s: float, sure: int, cycles: int) -> tuple[float, float]:
    """Sensor off and so many sure samples by turns: seconds to the alert, and to the hold; -1: never."""
    begin, alert, held_s = finger.t_ms, -1.0, -1.0
    for _ in range(cycles):
        for flags, samples in ((vitals.SENSOR_OFF, round(off_s * 1000 / SAMPLE_MS)), (VALID, sure)):
            for _ in range(samples):
                finger.t_ms += SAMPLE_MS
                finger.sample(97, flags=flags)
                now = (finger.t_ms - begin) / 1000
                if alert < 0 and finger.vitals.bits & BIT[causes.SIGNAL_LATE]:
                    alert = now
                if held_s < 0 and finger.vitals.hold:
                    held_s = now
    return alert, held_s


@pytest.mark.req("VIT-2", "VIT-5")
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("off_s", "sure"), [(4.6, 1), (4.0, 2), (4.9, 1), (3.0, 4), (14.0, 3)])
def test_one_sure_sample_does_not_undo_the_time_without_a_signal(start: int, off_s: float, sure: int) -> None:
    """Else a signal that is 98 % invalid lets the drug flow without an alert or a hold."""
    finger = Finger(start).limits()
    finger.feed(20, 97)
    alert, held_s = signal_of(finger, off_s, sure, 12)
    assert 0 < alert <= 10 and 0 < held_s <= 30
    assert held(finger) == "signal-lost"


@pytest.mark.req("VIT-2", "ALM-6")
@pytest.mark.parametrize(("off_s", "sure"), [(3.4, 14), (1.6, 1), (2.0, 9), (4.1, 16)])
def test_gaps_that_sure_time_makes_good_are_no_loss(off_s: float, sure: int) -> None:
    """Else a cuff on the same arm, or a packet in ten that is bad, alarms all day."""
    finger = Finger().limits()
    finger.feed(20, 97)
    assert signal_of(finger, off_s, sure, 60) == (-1, -1)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("period_ms", "fresh_ms"), [(333, 2000), (1000, 3000)])
def test_a_bad_packet_in_ten_is_no_loss(period_ms: int, fresh_ms: int) -> None:
    """Else noise on the line holds the infusion."""
    draw = random.Random(period_ms)
    finger = Finger().limits()
    finger.vitals.fresh_ms = fresh_ms
    for _ in range(3 * 3600 * 1000 // period_ms):
        finger.t_ms += period_ms
        finger.sample(97, flags=0 if draw.random() < 0.1 else VALID)
        assert not finger.vitals.hold
        assert not finger.vitals.bits & BIT[causes.SIGNAL_LATE] or finger.t_ms < 20_000


@pytest.mark.req("VIT-2", "SES-3")
def test_people_who_resume_find_the_signal_there() -> None:
    """Else the first gap after a resume holds at once, and nobody knows why."""
    finger = Finger().limits()
    finger.feed(20, 97)
    finger.silence(16)
    finger.feed(3, 97)
    finger.vitals.restart()
    assert 13_000 <= finger.silence(20) <= 15_020

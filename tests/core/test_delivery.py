"""Pulses against the ideal count, to the microsecond, on a step generator in virtual time (FLO-1, FLO-2, FLO-6)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pump.base.units import interval_parts
from pump.delivery.delivery import MAX_BURST, MAX_WORDS, Delivery
from pump.io import Outputs
from toleramp_bench.devices.step_generator import StepGenerator

SHORTEST_US = 50  # the fastest pulse of all: 20 nL at 1200 mL/h is 60 us
LARGEST_WORD_US = 1 << 30


@dataclass
class Line:
    """Delivery, its scans and a step generator; each word is checked as it passes."""

    period_us: int = 20_000
    late_every: int = 0  # each so many scans one comes late by a period and a half
    seed: int = 1
    now_us: int = 0
    scans: int = 0
    dry: bool = False
    following: tuple[int, int, int] | None = None  # the next step: begun in the scan that counts this one's last pulse
    delivery: Delivery = field(init=False)
    stepper: StepGenerator = field(default_factory=StepGenerator)

    def __post_init__(self) -> None:
        self.delivery, self.out = Delivery(self.period_us), Outputs()
        self.random = random.Random(self.seed)

    def scan(self) -> None:
        """One scan, up to an eighth of a period early or late; the timeline of pulses knows nothing of it."""
        self.scans += 1
        step = self.period_us + self.random.randrange(-self.period_us // 8, self.period_us // 8)
        # While a finished step waits, the queue reaches less far ahead, so that the next one begins soon.
        if self.late_every and self.scans % self.late_every == 0 and self.delivery.left:
            step += self.period_us * 3 // 2
        self.now_us += step
        self.stepper.run_to(self.now_us)
        queue_us = max(0, self.stepper.end_us - self.now_us)
        self.dry |= self.delivery.late(queue_us)
        if self.following and self.stepper.pulses >= self.following[2]:
            self.begin(*self.following)
            self.following = None
        self.out.clear()
        self.delivery.feed(self.out, queue_us)
        self.take_words()

    def take_words(self) -> None:
        """Hands the words over; their limits are those of the step generator."""
        assert self.out.words <= MAX_WORDS
        for i in range(self.out.words):
            count, interval = self.out.word_count[i], self.out.word_us[i]
            assert 0 <= count <= MAX_BURST
            assert SHORTEST_US <= interval < LARGEST_WORD_US
            self.stepper.add(count, interval, self.now_us)

    def begin(self, pl_pulse: int, rate_e4: int, pulses: int) -> None:
        """A step begins (from rest or at a boundary)."""
        whole, rest = interval_parts(pl_pulse, rate_e4)
        self.delivery.set_rate(whole, rest, rate_e4)
        self.delivery.start(pulses)

    def run(self, pulses: int, limit_scans: int = 10**7) -> None:
        """Until so many pulses have come."""
        for _ in range(limit_scans):
            if self.stepper.pulses >= pulses:
                return
            self.scan()
        raise AssertionError("the pulses never came")


def check_profile(times: list[int], start_us: int, pl_pulse: int, rate_e4: int) -> None:
    """Never off the ideal count by more than one pulse; each interval within 1 us. All in units of 1/rate us."""
    ideal = pl_pulse * 36_000
    last = start_us
    for number, time in enumerate(times, 1):
        assert abs((time - start_us) * rate_e4 - number * ideal) <= ideal, (number, time)
        assert abs((time - last) * rate_e4 - ideal) <= rate_e4, (number, time - last)
        last = time


def flow(line: Line, pl_pulse: int, rate_e4: int, pulses: int) -> list[int]:
    """Runs one step from rest and returns its pulses' times, after checking them."""
    line.begin(pl_pulse, rate_e4, pulses)
    line.scan()
    start = line.now_us
    line.run(pulses)
    times = line.stepper.times
    check_profile(times, start, pl_pulse, rate_e4)
    assert not line.dry
    return times


@pytest.mark.req("FLO-1", "FLO-2")
@settings(max_examples=60)
@given(
    st.integers(20_000, 400_000),
    st.one_of(st.integers(1000, 12_000_000), st.integers(1000, 20_000)),
    st.integers(0, 1000),
    st.sampled_from((0, 20, 33)),
)
@example(20_000, 12_000_000, 1, 0)
@example(20_000, 11_900_000, 1, 0)
@example(20_000, 11_998_333, 7, 0)
@example(400_000, 1000, 1, 20)
def test_the_count_is_never_off_by_more_than_one(pl_pulse: int, rate_e4: int, seed: int, late_every: int) -> None:
    """Else a step delivers another volume than its own, the more the longer it lasts."""
    line = Line(late_every=late_every, seed=seed)
    interval_us = pl_pulse * 36_000 // rate_e4
    flow(line, pl_pulse, rate_e4, min(4000, 3 + 120_000_000 // interval_us))
    for _ in range(10):
        line.scan()
    assert line.stepper.pulses == min(4000, 3 + 120_000_000 // interval_us)


@pytest.mark.req("FLO-2")
@pytest.mark.parametrize(
    ("pl_pulse", "rate_e4", "hours"),
    [(100_000, 46_875, 6), (101_317, 1000, 72), (99_991, 799_999, 3), (33_333, 7_777, 24)],
)
def test_no_drift_over_hours(pl_pulse: int, rate_e4: int, hours: int) -> None:
    """Else the last step ends with a dose that is not the order."""
    line = Line(period_us=500_000, late_every=50)
    flow(line, pl_pulse, rate_e4, hours * 3600 * 10**6 * rate_e4 // (pl_pulse * 36_000))


@pytest.mark.req("FLO-6", "FLO-11")
@settings(max_examples=60)
@given(st.integers(20_000, 400_000), st.integers(1000, 12_000_000), st.integers(1, 40))
def test_nothing_comes_after_a_stop(pl_pulse: int, rate_e4: int, scans: int) -> None:
    """Else drug flows on after STOP."""
    line = Line()
    line.begin(pl_pulse, rate_e4, 10**6)
    for _ in range(scans):
        line.scan()
    line.delivery.stop()
    line.stepper.abort(line.now_us)
    before = line.stepper.pulses
    for _ in range(50):
        line.scan()
        assert line.out.words == 0
    assert line.stepper.pulses == before and not line.dry


@pytest.mark.req("FLO-11")
@settings(max_examples=40)
@given(st.integers(20_000, 400_000), st.integers(1000, 12_000_000))
def test_without_scans_the_flow_ends_within_300_ms(pl_pulse: int, rate_e4: int) -> None:
    """Else a dead processor leaves the drug flowing."""
    line = Line()
    line.begin(pl_pulse, rate_e4, 10**6)
    for _ in range(40):
        line.scan()
    line.stepper.run_to(line.now_us + 3600 * 10**6)
    assert all(time <= line.now_us + 300_000 for time in line.stepper.times[-2000:])
    assert line.delivery.late(0)


@pytest.mark.req("FLO-2", "PRO-5")
@settings(max_examples=60)
@given(
    st.integers(50_000, 200_000), st.integers(10_000, 1_000_000), st.integers(10_000, 1_000_000), st.integers(0, 1000)
)
def test_a_change_of_rate_has_no_gap_and_no_double_pulse(pl_pulse: int, first: int, second: int, seed: int) -> None:
    """Else each step boundary costs or gives a pulse too many."""
    line = Line(seed=seed)
    pulses = 20
    line.begin(pl_pulse, first, pulses)
    line.following = (pl_pulse, second, pulses)
    line.run(2 * pulses)
    times = line.stepper.times
    interval, seam = pl_pulse * 36_000 / second, 3 * line.period_us * 9 // 8
    gap = times[pulses] - times[pulses - 1]
    assert times == sorted(set(times))
    assert abs(gap - interval) <= 1 if interval > seam else gap <= seam + interval
    assert not line.dry
    rest = times[pulses:]
    check_profile(rest[1:], rest[0], pl_pulse, second)
    for _ in range(20):
        line.scan()
    assert line.stepper.pulses == 2 * pulses


@pytest.mark.req("FLO-2", "FLO-10")
@given(st.integers(1, 30), st.integers(0, 100))
def test_a_finished_step_waits_without_a_pulse_and_without_a_fault(pulses: int, scans: int) -> None:
    """Else drug flows while the dwell or an observation is missing."""
    line = Line()
    line.begin(100_000, 200_000, pulses)
    line.run(pulses)
    for _ in range(scans):
        line.scan()
    assert line.stepper.pulses == pulses and not line.dry


@pytest.mark.req("FLO-2")
@settings(max_examples=30)
@given(st.integers(20_000, 400_000), st.integers(1000, 12_000_000))
def test_what_a_scan_computes_stays_below_31_bits(pl_pulse: int, rate_e4: int) -> None:
    """Else the chip takes memory from the heap in a scan and pauses for the collector."""
    line = Line()
    line.begin(pl_pulse, rate_e4, 1 << 29)
    for _ in range(300):
        line.scan()
        assert all(abs(v) < 1 << 30 for v in vars(line.delivery).values() if isinstance(v, int))

"""The words that go to the step generator, one by one: what is queued, what is carried, what waits (FLO-1, FLO-2)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pump.delivery.delivery import MAX_WORDS, Delivery
from pump.io import Outputs

SCAN_US = 20_000


def flowing(interval_us: int, rest: int, share: int, pulses: int) -> Delivery:
    """A delivery from rest at that interval."""
    delivery = Delivery(SCAN_US)
    delivery.set_rate(interval_us, rest, share)
    delivery.start(pulses)
    return delivery


def fed(delivery: Delivery, queue_us: int) -> list[tuple[int, int]]:
    """The words of one scan: pulses, and microseconds before each."""
    out = Outputs()
    out.clear()
    delivery.feed(out, queue_us)
    return [(out.word_count[i], out.word_us[i]) for i in range(out.words)]


def length_us(words: list[tuple[int, int]]) -> int:
    """How long they take."""
    return sum(max(count, 1) * us for count, us in words)


def all_of(delivery: Delivery, scans: int = 4_000) -> list[tuple[int, int]]:
    """Every word up to the last pulse, the queue drained by a scan at a time."""
    words, queue_us = [], 0
    for _ in range(scans):
        new = fed(delivery, queue_us)
        words += new
        queue_us = max(0, queue_us + length_us(new) - SCAN_US)
        if not delivery.left:
            return words[: max(k for k, word in enumerate(words) if word[0]) + 1]
    raise AssertionError("it never came to its end")


@pytest.mark.req("FLO-1", "FLO-2")
@pytest.mark.parametrize(
    ("interval_us", "rest", "share"), [(7_200, 0, 10), (7_200, 1, 3), (900, 2, 3), (61, 5, 7), (200_000, 3, 4)]
)
def test_the_remainder_is_carried(interval_us: int, rest: int, share: int) -> None:
    """Else each pulse comes a fraction of a microsecond early, and a day's dose hours."""
    pulses = 6_000 if interval_us < SCAN_US else 40
    words = all_of(flowing(interval_us, rest, share, pulses))
    assert sum(count for count, _ in words) == pulses
    ideal_us = pulses * (interval_us + Fraction(rest, share))
    within_us = interval_us / 2 if interval_us < SCAN_US else 1  # a burst rounds its interval once
    assert abs(length_us(words) - ideal_us) <= within_us


@pytest.mark.req("FLO-2")
@pytest.mark.parametrize("interval_us", [300, 4_000, 7_200, 19_999])
def test_a_scan_queues_up_to_its_horizon_and_not_beyond(interval_us: int) -> None:
    """Else the queue runs dry in a late scan, or a stop comes after pulses that were queued long before."""
    delivery = flowing(interval_us, 0, 1, 100_000)
    words = fed(delivery, 0)
    assert len(words) < MAX_WORDS
    assert 3 * SCAN_US - interval_us < length_us(words) <= 3 * SCAN_US + interval_us
    assert length_us(fed(delivery, length_us(words))) <= interval_us
    assert fed(delivery, 3 * SCAN_US) == []


@pytest.mark.req("FLO-1")
def test_a_long_interval_is_waited_for_in_slices() -> None:
    """Else a stop in the pause between two pulses comes seconds later."""
    delivery = flowing(1_000_000, 0, 1, 3)
    words = fed(delivery, 0)
    assert words == [(0, SCAN_US)] * 3
    words = all_of(delivery)
    pauses = [us for count, us in words if not count]
    assert set(pauses) == {SCAN_US} and max(us for count, us in words if count) <= 2 * SCAN_US
    assert length_us(words) == 3 * 1_000_000 - 3 * SCAN_US


@pytest.mark.req("FLO-2", "FLO-6")
def test_after_the_last_pulse_the_timeline_stays_alive_for_two_scans() -> None:
    """Else the next step's first pulse counts from nothing, or comes after a queue of pauses."""
    delivery = flowing(5_000, 0, 1, 2)
    assert fed(delivery, 0) == [(2, 5_000), (0, SCAN_US), (0, SCAN_US)]
    assert fed(delivery, 2 * SCAN_US) == []
    assert fed(delivery, 2 * SCAN_US - 1) == [(0, SCAN_US)]
    assert delivery.flowing and not delivery.left


@pytest.mark.req("FLO-6")
@pytest.mark.parametrize(
    ("interval_us", "wait_us"), [(60_000, 20_000), (40_050, 100), (30_000, 100), (400_000, 360_000)]
)
def test_a_new_rate_counts_from_the_last_pulse(interval_us: int, wait_us: int) -> None:
    """Else a change of rate is a gap or a double pulse."""
    delivery = flowing(5_000, 0, 1, 2)
    fed(delivery, 0)
    delivery.set_rate(interval_us, 0, 1)
    delivery.start(1)
    words, queue_us = [], 0
    while delivery.left:
        words += fed(delivery, queue_us)
    first = next(k for k, word in enumerate(words) if word[0])
    assert length_us(words[: first + 1]) == wait_us


@pytest.mark.req("FLO-8", "FLO-12")
def test_what_was_stopped_begins_with_a_whole_interval() -> None:
    """Else the first pulse after a hold comes at once, whatever the rate."""
    delivery = flowing(15_000, 0, 1, 5)
    fed(delivery, 0)
    delivery.stop()
    assert (delivery.left, delivery.flowing, fed(delivery, 0)) == (0, False, [])
    delivery.start(5)
    assert fed(delivery, 0)[0][1] == 15_000


@pytest.mark.req("FLO-2", "INT-11")
def test_a_dry_queue_is_late_only_once_something_was_queued() -> None:
    """Else each start is a fault of the drive, or none ever is."""
    delivery = flowing(5_000, 0, 1, 100)
    assert not delivery.late(0)
    fed(delivery, 0)
    assert delivery.late(0) and delivery.late(-1) and not delivery.late(1)
    delivery.stop()
    assert not delivery.late(0)


@pytest.mark.req("FLO-1")
@pytest.mark.parametrize(
    ("interval_us", "words"),
    [(SCAN_US, [(3, SCAN_US)]), (SCAN_US + 1, [(1, SCAN_US + 1)] * 3), (SCAN_US - 1, [(3, SCAN_US - 1)])],
)
def test_up_to_a_scan_s_interval_pulses_stand_in_one_word(interval_us: int, words: list[tuple[int, int]]) -> None:
    """Else the words of a scan run out before its time is filled."""
    assert fed(flowing(interval_us, 0, 1, 50), 0)[: len(words)] == words

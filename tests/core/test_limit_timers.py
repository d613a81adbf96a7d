"""How long beyond a limit, sample by sample: what runs a timer, what stands, what runs it back (VIT-1, VIT-5)."""

from __future__ import annotations

import pytest

from pump.senses.limits import BACK, BETWEEN, BEYOND, Deficit, Delay, Violations, side_under

pytestmark = pytest.mark.req("VIT-5")

DELAY_MS = 10_000


def completes(delay: Delay, unsure: bool = False, most_s: int = 60) -> int:
    """Milliseconds beyond the limit, sampled each second, until the delay is complete; -1: never."""
    for second in range(most_s):
        if delay.take(BEYOND, 1_000 if second else 0, unsure, DELAY_MS):
            return 1_000 * second
    return -1


def after(*samples: tuple[int, int]) -> Delay:
    """A delay that has had these: side, and time since the one before."""
    delay = Delay()
    for side, dt_ms in samples:
        delay.take(side, dt_ms, False, DELAY_MS)
    return delay


@pytest.mark.parametrize(("value", "side"), [(91, BEYOND), (92, BEYOND), (93, BETWEEN), (94, BACK), (95, BACK)])
def test_where_a_value_lies(value: int, side: int) -> None:
    """Else the limit itself is good, or a patient at limit + 2 never recovers."""
    assert side_under(value, 92) == side


@pytest.mark.req("VIT-1")
def test_the_delay_is_complete_when_it_is_over_and_at_once_beyond_only() -> None:
    """Else it holds a sample late, or for a patient who is good again."""
    assert completes(Delay()) == DELAY_MS
    over = after((BEYOND, 0), (BEYOND, 9_959))
    assert not over.take(BEYOND, 0, False, DELAY_MS) and over.take(BEYOND, 1, False, DELAY_MS)
    assert not over.take(BETWEEN, 1_000, False, DELAY_MS)


@pytest.mark.req("VIT-1")
def test_artifact_lengthens_it_by_ten_seconds_and_no_more() -> None:
    """Else a trembling hand hides a desaturation, or holds at once."""
    assert completes(Delay(), unsure=True) == DELAY_MS + 10_000


def test_what_a_sample_says_holds_until_the_next_one() -> None:
    """Else the time before a first low sample counts, or the time after it does not."""
    assert after((BACK, 0), (BEYOND, 9_000)).ms == 0
    assert after((BEYOND, 5_000), (BEYOND, 4_000)).ms == 4_000
    assert after((BEYOND, 0), (BACK, 4_000)).ms == 4_000
    assert after((BEYOND, 0), (BEYOND, 1 << 20)).ms == 30_000  # no longer than the longest delay, stretched


def test_between_the_limits_it_stands_and_where_it_is_good_it_runs_back_as_fast() -> None:
    """Else one good sample undoes nine seconds, or none ever does."""
    low = [(BEYOND, 0), (BETWEEN, 6_000)]
    assert after(*low, (BETWEEN, 5_000)).ms == 6_000
    assert after(*low, (BACK, 1_000), (BACK, 1_500)).ms == 4_500
    assert after(*low, (BACK, 1_000), (BACK, 9_000)).ms == 4_000  # a gap speaks for two seconds at most
    assert after(*low, *[(BACK, 2_000)] * 9).ms == 0


def test_an_unsure_sample_is_no_better_than_the_last_one() -> None:
    """Else an artifact that reads 99 % runs the timer back; nor does it run the timer of a good patient."""
    delay = after((BEYOND, 0))
    assert not delay.take(BACK, 3_000, True, DELAY_MS)
    assert not delay.take(BACK, 3_000, True, DELAY_MS)
    assert delay.ms == 6_000
    good = after((BACK, 0))
    for _ in range(3):
        assert not good.take(BACK, 3_000, True, DELAY_MS)
    assert good.ms == 0
    stood = after((BEYOND, 0), (BETWEEN, 4_000))
    for _ in range(3):
        stood.take(BACK, 1_000, True, DELAY_MS)
    assert stood.ms == 4_000


@pytest.mark.req("SES-4")
def test_a_timer_begins_anew_after_a_restart() -> None:
    """Else the next patient is held for the one before."""
    delay = after((BEYOND, 0), (BEYOND, 9_000))
    delay.restart()
    assert completes(delay) == DELAY_MS
    deficit = Deficit()
    deficit.take(9, 0, False)
    deficit.take(9, 2_000, False)
    deficit.restart()
    assert full_after(deficit, 5) == 10
    third = Violations()
    assert not violations(third, 2)
    third.restart()
    assert not violations(third, 2) and violations(third, 1)


def full_after(deficit: Deficit, points: int, most_s: int = 100) -> int:
    """Seconds of so many points under limit + 1 until the sum is full; -1: never."""
    for second in range(most_s):
        if deficit.take(points, 1_000 if second else 0, False):
            return second
    return -1


@pytest.mark.parametrize(("points", "seconds"), [(1, 50), (2, 25), (5, 10), (25, 2), (0, -1), (-3, -1)])
def test_fifty_points_in_seconds_are_full(points: int, seconds: int) -> None:
    """Else a patient just below the limit goes on for minutes, or one at limit + 1 is held."""
    assert full_after(Deficit(), points) == seconds


def test_the_deficit_falls_as_it_rose_and_not_below_nothing() -> None:
    """Else an hour of good readings buys a deep minute."""
    deficit = Deficit()
    assert full_after(deficit, 5, 10) == -1  # 45 points
    for _ in range(5):
        deficit.take(-2, 1_000, False)
    assert deficit.sum == 50_000 - 5_000 - 8_000 + 5_000
    for _ in range(100):
        deficit.take(-2, 1_000, False)
    assert deficit.sum == 0 and full_after(deficit, 5) in (10, 11)


def test_an_unsure_sample_freezes_the_deficit() -> None:
    """Else an artifact that reads 60 % holds by itself, or one of 99 % pays back."""
    deficit = Deficit()
    deficit.take(5, 0, False)
    deficit.take(5, 2_000, False)
    before = deficit.sum
    assert before == 10_000
    for points in (40, -8):
        deficit.take(points, 2_000, True)
        deficit.take(points, 2_000, True)
    deficit.take(5, 2_000, False)
    assert deficit.sum == before
    deficit.take(5, 9_000, False)
    assert deficit.sum == before + 10_000  # a gap speaks for two seconds at most


def violations(made: Violations, count: int, low_ms: int = 2_000, good_ms: int = 2_000, rest_ms: int = 0) -> bool:
    """So many, each of that length with a good stretch behind it; whether one of them was the third."""
    third = False
    for _ in range(count):
        for side, span_ms in ((BEYOND, low_ms), (BACK, good_ms + rest_ms)):
            made.take(side, 0, False)
            for _ in range(span_ms // 500):
                third = made.take(side, 500, False) or third
    return third


def test_the_third_violation_within_a_minute_holds() -> None:
    """Else a patient who swings around the limit is never held; or one who was low twice is."""
    made = Violations()
    assert not violations(made, 2) and violations(made, 1)


def test_what_is_shorter_than_two_seconds_is_no_violation_and_no_end_of_one() -> None:
    """Else each artifact counts, or one violation counts as three."""
    assert not violations(Violations(), 9, low_ms=1_500)
    assert not violations(Violations(), 9, good_ms=1_500)


@pytest.mark.parametrize(("rest_ms", "third"), [(25_000, True), (26_000, True), (26_500, False), (40_000, False)])
def test_three_within_sixty_seconds_and_no_longer(rest_ms: int, third: bool) -> None:
    """Else three in an hour hold, or the window ends early."""
    assert violations(Violations(), 3, rest_ms=rest_ms) is third


def test_after_a_gap_no_violation_is_recent() -> None:
    """Else a probe that comes back to one low swing holds for what was before it fell off."""
    made = Violations()
    violations(made, 2)
    made.forget()
    assert not violations(made, 2)
    assert violations(made, 1)


def test_an_unsure_sample_says_nothing_of_a_violation() -> None:
    """Else artifacts of two seconds count as low."""
    made = Violations()
    for _ in range(3):
        for side in (BEYOND, BACK):
            for _ in range(6):
                assert not made.take(side, 500, True)


@pytest.mark.parametrize(("low_ms", "counts"), [(1_999, False), (2_000, True)])
def test_a_violation_lasts_two_seconds_to_the_millisecond(low_ms: int, counts: bool) -> None:
    """Else what restarts the count is nearer to a violation than what was there before."""
    made = Violations()
    made.restart()
    for span_ms in (low_ms, 2_000, 2_000):
        made.take(BEYOND, 0, False)
        third = made.take(BEYOND, span_ms, False)
        made.take(BACK, 0, False)
        made.take(BACK, 2_000, False)
    assert third is counts

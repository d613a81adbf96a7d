"""The last line's limits, each from both sides: windows, stretches, levels, what a bag and the order hold (PRO-2)."""

from __future__ import annotations

import pytest
from core_kit import PL_PULSE
from guard_kit import steady

from pump.course.plan import Plan
from pump.guard.bounds import SPAN_MAX_MS, STRETCH_MS, WINDOW, Bounds
from pump.guard.hanging import Hanging
from pump.protocol import protocol as p

MS = 100  # between two pulses of the first step
SCAN_MS = 20
FLOW = 400  # pulses of a step


def ladder(*mlh: float, strengths: tuple[int, ...] = (1,), line_nl: int = 0) -> p.Protocol:
    """Steps of 400 pulses of 100 nL; bags of 1 L so many times as strong as 1 mg/mL."""
    protocol = steady(*[FLOW] * len(mlh), mlh=1)
    for step, rate in zip(protocol.steps, mlh, strict=True):
        step.rate_e4 = round(rate * 10_000)
    protocol.solutions = [p.Solution(10**9, 10**12 * s, chr(65 + i), f"T-{i}") for i, s in enumerate(strengths)]
    protocol.line_dead_nl = line_nl
    return protocol


def watching(protocol: p.Protocol, bag: int = 0) -> Bounds:
    """Bounds of a protocol; that bag hangs."""
    hanging = Hanging(protocol, bytearray(64))
    hanging.bag = bag
    return Bounds(Plan(protocol, PL_PULSE), hanging)


def at_once(bounds: Bounds, pulses: int, span_ms: int) -> bool:
    """So many pulses at the end of so much time, the last scan of 20 ms: whether a bound was passed."""
    bounds.count(0, span_ms - SCAN_MS)
    return bool(bounds.count(pulses, SCAN_MS))


# -- how fast


@pytest.mark.req("PRO-2", "FLO-7")
@pytest.mark.parametrize("pulses", [WINDOW, WINDOW + 1, 40])
def test_the_least_interval_over_a_window_to_the_millisecond(pulses: int) -> None:
    """Else the rate that the last line allows is another than the one that is written."""
    bounds = watching(ladder(3.6, 9))
    least_us = MS * 1000 * 100 // 112
    span_ms = -(-least_us * pulses // 1000) - SCAN_MS
    assert (span_ms + SCAN_MS) * 1000 // pulses >= least_us > (span_ms + SCAN_MS - 1) * 1000 // pulses
    assert not at_once(bounds, pulses, span_ms)
    bounds.restart()
    assert at_once(bounds, pulses, span_ms - 1)


@pytest.mark.req("PRO-2", "FLO-7")
def test_a_window_is_sixteen_pulses_and_the_next_begins_anew() -> None:
    """Else a burst of few pulses trips, or an hour at the right rate hides a minute at three times that."""
    bounds = watching(ladder(3.6, 9))
    assert not at_once(bounds, WINDOW - 1, 200)
    assert at_once(bounds, 1, 100)
    bounds.restart()
    for _ in range(5):
        assert not at_once(bounds, WINDOW, 3_000)
    assert at_once(bounds, WINDOW, 800)


@pytest.mark.req("PRO-2", "FLO-7")
def test_a_bound_that_was_passed_stays_passed() -> None:
    """Else the trip is gone with the next scan of no pulse."""
    bounds = watching(ladder(3.6, 9))
    assert at_once(bounds, WINDOW, 200)
    assert bounds.count(0, SCAN_MS) and at_once(bounds, 1, 50) and at_once(bounds, WINDOW, 100_000)
    bounds.rest()
    assert bounds.broken
    bounds.restart()
    assert not bounds.broken


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize(("dt_ms", "stretch_ms"), [(20, 100), (21, 105), (19, 100), (1, 100), (100, 500)])
def test_a_rate_is_judged_over_a_stretch_of_five_scans(dt_ms: int, stretch_ms: int) -> None:
    """Else one pulse that a scan sees early is a rate."""
    for span_ms, judged in ((stretch_ms - 1, False), (stretch_ms, True)):
        bounds = watching(ladder(3.6, 9))
        bounds.count(0, span_ms - dt_ms)
        assert bounds.count(60, dt_ms) is judged, span_ms
    assert max(STRETCH_MS, 5 * dt_ms) == stretch_ms


@pytest.mark.req("PRO-2")
def test_a_scan_of_no_pulse_counts_as_time() -> None:
    """Else what is slow is called fast."""
    bounds = watching(ladder(3.6, 9))
    for _ in range(WINDOW):
        for _ in range(4):
            assert not bounds.count(0, SCAN_MS)
        assert not bounds.count(1, SCAN_MS)


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize("hidden_ms", [SPAN_MAX_MS, 10 * SPAN_MAX_MS])
def test_a_span_with_a_hold_in_it_counts_for_500_s_at_most(hidden_ms: int) -> None:
    """Else one long wait allows a bag at once; or the sum passes what a small integer holds."""
    assert SPAN_MAX_MS == 500_000
    most = (SPAN_MAX_MS + SCAN_MS) * 1000 // (MS * 100_000 // 112)
    for more in (0, 1):
        bounds = dose_of(50_000)
        assert not at_once(bounds, 1, hidden_ms)
        assert not at_once(bounds, 1, hidden_ms), "nor do two of them make more"
        assert at_once(bounds, most - 2 + more, 100) is bool(more)


# -- what was tolerated


def seen_for(bounds: Bounds, ms: int, interval_ms: int = MS) -> None:
    """The next level's rate for so long, a pulse at a time."""
    for _ in range(ms // interval_ms):
        assert not at_once(bounds, 1, interval_ms)


NEEDS_MS = FLOW * MS * 19 // 20 - 3 * MS


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize(("ms", "tolerated"), [(NEEDS_MS - 300, 0), (NEEDS_MS - 200, 1), (NEEDS_MS, 1)])
def test_a_step_is_tolerated_after_all_its_time_but_a_twentieth(ms: int, tolerated: int) -> None:
    """Else the next rung comes before this one was borne."""
    bounds = watching(ladder(3.6, 9))
    seen_for(bounds, ms)
    assert bounds.reached == tolerated
    bounds.rest()
    assert at_once(bounds, 18, 18 * 25), "four times the rate is too much in any case"
    bounds = watching(ladder(3.6, 9))
    seen_for(bounds, ms)
    bounds.rest()
    assert at_once(bounds, 18, 18 * 33) is (not tolerated), "three times the rate is the two-person factor"


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize(("interval_ms", "counts"), [(100, True), (125, True), (126, False), (200, False)])
def test_what_is_slower_than_four_fifths_is_not_the_step(interval_ms: int, counts: bool) -> None:
    """Else a step is tolerated at half its rate, or the jitter of the scan keeps it from being so."""
    bounds = watching(ladder(3.6, 9))
    seen_for(bounds, NEEDS_MS, interval_ms)
    assert bounds.reached == counts


@pytest.mark.req("PRO-2")
def test_levels_are_reached_one_after_the_other_and_end_with_the_last() -> None:
    """Else time at one step counts towards the next, or the last level's row is read beyond its end."""
    protocol = ladder(3.6, 9, 22.5)
    protocol.full_dose_pg = 3_000 * 10**5
    bounds = watching(protocol)
    seen_for(bounds, NEEDS_MS)
    assert bounds.reached == 1 and bounds.seen_ms < 400
    seen_for(bounds, 15_000, 40)
    assert bounds.reached == 2
    flowed_ms = 0
    while bounds.reached == 2:
        assert not at_once(bounds, 7, 112)
        flowed_ms += 112
    assert 0 <= flowed_ms - (2_200 * 16 * 19 // 20 - 3 * 16 - 2 * STRETCH_MS) < 300
    for _ in range(2):
        assert not at_once(bounds, 7, 112)
    bounds.seen_ms = 1 << 28
    assert not at_once(bounds, 7, 112) and bounds.reached == 3 == bounds.levels.top


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize(("dt_ms", "gain_ms"), [(20, 100), (40, 200)])
def test_a_hold_hides_no_more_than_a_stretch_of_a_step(dt_ms: int, gain_ms: int) -> None:
    """Else ten holds make a step of it, or a step with a hold in it is never tolerated."""
    bounds = watching(ladder(3.6, 9))
    bounds.count(0, 500 - dt_ms)
    bounds.count(5, dt_ms)
    assert bounds.seen_ms == 500
    bounds.rest()
    assert bounds.seen_ms == 500 + gain_ms
    bounds.rest()
    assert bounds.seen_ms == 500 + gain_ms, "once a flow"


@pytest.mark.req("PRO-2")
def test_what_was_seen_of_a_stretch_counts_at_the_end_of_the_flow() -> None:
    """Else each hold takes a tenth of a second from what was borne."""
    bounds = watching(ladder(3.6, 9))
    at_once(bounds, 1, 90)
    assert bounds.seen_ms == 0
    bounds.rest()
    assert bounds.seen_ms == 90 + STRETCH_MS
    assert (bounds._span_ms, bounds._pulses, bounds._long_ms, bounds._long) == (0, 0, 0, 0)


@pytest.mark.req("PRO-2")
def test_rest_begins_every_measure_anew() -> None:
    """Else the time of a hold counts as flow, or fifteen pulses from before it as a burst."""
    bounds = watching(ladder(3.6, 9))
    at_once(bounds, WINDOW - 1, 200)
    bounds.rest()
    assert not at_once(bounds, WINDOW - 1, 200)
    bounds.rest()
    bounds.count(0, 60_000)
    bounds.rest()
    assert at_once(bounds, WINDOW, 200)


@pytest.mark.req("PRO-2", "SES-7")
def test_a_new_session_has_tolerated_nothing_and_hangs_full_bags() -> None:
    """Else yesterday's ladder allows today's first step the last one's rate."""
    bounds = watching(ladder(3.6, 9))
    seen_for(bounds, NEEDS_MS)
    assert bounds.reached == 1 and bounds.drawn[0] > 300
    bounds.restart()
    assert bounds.reached == 0 == bounds.seen_ms and bounds.drawn == [0]
    bounds.rest()
    assert bounds.seen_ms == 0, "nor does its last flow count"
    assert any(at_once(bounds, 3, 100) for _ in range(8))


# -- which bag


@pytest.mark.req("PRO-8", "PRO-2")
@pytest.mark.parametrize(("bag", "as_bag"), [(0, 0), (1, 1), (-1, 1)])
def test_an_unknown_bag_is_the_strongest(bag: int, as_bag: int) -> None:
    """Else ten times the dose rate is the right one until somebody asks what hangs."""
    bounds = watching(ladder(3.6, 9, strengths=(1, 10, 2)), bag)
    assert bounds.strongest == 1
    bounds.count(3, SCAN_MS)
    assert bounds.drawn[as_bag] == 3 and sum(bounds.drawn) == 3


@pytest.mark.req("PRO-2", "PRO-8")
@pytest.mark.parametrize(("bag", "factor"), [(0, 1), (1, 10), (2, 2)])
def test_each_bag_has_the_least_interval_of_its_strength(bag: int, factor: int) -> None:
    """Else a bag is judged by another's strength."""
    bounds = watching(ladder(3.6, 9, strengths=(1, 10, 2)), bag)
    assert not at_once(bounds, WINDOW, WINDOW * MS * factor)
    bounds.restart()
    assert at_once(bounds, WINDOW, WINDOW * MS * factor * 5 // 6)


# -- how much


def dose_of(pulses: int, ml: int = 1_000) -> Bounds:
    """An order of so many pulses, from a bag of so many microlitres; the rate may be any."""
    protocol = ladder(3.6, 9)
    protocol.full_dose_pg = pulses * 10**5
    protocol.solutions[0].volume_nl, protocol.solutions[0].drug_pg = ml * 10**6, ml * 10**9
    return watching(protocol)


@pytest.mark.req("PRO-4", "FLO-7")
@pytest.mark.parametrize(("order", "most"), [(1_000, 1_000), (2_000, 2_001), (4_000, 4_002)])
def test_the_order_and_a_twentieth_of_a_percent_is_all_that_comes(order: int, most: int) -> None:
    """Else a count that control has lost is given again; or the pulse that completes the dose is a fault."""
    bounds = dose_of(order)
    assert not at_once(bounds, most, SPAN_MAX_MS) and at_once(bounds, WINDOW, 10_000)
    bounds = dose_of(order)
    assert at_once(bounds, most + 1, SPAN_MAX_MS)


@pytest.mark.req("PRO-4", "PRO-2")
def test_what_all_bags_gave_counts_towards_the_order() -> None:
    """Else each bag may give the whole dose."""
    protocol = ladder(3.6, 9, strengths=(1, 2, 1))
    protocol.full_dose_pg = 1_000 * 10**5
    bounds = watching(protocol)
    assert not at_once(bounds, 200, SPAN_MAX_MS)
    bounds.hanging.bag = 1
    assert not at_once(bounds, 300, SPAN_MAX_MS)
    bounds.hanging.bag = 2
    assert not at_once(bounds, 200, SPAN_MAX_MS)
    assert at_once(bounds, WINDOW, SPAN_MAX_MS)
    assert bounds.drawn == [200, 300, 216]


@pytest.mark.req("PRO-3", "ALM-5")
@pytest.mark.parametrize("extra", [0, 1])
def test_a_bag_gives_what_it_holds_and_a_window(extra: int) -> None:
    """Else air is counted as dose."""
    bounds = dose_of(50_000)
    holds = 300
    bounds.plan.holds[0] = holds
    assert at_once(bounds, holds + WINDOW + extra, SPAN_MAX_MS) is bool(extra)


@pytest.mark.req("PRO-3", "PRO-4")
def test_what_fills_the_line_is_free_of_rate_and_order_once() -> None:
    """Else a line-fill at its own rate is a fault; or a bag of fills is."""
    protocol = ladder(3.6, 3.6, 9, strengths=(1, 1))
    protocol.steps[1].flags, protocol.steps[1].solution = p.LINE_FILL, 1
    protocol.full_dose_pg = 800 * 10**5
    bounds = watching(protocol)
    assert bounds.fills == [0, FLOW] and bounds._most_ppm == 1_500_500
    seen_for(bounds, 1_000)
    bounds.hanging.bag = 1
    assert not at_once(bounds, FLOW - 1, 100) and bounds._pulses == 0
    assert not at_once(bounds, 1, 100) and bounds._free == 0
    seen_for(bounds, 1_000)
    assert at_once(bounds, WINDOW, 200), "after it the rate is judged"
    bounds.restart()
    at_once(bounds, FLOW + 100, 100)
    assert bounds._free < 0 and not bounds.broken
    assert at_once(bounds, WINDOW, 200), "and what went beyond it is no credit"
    assert bounds.drawn[1] == FLOW + 100 + WINDOW


@pytest.mark.req("PRO-3")
def test_a_bag_that_is_hung_again_fills_the_line_no_more() -> None:
    """Else each change of bags gives its line-fill at any rate."""
    protocol = ladder(3.6, 3.6, 9, strengths=(1, 1))
    protocol.steps[1].flags, protocol.steps[1].solution = p.LINE_FILL, 1
    bounds = watching(protocol, 1)
    at_once(bounds, FLOW - 10, 100)
    bounds.hanging.bag = 0
    seen_for(bounds, 500)
    bounds.hanging.bag = 1
    bounds.count(0, 80)
    bounds.count(4, SCAN_MS)
    assert bounds._free == 6
    bounds.hanging.bag = 0
    seen_for(bounds, 500)
    bounds.hanging.bag = 1
    at_once(bounds, 7, 700)
    bounds.hanging.bag = 0
    seen_for(bounds, 500)
    bounds.hanging.bag = 1
    assert at_once(bounds, WINDOW, 200)

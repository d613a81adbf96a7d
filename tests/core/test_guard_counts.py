"""The counters as the guard reads them: going round, falling, and pulses while nothing may flow (FLO-7, FLO-12)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from guard_kit import Bench, steady

from pump.base.units import TICK_MASK, TICK_SPAN
from pump.io import CONFIRM, COUNT_MAX, STOP

LONG = 360_000
FALL = TICK_SPAN // 2


def counted(bench: Bench, moved: int, pulses: int | None = None) -> int:
    """What the guard takes as new, the counters standing at these numbers."""
    bench.snap.moved = moved & TICK_MASK
    bench.snap.pulses = (moved if pulses is None else pulses) & TICK_MASK
    return int(bench.guard.account(bench.snap))


@pytest.mark.req("FLO-12", "INT-3")
@pytest.mark.parametrize("first", [0, 5, TICK_MASK])
def test_what_was_counted_before_the_first_scan_is_not_new(first: int) -> None:
    """Else a restart of the processor is a runaway."""
    bench = Bench(steady(LONG))
    bench.guard._count = bench.guard._made = -1
    assert counted(bench, first) == 0 and not bench.trip
    assert counted(bench, first + 1) == 1, "the next one is"


@pytest.mark.req("FLO-12", "INT-3")
def test_counters_go_round() -> None:
    """Else every pump stops after 2**30 pulses."""
    bench = Bench(steady(LONG))
    bench.snap.pulses = bench.snap.moved = TICK_MASK - 2
    bench.guard._count = bench.guard._made = TICK_MASK - 2
    bench.begin()
    assert counted(bench, TICK_SPAN + 4) == 7 and not bench.trip
    assert bench.guard._base == 7


@pytest.mark.req("FLO-12", "INT-4")
@pytest.mark.parametrize(
    ("moved", "pulses", "trip"),
    [
        (FALL - 1, 0, ""),
        (FALL, 0, "pulse-count"),
        (-1, 0, "pulse-count"),
        (0, FALL - 1, "runaway"),
        (0, FALL, "pulse-count"),
        (0, -1, "pulse-count"),
        (-1, -1, "pulse-count"),
    ],
)
def test_a_count_that_falls_is_a_fault(moved: int, pulses: int, trip: str) -> None:
    """Else a pulse less is half a milliard more, or what was given is given again."""
    bench = Bench(steady(LONG))
    new = counted(bench, moved, pulses)
    assert bench.trip == trip and new == (moved if moved > 0 and not trip else 0)


@pytest.mark.req("FLO-12", "FLO-5")
def test_pulses_that_moved_nothing_are_not_given() -> None:
    """Else what the driver could not make counts as dose."""
    bench = Bench(steady(100, LONG))
    bench.begin()
    bench.scan(90, lost=200)
    assert bench.guard._base == 90 and not bench.trip
    bench.flow(1, entry=2)
    assert bench.after(9) == "claim" and bench.after(10) == ""


# -- pulses while nothing may flow


def stopped(dt_ms: int = 20, mlh: int = 36, rests: int = 0) -> Bench:
    """A guard in the scan in which control says that nothing flows any more, and so many scans after it."""
    bench = Bench(steady(LONG, mlh=mlh), dt_ms)
    bench.begin()
    bench.scan(1)
    bench.claim.flow = False
    for _ in range(1 + rests):
        bench.scan()
    return bench


@pytest.mark.req("FLO-7", "FLO-10")
@pytest.mark.parametrize(
    ("dt_ms", "rests", "trip"),
    [(20, 0, ""), (20, 4, ""), (20, 5, "runaway"), (20, 6, "runaway"), (99, 1, ""), (100, 0, ""), (100, 1, "runaway")],
)
def test_a_pulse_begun_may_be_counted_for_100_ms(dt_ms: int, rests: int, trip: str) -> None:
    """Else each stop is a runaway, or a motor that turns by itself in a hold is taken for a late count."""
    bench = stopped(dt_ms, rests=rests)
    assert bench.after(1) == trip and bench.after(0, lost=1) == trip
    assert bench.after(0) == ""


@pytest.mark.req("FLO-6", "FLO-7")
@pytest.mark.parametrize(("mlh", "most"), [(36, 2), (71, 2), (72, 3), (73, 3), (144, 4), (360, 7), (720, 12)])
def test_how_many_pulses_may_follow_the_end_of_the_flow(mlh: int, most: int) -> None:
    """Else a motor that runs on is noticed only after 100 ms."""
    bench = stopped(mlh=mlh)
    assert bench.after(most) == "" and bench.after(most + 1) == "runaway"


@pytest.mark.req("FLO-6", "FLO-7")
def test_pulses_after_the_end_are_counted_together_and_anew_after_each_flow() -> None:
    """Else one a scan may follow for ever, or the third stop of a session is a runaway."""
    bench = stopped()
    bench.scan(1)
    bench.scan(1)
    assert not bench.trip and bench.after(1) == "runaway"
    bench.begin()
    bench.claim.flow = False
    bench.scan()
    assert bench.after(2) == "" and bench.after(3) == "runaway"


@pytest.mark.req("FLO-7", "INT-3")
def test_a_runaway_s_count_stays_a_small_integer() -> None:
    """Else a motor that never stops fills the memory of the pump that counts it."""
    bench = stopped(rests=6)
    for _ in range(3):
        bench.scan(FALL - 1)
    assert bench.trip == "runaway" and bench.guard._after == COUNT_MAX


@pytest.mark.req("FLO-7", "FLO-10", "FLO-12")
def test_pulses_before_the_first_flow_are_a_runaway_also_with_stop_down() -> None:
    """Else a motor that turns while STOP is pressed is nobody's."""
    bench = Bench(steady(LONG))
    assert bench.after(1) == "runaway"
    assert bench.after(0, STOP, lost=1) == "runaway"
    assert bench.after(0, CONFIRM) == ""


@pytest.mark.req("FLO-7")
def test_in_flow_no_pulse_is_a_runaway() -> None:
    """Else a flow of many pulses ends itself."""
    bench = Bench(steady(LONG, mlh=Fraction(36)))
    bench.begin()
    for _ in range(200):
        assert bench.scan(2)


@pytest.mark.req("PRO-3", "PRO-4")
def test_what_comes_after_the_end_belongs_to_the_step_that_flowed() -> None:
    """Else the late pulse of each stop is no dose."""
    bench = stopped()
    bench.scan(2)
    bench.stop()
    bench.go_back(0)
    assert bench.guard._tally.by_bag[0] == 3 and bench.guard._tally.drawn[0] == 3 and not bench.trip


@pytest.mark.req("FLO-5")
def test_a_late_pulse_is_judged_by_the_rate_of_its_own_step() -> None:
    """Else a step's last pulses count as those of the faster one after it, and more of them are let pass."""
    protocol = steady(80, 80)
    protocol.steps[1].rate_e4 *= 3
    guard = Bench(protocol).guard
    assert [guard._fastest_us(k) for k in range(2)] == list(guard._course.interval_us)
    assert guard._course.interval_us[0] > guard._course.interval_us[1]

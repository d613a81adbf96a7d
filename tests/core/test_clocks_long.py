"""Ticks that go round, a clock set back or forward or without its battery, 14 days of running (INT-3)."""

from __future__ import annotations

import pytest
from core_kit import TECHNICAL, classify, finish, pump_with, resume, scan_s, short, start, state, tap
from test_counters import END, numbers

from pump.base.units import TICK_SPAN
from pump.io import STOP
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.devices.clock import happen
from toleramp_bench.names import EVENTS

pytestmark = pytest.mark.req("INT-3")

DAYS = 14
DAY_S = 86_400


def steps(pump: CorePump) -> list[tuple[str, int, int]]:
    """What the session did: event, step, pulses."""
    kept = (EVENTS.STEP_STARTED, EVENTS.STEP_COMPLETED, EVENTS.PAUSED, EVENTS.RESUMED, EVENTS.COMPLETED)
    return [(str(e["event"]), int(str(e["step"])), int(str(e["pulses"]))) for e in pump.events if e["event"] in kept]


def session(start_ms: int = 0, happens: tuple[str, object] | None = None) -> tuple[list[tuple[str, int, int]], int]:
    """A whole session with something that happens to the clock in its first step; what it did, and how long it took."""
    pump = pump_with(short(), start_ms=start_ms)
    start(pump)
    began = pump.now_us
    scan_s(pump, 5)
    if happens:
        happen(pump.board.clock, **{happens[0]: happens[1]})
    assert finish(pump) == "completed"
    return steps(pump), pump.now_us - began


@pytest.mark.parametrize(
    ("start_ms", "happens"),
    [
        (TICK_SPAN - 30_000, None),
        (0, ("offset_s", -3_600)),
        (0, ("offset_s", DAY_S)),
        (0, ("lost", True)),
        (TICK_SPAN - 30_000, ("offset_s", -3_600)),
    ],
    ids=["ticks go round", "an hour back", "a day forward", "no battery", "both"],
)
def test_a_session_is_the_same_whatever_a_clock_says(start_ms: int, happens: tuple[str, object] | None) -> None:
    """Else a step is longer, or a hold shorter, because somebody changes a clock."""
    assert session(start_ms, happens) == session()


@pytest.mark.long
def test_fourteen_days_of_running_change_nothing() -> None:
    """Else a pump that was left on faults in its second week, drifts, or a number leaves the chip's small integers."""
    pump = pump_with(short(), 1_000_000)
    start(pump)
    scan_s(pump, 5)
    tap(pump, STOP)
    assert state(pump) == "held"
    pump_s, board_us = pump.controller.t_s, pump.now_us
    for _ in range(DAYS):
        scan_s(pump, DAY_S)
    assert state(pump) == "held" and pump.controller.guard.trip == 0
    assert pump.controller.t_s - pump_s == (pump.now_us - board_us) // 1_000_000 == DAYS * DAY_S
    assert not any(e["event"] == EVENTS.CLOCK_WRONG for e in pump.events)
    large = {key: value for key, value in numbers(pump.controller).items() if not -END <= value < END}
    assert not {key for key in large if "stats" not in key[0]}, large
    assert pump.controller.session.case.held_too_long()
    classify(pump, TECHNICAL)
    resume(pump)
    scan_s(pump, 5)
    assert state(pump) != "running"  # the protocol's longest hold is over: refused

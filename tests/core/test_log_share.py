"""What is pressed, asked or plugged without end does not fill the log: each kind of record has its share (ALM-8)."""

from __future__ import annotations

from collections import Counter

import pytest
from core_kit import host, pump_with, running_at, scan_s, short, state, tap, until

from pump.io import START, UP
from pump.senses.budget import Budget
from pump.tables import events
from pump.tables import messages as m
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import ALARMS, EVENTS


def an_hour(pump: CorePump, do, every_s: float) -> Counter[str]:  # type: ignore[no-untyped-def]
    """What is recorded in an hour in which something is done again and again."""
    first = len(pump.events)
    for turn in range(round(3600 / every_s)):
        do(turn)
        scan_s(pump, every_s)
    return Counter(str(event["event"]) for event in pump.events[first:])


def bounded(counts: Counter[str]) -> None:
    for name, count in counts.items():
        most = events.AN_HOUR[events.NAMES.index(name)]
        assert not most or count <= most, (name, count)


@pytest.mark.req("ALM-8")
def test_94_and_95_by_turns_write_two_records() -> None:
    """Else the log is full in 44 minutes."""
    pump = running_at(12)

    def swing(turn: int) -> None:
        pump.parser.spo2 = 94 + turn % 2

    before = len(pump.events)
    for turn in range(90):
        swing(turn)
        scan_s(pump, 0.333)
    assert len(pump.events) - before <= 2


@pytest.mark.req("ALM-8", "INT-7")
@pytest.mark.parametrize("kind", [m.SET[0], m.LOAD_END[0], m.HANG[0]], ids=["set", "load", "hang"])
def test_no_request_fills_the_log(kind: int) -> None:
    """Else anybody on the line takes the log away from the session."""
    pump = pump_with(short())
    tap(pump, START) if kind == m.HANG[0] else None
    payload = {m.SET[0]: bytes((0, 0, 0)), m.LOAD_END[0]: b"", m.HANG[0]: b"ANOTHER"}[kind]
    counts: Counter[str] = Counter()
    first = len(pump.events)
    for _ in range(1200):
        host(pump, kind, payload)
        pump.scan()
    counts.update(str(event["event"]) for event in pump.events[first:])
    bounded(counts)
    assert sum(counts.values()) < 200


@pytest.mark.req("ALM-8")
def test_a_key_pressed_all_day_is_counted_and_the_count_recorded() -> None:
    """Else a thing that rocks on a key fills the log, or nobody learns that it did."""
    pump = running_at(12)
    counts = an_hour(pump, lambda turn: pump.press(UP, 300), 1)
    bounded(counts)
    assert counts[EVENTS.PRESSED] <= 600 and counts[EVENTS.SUPPRESSED]
    told = [e for e in pump.events if e["event"] == EVENTS.SUPPRESSED]
    assert {e["code"] for e in told} == {EVENTS.PRESSED}
    left = pump.controller.budget.left_out[events.PRESSED]
    assert counts[EVENTS.PRESSED] + sum(int(str(e["arg"])) for e in told) + left >= 3590
    assert ALARMS.LOG_FAST in {e["code"] for e in pump.events}


@pytest.mark.req("ALM-8")
@pytest.mark.parametrize("kind", [k for k, most in enumerate(events.AN_HOUR) if most])
def test_in_any_hour_no_kind_writes_more_than_its_number(kind: int) -> None:
    """Else the number in the table is not what it says."""
    budget, written = Budget(), []
    for second in range(3 * 3600):
        budget.due(second)
        written.append(sum(budget.take(kind) for _ in range(3)))
    most = max(sum(written[at : at + 3600]) for at in range(2 * 3600))
    assert most <= events.AN_HOUR[kind]


@pytest.mark.req("ALM-8", "ALM-4")
def test_what_must_be_known_is_never_left_out() -> None:
    """Else the log of a bad night lacks the alarms and holds."""
    sacred = (events.ALARM_RAISED, events.ALARM_CLEARED, events.PAUSED, events.REACTION, events.DECISION)
    sacred += (events.RESUMED, events.STEP_STARTED, events.STEP_COMPLETED, events.LOCKED, events.STOPPED)
    budget = Budget()
    assert all(budget.take(kind) for kind in sacred for _ in range(10_000))
    assert not budget.bits


@pytest.mark.req("ALM-8", "INT-8")
def test_a_laptop_that_comes_and_goes_is_one_alarm() -> None:
    """Else a bad plug writes 1200 records an hour."""
    pump = running_at(12)
    first = len(pump.events)
    for _ in range(25):
        host(pump, m.PING[0])
        scan_s(pump, 5.5)
        assert state(pump) == "running"
    told = [e["event"] for e in pump.events[first:] if e["code"] == ALARMS.LINK_LOST]
    assert told == [EVENTS.ALARM_RAISED]
    assert until(pump, "completed", 300)

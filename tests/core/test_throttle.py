"""What may come often: the first is recorded, the others are counted, and the count is told each minute (ALM-8)."""

from __future__ import annotations

import pytest

from pump.io import COUNT_MAX
from pump.store.throttle import EVERY_MS, Throttle
from pump.tables.events import BAG_REJECTED, SUPPRESSED

pytestmark = pytest.mark.req("ALM-8")

MINUTE_MS = 60_000
Record = tuple[int, ...] | tuple[int, int, int, bytes]


def throttled() -> tuple[Throttle, list[Record]]:
    """A throttle for refused bags, and the records that it lets through."""
    told: list[Record] = []
    return Throttle(lambda *record: told.append(record), BAG_REJECTED), told


@pytest.mark.parametrize("begin_ms", [0, 1, 500_000, (1 << 30) - 30_000])
def test_the_first_is_recorded_and_the_others_are_counted_at_the_minute(begin_ms: int) -> None:
    """Else a scanner that repeats itself fills the log, or what it left out is not known; also at a clock's wrap."""
    gate, told = throttled()
    for each in range(5):
        gate.came(2, b"T-9")
        gate.age((begin_ms + 10 * each) % (1 << 30))
    assert told == [(BAG_REJECTED, 0, 2, b"T-9")]
    gate.age((begin_ms + MINUTE_MS - 1) % (1 << 30))
    assert len(told) == 1
    gate.age((begin_ms + MINUTE_MS) % (1 << 30))
    assert told[1:] == [(SUPPRESSED, BAG_REJECTED, 4)]
    assert EVERY_MS == MINUTE_MS


def test_two_in_one_look_are_one_record_and_one_counted() -> None:
    """Else those of one second are all recorded, or the second of them is forgotten."""
    gate, told = throttled()
    gate.came(0)
    gate.came(0)
    gate.age(0)
    gate.age(MINUTE_MS)
    assert told == [(BAG_REJECTED, 0, 0, b""), (SUPPRESSED, BAG_REJECTED, 1)]


def test_after_a_quiet_minute_the_next_one_is_recorded_again() -> None:
    """Else the second wrong bag of a session leaves no record; nor is a count told that is none."""
    gate, told = throttled()
    gate.came(1)
    gate.age(0)
    gate.age(MINUTE_MS)
    assert len(told) == 1
    gate.age(MINUTE_MS + 1)
    gate.came(2)
    assert told[1:] == [(BAG_REJECTED, 0, 2, b"")]


def test_a_count_is_told_once_and_begins_anew() -> None:
    """Else the same refusals are counted in each minute that follows; those of the next minute are told at its end."""
    gate, told = throttled()
    gate.came(0)
    gate.age(0)
    gate.came(0)
    gate.age(MINUTE_MS)
    gate.came(0)
    gate.came(0)
    gate.age(2 * MINUTE_MS - 1)
    assert [record[2] for record in told[1:]] == [1]
    gate.age(2 * MINUTE_MS)
    assert [record[2] for record in told[1:]] == [1, 2]
    gate.age(3 * MINUTE_MS)
    assert len(told) == 3


def test_a_quiet_pump_tells_nothing() -> None:
    """Else the log grows with nobody there."""
    gate, told = throttled()
    for minute in range(5):
        gate.age(minute * MINUTE_MS)
    assert told == []


@pytest.mark.req("INT-10")
def test_the_count_stops_where_it_would_cost_heap() -> None:
    """Else a stuck scanner brings it beyond 31 bits."""
    gate, told = throttled()
    gate.came(0)
    gate.age(0)
    gate._more = COUNT_MAX - 1  # as after weeks
    for _ in range(3):
        gate.came(0)
    gate.age(MINUTE_MS)
    assert told[-1] == (SUPPRESSED, BAG_REJECTED, COUNT_MAX)

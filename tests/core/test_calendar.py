"""Wall time as the clock's registers have it, held against the calendar of the standard library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.base import calendar
from toleramp_bench.devices.clock import EPOCH, from_bcd, to_bcd

_FIRST, _LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2053, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_its_bounds_are_what_they_are_called() -> None:
    """Else the years in the comments are others than those that are taken, or a time needs more than 30 bits."""
    assert datetime.fromtimestamp(calendar.EPOCH, UTC) == EPOCH
    assert EPOCH + timedelta(seconds=calendar.FIRST_S) == _FIRST
    assert EPOCH + timedelta(seconds=calendar.LAST_S) == _LAST and calendar.LAST_S < 1 << 30


@pytest.mark.req("INT-5", "INT-10")
def test_each_day_is_read_and_written_as_the_calendar_has_it() -> None:
    """Else the log is off by a day for ten months after a leap day."""
    buf = bytearray(calendar.REGISTERS + 1)
    for day in range((_LAST - _FIRST).days + 1):
        time = _FIRST + timedelta(days=day, seconds=day * 7919 % 86_400)
        wall_s = int((time - EPOCH).total_seconds())
        assert calendar.seconds(to_bcd(time)) == wall_s
        calendar.fill(buf, 1, wall_s)
        assert bytes(buf[1:]) == to_bcd(time)


@pytest.mark.req("INT-5")
@given(registers=st.binary(min_size=7, max_size=7))
def test_whatever_the_registers_hold_is_a_time_or_none(registers: bytes) -> None:
    """Else nonsense on the bus is a time of day."""
    wall_s = calendar.seconds(registers)
    try:
        time = from_bcd(registers)
        sound = _FIRST <= time <= _LAST and to_bcd(time)[:3] == registers[:3] and to_bcd(time)[4:] == registers[4:]
    except ValueError:
        sound = False
    assert wall_s == (int((time - EPOCH).total_seconds()) if sound else calendar.NO_TIME)


@pytest.mark.req("INT-3")
@pytest.mark.parametrize("time", [datetime(2000, 1, 1, tzinfo=UTC), datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_a_clock_that_began_anew_says_no_time(time: datetime) -> None:
    """Else a pump whose clock lost its battery works in the year 2000."""
    assert calendar.seconds(to_bcd(time)) == calendar.NO_TIME

"""What the shared line holds, stretch by stretch: what enters at the bags leaves at the vein in its turn (PRO-7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.course.line import PARTS, Line

pytestmark = pytest.mark.req("PRO-7")


def filled(pulses: int, bag: int) -> Line:
    """A line that holds so many pulses of one bag; of two the higher number is the stronger."""
    line = Line(max)
    line.fill(pulses, bag)
    return line


def content(line: Line) -> list[tuple[int, int]]:
    """(pulses, bag) from the vein on."""
    return [(line.pulses[i], line.bag[i]) for i in range(line.count)]


def test_a_line_is_filled_with_one_bag() -> None:
    """Else the first step is worked out for another solution than the line was primed with."""
    line = filled(100, 2)
    assert content(line) == [(100, 2)] and line.holds_only(2) and not line.holds_only(1)
    line.push(1, 30)
    line.fill(40, 0)
    assert content(line) == [(40, 0)]


def test_a_line_without_volume_holds_nothing() -> None:
    """Else a pump without a shared line slows down for what is not there."""
    line = filled(0, 2)
    line.push(1, 10)
    assert content(line) == [] and line.holds_only(0) and line.holds_only(1)


def test_stretches_leave_in_their_turn() -> None:
    """Else the strong rest of a line is given at the weak bag's rate."""
    line = filled(100, 0)
    line.push(1, 30)
    assert content(line) == [(70, 0), (30, 1)] and not line.holds_only(1)
    line.push(1, 5)
    line.push(2, 15)
    assert content(line) == [(50, 0), (35, 1), (15, 2)]
    line.push(2, 60)
    assert content(line) == [(25, 1), (75, 2)]
    line.push(2, 25)
    assert content(line) == [(100, 2)] and line.holds_only(2)
    line.push(2, 0)
    line.push(3, 250)
    assert content(line) == [(100, 3)]


def test_a_copy_goes_its_own_way() -> None:
    """Else what is only worked out is booked."""
    line = filled(100, 0)
    line.push(1, 30)
    other = line.copy()
    other.push(2, 80)
    assert content(line) == [(70, 0), (30, 1)] and content(other) == [(20, 1), (80, 2)]
    other.push(0, 3)
    line.push(3, 1)
    assert content(line) == [(69, 0), (30, 1), (1, 3)]


def test_where_there_is_no_room_the_last_two_count_as_the_stronger() -> None:
    """Else what comes from there runs too fast."""
    line = filled(1_000, 0)
    for k in range(1, PARTS):
        line.push(k % 2 + 1, 1)
    assert line.count == PARTS and content(line)[-1] == (1, 2)
    line.push(1, 4)
    assert line.count == PARTS and content(line)[-1] == (5, 2)
    line.push(3, 2)
    assert content(line)[-1] == (7, 3) and sum(pulses for pulses, _ in content(line)) == 1_000


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=14))
def test_a_line_is_what_was_pushed_last(volume: int, pushes: list[tuple[int, int]]) -> None:
    """Else what is at the vein is another bag's than was worked out."""
    line = filled(volume, 0)
    drops = [0] * volume
    for bag, pulses in pushes:
        line.push(bag, pulses)
        drops = (drops + [bag] * pulses)[-volume:]
    held = [bag for pulses, bag in content(line) for _ in range(pulses)]
    assert held == drops
    assert all(pulses for pulses, _ in content(line))

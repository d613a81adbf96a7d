"""The shared line stretch by stretch, to the pulse and to the last place that there is (SES-5, PRO-7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.course.line import PARTS, Line
from pump.protocol.vein import SALINE

pytestmark = pytest.mark.req("SES-5", "PRO-7")


def line(*stretches: tuple[int, int]) -> Line:
    """A line of (pulses, bag), from the vein on."""
    made = Line(max)
    for i, (pulses, bag) in enumerate(stretches):
        made.pulses[i], made.bag[i] = pulses, bag
    made.count = len(stretches)
    return made


def held(told: Line) -> list[tuple[int, int]]:
    """Its stretches: (pulses, bag), from the vein on."""
    return [(told.pulses[i], told.bag[i]) for i in range(told.count)]


FULL = [(5, i % 2) for i in range(PARTS)]


def test_a_line_is_what_it_was_filled_with() -> None:
    """Else a new session begins with the old one's line."""
    told = line((10, 2), (5, 1))
    told.fill(7, 0)
    assert held(told) == [(7, 0)]
    told.fill(1, SALINE)
    assert held(told) == [(1, SALINE)]
    told.fill(0, 1)
    assert told.count == 0


@pytest.mark.parametrize(
    ("pulses", "left"),
    [
        (0, [(10, 0), (5, 1)]),
        (1, [(9, 0), (5, 1), (1, 2)]),
        (9, [(1, 0), (5, 1), (9, 2)]),
        (10, [(5, 1), (10, 2)]),
        (11, [(4, 1), (11, 2)]),
        (14, [(1, 1), (14, 2)]),
        (15, [(15, 2)]),
        (16, [(15, 2)]),
        (1_000, [(15, 2)]),
    ],
)
def test_as_much_leaves_as_enters(pulses: int, left: list[tuple[int, int]]) -> None:
    """Else the front between two bags is believed a pulse from where it is."""
    told = line((10, 0), (5, 1))
    told.push(2, pulses)
    assert held(told) == left


def test_the_same_bag_makes_its_stretch_longer() -> None:
    """Else each hold is a stretch, and the line is full of one bag's."""
    told = line((10, 0), (5, 1))
    for _ in range(5):
        told.push(1, 1)
    assert held(told) == [(5, 0), (10, 1)]


def test_a_line_of_no_volume_holds_nothing() -> None:
    """Else a pump without a shared line waits for one to be empty."""
    told = line()
    told.push(1, 50)
    assert told.count == 0 and told.holds_only(0) and told.holds_only(1)


@pytest.mark.parametrize(("bag", "only"), [(1, True), (0, False), (SALINE, False)])
def test_holds_only(bag: int, only: bool) -> None:
    """Else a step runs at its own rate with another bag in the line."""
    assert line((10, 1)).holds_only(bag) is only
    assert not line((10, 1), (1, 0)).holds_only(bag)


def test_a_copy_is_a_line_of_its_own() -> None:
    """Else what is only reckoned has flowed."""
    told = line((10, 0), (5, 1))
    other = told.copy()
    other.push(2, 12)
    assert held(told) == [(10, 0), (5, 1)] and held(other) == [(3, 1), (12, 2)]
    other.bag[0], other.pulses[0] = 7, 70
    assert held(told) == [(10, 0), (5, 1)]


def test_the_last_place_is_used() -> None:
    """Else a stretch fewer than there is room for is told."""
    assert PARTS == 16
    told = line(*FULL[: PARTS - 1])
    told.push(5, 1)
    assert held(told) == [(4, 0), *FULL[1 : PARTS - 1], (1, 5)] and told.count == PARTS


@pytest.mark.parametrize(("bag", "counts_as"), [(0, 1), (1, 1), (2, 2), (SALINE, 1)])
def test_where_there_is_no_room_the_two_last_count_as_the_stronger(bag: int, counts_as: int) -> None:
    """Else what passes for the weaker bag's comes ten times too fast."""
    told = line(*FULL)
    assert told.bag[PARTS - 1] == 1
    told.push(bag, 2)
    assert held(told) == [(3, 0), *FULL[1:-1], (7, counts_as)]


def test_the_row_has_what_stands_in_it() -> None:
    """Else two lines that go on differently are one state to the explorer."""
    told: list[int] = []
    line((3, 0), (5, 1)).pack(told)
    assert told == [2, 3, 0, 5, 1]


def test_a_long_push_empties_a_full_line() -> None:
    """Else what is pushed through sixteen stretches is lost after the first of them."""
    told = line(*FULL)
    told.push(0, 5 * PARTS - 1)
    assert held(told) == [(5 * PARTS, 1)], "joined with the last, which was the stronger one's"
    told = line(*FULL)
    told.push(2, 5 * (PARTS - 2))
    assert held(told) == [FULL[-2], (5 * (PARTS - 1), 2)]


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=14))
def test_a_line_is_what_was_pushed_last(volume: int, pushes: list[tuple[int, int]]) -> None:
    """Else what is at the vein is another bag's than was worked out."""
    told = Line(max)
    told.fill(volume, 0)
    drops = [0] * volume
    for bag, pulses in pushes:
        told.push(bag, pulses)
        drops = (drops + [bag] * pulses)[-volume:]
    assert [bag for pulses, bag in held(told) for _ in range(pulses)] == drops
    assert all(pulses for pulses, _ in held(told))

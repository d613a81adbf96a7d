"""What both channels keep of their accounts, and how they take it up again: whole, their own, or not at all (INT-2)."""

from __future__ import annotations

import copy
import struct

import pytest
from core_kit import mini, short
from guard_kit import Bench
from hypothesis import given
from hypothesis import strategies as st

from pump.course.course import Course, Tally
from pump.course.kept import SIZE, book_since, put_tally, take_tally
from pump.course.line import PARTS
from pump.course.plan import Plan
from pump.guard import kept
from pump.guard.guard import Guard
from pump.io import CONFIRM
from toleramp_bench.boards.core_pump import PL_PULSE

pytestmark = pytest.mark.req("INT-2")
PLAN = Plan(short(), PL_PULSE)
COUNTS = st.integers(0, (1 << 30) - 1)


@given(
    st.lists(COUNTS, min_size=3, max_size=3),
    st.lists(COUNTS, min_size=12, max_size=12),
    st.lists(st.tuples(COUNTS, st.integers(-1, 7)), max_size=PARTS),
)
def test_an_account_that_was_written_is_read_back(
    bags: list[int], filled: list[int], line: list[tuple[int, int]]
) -> None:
    """Else after a power cut a bag is fuller, or the line holds another drug, than it does."""
    tally, buf = Tally(PLAN), bytearray(SIZE + 5)
    tally.by_bag[:], tally.drawn[:] = bags, [count // 2 for count in bags]
    for k, pulses in enumerate(filled):
        tally.filled[k] = pulses
    tally.line.count = len(line)
    for i, (pulses, bag) in enumerate(line):
        tally.line.pulses[i], tally.line.bag[i] = pulses, bag
    put_tally(tally, buf, 3)
    assert not any(buf[:3]) and not any(buf[-2:])
    again = Tally(PLAN)
    take_tally(again, buf, 3)
    assert (again.by_bag, again.drawn, again.filled) == (tally.by_bag, tally.drawn, tally.filled)
    assert (again.line.count, again.line.pulses, again.line.bag) == (len(line), tally.line.pulses, tally.line.bag)


def test_what_has_flowed_since_is_booked_to_the_bags_of_its_steps() -> None:
    """Else what came from the weak bag counts as the strong one's."""
    tally, course = Tally(PLAN), Course(PLAN)
    given_to = sum(course.pulses[k] for k in range(5))
    assert book_since(tally, course, 0, 5, given_to + 2) == 0
    assert tally.by_bag == [sum(course.pulses[k] for k in range(4)), course.pulses[4] + 2, 0]
    assert book_since(tally, course, 5, 5, 7) == 7, "there is no step to which they belong"


# -- the guard's


def record(bench: Bench) -> tuple[bytearray, bytearray]:
    """What it would write now: as it stands, and its account."""
    now, turn = bytearray(kept.NOW), bytearray(kept.TURN)
    bench.guard.put_now(now, 0)
    bench.guard.put_turn(turn, 0)
    return now, turn


def again(bench: Bench, now: bytearray, *turns: bytearray, screen: bytes = b"") -> Bench | None:
    """Another guard with the same protocol that takes them up; None when it does not."""
    other = Bench(mini(), screen=screen)
    if not other.guard.take_up(now, list(turns)):
        return None
    other.claim.session, other.claim.turn = kept.SESSION, bench.claim.turn & 255
    other.scan()
    return other


def account(bench: Bench) -> tuple[object, ...]:
    """All that it goes on from."""
    guard, rows = bench.guard, list[int]()
    guard._course.pack(rows)
    guard._tally.pack(rows)
    bounds = (guard.bounds.drawn, guard.bounds.reached, guard.bounds.seen_ms) if guard.bounds else ()
    goal = guard._goal if guard._entered() else 0
    standing = guard._step, guard._base, guard._done, guard._bag, guard._loose, goal, guard._turn & 255
    return rows, standing, bounds


def to_step(step: int, pulses: int | None = None) -> Bench:
    """It has seen all steps before one (from 0), and so many pulses of that."""
    bench = Bench(mini())
    for before in range(step):
        bench.give(before, before + 1)
    if pulses is not None:
        bench.give(step, step + 1, pulses)
    return bench


def give(bench: Bench, step: int, entry: int, pulses: int | None = None) -> None:
    """As Bench.give, of what a decision left of the step."""
    course = bench.guard._course
    bench.scan(buttons=CONFIRM)
    bench.flow(step, entry)
    bench.claim.target = course.pulses[step]
    whole, bench.snap.dt_ms = bench.snap.dt_ms, course.interval_us[course.first[step]] // 1000
    assert bench.scan(), bench.trip
    for _ in range(course.pulses[step] if pulses is None else pulses):
        assert bench.scan(1), bench.trip
    bench.stop()
    bench.snap.dt_ms = whole


@pytest.mark.req("PRO-2", "FLO-5")
@pytest.mark.parametrize(("step", "pulses"), [(0, None), (0, 3), (1, 10), (2, None), (4, 6), (5, None), (8, 20)])
def test_a_guard_goes_on_where_it_was(step: int, pulses: int | None) -> None:
    """Else after a power cut it lets a step be given twice, or none."""
    bench = to_step(step, pulses)
    other = again(bench, record(bench)[0])
    assert other is not None and account(other) == account(bench)
    if pulses is None:
        other.begin(step, entry=9)
        assert not other.trip
        other.stop()
        other.flow(step + 2, entry=10)
        assert other.after(0) == "claim"
    else:
        rest = other.guard.plan.pulses[step] - pulses
        other.begin(step, entry=kept.ENTRY)
        other.snap.dt_ms = 10_000
        assert other.after(rest + 2) == "over-delivery"


@pytest.mark.req("PRO-4", "SES-3")
@pytest.mark.parametrize("on", [None, 0, 9])
@pytest.mark.parametrize("bag", [-1, 1])
def test_it_goes_on_after_a_decision(bag: int, on: int | None) -> None:
    """Else after a power cut the steps that were given before the reaction are given in full again."""
    bench = to_step(5, 30)
    bench.go_back(3, bag)
    _, turn = record(bench)
    if on is not None:
        give(bench, 3, 20)
        give(bench, 4, 21, on)
    now, _ = record(bench)
    other = again(bench, now, bytearray(kept.TURN), turn)
    assert other is not None and account(other) == account(bench)
    assert again(bench, now) is None or on is None, "what has flowed since cannot be told without it"


@pytest.mark.req("PRO-4", "SES-3")
@pytest.mark.parametrize("bag", [-1, 1])
def test_a_decision_whose_account_was_not_written_any_more_is_worked_out_anew(bag: int) -> None:
    """Else a power cut in the third of a second after it costs the session."""
    bench = to_step(5, 30)
    bench.go_back(3, bag)
    now, turn = record(bench)
    other = again(bench, now)
    assert other is not None and account(other) == account(bench)
    give(bench, 3, 20, 8)
    bench.go_back(2)
    second = again(bench, record(bench)[0], turn)
    assert second is not None and account(second) == account(bench)
    third = copy.deepcopy(bench)
    third.go_back(1)  # nothing has flowed since the second one
    again_third = again(third, record(third)[0], record(bench)[1], turn)
    assert again_third is not None and account(again_third) == account(third)
    assert again(third, record(third)[0], turn) is None, "two decisions back nothing is known of the one between"


@pytest.mark.req("PRO-2")
def test_the_dose_rate_that_it_saw_tolerated_is_its_own_record() -> None:
    """Else after a power cut each rate may follow on any, or only the first step's."""
    screen = bytes(64)
    bench = Bench(mini(), screen=screen)
    bounds = bench.guard.bounds
    assert bounds is not None
    bounds.reached, bounds.seen_ms = 3, 1_234
    other = again(bench, record(bench)[0], screen=screen)
    assert other is not None and other.guard.bounds is not None and account(other) == account(bench)
    now = record(bench)[0]
    now[kept._LEVEL_AT] = 200
    many = again(bench, now, screen=screen)
    assert many is not None and many.guard.bounds is not None
    assert many.guard.bounds.reached == many.guard.bounds.levels.top


def test_what_does_not_belong_together_is_not_taken_up() -> None:
    """Else the account of one protocol, or of another session, lets another one flow."""
    bench = to_step(5, 30)
    now, _ = record(bench)
    for at, value in ((0, 12), (6, 12), (8, now[8] ^ 1)):
        other = bytearray(now)
        other[at] = value
        assert again(bench, other) is None
    bench.go_back(3)
    turn = record(bench)[1]
    give(bench, 3, 20, 5)
    now = record(bench)[0]
    lower, elsewhere = bytearray(now), bytearray(turn)
    lower[0] = 2  # a step before the one that people chose
    elsewhere[3] ^= 1  # an account of another protocol
    assert again(bench, lower, turn) is None and again(bench, now, elsewhere) is None
    assert Guard(PL_PULSE).blob == bytearray() and kept.mark_of(bytearray()) == 0


def test_a_protocol_is_known_by_the_low_half_of_its_sum() -> None:
    """Else another protocol's record is taken for this one's."""
    assert kept.mark_of(b"") == kept.mark_of(b"123") == 0
    assert kept.mark_of(bytes((9, 9, 1, 2, 3, 4))) == 0x0201
    assert kept.mark_of(bytes((1, 2, 3, 4))) == 0x0201


def test_a_pulse_more_than_a_step_has_is_booked_to_that_step() -> None:
    """Else it counts as drawn from the next step's bag, and that step gives one less."""
    bench = to_step(3, 19)
    bench.go_back(2)
    _, turn = record(bench)
    whole = bench.guard._course.pulses[3]
    give(bench, 2, 20)
    give(bench, 3, 21, whole - 1)
    bench.go_back(1)
    now, _ = record(bench)
    drawn = []
    for more in (0, 1):
        struct.pack_into("<I", now, kept._LEVEL_AT - 4, whole + more)  # the pulses of the step stand last
        other = again(bench, now, turn)
        assert now[0] == 3 and other is not None
        drawn.append((other.guard._tally.drawn[0], other.guard._tally.drawn[1]))
    assert drawn[1] == (drawn[0][0] + 1, drawn[0][1])

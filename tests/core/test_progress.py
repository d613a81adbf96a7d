"""What must survive a power cut: packed whole, read back equal, damage found (INT-2, INT-4)."""

from __future__ import annotations

import pytest
from core_kit import short
from hypothesis import given
from hypothesis import strategies as st

from pump.base import crc
from pump.course.course import Tally
from pump.course.line import PARTS
from pump.course.plan import Plan
from pump.session.progress import _FIELDS, AGE_MAX_MS, SIZE, Progress
from toleramp_bench.boards.core_pump import PL_PULSE

PLAN = Plan(short(), PL_PULSE)
FLAGS = ("entered", "reacted", "by_vitals")


def packed(numbers: list[int], bags: list[int], line: list[tuple[int, int]]) -> tuple[Progress, Tally, bytearray]:
    """A progress with these numbers in its fields, its account, and both packed."""
    progress, tally, buf = Progress(), Tally(PLAN), bytearray(SIZE)
    for name, number in zip(_FIELDS, numbers, strict=True):
        setattr(progress, name, bool(number & 1) if name in FLAGS else number)
    tally.by_bag[:] = bags
    tally.drawn[:] = [2 * pulses for pulses in bags]
    tally.line.count = len(line)
    for i, (pulses, bag) in enumerate(line):
        tally.line.pulses[i], tally.line.bag[i] = pulses, bag
    progress.pack(tally, buf)
    return progress, tally, buf


@pytest.mark.req("INT-2")
@given(
    st.lists(st.integers(-1, (1 << 30) - 1), min_size=len(_FIELDS), max_size=len(_FIELDS)),
    st.lists(st.integers(0, (1 << 30) - 1), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(0, (1 << 30) - 1), st.integers(-1, 7)), max_size=PARTS),
)
def test_what_was_packed_is_read_back(numbers: list[int], bags: list[int], line: list[tuple[int, int]]) -> None:
    """Else a pump goes on with another dose than it had given."""
    progress, tally, buf = packed(numbers, bags, line)
    again, account = Progress(), Tally(PLAN)
    again.unpack(account, buf)
    assert [getattr(again, name) for name in _FIELDS] == [getattr(progress, name) for name in _FIELDS]
    assert (account.by_bag, account.drawn) == (tally.by_bag, tally.drawn)
    read, kept = account.line, tally.line
    assert (read.count, read.pulses, read.bag) == (kept.count, kept.pulses, kept.bag)


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("at", range(SIZE))
def test_a_changed_byte_is_found_and_nothing_is_taken(at: int) -> None:
    """Else a flipped bit is a dose."""
    _, _, buf = packed(list(range(1, len(_FIELDS) + 1)), [1, 2, 3], [(4, 0)])
    buf[at] ^= 0x10
    fresh, account = Progress(), Tally(PLAN)
    with pytest.raises(ValueError, match="checksum"):
        fresh.unpack(account, buf)
    assert fresh.step == fresh.total == 0 and account.by_bag == [0, 0, 0]


@pytest.mark.req("INT-2", "PRO-3")
def test_what_a_line_fill_has_filled_is_read_back() -> None:
    """Else after a power cut a line that is full is filled again, and counts as no dose."""
    tally, buf = Tally(PLAN), bytearray(SIZE)
    for k in range(PLAN.count):
        tally.filled[k] = 1_000 + k
    tally.by_bag[:], tally.drawn[:] = [1, 2, 3], [4, 5, 6]
    Progress().pack(tally, buf)
    account = Tally(PLAN)
    Progress().unpack(account, buf)
    assert list(account.filled) == [1_000 + k for k in range(PLAN.count)]
    assert (account.by_bag, account.drawn) == ([1, 2, 3], [4, 5, 6])


@pytest.mark.req("SES-6", "SES-7")
def test_a_hold_is_timed_from_its_beginning_and_still_time_from_the_last_pulse() -> None:
    """Else a hold that is too long is a short one, or a wait for a bag counts as none."""
    progress = Progress()
    progress.stand(False, 700)
    assert (progress.held_ms, progress.still_ms) == (0, 700)
    progress.stand(True, 300)
    progress.stand(True, 50)
    assert (progress.held_ms, progress.still_ms) == (350, 1_050)
    progress.hold()
    assert (progress.held_ms, progress.still_ms) == (0, 1_050)
    progress.move()
    assert (progress.held_ms, progress.still_ms) == (0, 0)
    for _ in range(3):
        progress.stand(True, AGE_MAX_MS - 5)
    assert progress.held_ms == progress.still_ms == AGE_MAX_MS and progress.whole()


@pytest.mark.req("INT-4", "SES-6")
@pytest.mark.parametrize("name", ["reactions", "held_ms", "still_ms"])
def test_a_changed_bit_in_what_forbids_a_resume_is_found(name: str) -> None:
    """Else a third reaction is the second, or a hold of hours one of minutes."""
    progress = Progress()
    progress.react()
    progress.stand(True, 4_000)
    progress.stand(False, 4_000)
    assert progress.whole() and progress.reactions == 1
    setattr(progress, name, getattr(progress, name) ^ 1 << 12)
    assert not progress.whole()
    progress.restart()
    assert progress.whole() and (progress.reactions, progress.held_ms, progress.still_ms) == (0, 0, 0)


@pytest.mark.req("INT-4", "INT-2")
@pytest.mark.parametrize(("at", "value"), [(0, ord("X")), (3, 1), (3, 3)])
def test_another_layout_is_not_read(at: int, value: int) -> None:
    """Else what older firmware kept is taken for doses."""
    _, _, buf = packed(list(range(1, len(_FIELDS) + 1)), [1, 2, 3], [(4, 0)])
    buf[at] = value
    crc.put(buf, SIZE - crc.SIZE)
    fresh, account = Progress(), Tally(PLAN)
    with pytest.raises(ValueError, match="layout"):
        fresh.unpack(account, buf)
    assert fresh.step == fresh.total == 0 and account.by_bag == [0, 0, 0]

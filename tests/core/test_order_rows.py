"""Where an order is kept, and what is believed of a row: by the memory's bytes alone (SES-15, INT-12)."""

from __future__ import annotations

import struct

import pytest

from pump.base import crc
from pump.io import FAILED, FRAM_SLOT, KEPT, Outputs
from pump.store import orders
from pump.store.orders import FIRST_SLOT, ORDERS, UNKNOWN, UNREAD, Orders

pytestmark = pytest.mark.req("SES-15")

A, B = b"A" * 16, b"B" * 16
FREE, DAMAGED = orders._FREE, orders._DAMAGED


def slot(number: int, key: bytes, ppm: int, magic: bytes = b"TLO", version: int = 1) -> bytes:
    """A slot as the layout has it."""
    held = bytearray(FRAM_SLOT)
    struct.pack_into("<3sBI16si", held, 0, magic, version, number, key, ppm)
    crc.put(held, FRAM_SLOT - crc.SIZE)
    return bytes(held)


def memory(**slots: bytes) -> Orders:
    """What a pump reads with these slots of its rows ("s0" is the first)."""
    kept = {FIRST_SLOT + int(name[1:]): held for name, held in slots.items()}
    return Orders(lambda at: bytearray(kept.get(at, bytes(FRAM_SLOT))))


def handed(made: Orders) -> tuple[int, bytes]:
    """Slot and bytes of one scan's writing; -1: none."""
    out = Outputs()
    out.clear()
    made.store(out)
    return out.fram_slot, bytes(out.fram)


def test_a_row_as_older_pumps_wrote_it_is_read() -> None:
    """Else after an update of the firmware an order that was given is given again."""
    assert memory(s6=slot(3, A, 250_000)).given(A) == 250_000
    assert memory(s6=slot(3, A, 250_000)).given(B) == UNKNOWN


@pytest.mark.req("INT-12")
@pytest.mark.parametrize(
    "held",
    [slot(3, A, 5, magic=b"TXO"), slot(3, A, 5, version=2), slot(1 << 30, A, 5)],
    ids=["magic", "version", "number"],
)
def test_a_row_of_another_layout_is_nobody_s_and_refuses_all(held: bytes) -> None:
    """Else its bytes are taken for a key and a dose, or for a free place."""
    assert memory(s0=held).given(B) == UNREAD


@pytest.mark.req("INT-12")
def test_the_newer_of_two_slots_counts() -> None:
    """Else what was given last is forgotten."""
    assert memory(s0=slot(7, A, 500), s1=slot(8, A, 900)).given(A) == 900
    assert memory(s0=slot(9, A, 500), s1=slot(8, A, 900)).given(A) == 500


@pytest.mark.req("INT-12")
def test_an_order_has_its_own_row_first_then_free_ones_and_another_s_last() -> None:
    """Else a place that cannot be written ends the pump, or another order's dose is forgotten for nothing."""
    numbers = [FREE] * ORDERS
    numbers[0], numbers[1], numbers[4] = 5, DAMAGED, 9
    assert orders._places(numbers, 4) == [4, 2, 3, 5]
    assert orders._places(numbers, UNKNOWN) == [2, 3, 5, 6]
    full = [DAMAGED, *range(30, 30 + ORDERS - 1)]
    full[9] = 3
    assert orders._places(full, UNKNOWN) == [9] and orders._places(full, 12) == [12]
    assert orders._places([DAMAGED] * ORDERS, UNKNOWN) == [0]


@pytest.mark.req("INT-12")
def test_a_writing_that_is_not_proved_goes_to_the_next_free_row() -> None:
    """Else one damaged place keeps an order from beginning."""
    made = memory()
    made.adopt(A)
    made.begin()
    seen = []
    for _ in range(5):
        seen.append((handed(made)[0] - FIRST_SLOT) // 2)
        made.settle(FAILED)
        assert made.due and made.waits
    assert seen == [0, 1, 2, 3, 0]
    handed(made)
    made.settle(KEPT)
    assert not made.due and not made.waits


@pytest.mark.req("INT-12")
def test_what_became_of_the_order_before_proves_nothing_of_this_one() -> None:
    """Else the first pulse of an order comes before it is marked as begun."""
    made = memory()
    made.adopt(A)
    made.begin()
    handed(made)
    made.adopt(B)
    assert not made.due and made.waits
    made.settle(KEPT)
    assert made.waits and handed(made)[0] == -1
    made.begin()
    at, held = handed(made)
    assert at >= 0 and held[8:24] == B and made.waits
    made.settle(KEPT)
    assert not made.waits


@pytest.mark.req("INT-12")
def test_two_writings_of_an_order_take_its_two_slots_in_turn() -> None:
    """Else a torn writing loses both."""
    made = memory(s2=slot(4, A, 0))
    made.adopt(A)
    made.begin()
    slots = []
    for ppm in (1_000, 2_000, 3_000):
        made.book(ppm, True)
        slots.append(handed(made)[0] - FIRST_SLOT)
        made.settle(KEPT)
    assert slots == [3, 2, 3]

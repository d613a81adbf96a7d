"""A memory of orders that is damaged, torn or cannot be written: nothing is taken for new, nobody else's is lost."""

from __future__ import annotations

import pytest
from core_kit import (
    encode,
    pump_with,
    scan_s,
    start,
)  # fmt: skip
from test_orders import code_of, completed, end, ladder, power_cycle, refused, write

from pump.io import FAILED, Outputs
from pump.store import orders
from toleramp.protocol.order import key_of
from toleramp_bench.boards.core_pump import CorePump

pytestmark = pytest.mark.req("SES-15")


def rows_of(pump: CorePump) -> int:
    """The first slot of the row in which the present order is kept."""
    store = pump.controller.orders
    return orders.FIRST_SLOT + 2 * store._rows[store._row]


def spoil(pump: CorePump, slot: int, at: int = 30) -> None:
    """One bit of a slot is another."""
    data = bytearray(pump.board.slot(slot))
    data[at] ^= 1
    pump.board.fram[slot] = bytes(data)


@pytest.mark.parametrize("at", [0, 5, 30, 47])
def test_a_row_that_is_damaged_takes_no_order(at: int) -> None:
    """Else two flipped bits make a dose new that was given; an engineer's file runs all the same."""
    pump = completed(ladder())
    first = rows_of(pump)
    spoil(pump, first, at)
    spoil(pump, first + 1, at)
    again = power_cycle(pump)
    assert code_of(again, ladder()) == code_of(again, ladder(key_of("RX-2", 1, "P"))) == "order-unread"
    assert not refused(again, ladder(None))


@pytest.mark.parametrize("which", [0, 1])
def test_one_damaged_slot_beside_a_sound_one_takes_nothing_from_the_other_orders(which: int) -> None:
    """Else one torn writing stops the pump for all patients."""
    pump = completed(ladder())
    spoil(pump, rows_of(pump) + which)
    again = power_cycle(pump)
    assert refused(again, ladder())
    assert not refused(again, ladder(key_of("RX-2", 1, "P")))


def test_an_order_that_is_found_is_known_beside_a_damaged_row() -> None:
    """Else people are not told that it was given."""
    pump = completed(ladder(key_of("RX-0", 1, "P")))
    spoiled = rows_of(pump)
    pump.load(encode(ladder()))
    start(pump)
    scan_s(pump, 5)
    end(pump)
    for slot in (spoiled, spoiled + 1):
        spoil(pump, slot)
    again = power_cycle(pump)
    assert refused(again, ladder())
    assert code_of(again, ladder(key_of("RX-0", 1, "P"))) == "order-unread"


def first_writing(key: bytes, blank: int) -> tuple[orders.Orders, dict[int, bytes], int]:
    """An order is marked as begun in a memory that holds that byte everywhere: the orders, the memory, the slot."""
    fram: dict[int, bytes] = {}
    store = orders.Orders(lambda slot: bytearray(fram.get(slot, bytes((blank,)) * 48)))
    store.adopt(key)
    store.begin()
    write(store, fram)
    [slot] = fram
    return store, fram, slot


@pytest.mark.parametrize("blank", [0, 0xFF])
@pytest.mark.parametrize("kept", [0, 1, 20, 44])
def test_a_first_writing_that_was_torn_is_no_damage(kept: int, blank: int) -> None:
    """Else a power cut before the first pulse refuses every order for ever."""
    store, fram, slot = first_writing(b"k" * 16, blank)
    data = fram[slot]
    fram[slot] = data[:kept] + bytes((blank,)) * (48 - kept)
    known = orders.Orders(store._read_slot)
    assert known.given(b"k" * 16) == known.given(b"o" * 16) == orders.UNKNOWN
    fram[slot ^ 1] = data[:20] + bytes(28)
    fram[slot] = data[:47] + bytes((data[47] ^ 1,))
    assert known.given(b"k" * 16) == orders.UNREAD


@pytest.mark.parametrize("blank", [0, 0xFF])
@pytest.mark.parametrize("kept", [45, 46, 47])
def test_a_first_writing_that_was_torn_in_its_last_bytes_stops_its_own_order_alone(kept: int, blank: int) -> None:
    """Else a power cut in the last three bytes of a writing refuses every order for ever."""
    store, fram, slot = first_writing(b"k" * 16, blank)
    data = fram[slot]
    fram[slot] = data[:kept] + bytes((blank,)) * (48 - kept)
    known = orders.Orders(store._read_slot)
    assert known.given(b"k" * 16) == 0, "in doubt it has begun"
    assert known.given(b"o" * 16) == orders.UNKNOWN
    fram[slot] = data[:30] + bytes((data[30] ^ 1,)) + fram[slot][31:]
    assert known.given(b"o" * 16) == orders.UNREAD


@pytest.mark.parametrize("blank", [0, 0xFF])
def test_a_check_sum_that_begins_like_a_blank_memory_proves_nothing_by_that(blank: int) -> None:
    """Else one torn writing in 256 stands, though nothing had flowed; the same within the key, for an order that nobody
    knows."""
    keys = (number.to_bytes(16, "big") for number in range(10_000))
    store, fram, slot = next(made for key in keys if (made := first_writing(key, blank))[1][made[2]][44] == blank)
    data = fram[slot]
    key, known = data[8:24], orders.Orders(store._read_slot)
    for kept in (12, 44, 45):
        fram[slot] = data[:kept] + bytes((blank,)) * (48 - kept)
        assert known.given(key) == known.given(b"o" * 16) == orders.UNKNOWN, kept
    fram[slot] = data[:47] + bytes((blank,))
    assert known.given(key) == 0 and known.given(b"o" * 16) == orders.UNKNOWN


@pytest.mark.req("INT-12")
@pytest.mark.parametrize("fails", [1, 26, 27, 28, 200])
def test_writes_that_are_not_proved_take_no_row_of_another_order(fails: int) -> None:
    """Else a loose plug walks through the memory, and what was given of another order is forgotten."""
    pump = completed(ladder(key_of("RX-0", 1, "P")))
    others = [rows_of(pump), rows_of(pump) + 1]
    before = [pump.board.slot(slot) for slot in others]
    pump.load(encode(ladder()))
    start(pump)
    scan_s(pump, 5)
    sound, left, slots = pump.board._write, [fails], set()

    def write_badly(out: Outputs) -> int:
        if out.fram_slot < orders.FIRST_SLOT:
            return sound(out)
        slots.add(out.fram_slot)
        left[0] -= 1
        return FAILED if left[0] >= 0 else sound(out)

    pump.board._write = write_badly  # type: ignore[method-assign]
    scan_s(pump, 60)
    assert [pump.board.slot(slot) for slot in others] == before and not slots & set(others)
    assert len({slot // 2 for slot in slots}) <= orders.PLACES
    end(pump)
    again = power_cycle(pump)
    assert refused(again, ladder()) and refused(again, ladder(key_of("RX-0", 1, "P")))


@pytest.mark.req("INT-12")
def test_without_a_free_row_the_oldest_goes_and_no_other() -> None:
    """Else a full memory loses the orders of last week to one bad cell."""
    fram: dict[int, bytes] = {}
    store = orders.Orders(lambda slot: bytearray(fram.get(slot, bytes(48))))
    keys = [key_of(f"RX-{number}", 1, "P") for number in range(orders.ORDERS)]
    for key in keys:
        store.adopt(key)
        store.begin()
        write(store, fram)
    before = dict(fram)
    store.adopt(key_of("RX-99", 1, "P"))
    store.begin()
    out = Outputs()
    tried = set()
    for _ in range(60):
        out.clear()
        store.store(out)
        tried.add(out.fram_slot)
        store.settle(FAILED)
    assert store.due and store.waits and fram == before
    assert {slot // 2 for slot in tried} == {(orders.FIRST_SLOT + 0) // 2}


@pytest.mark.parametrize("rows", [1, orders.ORDERS])
def test_a_person_at_the_prompt_has_a_way_out_of_a_damaged_memory(rows: int) -> None:
    """Else a board with a damaged row, or a new one with anything in its memory, treats nobody any more."""
    pump = pump_with(ladder(None))
    fram = pump.board.fram
    for slot in range(orders.FIRST_SLOT, orders.FIRST_SLOT + 2 * rows):
        fram[slot] = bytes(range(1, 49))
    assert code_of(pump, ladder()) == "order-unread"
    orders.empty(lambda slot, data: fram.update({slot: data}))
    assert not refused(pump, ladder())


def test_a_session_that_goes_on_books_to_its_own_order() -> None:
    """Else what flows after a power cut counts for no order, and that can be given again."""
    key, fram = b"k" * 16, dict[int, bytes]()
    store = orders.Orders(lambda slot: bytearray(fram.get(slot, bytes(48))))
    store.adopt(key)
    store.begin()
    write(store, fram)
    store.book(300_000, False)
    write(store, fram)
    again = orders.Orders(store._read_slot)
    assert again.go_on(key) and again.given(key) == 300_000 and not again.waits
    again.book(500_000, False)
    write(again, fram)
    assert orders.Orders(store._read_slot).given(key) == 500_000
    new = orders.Orders(store._read_slot)
    assert new.go_on(b"n" * 16) and new.waits and new.due
    assert orders.Orders(store._read_slot).go_on(None)


def test_a_session_does_not_go_on_where_nobody_knows_what_was_given() -> None:
    """Else the dose that is refused to a new session is given by an old one."""
    silent = orders.Orders(lambda slot: None)
    assert not silent.go_on(b"k" * 16)
    assert silent._key is None

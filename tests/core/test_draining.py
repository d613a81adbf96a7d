"""The log on its way to the flash, and down to slot 0: no cut loses a record, or has one twice (INT-2, INT-12)."""

from __future__ import annotations

import pytest
from flash_kit import Memories, PowerCut, Pump, each_cut, filled, numbers
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pump.store import draining, moving
from pump.store.archive import PER_SECTOR, WHOLE
from pump.store.draining import DONE, KEEP, NOTHING
from pump.store.journal import BLOCK, LOOK, SLOT, SLOTS, count_records, newest, unfinished, valid
from pump.tables import states

TWO = 2 * PER_SECTOR + KEEP  # two sectors are drained, then the rest is moved


def whole(pump: Pump, count: int) -> None:
    """Each committed record once, in order; the chain holds; the next number is behind the newest."""
    found = pump.pulled()
    assert len(found) >= count and all(valid(bytearray(record), 0) for record in found)
    told = numbers(found)
    assert told == sorted(set(told)) and pump.journal.seq > told[-1]
    assert pump.sectors.first_wrong() == (-1, WHOLE)


@pytest.mark.req("INT-5")
def test_what_rests_is_drained_and_the_rest_moves_down() -> None:
    """Else after a few sessions the memory is full."""
    pump = Pump(filled(TWO))
    before = pump.pulled()
    assert pump.rest() == 3 and (pump.sectors.records, pump.draining.front, pump.end) == (2 * PER_SECTOR, 0, KEEP)
    assert pump.pulled() == before and numbers(before) == list(range(TWO))
    assert not any(any(pump.memories.read_slot(slot)) for slot in range(KEEP, SLOTS + 2))
    assert pump.piece() == NOTHING


@pytest.mark.req("INT-2")
@pytest.mark.parametrize("left", [0, 1, PER_SECTOR - 1])
def test_the_newest_records_stay_in_the_fram(left: int) -> None:
    """Else a power-on does not see that a session was open."""
    pump = Pump(filled(TWO))
    pump.record(left, states.RUNNING)
    newest_number = numbers(pump.pulled())[-1]
    pump.rest()
    assert KEEP <= pump.end - pump.draining.front < KEEP + PER_SECTOR and KEEP >= LOOK
    again = Pump(pump.memories)
    assert again.end == pump.end and newest(again.memories.read_slot, again.end)[0] == newest_number
    assert bool(unfinished(again.memories.read_slot, again.end)) is bool(left)


@pytest.mark.req("INT-2", "INT-12")
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_power_cut_at_any_write_costs_no_record_and_doubles_none(share: float) -> None:
    """Else a flat battery at rest takes what was recorded; then the pump records, rests, and is cut again."""
    start = filled(TWO)
    before = Pump(start.copied()).pulled()

    def after(memories: Memories, cut: int) -> None:
        pump = Pump(memories)
        whole(pump, TWO)
        assert pump.pulled() == before and pump.journal.seq == BLOCK, cut
        pump.record(3)
        whole(pump, TWO + 3)
        if cut % 10 == 0:
            pump.rest()
            whole(pump, TWO + 3)
            assert pump.pulled()[:TWO] == before

    count = each_cut(start, lambda memories: Pump(memories).rest(), after, share)
    assert count > 2 * 18 + KEEP


@pytest.mark.req("INT-2", "INT-12")
def test_a_second_cut_while_the_power_on_finishes_a_move_changes_nothing() -> None:
    """Else the power-on after a cut does what the cut could not."""
    start, second = filled(TWO), 0
    before = Pump(start.copied()).pulled()

    def after(raw: Memories, cut: int) -> None:
        nonlocal second
        if moving.marked(raw)[0] != moving.NONE:
            second += each_cut(raw, Pump, lambda again, _: _same(Pump(again), before), 0.5)

    assert each_cut(start, lambda memories: Pump(memories).rest(), after, 1.0) and second > KEEP


def _same(pump: Pump, before: list[bytes]) -> None:
    assert pump.pulled() == before


@pytest.mark.req("INT-5", "SES-14")
def test_a_start_in_between_finds_a_pump_that_records_as_ever() -> None:
    """Else the first records of a session go where something lies, or are lost at the next power-on."""
    pieces = 0
    while True:
        pump = Pump(filled(TWO))
        did = [pump.piece() for _ in range(pieces)]
        pump.record(2 * PER_SECTOR, states.RUNNING)  # nothing is drained meanwhile
        whole(pump, TWO + 2 * PER_SECTOR)
        again = Pump(pump.memories.copied())
        assert again.pulled() == pump.pulled() and unfinished(again.memories.read_slot, again.end)
        pump.rest()
        whole(pump, TWO + 2 * PER_SECTOR)
        if did.count(DONE) == 3:
            break
        pieces += 1
    assert pieces > 20


@pytest.mark.req("INT-12")
def test_a_fram_that_keeps_nothing_ends_it_for_this_power_on() -> None:
    """Else the move goes on for ever, or on what is not there."""
    pump = Pump(filled(TWO))
    while pump.draining.front < 2 * PER_SECTOR:
        pump.piece()
    pump.memories.write_slot = lambda slot, content: None  # type: ignore[method-assign]
    before = pump.pulled()
    pump.rest()
    assert pump.draining.failed and pump.pulled() == before and pump.piece() == NOTHING


@pytest.mark.req("INT-2")
@pytest.mark.parametrize("damaged", [1, 5, LOOK - 1])
def test_damaged_records_go_along_as_they_lie(damaged: int) -> None:
    """Else one bad cell keeps the log from the flash, or the pull is silent about it."""
    memories = filled(TWO)
    for slot in range(PER_SECTOR - damaged, PER_SECTOR):
        memories.slots[slot] = b"\x55" * SLOT
    pump = Pump(memories)
    before = pump.pulled()
    pump.piece()
    while pump.draining.front < PER_SECTOR:
        pump.piece()
    assert Pump(memories.copied()).pulled() == before
    pump.rest()
    assert pump.pulled() == before == Pump(memories).pulled() and len(before) == TWO


@pytest.mark.req("INT-5", "INT-10")
@example([(80, 0, 0), (300, 37, 0), (124, 11, 1)])
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60), st.integers(0, 150)), max_size=8))
@settings(max_examples=40, deadline=None)
def test_whatever_comes_in_whatever_order_the_log_is_each_record_once(acts: list[tuple[int, int, int]]) -> None:
    """Else an order of sessions, rests and power cuts that nobody thought of loses a record. `cut`: within that write
    from the rest on, 0: not at all."""
    pump, told = Pump(Memories()), []
    for records, pieces, cut in acts:
        first = pump.journal.seq
        pump.record(records)
        told += list(range(first, first + records))
        memories = pump.memories
        memories.cut, memories.share = memories.writes + cut - 1 if cut else -1, cut % 4 / 4
        try:
            for _ in range(pieces):
                pump.piece()
        except PowerCut:
            pass
        memories.cut = -1
        if cut:
            pump = Pump(memories)
        assert numbers(pump.pulled()) == told
        assert pump.sectors.first_wrong() == (-1, WHOLE)
        assert count_records(pump.memories.read_slot) == pump.end <= SLOTS


def test_a_move_leaves_room_for_the_next_session() -> None:
    """Else a pump that rests between its sessions is full after some of them all the same."""
    pump = Pump(Memories())
    for _ in range(9):
        pump.record(700)
        pump.rest()
        assert pump.end < KEEP + 2 * PER_SECTOR + draining.SLOTS_A_PIECE
    assert numbers(pump.pulled()) == list(range(6_300))

"""The flash's sectors: closed in a chain, torn ones are nothing, changed ones are named (INT-2, INT-5, INT-12)."""

from __future__ import annotations

import hashlib
import random

import pytest
from flash_kit import Memories, PowerCut, Pump, filled, numbers

from pump.base import crc
from pump.store import archive
from pump.store.archive import CHANGED, HEAD, MISPLACED, PER_SECTOR, SECTOR_BYTES, SECTORS, WHOLE, Sectors
from pump.store.draining import KEEP
from pump.store.journal import BLOCK, SLOT

WHOLE_ONES = 3
RECORDS = WHOLE_ONES * PER_SECTOR + KEEP


def drained(records: int = RECORDS) -> Pump:
    """A pump that has rested."""
    pump = Pump(filled(records))
    pump.rest()
    return pump


def opened(memories: Memories) -> Sectors:
    """The sectors as a power-on finds them."""
    found = Sectors(memories.flash)
    found.open_all()
    return found


@pytest.mark.req("INT-5")
def test_a_sector_is_closed_over_all_before_it() -> None:
    """Else who changes a record and its checksum is found by nobody."""
    memories = drained().memories
    before = bytes(32)
    for sector in range(WHOLE_ONES):
        held = memories.flash.sectors[sector]
        assert held[:4] == archive.MAGIC and int.from_bytes(held[8:12], "little") == sector + 1
        assert int.from_bytes(held[12:16], "little") == sector * PER_SECTOR
        before = hashlib.sha256(before + held[:16] + held[HEAD:]).digest()
        assert held[16:48] == before
    assert opened(memories).first_wrong() == (-1, WHOLE) and WHOLE_ONES not in memories.flash.sectors


@pytest.mark.req("INT-4", "INT-5")
def test_one_byte_changed_anywhere_names_the_sector() -> None:
    """Else a damaged flash is believed. A changed header makes its sector none: the pull shows what is left."""
    memories, draw = drained().memories, random.Random(5)
    for at in [0, 4, 16, 47, 60, 63, HEAD, SECTOR_BYTES - 1] + [draw.randrange(SECTOR_BYTES) for _ in range(60)]:
        sector = draw.randrange(WHOLE_ONES - 1)
        changed = memories.copied()
        changed.flash.sectors[sector][at] ^= 1 << draw.randrange(8)
        found = opened(changed)
        assert found.closed == WHOLE_ONES and found.first_wrong() == (sector, CHANGED), at


@pytest.mark.req("INT-5")
def test_a_sector_removed_and_two_swapped_are_named() -> None:
    """Else records are missing, or stand in another order, and nobody is told."""
    memories = drained().memories
    held = memories.flash.sectors
    held[0], held[1] = held[1], held[0]
    assert opened(memories).first_wrong() == (0, MISPLACED)
    held[0], held[1] = held[1], held[0]
    del held[1]
    assert opened(memories).first_wrong() == (1, CHANGED)


@pytest.mark.req("INT-5")
def test_a_sector_of_another_layout_is_known_and_left_alone() -> None:
    """Else after another firmware its records are taken for void, and written over."""
    pump = drained()
    head = bytearray(pump.memories.flash.sectors[1][:HEAD])
    head[4] += 1
    crc.put(head, HEAD - crc.SIZE)
    pump.memories.flash.sectors[1][:HEAD] = head
    before = pump.memories.copied()
    again = Pump(pump.memories)
    assert again.draining.lies() == 0 and not again.sectors.room
    again.record(2 * PER_SECTOR + KEEP)
    assert again.rest() == 0 and again.journal.other_flash
    assert again.memories.flash.sectors == before.flash.sectors
    assert again.pulled() == [bytes(again.memories.read_slot(slot)) for slot in range(again.end)]


@pytest.mark.req("INT-2", "INT-12")
@pytest.mark.parametrize("share", [0.0, 0.1, 0.24])  # of the header: none, a part, all but its last bytes
def test_a_torn_sector_is_none_and_is_written_again(share: float) -> None:
    """Else half a sector counts, or its place is lost, or it is programmed without an erase."""
    cut, start = 0, filled(PER_SECTOR + KEEP)
    while True:
        memories = start.copied()
        memories.cut, memories.share = cut, share
        try:
            assert Pump(memories).rest() == 1
            break
        except PowerCut:
            memories.cut = -1
        found = opened(memories)
        assert found.closed == 0
        again = Pump(memories)
        assert again.rest() == 1 and again.sectors.first_wrong() == (-1, WHOLE), cut
        cut += 1
    assert cut == 1 + archive.PAGES + 1


@pytest.mark.req("INT-12")
def test_what_the_flash_does_not_keep_does_not_count() -> None:
    """Else records are gone from the FRAM that the flash never had."""
    pump = Pump(filled(PER_SECTOR + KEEP))
    flash = pump.memories.flash
    put = flash.put
    flash.put = lambda sector, offset, data: put(sector, offset, b"\xff" * 9 + data[9:])  # type: ignore[method-assign]
    assert pump.rest() == 0 and pump.draining.failed and pump.draining.front == 0
    assert numbers(pump.pulled()) == list(range(PER_SECTOR + KEEP))


@pytest.mark.req("INT-12")
def test_records_of_a_fram_that_is_out_are_not_drained() -> None:
    """Else what an open line reads is closed in the flash in place of the records."""
    for out_at in range(12):
        pump = Pump(filled(PER_SECTOR + KEEP))
        for piece in range(40):
            pump.memories.there = not out_at <= piece < out_at + 3
            pump.piece()
        pump.memories.there = True
        pump.rest()
        assert numbers(pump.pulled()) == list(range(PER_SECTOR + KEEP)), out_at


@pytest.mark.req("INT-5", "INT-12")
def test_a_full_flash_is_not_written_over() -> None:
    """Else the oldest session is gone, in silence."""
    memories = filled((SECTORS - 1) * PER_SECTOR // 2)
    for _ in range(3):
        pump = Pump(memories)
        pump.record(40 * PER_SECTOR)
        pump.rest()
    assert pump.sectors.closed == SECTORS and not pump.sectors.room
    full = memories.copied()
    pump.record(2 * PER_SECTOR)
    pump.rest()
    assert memories.flash.sectors == full.flash.sectors and pump.sectors.first_wrong() == (-1, WHOLE)
    assert len(set(numbers(pump.pulled()))) == len(pump.pulled()) == pump.journal.places


@pytest.mark.req("INT-12")
def test_another_fram_gives_no_number_twice() -> None:
    """Else with a new FRAM the numbers begin anew beside the flash that has them."""
    memories = drained().memories
    memories.slots.clear()
    assert Pump(memories).journal.seq == BLOCK
    other = filled(40, 2)
    memories.slots = other.slots
    assert Pump(memories).journal.seq == 2 * BLOCK


@pytest.mark.req("INT-12")
def test_only_whole_records_fit() -> None:
    """Else the last record of a sector reaches into the next one."""
    assert HEAD + PER_SECTOR * SLOT == SECTOR_BYTES and SECTORS * PER_SECTOR == archive.RECORDS >= 5_000

"""The log's memories are freed only of what the laptop has, and no cut lets a number be given twice (INT-12)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from flash_kit import Memories, Pump, each_cut, filled, numbers

from pump.store import clearing
from pump.store.archive import PER_SECTOR, Sectors
from pump.store.draining import KEEP
from pump.store.journal import BLOCK, SLOTS
from pump.tables import messages as m
from pump.tables import states
from toleramp.pump_log import form, keeping, reading

OPENED = hashlib.sha256(b"line 1\n").digest()
RECORDS = 140
SHAPES = ["FRAM", "drained", "moved"]


def memories_of(shape: str) -> Memories:
    """A log that is in the FRAM alone, one of which sectors lie in the flash, and one that has moved down."""
    memories = filled({"FRAM": RECORDS, "drained": PER_SECTOR + KEEP, "moved": 2 * PER_SECTOR + KEEP}[shape])
    Pump(memories).rest()
    return memories


def digest(memories: Memories) -> bytes:
    """That of the laptop's file."""
    found = OPENED
    for place, record in enumerate(Pump(memories).pulled()):
        found = form.linked(found, place, record)
    return found


def free(memories: Memories, proof: bytes, opened: bytes = OPENED) -> int:
    """What service mode says."""
    return int(clearing.free(memories, Sectors(memories.flash), opened, proof))


@pytest.mark.req("INT-5", "INT-12")
@pytest.mark.parametrize("shape", SHAPES)
def test_what_the_laptop_has_is_freed_and_the_numbers_go_on(shape: str) -> None:
    """Else a full log is full for ever, or the next log's records have the numbers of the last one's."""
    memories = memories_of(shape)
    last, number = Pump(memories).pulled()[-1], Pump(memories).journal.seq
    assert free(memories, digest(memories)) == clearing.FREED
    again = Pump(memories)
    assert again.pulled() == [last] and (again.journal.seq, again.end) == (number, 1)
    assert not any(any(memories.read_slot(slot)) for slot in range(1, SLOTS + 1)) and not memories.flash.sectors
    again.record(KEEP + PER_SECTOR)
    assert again.rest() and numbers(again.pulled())[:3] == [int.from_bytes(last[:4], "little"), number, number + 1]


@pytest.mark.req("INT-12")
@pytest.mark.parametrize("change", ["record", "flash", "fewer", "opened"])
def test_what_the_laptop_has_not_stays(change: str) -> None:
    """Else records that are in no file are gone."""
    memories = memories_of("drained")
    proof = digest(memories)
    if change == "record":
        memories.slots[PER_SECTOR + 7] = bytes(memories.read_slot(8))
    elif change == "flash":
        memories.flash.sectors[0][900] ^= 4
    elif change == "fewer":
        proof = form.linked(OPENED, 0, Pump(memories).at(0))
    before = memories.copied()
    assert free(memories, proof, OPENED[::-1] if change == "opened" else OPENED) == clearing.OTHER
    assert memories.slots == before.slots and memories.flash.sectors == before.flash.sectors


@pytest.mark.req("INT-2", "SES-14")
@pytest.mark.parametrize("state", [states.RUNNING, states.HELD, states.LOCKED])
def test_an_open_session_is_not_forgotten(state: int) -> None:
    """Else the pump comes up as if nothing had flowed."""
    memories = memories_of("moved")
    Pump(memories).record(3, state)
    before = dict(memories.slots)
    assert free(memories, digest(memories)) == clearing.UNFINISHED and memories.slots == before


@pytest.mark.req("INT-2", "INT-12")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_after_a_power_cut_at_any_write_it_is_all_there_or_freed(shape: str, share: float) -> None:
    """Else a power cut while it is freed leaves half a log, or records of two logs with one number."""
    start = memories_of(shape)
    whole, proof = Pump(start).pulled(), digest(start)
    number = Pump(start).journal.seq
    seen = set()

    def after(memories: Memories, cut: int) -> None:
        again = Pump(memories)
        left = again.pulled()
        seen.add(len(left))
        assert left in (whole, whole[-1:]) and again.journal.seq == number, cut
        assert free(memories, digest(memories)) == clearing.FREED
        assert Pump(memories).pulled() == whole[-1:]

    count = each_cut(start, lambda memories: free(memories, proof), after, share)
    assert count > KEEP and seen == {len(whole), 1}


@pytest.mark.req("INT-12")
def test_a_memory_that_keeps_nothing_is_told() -> None:
    """Else a person believes that it is free."""
    memories = memories_of("FRAM")
    proof = digest(memories)
    memories.write_slot = lambda slot, content: None  # type: ignore[method-assign]
    assert free(memories, proof) == clearing.FAILED


@pytest.mark.req("INT-12")
def test_a_new_fram_beside_an_old_flash_is_freed_too() -> None:
    """Else the numbers begin anew."""
    memories = memories_of("moved")
    memories.slots.clear()
    assert free(memories, digest(memories)) == clearing.FREED and Pump(memories).journal.seq == BLOCK


@pytest.mark.req("INT-12")
def test_the_digest_is_that_of_the_tools_file(tmp_path: Path) -> None:
    """Else no file ever frees a log."""
    memories = memories_of("moved")
    hello = {"version": "1", "build": "b", "git": "g", "contract": m.CONTRACT}
    with keeping.Keeper.create(tmp_path / "a.jsonl", form.opening(hello, 1)) as keeper:
        keeper.append(Pump(memories).pulled())
    log = reading.read(tmp_path / "a.jsonl")
    assert free(memories, log.head.sha256, form.digest_of(log.opening)) == clearing.FREED

"""The log's memory is freed only of what the laptop has, and no power cut lets a number be given twice (INT-12)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pump.io import KEPT, Outputs
from pump.store import clearing
from pump.store.journal import SLOT, Journal, count_records, open_log, unfinished, valid
from pump.tables import events, states
from pump.tables import messages as m
from toleramp.pump_log import form, keeping, reading

RECORDS = 140
OPENED = hashlib.sha256(b"line 1\n").digest()


class PowerCut(Exception):
    """The power goes within a write."""


class Memory:
    """Slots; the power goes within write number `cut`, of which `bytes_` come."""

    def __init__(self, state: int = states.IDLE, records: int = RECORDS) -> None:
        self.slots: dict[int, bytes] = {}
        self.cut, self.bytes_, self.writes = -1, 0, 0
        journal, out = Journal(), Outputs()
        journal.context(5, 0, state, 2, 0, 0, 0, 0)
        for slot in range(records):
            journal.event(events.PRESSED, 1)
            journal.store_next(out)
            journal.settle(KEPT)
            self.slots[slot] = bytes(out.fram)

    def read(self, slot: int) -> bytearray:
        return bytearray(self.slots.get(slot, bytes(SLOT)))

    def write(self, slot: int, content: bytes) -> None:
        if self.writes == self.cut:
            self.slots[slot] = bytes(content[: self.bytes_]) + bytes(self.read(slot)[self.bytes_ :])
            raise PowerCut
        self.writes += 1
        self.slots[slot] = bytes(content)

    def digest(self) -> bytes:
        """That of the laptop's file."""
        digest = OPENED
        for slot in range(count_records(self.read)):
            digest = form.linked(digest, slot, bytes(self.read(slot)))
        return digest

    def free(self, digest: bytes) -> int:
        return int(clearing.free(self.read, self.write, OPENED, digest))


@pytest.mark.req("INT-5", "INT-12")
def test_what_the_laptop_has_is_freed_and_the_numbers_go_on() -> None:
    """Else a full log is full for ever, or the next log's records have the numbers of the last one's."""
    memory = Memory()
    newest, number = memory.slots[RECORDS - 1], open_log(memory.read)[0]
    assert memory.free(memory.digest()) == clearing.FREED
    assert memory.slots[0] == newest and not any(any(memory.slots[slot]) for slot in range(1, RECORDS))
    assert open_log(memory.read) == (number, 1)


@pytest.mark.req("INT-12")
@pytest.mark.parametrize("change", ["record", "fewer", "opened"])
def test_what_the_laptop_has_not_stays(change: str) -> None:
    """Else records that are in no file are gone."""
    memory = Memory()
    digest = memory.digest()
    if change == "record":
        memory.slots[7] = bytes(memory.read(8))
    elif change == "fewer":
        digest = form.linked(OPENED, 0, memory.slots[0])
    before = dict(memory.slots)
    said = clearing.free(memory.read, memory.write, OPENED[::-1] if change == "opened" else OPENED, digest)
    assert said == clearing.OTHER and memory.slots == before


@pytest.mark.req("INT-2", "SES-14")
@pytest.mark.parametrize("state", [states.RUNNING, states.HELD, states.LOCKED])
def test_an_open_session_is_not_forgotten(state: int) -> None:
    """Else the pump comes up as if nothing had flowed."""
    memory = Memory(state)
    before = dict(memory.slots)
    assert unfinished(memory.read, RECORDS)
    assert memory.free(memory.digest()) == clearing.UNFINISHED and memory.slots == before


@pytest.mark.req("INT-2", "INT-12")
@pytest.mark.parametrize("bytes_", [0, 1, 20, 47])
def test_after_a_power_cut_at_any_write_no_number_is_given_twice(bytes_: int) -> None:
    """Else a power cut while it is freed leaves records of two logs with one number."""
    number = open_log(Memory().read)[0]
    for cut in range(RECORDS):
        memory = Memory()
        memory.cut, memory.bytes_ = cut, bytes_
        with pytest.raises(PowerCut):
            memory.free(memory.digest())
        assert open_log(memory.read)[0] == number, cut
        count = count_records(memory.read)
        assert count and valid(memory.read(count - 1), count - 1)
        memory.cut = -1
        assert memory.free(memory.digest()) == clearing.FREED and open_log(memory.read) == (number, 1), cut


@pytest.mark.req("INT-12")
def test_a_memory_that_keeps_nothing_is_told() -> None:
    """Else a person believes that it is free."""
    memory = Memory()
    digest = memory.digest()
    assert clearing.free(memory.read, lambda slot, content: None, OPENED, digest) == clearing.FAILED


@pytest.mark.req("INT-12")
def test_the_digest_is_that_of_the_tools_file(tmp_path: Path) -> None:
    """Else no file ever frees a log."""
    memory = Memory()
    hello = {"version": "1", "build": "b", "git": "g", "contract": m.CONTRACT}
    with keeping.Keeper.create(tmp_path / "a.jsonl", form.opening(hello, 1)) as keeper:
        keeper.append([bytes(memory.read(slot)) for slot in range(RECORDS)])
    log = reading.read(tmp_path / "a.jsonl")
    opened = form.digest_of(log.opening)
    assert clearing.free(memory.read, memory.write, opened, log.head.sha256) == clearing.FREED


@pytest.mark.req("INT-12")
@pytest.mark.parametrize("records", [1, 2])
def test_a_log_of_a_record_or_two_is_freed_too(records: int) -> None:
    """Else the second one stays, and a tool says that the memory is free."""
    memory = Memory(records=records)
    newest = memory.slots[records - 1]
    assert memory.free(memory.digest()) == clearing.FREED
    assert memory.slots[0] == newest and count_records(memory.read) == 1
    assert memory.writes == (records if records > 1 else 0), "one alone is the newest already"


@pytest.mark.parametrize(("records", "looks"), [(256, 1), (257, 2), (513, 3)])
def test_it_says_that_it_is_still_there_each_256_slots(records: int, looks: int) -> None:
    """Else the watchdog ends it in the middle: once while it is read, once while it is freed."""
    memory, told = Memory(records=records), [0]

    def tell() -> None:
        told[0] += 1

    clearing.free(memory.read, memory.write, OPENED, memory.digest(), tell)
    assert told[0] == 2 * looks

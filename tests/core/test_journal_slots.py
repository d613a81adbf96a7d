"""Where the next record goes: its number, its slot, and what becomes of one that is not proved (INT-2, INT-12)."""

from __future__ import annotations

import struct

import pytest
from test_journal import Memory, written

from pump.base import crc
from pump.io import FAILED, KEPT, NO_WRITE, START, TAKEN, TRIES, Outputs
from pump.store import journal
from pump.store.journal import BLOCK, RECORD, RING, SLOTS, Journal
from pump.tables import events, states
from pump.tables.causes import BIT, JOURNAL_FULL, LOG_LOST

HALF = 1 << 12  # blocks of numbers of a pump that knows its log


def handed(log: Journal) -> tuple[int, int]:
    """Slot and number of the record that goes to the memory in this scan; -1: none."""
    out = Outputs()
    out.clear()
    log.store_next(out)
    return out.fram_slot, struct.unpack_from("<I", out.fram, 0)[0]


def with_records(count: int, first: int = 0, slot: int | None = None) -> Journal:
    """A journal with so many records that nobody has stored."""
    log = Journal(first, slot)
    for _ in range(count):
        log.event(events.PRESSED, 1, 0)
    return log


@pytest.mark.req("INT-12")
def test_a_blank_memory_begins_with_the_first_slot_and_number() -> None:
    """Else a new pump's log has a gap before its first record."""
    assert journal.open_log(Memory().read) == (0, 0)


@pytest.mark.req("INT-12")
@pytest.mark.parametrize(
    ("block", "following"), [(0, 1), (1, 2), (2730, 2731), (HALF - 2, HALF - 1), (HALF - 1, 0), (HALF, 1)]
)
def test_each_power_on_has_a_block_of_numbers_of_its_own(block: int, following: int) -> None:
    """Else a number is given twice; after thousands of power-ons they go round, without those of an unknown log."""
    _, memory = written(3, None, block * BLOCK + 5, 0)
    assert journal.open_log(memory.read) == (following * BLOCK, 3)


@pytest.mark.req("INT-2", "INT-12")
def test_what_is_not_proved_is_written_again_and_what_is_taken_is_passed_over() -> None:
    """Else a record is lost, or written where something sound lies."""
    log = with_records(2)
    log.settle(KEPT)  # another's: nothing is on its way yet
    assert handed(log) == (0, 0)
    log.settle(NO_WRITE)
    assert handed(log) == (0, 0)
    log.settle(FAILED)
    assert (log.stored, handed(log)) == (0, (0, 0))
    log.settle(TAKEN)
    assert (log.stored, handed(log)) == (0, (1, 0))
    log.settle(KEPT)
    assert (log.stored, handed(log)) == (1, (2, 1))
    log.settle(KEPT)
    assert (log.stored, handed(log)[0]) == (2, -1)


@pytest.mark.req("INT-5")
@pytest.mark.parametrize(("count", "lost"), [(RING - 1, 0), (RING, 0), (RING + 1, 1), (2 * RING, RING)])
def test_as_many_as_the_ring_has_wait_for_the_memory(count: int, lost: int) -> None:
    """Else one that could be kept is given up, or one that was lost is not counted."""
    log = with_records(count)
    assert (log.lost, handed(log)) == (lost, (0, lost))
    assert log.holds(lost) and not log.holds(lost - 1) and not log.holds(count)


@pytest.mark.req("INT-9", "INT-12")
def test_a_memory_that_did_not_answer_is_not_written_and_that_is_told() -> None:
    """Else the log of earlier sessions is overwritten from its first slot on, in silence."""
    log = with_records(1)
    assert log.bits == 0
    log.unheard()
    assert log.bits == BIT[LOG_LOST] and handed(log)[0] == -1


@pytest.mark.req("INT-5", "INT-12")
def test_the_last_slot_is_written_and_then_the_log_is_full() -> None:
    """Else the settings behind it are overwritten, or nobody is told."""
    log = with_records(2, SLOTS - 1)
    assert handed(log) == (SLOTS - 1, SLOTS - 1) and log.bits == 0
    log.settle(KEPT)
    assert log.bits == BIT[JOURNAL_FULL] and handed(log)[0] == -1


@pytest.mark.req("INT-2")
@pytest.mark.parametrize("gap", [1, journal.LOOK - 1])
def test_a_damaged_stretch_hides_nothing_behind_it(gap: int) -> None:
    """Else the next record is written over a sound one, or under a number that is given."""
    _, memory = written(200)
    for slot in range(100, 100 + gap):
        memory.slots[slot] = bytearray(b"\x55" * RECORD)
    assert journal.count_records(memory.read) == 200


@pytest.mark.req("INT-2")
def test_a_record_says_its_time_to_the_millisecond() -> None:
    """Else the chart's times are those of another scan."""
    log, work = Journal(), bytearray(RECORD)
    log.context(3_600, 999, 1, 2, 0, 50_000, 77, 5)
    log.event(events.PRESSED, 1, 0)
    log.copy(0, work, 0)
    assert struct.unpack_from("<IIH", work, 0)[1:] == (3_600, 999)
    assert crc.holds(work, RECORD - crc.SIZE)


@pytest.mark.req("INT-12", "SES-14")
@pytest.mark.parametrize("count", [1, 2, 3, 70])
def test_the_newest_record_is_the_last_one_and_nothing_before_the_first_is_asked_for(count: int) -> None:
    """Else a power-on goes by the record before, or reads what is no slot."""
    _, memory = written(count)

    def read(slot: int) -> bytearray:
        assert 0 <= slot < SLOTS
        return memory.read(slot)

    assert journal.newest(read, count) == (count - 1, states.RUNNING, (count - 1) * 10)
    assert journal.newest(read, 0) == (-1, 0, 0) and journal.unfinished(read, 0) == 0
    log, memory.slots, out = Journal(), {}, Outputs()
    for _ in range(count):  # none of them says anything of a session
        log.context(1, 0, states.IDLE, 0, 0, 0, 0, 0)
        log.event(events.PRESSED, START)
        log.store_next(out)
        memory.take(out)
        log.settle(KEPT)
    assert journal.unfinished(read, count) == 0


@pytest.mark.req("INT-12", "INT-5")
@pytest.mark.parametrize("worn", [0, 3, 15, 16, 63])
def test_a_worn_slot_is_passed_over(worn: int) -> None:
    """Else one bad byte ends the log for good; what lies behind it is found at the next power-on."""
    log, memory, out = Journal(BLOCK, 0), Memory(), Outputs()
    for number in range(70):
        log.context(number, 0, states.RUNNING, 3, 0, 0, number, 0)
        log.event(events.PRESSED, 1)
        for _ in range(TRIES + 1):
            out.clear()
            log.store_next(out)
            if out.fram_slot >= 0 and out.fram_slot != worn:
                memory.take(out)
            log.settle(FAILED if out.fram_slot == worn else KEPT)
    assert log.stored == log.seq and log.slot == 71 and not log.lost
    assert journal.open_log(memory.read) == (2 * BLOCK, 71)
    assert journal.newest(memory.read, 71) == (BLOCK + 69, states.RUNNING, 69)


@pytest.mark.req("INT-12")
def test_in_a_pumps_first_log_a_worn_slot_is_not_passed_over() -> None:
    """There a record's number is its slot: one in the next slot would count as none. It waits."""
    log = with_records(3)
    for _ in range(4 * TRIES):
        assert handed(log) == (0, 0)
        log.settle(FAILED)
    assert (log.stored, log.slot) == (0, 0)

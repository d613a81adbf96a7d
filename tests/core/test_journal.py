"""The journal: what was written is found again, what is torn is dropped, what is lost is counted (INT-2, INT-5)."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.base import crc
from pump.io import FAILED, KEPT, TAKEN, Outputs
from pump.store import journal
from pump.tables import events, states
from toleramp_bench.records import unpack_record

RECORD, SLOT, SLOTS = journal.RECORD, journal.SLOT, journal.SLOTS


class Memory:
    """The FRAM: slots of 48 bytes; erased, random, or with another log in it."""

    def __init__(self, fill: Callable[[int], bytes] = lambda slot: bytes(SLOT)) -> None:
        self.fill = fill
        self.slots: dict[int, bytearray] = {}

    def read(self, slot: int) -> bytearray:
        return bytearray(self.slots.get(slot) or self.fill(slot))

    def take(self, out: Outputs) -> None:
        """What the board does with the outputs of a scan."""
        if out.fram_slot >= 0:
            assert out.fram_slot not in self.slots, "a committed record was overwritten"
            self.slots[out.fram_slot] = bytearray(out.fram)


def written(
    count: int, memory: Memory | None = None, first: int = 0, slot: int | None = None
) -> tuple[journal.Journal, Memory]:
    """A journal with so many records, each in the memory at once."""
    log, memory, out = journal.Journal(first, slot), memory or Memory(), Outputs()
    for number in range(count):
        log.context(number, number % 1000, states.RUNNING, 3, 0, 46_875, number * 10, number)
        log.event(events.PRESSED, number & 255, -number)
        out.clear()
        log.store_next(out)
        memory.take(out)
        log.settle(KEPT)
    return log, memory


@pytest.mark.req("INT-5")
@given(
    st.integers(0, 2**31), st.integers(0, 999), st.sampled_from(events.NAMES[1:]), st.integers(0, 11),
    st.integers(0, 40), st.integers(0, 18), st.integers(-(2**15), 2**15 - 1),
    st.integers(0, 12_000_000), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_record_is_read_as_it_was_written(
    t_s: int, t_ms: int, name: str, state: int, step: int, code: int, arg: int, rate: int, pulses: int
) -> None:
    """Else the chart shows another session."""
    log = journal.Journal(7)
    log.context(t_s, t_ms, state, step, 2, rate, pulses, 999_999)
    if events.CODE[events.NAMES.index(name)] in (events.OF_NOTHING, events.OF_CAUSE, events.OF_KEYS, events.OF_SETTING):
        log.event(events.NAMES.index(name), code, arg)
        work = bytearray(RECORD)
        log.copy(7, work, 0)
        record = unpack_record(bytes(work))
        assert crc.holds(work, RECORD - crc.SIZE)
        assert (record["seq"], record["t_ms"], record["event"]) == (7, t_s * 1000 + t_ms, name)
        assert (record["state"], record["step"], record["arg"]) == (states.NAMES[state], step, arg)
        assert (record["rate_e4"], record["pulses"]) == (rate, pulses)


@pytest.mark.req("INT-2", "INT-5")
@settings(max_examples=40)
@given(st.integers(0, 200), st.sampled_from(("zeros", "ones", "noise")), st.integers(0, 10**6))
def test_the_end_is_found_in_blank_or_foreign_memory(count: int, rest: str, seed: int) -> None:
    """Else after power loss records are written over, or rubbish is read as a log."""
    noise = random.Random(seed).randbytes(SLOT)
    fill = {"zeros": bytes(SLOT), "ones": b"\xff" * SLOT, "noise": noise}[rest]
    _, memory = written(count, Memory(lambda slot: fill))
    assert journal.count_records(memory.read) == count


@pytest.mark.req("INT-2")
@settings(max_examples=60)
@given(st.integers(0, 120), st.integers(0, RECORD - 1), st.binary(min_size=SLOT, max_size=SLOT))
def test_a_torn_record_is_dropped_and_none_before_it(count: int, torn_at: int, old: bytes) -> None:
    """Else half a record after a power cut is believed, or a whole one lost."""
    log, memory = written(count)
    log.event(events.STOPPED, 4, 0)
    out = Outputs()
    log.store_next(out)
    if bytes(out.fram[torn_at:RECORD]) != old[torn_at:RECORD]:
        memory.slots[count] = bytearray(bytes(out.fram[:torn_at]) + old[torn_at:])
        assert journal.count_records(memory.read) == count


@pytest.mark.req("INT-2", "INT-5")
def test_after_power_loss_the_numbers_go_on() -> None:
    """Else two records have one number and a gap is not seen."""
    _, memory = written(100)
    first = journal.count_records(memory.read)
    log, _ = written(50, memory, first)
    assert first == 100 and log.seq == 150
    assert journal.count_records(memory.read) == 150


@pytest.mark.req("INT-2")
def test_a_full_memory_is_full_and_not_written_again() -> None:
    """Else the oldest records are overwritten."""
    log, memory = written(SLOTS - 1)
    assert not log.full()
    log, _ = written(3, memory, SLOTS - 1)
    assert log.full()
    assert sorted(memory.slots) == list(range(SLOTS))
    assert journal.count_records(memory.read) == SLOTS


@pytest.mark.req("INT-5")
@given(st.integers(0, 300))
def test_records_that_could_not_be_stored_are_counted(count: int) -> None:
    """Else a gap in the log is not known."""
    log, out, memory = journal.Journal(), Outputs(), Memory()
    for _ in range(count):
        log.event(events.PRESSED, 1, 0)
    for _ in range(journal.RING + 5):
        out.clear()
        log.store_next(out)
        memory.take(out)
        log.settle(KEPT)
    assert log.lost == max(0, count - journal.RING)
    assert len(memory.slots) == min(count, journal.RING)
    assert all(journal.valid(bytearray(record), slot) for slot, record in memory.slots.items())


@pytest.mark.req("INT-2", "INT-5")
def test_at_least_5000_events_fit() -> None:
    """Else the longest session ends with a full log."""
    assert SLOTS >= 5000 and (SLOTS + 32) * journal.SLOT <= 256 * 1024


@pytest.mark.req("INT-5")
def test_a_record_from_before_power_loss_is_not_held_in_ram() -> None:
    """Else the host is sent an empty record under its number."""
    log = journal.Journal(100)
    assert not log.holds(99)
    log.event(events.BOOT, 1, 0)
    assert log.holds(100) and not log.holds(99) and not log.holds(101)


@pytest.mark.req("INT-4", "INT-5")
@given(st.integers(0, 8 * RECORD - 1))
def test_a_flipped_bit_in_a_record_is_found(bit: int) -> None:
    """Else a tampered log reads as true."""
    log, memory = written(1)
    memory.slots[0][bit // 8] ^= 1 << bit % 8
    assert journal.count_records(memory.read) == 0
    assert log.seq == 1


# -- nothing sound is overwritten (INT-12)


def sound(number: int) -> bytearray:
    """A record of that number that holds."""
    record = bytearray(SLOT)
    record[:4] = number.to_bytes(4, "little")
    record[9] = 7
    crc.put(record, RECORD - crc.SIZE)
    return record


@pytest.mark.req("INT-12", "INT-4")
@pytest.mark.parametrize(
    ("first", "count"),
    [
        (4080, 7), (4080, 8), (4081, 8), (4084, 64), (100, 64), (4590, 8), (4845, 8), (4990, 8), (4970, 16),
        (2500, 1000), (0, 64), (0, 4000), (4936, 63), (2699, 1), (1349, 8),
    ],
)  # fmt: skip
def test_a_damaged_stretch_is_no_end(first: int, count: int) -> None:
    """Else eight damaged slots where the search looks let 912 sound records be written over."""
    memory = [sound(n) for n in range(5000)]
    for slot in range(first, first + count):
        memory[slot][12] ^= 0x55
    assert journal.count_records(lambda slot: memory[slot] if slot < 5000 else bytearray(SLOT)) == 5000


@pytest.mark.req("INT-12")
def test_the_end_is_found_with_few_readings() -> None:
    """Else the first answer after power-on comes late (0.15 s)."""
    for count in (0, 1, 2700, SLOTS):
        read: list[int] = []

        def look(slot: int, count: int = count, read: list[int] = read) -> bytearray:
            read.append(slot)
            return sound(slot) if slot < count else bytearray(SLOT)

        assert journal.count_records(look) == count
        assert len(read) <= 170


@pytest.mark.req("INT-12")
@given(st.integers(0, 60), st.integers(1, 30), st.integers(0, 5))
def test_a_sound_record_in_the_way_is_stepped_over(own: int, away: int, many: int) -> None:
    """Else what the search has not seen is lost when its slot's turn comes."""
    log, memory = written(own)
    ahead = {own + away + k: sound(70_000 + k) for k in range(many)}
    memory.slots |= ahead
    out = Outputs()
    for _ in range(away + many + 3):
        log.event(events.PRESSED, 1, 0)
        for _ in range(many + 1):
            out.clear()
            log.store_next(out)
            if out.fram_slot < 0:
                break
            taken = journal.valid(memory.read(out.fram_slot), out.fram_slot)
            if not taken:
                memory.take(out)
            log.settle(TAKEN if taken else KEPT)
    assert all(memory.slots[slot] == record for slot, record in ahead.items())
    assert log.stored == log.seq and len(memory.slots) == log.seq + many


@pytest.mark.req("INT-12")
@pytest.mark.parametrize("fails", [1, 3, 100])
def test_a_record_is_handed_out_until_it_is_proved(fails: int) -> None:
    """Else a record that never reached the memory counts as kept."""
    log, memory = written(4)
    log.event(events.PRESSED, 1, 0)
    out = Outputs()
    for _ in range(fails):
        out.clear()
        log.store_next(out)
        assert out.fram_slot == 4
        log.settle(FAILED)
    assert log.stored == 4
    log.store_next(out)
    memory.take(out)
    log.settle(KEPT)
    assert log.stored == log.seq == 5 and journal.count_records(memory.read) == 5


@pytest.mark.req("INT-12")
def test_each_power_on_has_numbers_of_its_own() -> None:
    """Else records that only the laptop has are given their numbers again."""
    memory, first, seen = Memory(), (0, 0), set()
    for _ in range(5):
        log, _ = written(3, memory, *first)
        lost = journal.Journal(log.seq)
        for _ in range(100):
            lost.event(events.PRESSED, 1, 0)  # while the memory did not answer
        mine = set(range(first[0], lost.seq))
        assert not mine & seen
        seen |= mine
        first = journal.open_log(memory.read)
        assert first[1] == journal.count_records(memory.read)
    for drawn in (0, 1, 65_535):
        number, slot = journal.unknown_log(drawn)
        assert slot < 0 and number > max(seen) and number + journal.BLOCK <= 1 << 30


@pytest.mark.req("INT-12", "INT-10")
def test_the_last_number_of_a_power_on_is_not_passed() -> None:
    """Else a flood of records runs into the numbers of the next power-on."""
    log = journal.Journal(2 * journal.BLOCK - 3, 10)
    for _ in range(10):
        log.event(events.PRESSED, 1, 0)
    assert log.seq == 2 * journal.BLOCK - 1 and log.full() and log.lost

"""The pump's log in its two memories while scans go on: drained at rest alone, and found wherever it lies (INT-5)."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from core_kit import encode, run_to_step, scan_s, short, start, state, tap
from flash_kit import filled, numbers
from test_archive import ask, pull
from test_link_limits import frame

from pump.io import START, STOP
from pump.link import frames
from pump.store.archive import PER_SECTOR
from pump.store.draining import KEEP
from pump.store.journal import BLOCK, RING, SLOTS, valid
from pump.tables import messages as m
from pump.tables import parts, refusals
from toleramp_bench.boards.core_pump import CorePump

PAST = 2 * PER_SECTOR + KEEP
POWER_ON = 1
WAIT = 60  # scans
MANY = 30 * PER_SECTOR + KEEP  # more than is drained before a hand is at the keys


def with_past(records: int = PAST, rests: bool = True) -> CorePump:
    """A pump with a log of an earlier power-on; it has rested, or has just come up."""
    pump = CorePump(20_000)
    pump.board.fram.update(filled(records).slots)
    pump.again(POWER_ON, True)
    if rests:
        scan_s(pump, 3)
    return pump


def record_of(pump: CorePump, seq: int) -> tuple[int, bytes]:
    """(type, payload) of the answer to a request for a record, and what comes within WAIT scans."""
    receiver = frames.Receiver()
    pump.board.to_pump += frame(m.LOG_GET[0], struct.pack("<I", seq), 9)
    for _ in range(WAIT):
        pump.scan()
        assert pump.out.fram_slot < 0 or pump.out.read_slot < 0, "a read beside a write"
        for byte in pump.out.tx[: pump.out.tx_n]:
            length = receiver.take(byte)
            if length >= 0 and receiver.buf[1] == 9:
                return receiver.buf[0], bytes(receiver.buf[2 : 2 + length])
    return 0, b""


def running(pump: CorePump) -> CorePump:
    """The same with a session on."""
    pump.load(encode(short()))
    start(pump)
    run_to_step(pump, 2)
    return pump


@pytest.mark.req("INT-5")
def test_a_pump_that_rests_drains_its_log() -> None:
    """Else it is full after some sessions, and then tells nobody anything."""
    pump = with_past(rests=False)
    before = pump.controller.journal.places
    whole = [pump.board.log.record(place) for place in range(before)]
    scan_s(pump, 3)
    journal = pump.controller.journal
    assert (journal.drained, journal.front) == (2 * PER_SECTOR, 0)
    assert pull(pump)[:before] == whole and len(pump.board.fram) < KEEP + PER_SECTOR


@pytest.mark.req("INT-5", "INT-12", "SES-14")
@pytest.mark.parametrize("scans", range(14))
def test_a_start_while_it_drains_is_a_start_as_ever(scans: int) -> None:
    """Else the session's first records are lost, or stand twice."""
    pump = with_past(MANY, rests=False)
    for _ in range(scans):
        pump.scan()
    running(pump)
    erases = pump.board.log.flash.erases
    assert pump.controller.journal.front > 0
    assert pump.out.flowing and pump.out.log_end == -1
    scan_s(pump, 2)
    found = pull(pump)
    assert pump.board.log.flash.erases == erases, "an erase in flow"
    told = numbers(found)
    assert told == sorted(set(told)) and all(valid(bytearray(record), 0) for record in found)
    assert told[-1] == pump.controller.journal.stored - 1
    pump.board.off()
    pump.again(POWER_ON, True)
    assert state(pump) == "recovered" and pull(pump)[: len(found)] == found
    assert pump.board.log.flash.erases == erases, "an erase before somebody has decided"


@pytest.mark.req("FLO-6", "SEC-1")
@pytest.mark.parametrize("what", ["key", "laptop", "load", "FRAM out", "recovered", "testing"])
def test_nothing_is_drained_while_somebody_waits_for_the_pump(what: str) -> None:
    """Else a press, a load or an alarm comes late by an erase; or an open line is drained for records."""
    pump = with_past(rests=False)
    hold: dict[str, Callable[[], None]] = {
        "key": lambda: pump.board.key(START, True),
        "laptop": lambda: pump.board.to_pump.extend(b"\0"),
        "load": lambda: pump.board.to_pump.extend(frame(m.LOAD_BEGIN[0], struct.pack("<HI", 300, 5))),
        "FRAM out": lambda: pump.board.unplug(parts.FRAM, True),
        "recovered": lambda: None,
        "testing": lambda: None,
    }
    if what == "recovered":
        running(pump)
        pump.board.off()
        pump.again(POWER_ON, True)
    elif what == "testing":
        pump.again(POWER_ON, True, tests=True)
        pump.board.tests.begin(True)
    pump.scan()
    hold[what]()
    pump.scan()
    erases = pump.board.log.flash.erases
    for _ in range(30):
        if what == "laptop":
            hold[what]()
        pump.scan()
        if what == "testing" and not pump.controller.checks.pending:
            break
        assert pump.out.log_end == -1
    assert pump.board.log.flash.erases == erases


@pytest.mark.req("INT-5")
@pytest.mark.parametrize("flows", [False, True])
def test_a_record_is_found_in_ram_fram_and_flash(flows: bool) -> None:
    """Else what a laptop has missed is gone for it as soon as 64 newer ones have come."""
    pump = with_past()
    if flows:
        running(pump)
    for _ in range(RING + 9):
        pump.controller.log(0)
        pump.scan()
    scan_s(pump, 1)
    found = pull(pump)
    told = numbers(found)
    assert told[0] == 0 and told[-1] >= BLOCK + RING
    ends = [0, PER_SECTOR, 2 * PER_SECTOR, PAST]
    for place in [*ends, *(end - 1 for end in ends), *(end + 1 for end in ends), -RING]:
        assert record_of(pump, told[place]) == (m.EVENT[0], found[place]), place
    for seq in (PAST, PAST + 7, BLOCK - 1, pump.controller.journal.seq, (1 << 30) - 1):
        kind, payload = record_of(pump, seq)
        assert kind == m.REFUSED[0] and payload[:2] == bytes((m.LOG_GET[0], refusals.RANGE)), seq
    assert pump.out.flowing is flows


@pytest.mark.req("INT-5", "INT-7")
def test_a_neighbour_is_found_at_once_and_damage_is_passed_over() -> None:
    """Else who fetches what it missed takes minutes; or one bad cell hides half of the log."""
    pump = with_past()
    for place in (PAST // 2, PAST // 4, 1):
        sector, at = divmod(place, PER_SECTOR)
        pump.board.log.flash.sectors[sector][64 + at * 48 + 20] ^= 1
    found = pull(pump)
    told = numbers(found)
    for place in range(PAST):
        kind, payload = record_of(pump, told[place])
        sound = valid(bytearray(found[place]), 0)
        assert (kind, payload) == (m.EVENT[0], found[place]) if sound else kind == m.REFUSED[0], place
    before = pump.now_us
    record_of(pump, told[10])
    assert pump.now_us - before <= 4 * 20_000


@pytest.mark.req("INT-5")
def test_a_pull_while_the_log_moves_has_each_record_once() -> None:
    """Else who pulls while the pump rests has a gap, or records twice."""
    pump = with_past(rests=False)
    found: list[bytes] = []
    drained = set()
    while True:
        kind, payload = ask(pump, len(found), m.STORED_MOST)
        assert kind == m.STORED[0]
        head = struct.calcsize(m.STORED[1])
        end = struct.unpack_from(m.STORED[1], payload)[1]
        found += [payload[at : at + 48] for at in range(head, len(payload), 48)]
        drained.add(pump.snap.lies)
        if len(found) >= end:
            break
    assert numbers(found)[:PAST] == list(range(PAST)) and len(drained) >= 3
    assert len(set(numbers(found))) == len(found)


@pytest.mark.req("INT-5", "INT-12")
def test_a_full_fram_goes_on_after_a_rest() -> None:
    """Else a full memory stays full, whatever room the flash has."""
    memories = filled(SLOTS - 40, 2)
    pump = CorePump(20_000)
    pump.board.fram.update(memories.slots)
    pump.again(POWER_ON, True)
    running(pump)
    for _ in range(60):
        pump.controller.log(0)
        pump.scan()
    scan_s(pump, 1)
    assert pump.controller.journal.full() and ask(pump, 0, 0)[1][7] & m.FRAM_FULL
    tap(pump, STOP)
    pump.board.to_pump += frame(m.STOP[0])
    scan_s(pump, 60)
    journal = pump.controller.journal
    assert not journal.full() and journal.drained > 50 * PER_SECTOR and journal.front == 0
    told = numbers(pull(pump))
    assert told == sorted(set(told)) and len(told) > SLOTS


@pytest.mark.req("INT-5")
def test_the_heads_of_the_sectors_can_be_read() -> None:
    """Else nobody can hold the chain that the flash closes against the records."""
    pump = with_past()
    kind, payload = ask(pump, m.HEADS, m.STORED_MOST)
    at = struct.calcsize(m.STORED[1])
    held = pump.board.log.flash.sectors
    assert kind == m.STORED[0] and payload[at:] == bytes(held[0][:48]) + bytes(held[1][:48])
    assert len(ask(pump, m.HEADS + 1, 1)[1]) == at + 48 and len(ask(pump, m.HEADS + 2, 1)[1]) == at
    assert ask(pump, m.HEADS - 1, 1)[1][1] == refusals.RANGE

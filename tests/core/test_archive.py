"""Records of the FRAM over the host line: all of them, as they lie there, at rest and in flow, never beside a write."""

from __future__ import annotations

import struct

import pytest
from core_kit import pump_with, run_to_step, scan_s, short, start
from test_link_limits import frame

from pump.link import frames
from pump.store.journal import RECORD, SLOTS
from pump.tables import messages as m
from pump.tables import parts, refusals
from toleramp_bench.boards.core_pump import CorePump

HEAD = struct.calcsize(m.STORED[1])
WAIT = 40  # scans


def ask(pump: CorePump, slot: int, count: int, more: bytes = b"") -> tuple[int, bytes]:
    """(type, payload) of the answer to a request for records; `more` goes over the line in each scan until then."""
    receiver = frames.Receiver()
    pump.board.to_pump += frame(m.STORED_GET[0], struct.pack("<HB", slot, count), 7)
    for _ in range(WAIT):
        pump.scan()
        assert pump.out.fram_slot < 0 or pump.out.read_slot < 0, "a read beside a write"
        pump.board.to_pump += more
        for byte in pump.out.tx[: pump.out.tx_n]:
            length = receiver.take(byte)
            if length >= 0 and receiver.buf[1] == 7:
                return receiver.buf[0], bytes(receiver.buf[2 : 2 + length])
    return 0, b""


def pull(pump: CorePump) -> list[bytes]:
    """All that the memory holds, slot by slot."""
    found: list[bytes] = []
    while True:
        kind, payload = ask(pump, len(found), m.STORED_MOST)
        assert kind == m.STORED[0]
        slot, end, lost, _ = struct.unpack_from(m.STORED[1], payload)
        assert (slot, lost) == (len(found), 0)
        found += [payload[at : at + RECORD] for at in range(HEAD, len(payload), RECORD)]
        if len(found) >= end:
            return found


@pytest.mark.req("INT-5", "SEC-1")
@pytest.mark.parametrize("flows", [False, True])
def test_all_that_is_stored_can_be_read_back(flows: bool) -> None:
    """Else what left the memory of 64 records can only be read by a screwdriver; or it disturbs the flow."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 2)
    for _ in range(100):
        pump.controller.log(0)
        pump.scan()
    if not flows:
        pump.controller.link.request = 0
        pump.board.to_pump += frame(m.STOP[0])
        scan_s(pump, 1)
    found = pull(pump)
    assert pump.out.flowing is flows and len(found) > 64 + m.STORED_MOST
    assert found == [bytes(pump.board.slot(slot)) for slot in range(len(found))]
    assert len(found) == pump.controller.journal.slot


@pytest.mark.req("INT-5", "INT-9")
def test_a_memory_that_does_not_answer_is_told() -> None:
    """Else a pull waits for ever, or takes what an open line reads for a record."""
    pump = CorePump(20_000)
    pump.controller.boot()
    scan_s(pump, 1)
    pump.board.unplug(parts.FRAM, True)
    kind, payload = ask(pump, 0, 1)
    assert kind == m.REFUSED[0] and payload[:2] == bytes((m.STORED_GET[0], refusals.UNREAD))
    pump.board.unplug(parts.FRAM, False)
    assert ask(pump, 0, 1)[0] == m.STORED[0]
    pump.controller.journal.unheard()
    assert ask(pump, 0, 1)[1][:2] == payload[:2]


@pytest.mark.req("INT-5")
@pytest.mark.parametrize(("slot", "count", "code"), [(SLOTS + 1, 1, refusals.RANGE), (0, 5, refusals.RANGE)])
def test_what_cannot_be_asked_is_refused(slot: int, count: int, code: int) -> None:
    """Else settings and orders go out as if they were records, or a frame is longer than the line's."""
    kind, payload = ask(CorePump(20_000), slot, count)
    assert kind == m.REFUSED[0] and payload[1] == code


@pytest.mark.req("INT-5", "INT-7")
def test_behind_the_end_there_is_nothing_and_other_requests_do_not_stop_it() -> None:
    """Else the void is taken for records; or a ping now and then keeps a pull from going on."""
    pump = CorePump(20_000)
    pump.controller.boot()
    scan_s(pump, 1)
    end = pump.controller.journal.slot
    kind, payload = ask(pump, end, 4)
    assert kind == m.STORED[0] and len(payload) == HEAD and struct.unpack_from("<HH", payload) == (end, end)
    kind, payload = ask(pump, 0, 4, more=frame(m.PING[0], number=9))
    assert kind == m.STORED[0] and len(payload) == HEAD + end * RECORD


@pytest.mark.req("INT-5")
def test_a_power_on_names_the_tables_by_which_its_records_are_read() -> None:
    """Else after an update of the firmware the old records are read with the new names."""
    pump = CorePump(20_000)
    pump.controller.boot(3)
    scan_s(pump, 1)
    fields = dict(zip(m.EVENT[2].split(), struct.unpack(m.EVENT[1], pump.board.slot(0)), strict=True))
    assert fields["arg"] & 0xFFFFFFFF == m.CONTRACT and fields["code"] == 3

"""What the line may ask, and how often: no flood takes memory, fills the log or silences the stream (INT-7, INT-10)."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from core_kit import host, pump_with, run_to_step, scan_s, short, start, state, tap, until

from pump.io import START
from pump.link import frames
from pump.store.journal import RING
from pump.tables import events, refusals
from pump.tables import messages as m
from toleramp_bench.boards.core_pump import CorePump

WRONG = b"TLR-X-9999"
REQUESTS = [row for row in m.ROWS if row[4] != m.PUMP]


def frame(kind: int, payload: bytes = b"", number: int = 1) -> bytes:
    """One request as it goes over the line."""
    plain, coded = bytearray(frames.MAX_PLAIN), bytearray(frames.MAX_CODED)
    plain[0], plain[1] = kind, number
    plain[2 : 2 + len(payload)] = payload
    return bytes(coded[: frames.encode(plain, len(payload), coded)])


def answers(pump: CorePump, requests: bytes, seconds: float) -> list[tuple[int, bytes]]:
    """(type, payload) of all that the pump says while so much comes in each scan."""
    receiver, found = frames.Receiver(), []
    pump.board.link_bytes = 64
    for _ in range(round(seconds * 50)):
        pump.board.to_pump[:] = requests
        pump.scan()
        for byte in pump.out.tx[: pump.out.tx_n]:
            if receiver.take(byte) >= 0:
                found.append((receiver.buf[0], bytes(receiver.buf[2:6])))
    return found


def refused(said: list[tuple[int, bytes]], code: int) -> int:
    """How many answers refuse for that reason."""
    return sum(kind == m.REFUSED[0] and payload[1] == code for kind, payload in said)


def waiting_for_a_bag() -> CorePump:
    pump = pump_with(short(), 20_000)
    tap(pump, START)
    assert state(pump) == "armed"
    return pump


@pytest.mark.req("INT-7", "INT-10")
@pytest.mark.parametrize("row", REQUESTS, ids=[row[0] for row in REQUESTS])
def test_each_kind_of_request_has_a_limit_a_second(row: tuple[object, ...]) -> None:
    """Else one kind, sent back to back, takes the scan, the memory or the log."""
    name, kind, layout = str(row[0]), int(str(row[1])), str(row[2])
    pump = waiting_for_a_bag() if name == "HANG" else CorePump(20_000)
    payload = {"HANG": WRONG, "SIGNED": b""}.get(name, bytes(struct.calcsize(layout)))
    one = frame(kind, payload)
    each = 1 if name == "HANG" else 64 // len(one)  # of several codes in a scan the last one's judgement is the answer
    said = answers(pump, one * each, 4)
    most = m.MOST[REQUESTS.index(row)]
    asked = each * 50
    if asked > most:
        assert 3 <= refused(said, refusals.TOO_OFTEN) <= 5
    kinds = {m.ACKED, m.REFUSED[0], row[6]}
    assert sum(kind in kinds for kind, _ in said) <= 5 * (most + 1)


@pytest.mark.req("INT-7", "PRO-5")
@pytest.mark.parametrize("name", ["PAUSE", "STOP"])
def test_what_holds_or_stops_is_taken_however_much_came_before(name: str) -> None:
    """Else a flood keeps the laptop from stopping."""
    layout = getattr(m, name)
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 2)
    flood = frame(m.PING[0]) * 6
    answers(pump, flood, 2)
    answers(pump, frame(layout[0]), 0.1)
    assert state(pump) == ("held" if name == "PAUSE" else "stopped")


@pytest.mark.req("INT-7", "INT-10")
def test_codes_without_end_write_a_few_records_a_minute() -> None:
    """Else the log is full in four minutes: 25 records a second."""
    pump = waiting_for_a_bag()
    before = pump.controller.journal.seq
    answers(pump, frame(m.HANG[0], WRONG), 20)
    assert pump.controller.journal.seq - before <= 3  # one with its code, and that of the alarm
    host(pump, m.PING[0])
    scan_s(pump, 60)
    told = [event for event in pump.events if event["event"] == "suppressed"]
    assert [event["code"] for event in told] == ["bag_rejected"]
    assert 19 * 4 - 1 <= int(str(told[0]["arg"])) <= 21 * 4


@pytest.mark.req("INT-7", "INT-10")
@pytest.mark.parametrize("in_session", [False, True])
def test_a_flood_of_codes_keeps_no_memory(in_session: bool) -> None:
    """Else 20 s of codes end a session by a reset."""
    pump = waiting_for_a_bag()
    if in_session:
        pump = pump_with(short(), 20_000)
        start(pump)
        run_to_step(pump, 2)
    link = pump.controller.link
    tracemalloc.start()
    link.receive(pump.snap, pump.controller.session.state)
    views = [id(view) for view in link._codes]
    answers(pump, frame(m.HANG[0], WRONG), 2)
    assert link.hung is None and [id(view) for view in link._codes] == views
    tracemalloc.stop()


@pytest.mark.req("INT-7")
def test_the_stream_goes_on_under_a_flood() -> None:
    """Else the monitor sees nothing while somebody else sends codes."""
    pump = waiting_for_a_bag()
    host(pump, m.STREAM[0], struct.pack("<H", 200))
    said = answers(pump, frame(m.HANG[0], WRONG), 4)
    assert sum(kind == m.STATUS[0] for kind, _ in said) >= 15
    assert sum(kind == m.EVENT[0] for kind, _ in said) >= 3


@pytest.mark.req("INT-7", "PRO-8")
@pytest.mark.parametrize("length", [0, 39, 40, 41, 200])
def test_a_code_of_any_length_is_judged_or_refused(length: int) -> None:
    """Else a long code is cut to a right one, or runs over what lies behind it."""
    pump = waiting_for_a_bag()
    assert host(pump, m.HANG[0], b"A" * length) == m.REFUSED[0]
    right = pump.controller.session.bags.codes[0]
    assert host(pump, m.HANG[0], right + b"X") == m.REFUSED[0]
    assert host(pump, m.HANG[0], right) == m.ACKED
    assert pump.controller.session.question.second


@pytest.mark.req("INT-7", "INT-8")
def test_what_a_host_had_begun_ends_with_its_silence() -> None:
    """Else the next laptop's first frame is spoilt by the half of another one's."""
    pump = CorePump(20_000)
    host(pump, m.LOAD_BEGIN[0], struct.pack("<HI", 500, 1))
    pump.board.to_pump += frame(m.PING[0])[:4]
    scan_s(pump, 6)
    link = pump.controller.link
    assert link.receiver.n == 0 and link.loader._size == 0
    assert host(pump, m.PING[0]) == m.ACKED


@pytest.mark.req("INT-7", "FLO-6")
@pytest.mark.parametrize("name", ["PAUSE", "PING", "STATUS_GET"])
def test_what_was_judged_late_is_no_answer_to_another_request(name: str) -> None:
    """Else a pause that acted reads as refused, because a wrong bag's code came in the same scan."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 4)
    assert until(pump, "bag")
    scan_s(pump, 1)
    row = next(row for row in m.ROWS if row[0] == name)
    said = answers(pump, frame(m.HANG[0], WRONG, 1) + frame(row[1], b"", 2), 0.02)
    assert [kind for kind, _ in said] == [row[6]]
    assert (state(pump) == "held") == (name == "PAUSE")


@pytest.mark.req("INT-7")
@pytest.mark.parametrize(
    ("name", "first"), [("LISTEN", b"\1"), ("SET", struct.pack("<BH", 0, 99))], ids=["watched", "out of range"]
)
def test_a_refusal_keeps_its_own_reason(name: str, first: bytes) -> None:
    """Else the one who sent the later of two such requests in a scan reads what was wrong with the one before."""
    kind = next(row[1] for row in m.ROWS if row[0] == name)
    own = refusals.WATCHED if name == "LISTEN" else refusals.RANGE
    for then, code in ((b"", refusals.TRUNCATED), (first, own)):
        pump = CorePump(20_000)
        pump.controller.conditions.monitoring.on = True
        (said,) = answers(pump, frame(kind, first, 1) + frame(kind, then, 2), 0.02)
        assert said[0] == m.REFUSED[0] and said[1][:2] == bytes((kind, code)), refusals.NAMES[said[1][1]]


@pytest.mark.req("INT-5", "INT-10")
@pytest.mark.parametrize(("back", "answer"), [(RING, m.REFUSED), (RING - 1, m.REFUSED), (RING - 2, m.EVENT)])
def test_a_record_whose_place_a_new_one_takes_in_that_scan_is_refused(back: int, answer: tuple[int, str, str]) -> None:
    """Else who asks for the oldest record gets the newest one for it."""
    pump = waiting_for_a_bag()
    journal = pump.controller.journal
    while journal.seq < 2 * RING:
        pump.controller.note(events.PRESSED, 0, 0, 0)
    seq = journal.seq - back
    ((kind, payload),) = answers(
        pump, frame(m.HANG[0], WRONG, 1) + frame(m.LOG_GET[0], struct.pack("<I", seq), 2), 0.02
    )
    assert journal.seq == seq + back + 2, "a wrong code is a record and one with its letters"
    assert kind == answer[0] and (kind == m.REFUSED[0] or payload == struct.pack("<I", seq))

"""What is written of a session, and when; what of it is found (INT-2, INT-12). How it is cut: toleramp_bench.cuts."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from core_kit import classify, pump_with, react, run_to_step, running_at, scan_s, short, start, state, tap
from test_entries import written

from pump.base import crc
from pump.io import FAILED, FRAM_SLOT, STOP, Outputs
from pump.store import entries, saved
from pump.store.entries import GUARD_NOW, GUARD_TURN, HEAD, NOW, PLACES, PROTOCOL, TURN
from pump.store.saved import Found, Saved
from pump.tables import causes, recoveries
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump

pytestmark = pytest.mark.req("INT-2")
ReadSlot = Callable[[int], bytearray | None]


def one_slot(kind: bytes, number: int) -> bytes:
    """A sound writing of one slot."""
    held = bytearray(FRAM_SLOT)
    struct.pack_into(HEAD, held, 0, kind, entries.VERSION, number)
    crc.put(held, FRAM_SLOT - crc.SIZE)
    return bytes(held)


def memory(*writings: tuple[bytes, int]) -> ReadSlot:
    """Reads a memory with these writings (kind, number), each in the place of its number."""
    slots = {PLACES[kind][0] + (number & 1): one_slot(kind, number) for kind, number in writings}
    return lambda slot: bytearray(slots.get(slot, bytes(FRAM_SLOT)))


@pytest.mark.req("SES-14")
@pytest.mark.parametrize(
    ("now", "guard", "pair", "highest", "older"),
    [
        ((4, 5), (4, 5), 5, 5, False),
        ((4, 5), (4,), 4, 5, True),
        ((4,), (4, 5), 4, 5, True),
        ((0,), (0,), 0, 0, True),
        ((6, 7), (4, 5), -1, 7, True),
        ((), (4, 5), -1, 5, True),
        ((), (), -1, 0, True),
    ],
)
def test_the_newest_number_that_both_channels_have_counts(
    now: tuple[int, ...], guard: tuple[int, ...], pair: int, highest: int, older: bool
) -> None:
    """Else one channel goes on from a moment that the other has not seen; or nobody says that a newer one was there."""
    found = Found(memory(*((NOW, number) for number in now), *((GUARD_NOW, number) for number in guard)))
    assert (found.number, found.highest, found.older) == (pair, highest, older)
    assert found.why == (recoveries.NONE if pair >= 0 else recoveries.NO_RECORD)


@pytest.mark.req("INT-12")
@pytest.mark.parametrize("read_slot", [None, lambda slot: None])
def test_a_memory_that_does_not_answer_holds_nothing(read_slot: ReadSlot | None) -> None:
    """Else a power-on without its memory ends in an exception, or goes on from nothing."""
    found = Found(read_slot)
    assert (found.number, found.highest, found.turns, found.protocols) == (-1, 0, [], [])
    assert found.why == recoveries.NO_RECORD and found.protocol(0) is None


def test_the_next_writings_leave_the_newest_sound_ones_where_they_are() -> None:
    """Else a power cut in the first writing after a power-on takes the only sound one."""
    pump = running_at(6)
    react(pump, 4)
    scan_s(pump, 20)
    old = pump.controller.saved
    new = Saved(PL_PULSE)
    new.read(lambda slot: bytearray(pump.board.slot(slot)))
    for name in ("protocol", "_turns", "_guards"):
        assert getattr(new, name).number == getattr(old, name).number > 0, name
    assert new._now.number == new._guard_now.number == old._now.number > 0


@pytest.mark.req("INT-12")
def test_a_decision_is_written_before_its_record() -> None:
    """Else a record tells of a hold that a power cut takes back."""
    pump = pump_with(short())
    start(pump)
    run_to_step(pump, 3)
    scan_s(pump, 10)
    pump.press(STOP)
    first = []
    for _ in range(40):
        pump.scan()
        first.append((pump.controller.saved.first, pump.out.fram_slot))
    assert state(pump) == "held"
    at = next(at for at, (waits, _) in enumerate(first) if waits)
    slots = [slot for waits, slot in first[at:] if slot >= 0]
    assert {slot // 2 for slot in slots[:2]} == {PLACES[NOW][0] // 2, PLACES[GUARD_NOW][0] // 2}, slots
    assert not first[-1][0], "then the log goes on"


@pytest.mark.req("INT-12")
def test_a_place_that_cannot_be_written_keeps_nothing_from_the_log() -> None:
    """Else one bad byte of the memory ends the log."""
    pump = running_at(3)
    sound = pump.board._write
    bad = range(PLACES[NOW][0], PLACES[NOW][0] + 2)
    log = []

    def write(out: Outputs) -> int:
        if out.fram_slot in bad:
            return FAILED
        log.append(out.fram_slot)
        return sound(out)

    pump.board._write = write  # type: ignore[method-assign]
    tap(pump, STOP)
    classify(pump, causes.TECHNICAL)
    scan_s(pump, 10)
    journal = pump.controller.journal
    assert journal.stored >= journal.seq - 2 and log
    assert not pump.controller.saved.first and pump.controller.saved.pair, "it is tried on"


@pytest.mark.parametrize("kind", [TURN, GUARD_TURN, PROTOCOL])
def test_what_is_due_is_handed_out_whatever_else_is_not(kind: bytes) -> None:
    """Else an account of a decision waits for ever, and without it the session cannot be taken up."""
    pump = running_at(6)
    keeper, out = pump.controller.saved, Outputs()
    entry = {TURN: keeper._turns, GUARD_TURN: keeper._guards, PROTOCOL: keeper.protocol}[kind]
    assert not (keeper._turns.due or keeper._guards.due or keeper.protocol.due)
    out.clear()
    keeper.store_more(pump.controller, out)
    assert out.fram_slot < 0, "nothing is due"
    entry.write(written(3, kind))
    keeper.store_more(pump.controller, out)
    first, slots = PLACES[kind]
    assert keeper.handed is entry and first <= out.fram_slot < first + 2 * slots


def test_an_awaited_second_press_is_written_as_a_state_of_its_own() -> None:
    """Else a power cut between the two presses finds a session that nobody has begun to let flow."""
    pump: CorePump = running_at(3)
    tap(pump, STOP)
    keeper, question = pump.controller.saved, pump.controller.session.question
    stands = keeper._stands
    assert not keeper.pair
    question.second = True
    keeper.look(pump.controller, saved.SLOW_MS)
    assert keeper._now.due and keeper._guard_now.due and keeper._stands == stands | saved._SECOND

"""What is longer than one write, piece by piece in two places: the newest whole one stays (INT-2, INT-5)."""

from __future__ import annotations

import struct

import pytest

from pump.base import crc
from pump.io import FRAM_SLOT, KEPT, Outputs
from pump.store.entries import HEAD, NUMBER_MAX, PLACES, TURN, VERSION, Entry, both, number_of

pytestmark = pytest.mark.req("INT-2", "INT-5")
LOST = KEPT + 1


def written(number: int, kind: bytes = TURN, version: int = VERSION, fill: int = 1) -> bytearray:
    """A sound writing of two slots."""
    held = bytearray([fill]) * (2 * FRAM_SLOT)
    struct.pack_into(HEAD, held, 0, kind, version, number)
    crc.put(held, len(held) - crc.SIZE)
    return held


@pytest.mark.parametrize(
    ("held", "number"),
    [
        (written(7), 7),
        (written(0), 0),
        (written(NUMBER_MAX), NUMBER_MAX),
        (written(NUMBER_MAX + 1), -1),
        (written(7, b"TLX"), -1),
        (written(7, version=VERSION - 1), -2),
        (written(7, b"TLX", VERSION - 1), -1),
    ],
)
def test_a_writing_says_its_number_or_why_it_is_none(held: bytearray, number: int) -> None:
    """Else a record of another layout, or of another kind, is taken up."""
    assert number_of(held, TURN, len(held) - crc.SIZE) == number


@pytest.mark.parametrize("at", range(len(written(7))))
def test_a_changed_byte_makes_it_unsound(at: int) -> None:
    """Else a session goes on from a damaged record."""
    held = written(7)
    held[at] ^= 1
    assert number_of(held, TURN, len(held) - crc.SIZE) in (-1, -2)


def test_numbers_go_on_and_the_places_take_turns() -> None:
    """Else the newest whole one is written over, and a power cut leaves none."""
    entry, out, fram = Entry(TURN), Outputs(), {}
    first, slots = PLACES[TURN]
    for number in range(1, 6):
        assert entry.next_number() == number and not entry.due
        entry.write(written(number, fill=number))
        assert entry.number == entry.next_number() == number, "one that is broken off is begun anew"
        place = first + (number & 1) * slots
        for piece in range(2):
            assert entry.due
            entry.store(out)
            assert out.fram_slot == place + piece
            if number == 3:
                entry.settle(0)  # nothing is known yet
                entry.settle(LOST)  # what was not kept is written again
                entry.store(out)
                assert out.fram_slot == place + piece
            fram[out.fram_slot] = bytes(out.fram)
            entry.settle(KEPT)
            entry.settle(KEPT)  # of another's write
        assert not entry.due
        held = both(TURN, lambda slot: fram.get(slot, bytes(FRAM_SLOT)))[number & 1]
        assert number_of(held[: 2 * FRAM_SLOT], TURN, 2 * FRAM_SLOT - crc.SIZE) == number


def test_the_last_number_stays() -> None:
    """Else it passes 31 bits, and the newest record is the oldest."""
    entry = Entry(TURN)
    entry.number = NUMBER_MAX
    assert entry.next_number() == NUMBER_MAX


def test_a_memory_that_does_not_answer_is_no_empty_one() -> None:
    """Else a session is lost where a part only fell silent."""
    assert both(TURN, lambda slot: None) == [None, None]

"""What is longer than one write: kept in two places in turn, piece by piece, so that the newest whole one stays.

Where it lies in the FRAM of 256 KB, in slots of 48 bytes, and what with it survives the power (pump.store.saved):

    slots           what                                                          bytes
    0 to 5279       the log (pump.store.journal)                                253,440
    5280, 5281      free
    5282 to 5367    the protocol, two places of 43 slots                          4,128
    5368 to 5381    the session's account at the last decision, two of 7            672
    5382 to 5395    the guard's own, two of 7                                       672
    5396, 5397      the session as it stands, two of one                             96
    5398, 5399      the guard's own account, two of one                              96
    5400, 5401      settings (pump.store.settings), two of one                       96
    5402 to 5457    what was given of each order (pump.store.orders), 28 of two   2,688
    5458 to 5460    free
"""

import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.base.copying import copy
from pump.io import FRAM_SLOT, KEPT
from pump.store import settings
from pump.tables.messages import PROTOCOL_MAX

VERSION = 65  # from 64 on: where the log lay once, none of its records can be taken for one of these (journal.valid)
HEAD = "<3sBI"  # what it is, version of the layout, number of the writing
_NUMBER_AT = 4  # in the head
NUMBER_MAX = (1 << 30) - 1
PROTOCOL, TURN, GUARD_TURN, NOW, GUARD_NOW = b"TLP", b"TLT", b"TLU", b"TLN", b"TLG"
PROTOCOL_HEAD = HEAD + "H"  # then its length
PROTOCOL_SLOTS = -(-(struct.calcsize(PROTOCOL_HEAD) + PROTOCOL_MAX + crc.SIZE) // FRAM_SLOT)
TURN_SLOTS = 7
_TWO = 2
_GUARD_NOW_AT = settings.FIRST_SLOT - _TWO
_NOW_AT = _GUARD_NOW_AT - _TWO
_GUARD_TURN_AT = _NOW_AT - _TWO * TURN_SLOTS
_TURN_AT = _GUARD_TURN_AT - _TWO * TURN_SLOTS
FIRST_SLOT = _TURN_AT - _TWO * PROTOCOL_SLOTS
PLACES = {
    PROTOCOL: (FIRST_SLOT, PROTOCOL_SLOTS), TURN: (_TURN_AT, TURN_SLOTS), GUARD_TURN: (_GUARD_TURN_AT, TURN_SLOTS),
    NOW: (_NOW_AT, 1), GUARD_NOW: (_GUARD_NOW_AT, 1),
}  # fmt: skip


class Entry:
    """`write` a buffer, `store` a piece a scan; `due`: a piece is still to be written or proved.

    `number`: of the newest writing; its lowest bit is the place. The buffer is not changed while it is due. `failed`:
    so often its present piece was not kept.
    """

    def __init__(self, kind):
        self.due = False
        self.number = self.failed = 0
        self._first, self._slots = PLACES[kind]
        self._buf = None
        self._at = self._end = 0  # pieces that are proved; where the CRC stands
        self._handed = False

    @micropython.native
    def next_number(self):
        """Of the next writing: one that was broken off is begun anew, so that the whole one beside it stays."""
        return self.number if self.due else min(self.number + 1, NUMBER_MAX)

    @micropython.native
    def write(self, buf, end=-1):
        """Writes a buffer whose size is some slots', and whose head has `next_number`; `end`: where its CRC stands, by
        default in its last bytes."""
        self.number = self.next_number()
        self._buf = buf
        self._end = end if end >= 0 else len(buf) - crc.SIZE
        self._begin()

    @micropython.native
    def _begin(self):
        self._at = self.failed = 0
        self._handed = False
        self.due = True

    @micropython.native
    def move(self):
        """The place cannot be written: the same goes to the other one, whatever it holds, as the next writing."""
        self.number = min(self.number + 1, NUMBER_MAX)
        struct.pack_into("<I", self._buf, _NUMBER_AT, self.number)
        crc.put(self._buf, self._end)
        self._begin()

    @micropython.native
    def store(self, out):
        """Hands the next piece to the outputs."""
        copy(out.fram, 0, self._buf, self._at * FRAM_SLOT, FRAM_SLOT)
        out.fram_slot = self._first + (self.number & 1) * self._slots + self._at
        self._handed = True

    @micropython.native
    def settle(self, outcome):
        """What became of the piece handed out before (Snapshot.fram)."""
        if not self._handed or not outcome:
            return
        self._handed = False
        self.failed = self.failed + 1 if outcome != KEPT else 0
        if outcome == KEPT:
            self._at += 1
            self.due = self._at * FRAM_SLOT < len(self._buf)


def both(kind, read_slot):
    """The two places' bytes; `read_slot(slot)`: the FRAM's (bytearray, used again), None where it does not answer: then
    None for each."""
    first, slots = PLACES[kind]
    found = []
    for place in range(2):
        held = bytearray()
        for piece in range(slots):
            data = read_slot(first + place * slots + piece)
            if data is None:
                return [None, None]
            held += data
        found.append(held)
    return found


def number_of(held, kind, length):
    """Number of a sound writing with `length` bytes before its CRC; -1: not sound; -2: of another layout."""
    magic, version, number = struct.unpack_from(HEAD, held, 0)
    if magic != kind:
        return -1
    if version != VERSION:
        return -2
    return number if crc.holds(held, length) and number <= NUMBER_MAX else -1

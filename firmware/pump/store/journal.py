"""The journal: numbered, chained, CRC-protected records of 48 bytes, in RAM for the stream and written to the FRAM.

A record is the EVENT message of tables.messages: sequence, time, what happened, in which state and step, at which rate,
after how many pulses and how much of the dose. Longer content follows in continuation records with part numbers. Each
record carries the CRC of the one before it. Record n lies in FRAM slot n: it is never overwritten, and the number of
records found there at power-on is the number that the next one gets.
"""

import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.base.copying import copy
from pump.tables.causes import BIT, JOURNAL_FULL
from pump.tables.messages import CONTINUED, DATA_BYTES, EVENT

RECORD = struct.calcsize(EVENT[1])
SLOT = RECORD  # one write a scan
SLOTS = 5_400  # the rest of 256 KB is for settings and the state record
RING = 64
LOOK = 8  # so many slots in a row must be void to be the end
_BODY = EVENT[1][:-2]
_PART = CONTINUED[1][:-2]
_CHAIN = RECORD - 2 * crc.SIZE
_BOOTS = 0xFFFF
_FULL_BIT = BIT[JOURNAL_FULL]


class Journal:
    """`event` appends, `more` adds what it goes on with; `store_next` and the link hand records on, one a scan each."""

    def __init__(self, first_seq=0):
        self.seq = first_seq  # number of the next record
        self._first = first_seq  # earlier ones lie in the FRAM only
        self._boot = first_seq & _BOOTS  # names this power-on: the number of its first record
        self.stored = first_seq
        self.sent = first_seq
        self.lost = 0  # records overwritten in RAM before they were stored
        self.bits = _FULL_BIT if first_seq >= SLOTS else 0  # conditions of tables.causes
        self._ring = bytearray(RING * RECORD)
        self._work = bytearray(RECORD)
        self._chain = bytearray(crc.SIZE)
        self.t_s = self.t_ms = self.wall_s = 0
        self.state = self.step = self.solution = self.rate_e4 = self.pulses = self.dose_ppm = 0

    @micropython.native
    def context(self, t_s, t_ms, state, step, solution, rate_e4, pulses, dose_ppm):
        """What the records of this scan say about time and session."""
        self.t_s, self.t_ms = t_s, t_ms
        self.state, self.step = state, step
        self.solution, self.rate_e4 = solution, rate_e4
        self.pulses, self.dose_ppm = pulses, dose_ppm

    @micropython.native
    def event(self, kind, code=0, arg=0, parts=0):
        """Appends a record; `kind`: a row of tables.events, `parts`: how many continuation records follow."""
        struct.pack_into(
            _BODY, self._work, 0, self.seq, self.t_s, self.t_ms, self.wall_s, self._boot, kind, 0, self.state,
            self.step, code, 0, self.solution, parts, arg, self.rate_e4, self.pulses, self.dose_ppm,
        )  # fmt: skip
        self._append()

    def more(self, kind, content):
        """Appends continuation records with `content` (bytes) of the record before; see `parts_of`."""
        for part in range(parts_of(content)):
            piece = content[part * DATA_BYTES : (part + 1) * DATA_BYTES]
            struct.pack_into(
                _PART, self._work, 0, self.seq, self.t_s, self.t_ms, self.wall_s, self._boot, kind, part + 1, piece
            )  # fmt: skip
            self._append()

    @micropython.native
    def _append(self):
        work, chain = self._work, self._chain
        copy(work, _CHAIN, chain, 0, crc.SIZE)
        crc.put(work, RECORD - crc.SIZE)
        copy(self._ring, self.seq % RING * RECORD, work, 0, RECORD)
        copy(chain, 0, work, RECORD - crc.SIZE, crc.SIZE)
        self.seq += 1
        if self.seq >= SLOTS:
            self.bits = _FULL_BIT
        if self.seq - self.stored > RING:
            self.stored += 1
            self.lost += 1

    def unheard(self):
        """There is no FRAM to write to: as good as full."""
        self.bits = _FULL_BIT

    def full(self):
        """True when the FRAM takes no more."""
        return self.seq >= SLOTS

    def holds(self, seq):
        """True while the record is still in RAM."""
        return self._first <= seq < self.seq and self.seq - seq <= RING

    def copy(self, seq, target, at):
        """Copies record `seq` to target[at:at+RECORD]."""
        copy(target, at, self._ring, seq % RING * RECORD, RECORD)

    @micropython.native
    def store_next(self, out):
        """Hands the oldest record that is not yet in the FRAM to the outputs."""
        if self.stored >= self.seq:
            return
        if self.stored < SLOTS:
            self.copy(self.stored, out.fram, 0)
            out.fram_slot = self.stored
        self.stored += 1


def parts_of(content):
    """How many continuation records so many bytes take."""
    return -(-len(content) // DATA_BYTES)


def count_records(read):
    """How many records lie in the FRAM: slot n holds record n, so a binary search finds the end.

    A damaged record is no end: the slots behind it are looked at too, and what is sound there counts (INT-4, INT-5).
    `read(slot)` returns a bytearray of at least RECORD bytes.
    """
    low, high = 0, SLOTS
    while low < high:
        middle, found = (low + high) // 2, 0
        for slot in range(middle, min(middle + LOOK, high)):
            if _valid(read(slot), slot):
                found = slot + 1
        if found:
            low = found
        else:
            high = middle
    return low


def _valid(record, seq):
    """The number first: in the void, where most of the search goes on, it spares the checksum."""
    return struct.unpack_from("<I", record, 0)[0] == seq and crc.holds(record, RECORD - crc.SIZE)

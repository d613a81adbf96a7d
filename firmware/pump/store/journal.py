"""The journal: numbered, CRC-protected records of 28 bytes, kept in RAM for the stream and written to the FRAM.

A record is the EVENT message of tables.messages: sequence, time, what happened, in which state and step, at which rate,
after how many pulses. Record n lies in FRAM slot n: it is never overwritten, and the number of records found there at
power-on is the number that the next one gets.
"""

import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.tables.messages import EVENT

RECORD = struct.calcsize(EVENT[1])
SLOT = 32
SLOTS = 8192 - 32  # the last kilobyte of 256 KB is the state record's
RING = 64
LOOK = 8  # so many slots in a row must be void to be the end
_BODY = EVENT[1][:-1]


class Journal:
    """`event` appends; `next_to_store` and `next_to_send` hand records on, one a scan each."""

    def __init__(self, first_seq=0):
        self.seq = first_seq  # number of the next record
        self._first = first_seq  # earlier ones lie in the FRAM only
        self.stored = first_seq
        self.sent = first_seq
        self.lost = 0  # records overwritten in RAM before they were stored
        self._ring = bytearray(RING * RECORD)
        self._work = bytearray(RECORD)
        self.t_s = self.t_ms = 0
        self.state = self.step = self.rate_e4 = self.pulses = 0

    @micropython.native
    def context(self, t_s, t_ms, state, step, rate_e4, pulses):
        """What the records of this scan say about time and session."""
        self.t_s, self.t_ms = t_s, t_ms
        self.state, self.step = state, step
        self.rate_e4, self.pulses = rate_e4, pulses

    @micropython.native
    def event(self, kind, code=0, arg=0):
        """Appends a record; `kind`: a row of tables.events."""
        struct.pack_into(
            _BODY, self._work, 0, self.seq, self.t_s, self.t_ms, kind, self.state, self.step, code, arg,
            self.rate_e4, self.pulses,
        )  # fmt: skip
        crc.put(self._work, RECORD - crc.SIZE)
        at = self.seq % RING * RECORD
        ring, work = self._ring, self._work
        for i in range(RECORD):
            ring[at + i] = work[i]
        self.seq += 1
        if self.seq - self.stored > RING:
            self.stored += 1
            self.lost += 1

    def full(self):
        """True when the FRAM takes no more."""
        return self.seq >= SLOTS

    def holds(self, seq):
        """True while the record is still in RAM."""
        return self._first <= seq < self.seq and self.seq - seq <= RING

    @micropython.native
    def copy(self, seq, target, at):
        """Copies record `seq` to target[at:at+RECORD]."""
        ring, start = self._ring, seq % RING * RECORD
        for i in range(RECORD):
            target[at + i] = ring[start + i]

    @micropython.native
    def store_next(self, out):
        """Hands the oldest record that is not yet in the FRAM to the outputs."""
        if self.stored >= self.seq:
            return
        if self.stored < SLOTS:
            self.copy(self.stored, out.fram, 0)
            out.fram_slot = self.stored
        self.stored += 1


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
    return crc.holds(record, RECORD - crc.SIZE) and struct.unpack_from("<I", record, 0)[0] == seq

"""The journal: numbered, chained, CRC-protected records of 48 bytes, in RAM for the stream and written to the FRAM.

A record is the EVENT message of tables.messages: sequence, time, what happened, in which state and step, at which rate,
after how many pulses and how much of the dose. Longer content follows in continuation records with part numbers. Each
record carries the CRC of the one before it.

Records lie in the FRAM's slots in their order, the first in slot 0; nothing sound is ever overwritten. A record counts
as stored when the board has read it back. Each power-on numbers its records in a block of its own: those that an
earlier one gave while the FRAM did not answer are known to the laptop, and are not given again (INT-12).
"""

import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.base.copying import copy
from pump.io import CONFIRM, COUNT_MAX, FAILED, KEPT, TAKEN, TRIES
from pump.tables.alarms import GROUP as ALARM_GROUP
from pump.tables.alarms import NAMED
from pump.tables.causes import BIT, JOURNAL_FULL, LOG_LOST
from pump.tables.events import (
    ALARM_CLEARED,
    ALARM_RAISED,
    ARMED,
    KNOWN,
    MONITORING_ENDED,
    PRESSED,
    REACTION,
    SESSION_LOST,
)  # fmt: skip
from pump.tables.events import GROUP as EVENTS
from pump.tables.messages import CONTINUED, DATA_BYTES, EVENT
from pump.tables.states import AT_REST, GROUP, HOLDS, ON, OVER, SUPERVISED, UNTESTED

RECORD = struct.calcsize(EVENT[1])
SLOT = RECORD  # one write a scan
SLOTS = 5_280  # the rest of 256 KB: pump.store.entries
RING = 64
WATCHED_S = 3_600
MUST_SEE = 128  # beside a step; a protocol has fewer steps
LOOK = 64  # slots behind the end that are looked at one by one, and each so-manieth of all the others
BLOCK = 1 << 17  # numbers of one power-on
_BLOCKS = 1 << 13  # below 2**30; the upper half of them is for a pump that does not know its log
_BODY = EVENT[1][:-2]
_PART = CONTINUED[1][:-2]
_PART_AT, _WALL, _KIND, _STATE, _PULSES = struct.calcsize("<IIHIHB"), 3, 5, 7, 15
_CHAIN = RECORD - 2 * crc.SIZE
_LAST = BLOCK - 1
_TOP = 1 << 6  # the highest byte of a number stays below
_FULL_BIT = BIT[JOURNAL_FULL]
_LOST_BIT = BIT[LOG_LOST]


class Journal:
    """`event` appends, `more` adds what it goes on with; `store_next` and the link hand records on, one a scan each."""

    def __init__(self, first_seq=0, first_slot=None):
        """Number of its first record, and the slot for that: as the number by default, -1: none is known."""
        self.seq = first_seq  # number of the next record
        self._first = first_seq  # earlier ones lie in the FRAM only
        self.boot = first_seq // BLOCK  # names this power-on, one more than that of the one before
        self.stored = first_seq
        self.slot = first_seq if first_slot is None else first_slot  # for the next record to be stored
        self.sent = first_seq
        self.lost = 0  # records overwritten in RAM before they were stored
        self.bits = 0  # conditions of tables.causes
        self._handed = False  # a record is on its way to the FRAM
        self._failed = 0  # so often the slot did not keep it
        self.waits = False  # in this scan the FRAM is another's: what is not in it yet is not told either
        self._ring = bytearray(RING * RECORD)
        self._work = bytearray(RECORD)
        self._chain = bytearray(crc.SIZE)
        self.t_s = self.t_ms = self.wall_s = 0
        self.user = 0  # number of the person whose key let the line do what is recorded
        self.state = self.step = self.solution = self.rate_e4 = self.pulses = self.dose_ppm = 0
        self._judge()

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
            _BODY, self._work, 0, self.seq, self.t_s, self.t_ms, self.wall_s, self.boot, kind, 0, self.state,
            self.step, code, self.user, self.solution, parts, arg, self.rate_e4, self.pulses, self.dose_ppm,
        )  # fmt: skip
        self._append()

    def more(self, kind, content):
        """Appends continuation records with `content` (bytes) of the record before; see `parts_of`."""
        for part in range(parts_of(content)):
            self.part(kind, part + 1, content[part * DATA_BYTES : (part + 1) * DATA_BYTES])

    @micropython.native
    def part(self, kind, part, piece):
        """Appends the continuation record of that number (from 1) with its piece of the content; takes no memory."""
        struct.pack_into(
            _PART, self._work, 0, self.seq, self.t_s, self.t_ms, self.wall_s, self.boot, kind, part, piece
        )  # fmt: skip
        self._append()

    @micropython.native
    def _append(self):
        if self.seq & _LAST == _LAST:  # the last number is never given: the next block is another power-on's
            self.lost = min(self.lost + 1, COUNT_MAX)
            self._judge()
            return
        work, chain = self._work, self._chain
        copy(work, _CHAIN, chain, 0, crc.SIZE)
        crc.put(work, RECORD - crc.SIZE)
        copy(self._ring, self.seq % RING * RECORD, work, 0, RECORD)
        copy(chain, 0, work, RECORD - crc.SIZE, crc.SIZE)
        self.seq += 1
        if self.seq - self.stored > RING:
            self._forget_oldest()

    def _forget_oldest(self):
        """One that was not stored gives its place in RAM to the newest."""
        self.stored += 1
        self._handed = False
        self.lost = min(self.lost + 1, COUNT_MAX)

    @micropython.native
    def _judge(self):
        self.bits = _LOST_BIT if self.slot < 0 else _FULL_BIT if self.full() else 0

    def unheard(self):
        """The FRAM did not answer at power-on: where its log ends is not known, so nothing is written to it."""
        self.slot = -1
        self._judge()

    @micropython.native
    def full(self):
        """True when the FRAM takes no more, or this power-on has no number left."""
        return self.slot >= SLOTS or self.seq & _LAST == _LAST

    def holds(self, seq):
        """True while the record is still in RAM."""
        return self._first <= seq < self.seq and self.seq - seq <= RING

    @micropython.native
    def copy(self, seq, target, at):
        """Copies record `seq` to target[at:at+RECORD]."""
        copy(target, at, self._ring, seq % RING * RECORD, RECORD)

    @micropython.native
    def chain_to(self, target, at):
        """The newest record's checksum, in which all before it count, to target[at:at+4]."""
        copy(target, at, self._chain, 0, crc.SIZE)

    @micropython.native
    def settle(self, outcome):
        """What became of the record handed out before (Snapshot.fram): kept, or to be handed out again. A slot that
        does not keep it is passed over, where the next one is not above the record's number (`valid`)."""
        if not self._handed or not outcome:
            return
        self._handed = False
        self._failed = self._failed + 1 if outcome == FAILED else 0
        if outcome == KEPT:
            self.stored += 1
        elif outcome != TAKEN and (self._failed < TRIES or self.stored <= self.slot):
            return
        self._failed = 0
        self.slot += 1
        self._judge()

    @micropython.native
    def store_next(self, out):
        """Hands the oldest record that is not yet in the FRAM to the outputs."""
        if self.stored >= self.seq or not 0 <= self.slot < SLOTS:
            return
        self.copy(self.stored, out.fram, 0)
        out.fram_slot = self.slot
        self._handed = True


@micropython.native
def parts_of(content):
    """How many continuation records so many bytes take."""
    return -(-len(content) // DATA_BYTES)


def count_records(read):
    """How many slots of the FRAM the log takes, the last sound record included. `read(slot)`: its bytes (bytearray).

    A search by halves finds an end. A damaged stretch looks like one, so the slots behind it are looked at too: the
    next ones all, of the others so many that no stretch of LOOK sound ones is passed over. (A shorter one further away
    is seen when its turn comes: the board writes to no slot in which something sound lies.)
    """
    end = _end(read, 0)
    while True:
        behind = _behind(read, end)
        if behind < 0:
            return end
        end = _end(read, behind + 1)


def _end(read, low):
    """By halves, from a slot before which all is taken."""
    high = SLOTS
    while low < high:
        middle = (low + high) // 2
        if valid(read(middle), middle):
            low = middle + 1
        else:
            high = middle
    return low


def _behind(read, end):
    """The last sound slot that is found behind an end, or -1."""
    found = -1
    for slot in range(end, min(end + LOOK, SLOTS)):
        if valid(read(slot), slot):
            found = slot
    for slot in range(end + LOOK, SLOTS, LOOK):
        if valid(read(slot), slot):
            found = slot
    return found


def open_log(read):
    """(number, slot) of the first record of this power-on: behind the log, in a block of numbers of its own."""
    slot = count_records(read)
    if not slot:
        return 0, 0
    newest = struct.unpack_from("<I", read(slot - 1), 0)[0]
    return (newest // BLOCK + 1) % (_BLOCKS // 2) * BLOCK, slot


def unfinished(read, slot):
    """The step (from 1) of the session that the newest records before `slot` leave open, 0: none.

    Open is what a power cut ended, and what ended while the patient was low or by a lock or a fault: with MUST_SEE,
    nothing goes on before a person has seen it. What a power-on writes by itself ends none of this, nor does a request
    that is refused: that takes CONFIRM after the power-on, a protocol that is loaded, or the end of monitoring.
    """
    told = over = cleared = 0
    for back in range(slot - 1, max(-1, slot - 1 - LOOK), -1):
        record = read(back)
        if not valid(record, back):
            continue
        kind, state, step, code, arg = _glance(record)
        group = GROUP[state]
        if kind == SESSION_LOST:
            told = told or arg
        elif group & (OVER | AT_REST) == OVER:
            return max(1, step) | MUST_SEE
        elif _seen(kind, group, code):
            break
        elif group & OVER:
            over = max(1, step)
        elif not over and group & ON and group & (SUPERVISED | HOLDS):
            return max(1, step)
        if kind == ALARM_CLEARED:
            cleared |= 1 << code
        elif kind == ALARM_RAISED and over and ALARM_GROUP[code] & NAMED and not cleared >> code & 1:
            return over
    return told


def _seen(kind, group, code):
    """Whether a record is a person's act that ends what was before it."""
    if kind == PRESSED:
        return group & (ON | OVER | UNTESTED) == 0 and code & CONFIRM != 0
    return EVENTS[kind] & KNOWN != 0


def _glance(record):
    """Event, state, step, code and argument of a record; of a part nothing counts."""
    _, _, _, _, _, kind, part, state, step, code, _, _, _, arg, _, _, _ = struct.unpack_from(_BODY, record, 0)
    return (0, 0, 0, 0, 0) if part else (kind, state, step, code, arg)


def watched(read, slot, now_s):
    """Whether nobody has ended the watch over the patient of the session that the newest records before `slot` tell of
    (ALM-7). `now_s`: the clock's time, 0: not known; after WATCHED_S without power nobody is at that patient's pump."""
    for back in range(slot - 1, max(-1, slot - 1 - LOOK), -1):
        record = read(back)
        if unparted(record, back):
            values = struct.unpack_from(_BODY, record, 0)
            if values[_KIND] == MONITORING_ENDED:
                return False
            if GROUP[values[_STATE]] & (ON | OVER):
                then_s = values[_WALL]
                return not (now_s and then_s and now_s - then_s > WATCHED_S)
    return False


def reactions(read, slot):
    """How many reactions the newest records before `slot` tell of, back to the session's beginning."""
    count = 0
    for back in range(slot - 1, max(-1, slot - 1 - LOOK), -1):
        record = read(back)
        if unparted(record, back):
            values = struct.unpack_from(_BODY, record, 0)
            if values[_KIND] == ARMED:
                break
            count += values[_KIND] == REACTION
    return count


def newest(read, slot):
    """(number, state, all pulses of its session) of the newest record before `slot` that is sound; (-1, 0, 0): none.

    A power-on that has not passed its self-test knows nothing of sessions.
    """
    for back in range(slot - 1, max(-1, slot - 1 - LOOK), -1):
        record = read(back)
        if unparted(record, back):
            values = struct.unpack_from(_BODY, record, 0)
            if not GROUP[values[_STATE]] & UNTESTED:
                return values[0], values[_STATE], values[_PULSES]
    return -1, 0, 0


def unparted(record, slot):
    """True for a sound record that goes on with no other."""
    return valid(record, slot) and not record[_PART_AT]


def unknown_log(drawn):
    """(number, slot) when the FRAM does not answer: a block of the upper half by a drawn number, and no slot."""
    return (_BLOCKS // 2 + drawn % (_BLOCKS // 2)) * BLOCK, -1


@micropython.native
def valid(record, slot):
    """True for a sound record. The number first: in the void, where most of the search goes on, it spares the checksum.

    A number is never below its slot's.
    """
    if record[3] >= _TOP:
        return False  # before it is a number of its own: beyond 31 bits that would come from the heap
    number = record[0] | record[1] << 8 | record[2] << 16 | record[3] << 24
    return slot <= number and crc.holds(record, RECORD - crc.SIZE)

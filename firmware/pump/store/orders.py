"""What was given of each order, kept in the FRAM under the order's key: a second run of it is refused (SES-15).

The dose belongs to the order (its number, cycle and patient), not to the file: a file with another name or other bags
is the same order. A file that names none is known by its content; on the bench (class "bench") it is no order at all.

An order is marked as begun, and the mark is proved, before its first pulse; where nothing flowed after all, the mark is
taken back. A memory that does not answer is no answer: without it no order is taken. Nor is a damaged row: whose it was
and what was given of it nobody knows, so every order is refused that is not found elsewhere. (A file of class
"bench" without an order loads all the same; the way out is `empty`, called by a person at the prompt of service mode.)

An order has a row of two slots, written in turn, so that one that is torn or damaged leaves the other. A row is damaged
when it holds something, and neither slot is sound. One blank slot and one that ends blank are a first writing that was
torn: nothing had flowed; one torn within its CRC counts as written.
"TLO" | version u8 | number of the writing u32 | key 16 bytes | dose given, ppm of the order, i32, UNKNOWN: none |
zeros | CRC-32 of the slot

A writing that is not proved tries the next of a few free rows, never one that holds another order.
"""

import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.io import FRAM_SLOT, KEPT
from pump.protocol.fingerprint import digest
from pump.protocol.protocol import BENCH, ORDER_BYTES
from pump.store import settings

FIRST_SLOT = settings.FIRST_SLOT + 2
ORDERS = 28  # the oldest gives its place to the next one
PLACES = 4  # rows at the most in which an order is tried
LAST_SLOT = FIRST_SLOT + 2 * ORDERS - 1
UNKNOWN, UNREAD = -1, -2  # nothing was given; the memory does not answer
STEP_PPM = 1_000  # written anew when so much more was given, and exactly when the flow stops
_HEAD = "<3sBI16si"
_MAGIC = b"TLO"
_VERSION = 1
_END = FRAM_SLOT - crc.SIZE
_NUMBER_MAX = (1 << 30) - 1
_FREE, _DAMAGED = 0, -1  # a row without a number
_BLANK, _TORN, _SOUND, _BAD = range(4)  # a slot


def key_of(protocol, blob):
    """The 16 bytes by which a protocol's order is known; None on the bench, where there is none."""
    if protocol.order is not None:
        return protocol.order
    return None if protocol.kind == BENCH else digest(blob)[:ORDER_BYTES]


def _kind(held):
    """What a slot holds; `held`: its bytes."""
    if held[0] == _MAGIC[0] and _whole(held):
        magic, version, number, _, _ = struct.unpack_from(_HEAD, held, 0)
        return _SOUND if magic == _MAGIC and version == _VERSION and number <= _NUMBER_MAX else _BAD
    if _blank(held, 0):
        return _BLANK
    return _TORN if _blank(held, _END) else _BAD


def _whole(held):
    """Whether its CRC holds; where the writing broke off within that, all of it that came must be right, and some must
    have come (a byte as blank as the rest is none). What such a writing says stands: else a power cut in its last bytes
    damages the row, and every order is refused for it."""
    right = bytearray(held)
    crc.put(right, _END)
    at = _END
    while at < FRAM_SLOT and held[at] == right[at]:
        at += 1
    if at == FRAM_SLOT:
        return True
    return _blank(held, at) and held[_END:at] != held[at : at + 1] * (at - _END)


def _blank(held, begin):
    """Whether nothing was ever written from there on: all zeros, or all ones."""
    first = held[begin]
    if first not in (0, 0xFF):
        return False
    for at in range(begin, FRAM_SLOT):
        if held[at] != first:
            return False
    return True


def empty(write_slot):
    """Forgets all orders, as a person decides at the prompt of service mode; `write_slot(slot, bytes)`: drivers.fram's.

    Also for a new memory, in which anything may stand.
    """
    blank = bytes(FRAM_SLOT)
    for slot in range(FIRST_SLOT, LAST_SLOT + 1):
        write_slot(slot, blank)


def _places(numbers, own):
    """The rows for an order: its own, then free ones; another order's, the oldest, only where there is none of these.

    `numbers`: of each row's newest writing, _FREE or _DAMAGED; `own`: the order's row, UNKNOWN: none.
    """
    rows = [] if own == UNKNOWN else [own]
    rows += [row for row in range(ORDERS) if numbers[row] == _FREE][: PLACES - len(rows)]
    if rows:
        return rows
    return sorted([row for row in range(ORDERS) if numbers[row] != _DAMAGED], key=lambda row: numbers[row])[:1] or [0]


class Orders:
    """`given` and `adopt` when a protocol is loaded, `begin`, `book` or `release` as it runs, `store` writes.

    `due`: something is to be written; `waits`: an order is loaded, and that it has begun is not proved yet.
    """

    def __init__(self, read_slot=None):
        """`read_slot(slot)`: the FRAM's bytes as they are now (bytearray), None when it does not answer."""
        self.due = self.waits = False
        self._read_slot = read_slot
        self._key = None  # of the order that is loaded
        self._ppm = UNKNOWN  # what was given of it
        self._sent_ppm = UNKNOWN  # as last handed to the outputs
        self._rows = [0]  # where it may be kept, the best place first
        self._row = 0
        self._number = 0  # of the newest writing
        self._looked = None  # what `given` has read, for `adopt` in the same scan
        self._handed = False

    def given(self, key):
        """What was given of an order (ppm, at least); UNKNOWN when it is new to this pump, UNREAD when that is unknown.

        Only while nothing flows.
        """
        if key == self._key and self._ppm != UNKNOWN:
            return self._ppm
        self._looked = self._look(key)
        return self._looked[1]

    def adopt(self, key):
        """A protocol's order from now on, of which nothing was given; None: nothing is booked.

        It is kept in its own row, else in a free one, else in the oldest order's.
        """
        looked = self._looked if self._looked and self._looked[0] == key else self._look(key)
        self._looked = None  # it is true until something is written
        _, _, self._rows, newest = looked
        self._number = max(self._number, newest)
        self._row = 0
        self._key = key
        self._ppm = self._sent_ppm = UNKNOWN
        self.due = self._handed = False
        self.waits = key is not None

    def _look(self, key):
        """(key, what was given of that order, the rows for it, the newest writing's number): the memory, read once."""
        numbers, own, top = [_FREE] * ORDERS, UNKNOWN, 0
        given, newest, damaged = UNKNOWN, 0, False
        for row, number, kept, ppm in self._kept():
            if number == UNREAD:
                given, damaged = UNREAD, True
                break
            numbers[row] = number if number == _DAMAGED else max(numbers[row], number)
            top = max(top, number)
            damaged = damaged or number == _DAMAGED
            if number != _DAMAGED and kept == key:
                own = row
                if number >= newest:
                    given, newest = ppm, number
        if damaged and given == UNKNOWN:
            given = UNREAD
        return key, given, _places(numbers, own), top

    def go_on(self, key):
        """A session of that order goes on: what was given of it stands. False where nobody can know that."""
        given = UNKNOWN if key is None else self.given(key)
        if given == UNREAD:
            return False
        self.adopt(key)
        if given == UNKNOWN:
            self.begin()
        else:
            self._ppm = self._sent_ppm = given
            self.waits = False
        return True

    def _kept(self):
        """(row, number of the writing, key, ppm) of each sound slot; number _DAMAGED: the row is; UNREAD ends it."""
        for row in range(ORDERS) if self._read_slot else ():
            found = []
            for slot in range(2):
                held = self._read_slot(FIRST_SLOT + 2 * row + slot)
                if held is None:
                    yield 0, UNREAD, None, UNREAD
                    return
                kind = _kind(held)
                found.append(kind)
                if kind == _SOUND:
                    _, _, number, key, ppm = struct.unpack_from(_HEAD, held, 0)
                    yield row, number, key, ppm
            if _SOUND not in found and _BAD in found or found == [_TORN, _TORN]:
                yield row, _DAMAGED, None, UNREAD

    @property
    def begun(self):
        """It is marked as begun; what has flowed of it rounds to nothing."""
        return self._ppm == 0

    def begin(self):
        """Its bag has been named: the next press may let it flow."""
        if self._key is not None and self._ppm == UNKNOWN:
            self._ppm = 0
            self.due = True

    def release(self):
        """Nothing has flowed, and nothing will."""
        if self._key is not None and self._ppm == 0:
            self._ppm = UNKNOWN
            self.due = self.waits = True

    @micropython.native
    def book(self, ppm, flowing):
        """So much of the order has been given."""
        if self._key is None:
            return
        self._ppm = ppm
        since = ppm - self._sent_ppm
        if since and (since >= STEP_PPM or since < 0 or not flowing):
            self.due = True

    @micropython.native
    def settle(self, outcome):
        """What became of the writing handed out before (Snapshot.fram): it stays due until it is proved."""
        if not self._handed or not outcome:
            return
        self._handed = False
        if outcome != KEPT:
            self._row = (self._row + 1) % len(self._rows)  # a damaged place; the next best
            return
        self._number = min(self._number + 1, _NUMBER_MAX)
        self.due = (self._ppm == UNKNOWN) != (self._sent_ppm == UNKNOWN)  # figures have their own next time
        self.waits = self._ppm == UNKNOWN or self._sent_ppm == UNKNOWN

    @micropython.native
    def store(self, out):
        """Hands a due writing to the outputs, where their one FRAM write of the scan is free."""
        if not self.due or out.fram_slot >= 0 or self._key is None:
            return
        self._handed = True
        self._sent_ppm = self._ppm
        buf = out.fram
        for i in range(FRAM_SLOT):
            buf[i] = 0
        number = min(self._number + 1, _NUMBER_MAX)
        struct.pack_into(_HEAD, buf, 0, _MAGIC, _VERSION, number, self._key, self._sent_ppm)
        crc.put(buf, _END)
        out.fram_slot = FIRST_SLOT + 2 * self._rows[self._row] + (number & 1)

"""What was given of each order, kept in the FRAM under the order's key: a second run of it is refused (SES-15).

The dose belongs to the order (its number, cycle and patient), not to the file: a file with another name or other bags
is the same order. A file that names none is known by its content; on the bench (class "bench") it is no order at all.

An order has two slots, written in turn, so that one that is torn or damaged leaves the other. "TLO" | version u8 |
number of the writing u32 | key 16 bytes | dose given, ppm of the order, u32 | zeros | CRC-32 of the slot
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
LAST_SLOT = FIRST_SLOT + 2 * ORDERS - 1
UNKNOWN = -1
STEP_PPM = 1_000  # written anew when so much more was given, and exactly when the flow stops
_HEAD = "<3sBI16sI"
_MAGIC = b"TLO"
_VERSION = 1
_END = FRAM_SLOT - crc.SIZE
_NUMBER_MAX = (1 << 30) - 1


def key_of(protocol, blob):
    """The 16 bytes by which a protocol's order is known; None on the bench, where there is none."""
    if protocol.order is not None:
        return protocol.order
    return None if protocol.kind == BENCH else digest(blob)[:ORDER_BYTES]


class Orders:
    """`given` and `adopt` when a protocol is loaded, `book` while it runs; `store` hands on what is due."""

    def __init__(self, read_slot=None):
        """`read_slot(slot)`: the FRAM's bytes as they are now (bytearray); None: no FRAM."""
        self.due = False
        self._read_slot = read_slot
        self._key = None  # of the order that is loaded
        self._ppm = UNKNOWN  # what was given of it; unknown: nothing has flowed
        self._kept_ppm = UNKNOWN  # as last written, or due to be
        self._row = 0
        self._number = 0  # of the newest writing
        self._handed = False

    def given(self, key):
        """What was given of an order (ppm, at least), UNKNOWN when it is new to this pump. Nothing flows meanwhile."""
        found = self._ppm if key == self._key else UNKNOWN
        for _, number, kept, ppm in self._kept():
            if kept == key:
                found = max(found, ppm)
        return found

    def adopt(self, key):
        """A protocol's order from now on; None: nothing is booked. Takes its row, else a free one, else the oldest."""
        numbers, newest = [0] * ORDERS, self._number
        row = UNKNOWN
        for place, number, kept, _ in self._kept():
            numbers[place] = max(numbers[place], number)
            newest = max(newest, number)
            if kept == key:
                row = place
        self._row = row if row >= 0 else numbers.index(min(numbers))
        self._number = newest
        self._key = key
        self._ppm = self._kept_ppm = UNKNOWN
        self.due = self._handed = False

    def _kept(self):
        """(row, number of the writing, key, ppm) of each sound slot."""
        if self._read_slot is None:
            return
        for slot in range(FIRST_SLOT, LAST_SLOT + 1):
            held = self._read_slot(slot)
            if held[0] == _MAGIC[0] and crc.holds(held, _END):
                magic, version, number, key, ppm = struct.unpack_from(_HEAD, held, 0)
                if magic == _MAGIC and version == _VERSION and number <= _NUMBER_MAX:
                    yield (slot - FIRST_SLOT) // 2, number, key, ppm

    @micropython.native
    def book(self, ppm, flowing):
        """So much of the order has been given; from the first call on it counts as begun."""
        if self._key is None:
            return
        self._ppm = ppm
        if self._kept_ppm == UNKNOWN or ppm - self._kept_ppm >= STEP_PPM or (ppm != self._kept_ppm and not flowing):
            self._kept_ppm = ppm
            self.due = True
            self._handed = False

    @micropython.native
    def settle(self, outcome):
        """What became of the writing handed out before (Snapshot.fram): it stays due until it is proved."""
        if self._handed and outcome:
            self._handed = False
            if outcome == KEPT:
                self.due = False
                self._number = min(self._number + 1, _NUMBER_MAX)

    @micropython.native
    def store(self, out):
        """Hands a due writing to the outputs, where their one FRAM write of the scan is free."""
        if not self.due or out.fram_slot >= 0 or self._key is None:
            return
        self._handed = True
        buf = out.fram
        for i in range(FRAM_SLOT):
            buf[i] = 0
        number = min(self._number + 1, _NUMBER_MAX)
        struct.pack_into(_HEAD, buf, 0, _MAGIC, _VERSION, number, self._key, self._kept_ppm)
        crc.put(buf, _END)
        out.fram_slot = FIRST_SLOT + 2 * self._row + (number & 1)

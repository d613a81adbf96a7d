"""The log's second memory: sectors of the flash, filled while nothing flows, each closed over all before it (INT-5).

A sector of 4 KB is a header of 64 bytes and 84 records, as they lay in the FRAM:

    0   magic, layout's version, 0, how many records follow, number of the sector (from 1), number of its first record
    16  SHA-256 over the digest of the sector before (32 zeros at first), the 16 bytes before this and the records
    48  zeros, and in the last four bytes the CRC-32 of all before it: magic, version and CRC stand so in each layout

The header is programmed last: with it all of its sector counts, and nothing without. Sectors are taken in their order
and none is written over; one without a sound header behind the last sound one is erased before it is filled. A flash's
bits go from 1 to 0 by programming, a page at most, and back by erasing a sector.
"""

import hashlib
import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.base.copying import copy
from pump.io import FRAM_SLOT
from pump.store.journal import valid

SECTORS = 80
SECTOR_BYTES = 4096
PAGE = 256
PAGES = SECTOR_BYTES // PAGE
HEAD = 64
PER_SECTOR = (SECTOR_BYTES - HEAD) // FRAM_SLOT
RECORDS = SECTORS * PER_SECTOR
MAGIC, VERSION = b"TLJS", 1
_FACTS = "<4sBBHII"
_DIGEST_AT = struct.calcsize(_FACTS)
_DIGEST = 32
_CRC_AT = HEAD - crc.SIZE
_ERASED = 0xFF
OPEN, CLOSED, OTHER_LAYOUT = range(3)  # what a sector's header says
WHOLE, MISPLACED, CHANGED = range(3)  # what is to be said of a closed one
assert HEAD + PER_SECTOR * FRAM_SLOT == SECTOR_BYTES and _DIGEST_AT + _DIGEST == FRAM_SLOT


class Sectors:
    """`flash`: read(sector, offset, buffer), erase(sector), program(sector, offset, a page's bytes).

    `closed`: how many count; `other_layout`: a sector is of a firmware with another one, so nothing here is touched.
    `open_all` first.
    """

    def __init__(self, flash):
        self._flash = flash
        self.closed = 0
        self.other_layout = False
        self._head = bytearray(HEAD)
        self._page = bytearray(PAGE)
        self._chain = bytes(_DIGEST)  # digest of the last closed one

    def open_all(self):
        """At power-on: finds the last closed one. One before it that is damaged keeps its place, and is read as it
        lies: who has the log sees what is wrong."""
        self.closed, self.other_layout = 0, False
        self._chain = bytes(_DIGEST)
        for sector in range(SECTORS):
            said = self._look(sector)
            if said == OTHER_LAYOUT:
                self.closed, self.other_layout = 0, True
                return
            if said == CLOSED:
                self.closed = sector + 1
                self._chain = bytes(self._head[_DIGEST_AT : _DIGEST_AT + _DIGEST])

    def _look(self, sector):
        """What a sector's header says; its bytes stay in `_head`."""
        head = self._head
        self._flash.read(sector, 0, head)
        if head[:4] != MAGIC or not crc.holds(head, _CRC_AT):
            return OPEN
        return CLOSED if head[4] == VERSION else OTHER_LAYOUT

    @property
    def records(self):
        """How many lie in closed sectors."""
        return self.closed * PER_SECTOR

    @property
    def room(self):
        """Whether another sector can be filled."""
        return self.closed < SECTORS and not self.other_layout

    @micropython.native
    def read(self, place, buffer):
        """The record at a place (from 0, below `records`) into FRAM_SLOT bytes, or from RECORDS on as many of a
        sector's header: all but its CRC. It takes no memory."""
        if place >= RECORDS:
            self._flash.read(place - RECORDS, 0, buffer)
            return
        self._flash.read(place // PER_SECTOR, HEAD + place % PER_SECTOR * FRAM_SLOT, buffer)

    def newest(self):
        """Number of the newest sound record in them; -1: there is none."""
        held = bytearray(FRAM_SLOT)
        for place in range(self.records - 1, max(-1, self.records - 1 - PER_SECTOR), -1):
            self.read(place, held)
            if valid(held, 0):
                return struct.unpack_from("<I", held, 0)[0]
        return -1

    # -- the next one: begun, filled page by page, held against its source, closed

    def begin(self):
        """Erases the next sector, whatever it holds: none of it counts."""
        self._flash.erase(self.closed)

    def fill(self, page, record):
        """Programs a page with what belongs there; `record(k)`: the bytes of the k-th record, used again."""
        data = self._page
        at = page * PAGE - HEAD  # of the records' bytes
        for k in range(PAGE):
            data[k] = _ERASED
        first = max(0, at // FRAM_SLOT)
        for number in range(first, min(PER_SECTOR, -(-(at + PAGE) // FRAM_SLOT))):
            to = number * FRAM_SLOT - at
            low, high = max(0, -to), min(FRAM_SLOT, PAGE - to)
            copy(data, to + low, record(number), low, high - low)
        self._flash.program(self.closed, page * PAGE, data)

    def fits(self, record):
        """Whether each record lies there as it is, `record(k)` read again."""
        held = bytearray(FRAM_SLOT)
        for number in range(PER_SECTOR):
            self.read(self.closed * PER_SECTOR + number, held)
            if record(number) != held:
                return False
        return True

    def close(self, first):
        """Programs the header, with `first`: the number of the first record. True when it is there, and counts."""
        head = self._head
        struct.pack_into(_FACTS, head, 0, MAGIC, VERSION, 0, PER_SECTOR, self.closed + 1, first)
        digest = self._digest(self.closed, self._chain)
        for k in range(HEAD - _DIGEST_AT):
            head[_DIGEST_AT + k] = digest[k] if k < _DIGEST else 0
        crc.put(head, _CRC_AT)
        wanted = bytes(head)
        page = self._page
        for k in range(PAGE):
            page[k] = wanted[k] if k < HEAD else _ERASED
        self._flash.program(self.closed, 0, page)
        if self._look(self.closed) != CLOSED or head != wanted:
            return False
        self.closed += 1
        self._chain = digest
        return True

    def _digest(self, sector, before):
        """Over the digest before, the facts in `_head`, and the records as the flash has them."""
        sum_ = hashlib.sha256(before)
        sum_.update(bytes(self._head[:_DIGEST_AT]))
        page = self._page
        for k in range(PAGES):
            self._flash.read(sector, k * PAGE, page)
            sum_.update(page if k else bytes(page[HEAD:]))
        return sum_.digest()

    # -- what somebody else wants to know, or to have gone

    def judge(self, sector, before):
        """(WHOLE, MISPLACED or CHANGED, the sector's digest as it stands) of one below `closed`, which goes on from
        the digest `before`; zeros where its header is not sound. It allocates."""
        if self._look(sector) != CLOSED:
            return CHANGED, bytes(_DIGEST)
        stands = bytes(self._head[_DIGEST_AT : _DIGEST_AT + _DIGEST])
        if struct.unpack_from(_FACTS, self._head, 0)[4] != sector + 1:
            return MISPLACED, stands
        return (WHOLE if self._digest(sector, before) == stands else CHANGED), stands

    def first_wrong(self, tell=lambda: None):
        """(sector, MISPLACED or CHANGED) of the first one that is not as it was closed; (-1, WHOLE): all are."""
        before = bytes(_DIGEST)
        for sector in range(self.closed):
            said, before = self.judge(sector, before)
            if said != WHOLE:
                return sector, said
            tell()
        return -1, WHOLE

    def forget(self, tell=lambda: None):
        """Erases all that are closed, the last one first: what is left at a power cut is a beginning of them."""
        while self.closed:
            self.closed -= 1
            self._flash.erase(self.closed)
            tell()
        self._chain = bytes(_DIGEST)

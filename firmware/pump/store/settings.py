"""Settings, kept in two FRAM slots in turn: a slot that is torn or damaged leaves the other (tables.settings).

"TLS" | version u8 | number of the writing u32 | count u8 | era of the clock u8 | values u16 each | CRC-32 of the slot
"""

import struct

from pump.base import crc
from pump.io import FRAM_SLOT, KEPT, TRIES
from pump.tables import settings as rows

FIRST_SLOT = 5_400  # its place since the first of them: pump.store.entries says what lies where
BLANK, SOUND, LOST = 0, 1, 2  # nothing was ever written; read; both slots are damaged
_HEAD = "<3sBIBB"
_MAGIC = b"TLS"
_VERSION = 1
_AT = struct.calcsize(_HEAD)
_END = FRAM_SLOT - crc.SIZE


class Settings:
    """`values`: one a row; `begun`: those of power-on, for what counts from there; `era`: of the clock (senses.wall).

    `read` at power-on; `set` and `set_era` change one; what then is due to be written, `store` hands on.
    """

    def __init__(self):
        self.values = list(rows.FIRST)
        self.begun = list(rows.FIRST)
        self.era = 0
        self._read = False
        self.written = 0  # number of the last writing
        self.found = BLANK
        self.due = False
        self._handed = False
        self._failed = 0  # so often the slot did not keep it

    def read(self, read_slot):
        """Takes the newer sound slot of the two; `read_slot(slot)` returns a bytearray of FRAM_SLOT bytes."""
        blank = 0
        self._read = True
        for slot in (FIRST_SLOT, FIRST_SLOT + 1):
            held = read_slot(slot)
            if not any(held):
                blank += 1
            elif crc.holds(held, _END):
                self._take(held)
        if self.found != SOUND:
            self.found = BLANK if blank == 2 else LOST
        if self.found == LOST:
            self.era |= 1  # when it was set is not known either
        self.begun = list(self.values)

    def _take(self, held):
        magic, version, number, count, era = struct.unpack_from(_HEAD, held, 0)
        if magic != _MAGIC or version != _VERSION or number <= self.written:
            return
        for row in range(min(count, rows.COUNT)):
            value = struct.unpack_from("<H", held, _AT + 2 * row)[0]
            if not rows.LOWEST[row] <= value <= rows.HIGHEST[row]:
                return
            self.values[row] = value
        self.written = number
        self.era = era
        self.found = SOUND

    def set(self, row, value):
        """Changes a setting; False for one that does not exist, or a value out of its range."""
        if row >= rows.COUNT or not rows.LOWEST[row] <= value <= rows.HIGHEST[row]:
            return False
        self.values[row] = value
        self.found = SOUND
        self.due = True
        self._handed = False
        return True

    def set_era(self, era):
        """Another era of the clock. Written only beside values that were read: it is nobody's act."""
        self.era = era
        if self._read and self.found != LOST:
            self.due = True
            self._handed = False

    def holds(self, row, value):
        """True when a setting has that value already, and it is kept."""
        return row < rows.COUNT and self.values[row] == value and self.found == SOUND and not self.due

    def settle(self, outcome):
        """What became of the writing handed out before (Snapshot.fram): it stays due until it is proved."""
        if self._handed and outcome:
            self._handed = False
            self._failed = 0 if outcome == KEPT else self._failed + 1
            if outcome == KEPT:
                self.due = False
                self.written += 1
            elif self._failed >= TRIES:
                self.written += 1  # the other slot
                self._failed = 0

    def store(self, out):
        """Hands a due writing to the outputs, where their one FRAM write of the scan is free."""
        if not self.due or out.fram_slot >= 0:
            return
        self._handed = True
        buf = out.fram
        for i in range(FRAM_SLOT):
            buf[i] = 0
        struct.pack_into(_HEAD, buf, 0, _MAGIC, _VERSION, self.written + 1, rows.COUNT, self.era)
        for row in range(rows.COUNT):
            struct.pack_into("<H", buf, _AT + 2 * row, self.values[row])
        crc.put(buf, _END)
        out.fram_slot = FIRST_SLOT + (self.written + 1 & 1)

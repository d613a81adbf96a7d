"""Records that lie in FRAM or flash, for the host: a request takes as many scans as it asks for, then its answer goes.

It asks for places of the log, which stay whatever is drained meanwhile. The board reads one slot a scan
(Outputs.read_slot) and has it in the next Snapshot. Nothing is asked of it in a scan
that writes, nor, in flow, in one that draws or hears the host: those have enough to do. It takes no memory. What lies
in a slot goes out as it is, sound or not: who keeps it judges it.
"""

import struct

from pump.base.compat import micropython
from pump.base.copying import copy
from pump.io import FRAM_SLOT
from pump.link.frames import MAX_PAYLOAD
from pump.link.search import Search
from pump.store.archive import PER_SECTOR, RECORDS
from pump.store.journal import IN_FLASH
from pump.tables import messages as m
from pump.tables.messages import STORED_MOST
from pump.tables.parts import BIT
from pump.tables.parts import FRAM as _FRAM_ROW

_FRAM = BIT[_FRAM_ROW]
_HEADS = m.HEADS
_HEAD = struct.calcsize(m.STORED[1])  # bytes before the records


class Archive:
    """`ask` or `find` when a request has come, `step` once a scan while it `waits`; with `ready` the answer is `data`,
    `got` places from `first` on, or with `unread` that the FRAM does not answer. `search`: of the one record
    that is to be found by its number."""

    def __init__(self, journal):
        self._journal = journal
        self.data = bytearray(STORED_MOST * FRAM_SLOT)
        self.waits = self.ready = self.unread = False
        self.first = self.got = 0
        self.number = 0  # of the request
        self._count = 0
        self._asked = -1  # the slot, in the scan before
        self.search = Search()

    @micropython.native
    def ask(self, first, count, number):
        """`count` places from `first` on, of those that the log takes by now; a request before it is forgotten."""
        self.first = first
        end = self._journal.places
        if first >= _HEADS:
            end = _HEADS + self._journal.drained // PER_SECTOR
        self._count = max(0, min(count, end - first))
        self.search.seeks = -1
        self._begin(number)

    @micropython.native
    def find(self, seq, number):
        """The record with the number `seq`; who asks for it again while it is sought waits on."""
        if self.waits and self.search.seeks == seq:
            self.number = number
            return
        self.search.begin(seq, self._journal.places)
        self._begin(number)

    @micropython.native
    def _begin(self, number):
        self.got = 0
        self.number = number
        self.waits = True
        self.ready = self.unread = False
        self._asked = -1

    def forget(self):
        """The host is gone, or has its answer."""
        self.waits = self.ready = False

    @micropython.native
    def fill(self, buf, at):
        """Writes the STORED payload to buf[at:]; returns its length."""
        journal = self._journal
        lost, waiting = min(journal.lost, m.NONE16), journal.seq - journal.stored
        flash = m.OTHER_FLASH if journal.other_flash else journal.drained // PER_SECTOR
        if journal.full():
            flash |= m.FRAM_FULL
        struct.pack_into(m.STORED[1], buf, at, self.first, journal.places, lost, waiting, flash)
        size = self.got * FRAM_SLOT
        copy(buf, at + _HEAD, self.data, 0, size)
        return _HEAD + size

    @micropython.native
    def step(self, snap, out):
        """Takes what the board has read, asks for the next slot; then the answer is ready."""
        if self.ready:
            return
        if 0 <= self._asked == snap.read and (self.search.seeks < 0 or self.search.judge(snap.slot)):
            copy(self.data, self.got * FRAM_SLOT, snap.slot, 0, FRAM_SLOT)
            self.got += 1
        self._asked = -1
        if out.fram_slot >= 0 or (out.flowing and (out.screen_cell >= 0 or snap.link_n)):
            return
        if not snap.parts & _FRAM:
            self.ready = self.unread = True
        elif self.search.seeks >= 0 and not self.got and self.search.goes_on():
            out.read_slot = self._asked = self._journal.slot_of(self.search.at)
        elif self.search.seeks < 0 and self.got < self._count:
            out.read_slot = self._asked = self._slot_of(self.first + self.got)
        else:
            self.ready = True

    @micropython.native
    def _slot_of(self, place):
        """Where a place lies; behind the flash's records a sector's head."""
        return IN_FLASH + RECORDS + place - _HEADS if place >= _HEADS else self._journal.slot_of(place)


assert _HEAD + STORED_MOST * FRAM_SLOT <= MAX_PAYLOAD

"""Records that lie in the FRAM, for the host: a request takes as many scans as it asks for slots, then its answer goes.

The board reads one slot a scan (Outputs.read_slot) and has it in the next Snapshot. Nothing is asked of it in a scan
that writes, nor, in flow, in one that draws or hears the host: those have enough to do. It takes no memory. What lies
in a slot goes out as it is, sound or not: who keeps it judges it.
"""

import struct

from pump.base.compat import micropython
from pump.base.copying import copy
from pump.io import FRAM_SLOT
from pump.link.frames import MAX_PAYLOAD
from pump.tables import messages as m
from pump.tables.messages import STORED_MOST
from pump.tables.parts import BIT
from pump.tables.parts import FRAM as _FRAM_ROW

_FRAM = BIT[_FRAM_ROW]
_HEAD = struct.calcsize(m.STORED[1])  # bytes before the records


class Archive:
    """`ask` when a request has come, `step` once a scan while it `waits`; with `ready` the answer is `data` of `got`
    slots from `first` on, or with `unread` that the FRAM does not answer."""

    def __init__(self, journal):
        self._journal = journal
        self.data = bytearray(STORED_MOST * FRAM_SLOT)
        self.waits = self.ready = self.unread = False
        self.first = self.got = 0
        self.number = 0  # of the request
        self._count = 0
        self._asked = False  # in the scan before

    @micropython.native
    def ask(self, first, count, number):
        """`count` slots from `first` on, of those that the log takes by now; a request before it is forgotten."""
        self.first = first
        self._count = max(0, min(count, self._journal.slot - first))
        self.got = 0
        self.number = number
        self.waits = True
        self.ready = self.unread = self._asked = False

    def forget(self):
        """The host is gone, or has its answer."""
        self.waits = self.ready = False

    @micropython.native
    def fill(self, buf, at):
        """Writes the STORED payload to buf[at:]; returns its length."""
        journal = self._journal
        lost, waiting = min(journal.lost, m.NONE16), journal.seq - journal.stored
        struct.pack_into(m.STORED[1], buf, at, self.first, max(journal.slot, 0), lost, waiting)
        size = self.got * FRAM_SLOT
        copy(buf, at + _HEAD, self.data, 0, size)
        return _HEAD + size

    @micropython.native
    def step(self, snap, out):
        """Takes what the board has read, asks for the next slot; then the answer is ready."""
        if self.ready:
            return
        at = self.first + self.got
        if self._asked and snap.read == at:
            copy(self.data, self.got * FRAM_SLOT, snap.slot, 0, FRAM_SLOT)
            self.got += 1
            at += 1
        self._asked = False
        if out.fram_slot >= 0 or (out.flowing and (out.screen_cell >= 0 or snap.link_n)):
            return
        if not snap.parts & _FRAM:
            self.ready = self.unread = True
        elif self.got < self._count:
            out.read_slot = at
            self._asked = True
        else:
            self.ready = True


assert _HEAD + STORED_MOST * FRAM_SLOT <= MAX_PAYLOAD

"""The log goes from the FRAM to the flash while nothing flows, and what is left moves to the FRAM's beginning.

In pieces between two scans: one erase, some pages, or some slots each. Slots are drained a whole sector at a time, from
the front, and at least KEEP of them stay. What lies in the front and in the flash is not read any more; when there is
more of that than of the rest, the rest is copied to slot 0 and what follows, all between is blanked, and store.moving's
mark decides. Until then the log is where it was, so that a start in between finds nothing half done: records go on
behind its end, and are copied, too, when nothing flows again.
"""

import struct

from pump.store import moving
from pump.store.archive import PAGES, PER_SECTOR
from pump.store.journal import LOOK, lies_so, valid

KEEP = 2 * LOOK  # records that stay: who asks for the newest ones looks LOOK back, and finds them past a damaged one
LEAST = KEEP + PER_SECTOR  # slots from which on there is something to do
TAIL_MOST = 256  # slots that are moved at once: the last ones are blanked in one piece
PAGES_A_PIECE = 2
SLOTS_A_PIECE = 16
TRIES = 3
NOTHING, WORKED, DONE = range(3)  # what a piece did; DONE: a sector, or a move
_WAITS, _FILLS, _COMPARES, _MOVES = range(4)


class Draining:
    """At power-on `open_all`, and `find_front` when the log's end is known. Then `piece(end)` while nothing flows,
    `end`: the FRAM's slots that the log takes, all proved.

    `memory`: the FRAM's read_slot(slot), whose bytes are used again, write_slot(slot, bytes) and answers(); `sectors`:
    store.archive's. `front`: slots at the FRAM's beginning that lie in the flash. `failed`: a memory does not keep what
    is written; nothing is tried until the next power-on.
    """

    def __init__(self, memory, sectors):
        self._memory, self.sectors = memory, sectors
        self.front = 0
        self.failed = False
        self._does = _WAITS
        self._at = 0  # pages filled, or slots copied
        self._blanked = 0
        self._tries = 0

    def lies(self):
        """Where the log does by now, for Snapshot.lies. A flash with another layout's log is left alone."""
        return lies_so(-1 if self.sectors.other_layout else self.sectors.records, self.front)

    def piece(self, end):
        """The next piece of work: NOTHING, WORKED or DONE."""
        if self.failed:
            return NOTHING
        if self._does == _WAITS:
            return self._begin(end)
        try:
            if self._does == _FILLS:
                return self._fill()
            return self._compare() if self._does == _COMPARES else self._move(end)
        except moving.Unkept:
            return self._again()

    def _again(self):
        """What was begun is begun anew, a few times."""
        self._does = _WAITS
        self._tries += 1
        self.failed = self._tries >= TRIES
        return WORKED

    def _begin(self, end):
        left = end - self.front
        if self.sectors.room and left >= LEAST:
            self.sectors.begin()
            self._does = _FILLS
        elif _moves(self.front, left):
            self._does = _MOVES
            self._blanked = 0
        else:
            return NOTHING
        self._at = 0
        return WORKED

    # -- a sector

    def _record(self, number):
        """Of the sector that is filled."""
        return self._memory.read_slot(self.front + number)

    def _fill(self):
        for page in range(self._at, min(self._at + PAGES_A_PIECE, PAGES)):
            self.sectors.fill(page, self._record)
        self._at += PAGES_A_PIECE
        if self._at >= PAGES:
            self._does = _COMPARES
        return WORKED

    def _compare(self):
        """The flash must have what the FRAM has, read again, and the FRAM must be there: then the sector is closed."""
        self._does = _WAITS
        if self.sectors.fits(self._record) and self._memory.answers():
            first = struct.unpack("<I", self._record(0)[:4])[0]
            if self.sectors.close(first):
                self.front += PER_SECTOR
                self._tries = 0
                return DONE
        return self._again()

    # -- a move

    def _move(self, end):
        left = end - self.front
        if not _moves(self.front, left):  # too many have come meanwhile: a sector of them goes first
            self._does = _WAITS
        elif self._at < left:
            self._copy(min(left, self._at + SLOTS_A_PIECE))
        elif max(self._blanked, left) < self.front - 1:
            first = max(self._blanked, left)
            self._blanked = min(first + SLOTS_A_PIECE, self.front - 1)
            moving.clear(self._memory, first, self._blanked)
        else:
            return self._decide(end)
        return WORKED

    def _copy(self, end):
        for slot in range(self._at, end):
            moving.write(self._memory, slot, bytes(self._memory.read_slot(self.front + slot)))
        self._at = end

    def _decide(self, end):
        """From the mark on the log begins with slot 0; what it was copied from goes in the same piece."""
        memory, front = self._memory, self.front
        if not memory.answers():
            return self._again()
        moving.mark(memory, moving.MOVED, front, end)
        self.front = 0
        moving.finish(memory, self.sectors)
        self._does = _WAITS
        self._tries = 0
        return DONE

    # -- at power-on

    def open_all(self):
        """Both memories as they are after whatever was under way."""
        self.sectors.open_all()
        try:
            if self._memory.answers():
                moving.finish(self._memory, self.sectors)
        except moving.Unkept:
            self.failed = True

    def find_front(self, end):
        """Where the flash's log ends in the FRAM's: behind the slot with the last record of the last sector, or
        behind a sector of which another sound record lies at its place. The highest counts: below it may lie copies of
        a move that was given up."""
        drained = self.sectors.records
        self.front = 0
        if not drained:
            return
        record = bytearray(moving.BLANK)
        for back in range(1, PER_SECTOR, PER_SECTOR // 4):
            self.sectors.read(drained - back, record)
            if valid(record, 0):
                for front in range(end // PER_SECTOR * PER_SECTOR, 0, -PER_SECTOR):
                    if self._memory.read_slot(front - back) == record:
                        self.front = front
                        return


def _moves(front, left):
    """Whether so many records at the end are moved over those at the front, of which one is seen until the end."""
    return left < front and left <= TAIL_MOST


assert LEAST <= TAIL_MOST

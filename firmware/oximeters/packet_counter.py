"""The counter of a module's packets, modulo 2**14: a stream that repeats itself never passes what it has said.

A module counts once COUNTER_MOVES packets went on by a few. From then on its packets are frozen while the counter
stands, and from FROZEN_PACKETS on in which it has not passed the furthest value seen. Lost packets are a step ahead, up
to GAP; further than the time has room for it may be a wrong packet with a lucky sum, and counts once the next one is
ahead of it. A counter that goes back is that of a loop; of a module that was restarted only behind a silence, or after
STEADY packets that go on one by one beyond all that was seen. What was found to repeat itself before a silence has to
do the same behind it, unless it goes on where it was: else each silence would make a loop live. So a loop longer than
STEADY packets, which began again behind a silence, is believed from there on.

A module of which the counter never moves, or an odd value in its packets, is no module that counts.
"""

from pump.base.compat import micropython

COUNTER_MOVES = 2  # so many steps of a few: the module has a counter; so many beyond: what repeated itself goes on
COUNTER_STEP = 3  # a packet or two may be lost between
COUNTER_MASK = (1 << 14) - 1
FROZEN_PACKETS = 9  # three seconds
GAP = 45  # so far ahead it is the same stream: in fifteen seconds without a reading the pump has held
STEADY = 90  # half a minute
_WIDEST = COUNTER_MASK >> 1


class PacketCounter:
    """`newest`: what the last packet said, -1 before the first one."""

    def __init__(self):
        self.newest = self._furthest = -1
        self._width = 0  # how far back from the furthest value the counter was seen
        self._known = 0  # steps that show that it counts, up to COUNTER_MOVES
        self._run = 0  # steps of a few in a row, up to STEADY
        self._behind = 0  # packets since it passed the furthest value, up to FROZEN_PACKETS
        self._beyond = 0  # packets in a row beyond it, of a module that was frozen
        self._doubted = False  # the newest is further ahead than can be, and the only one that says so
        self._silent = False  # the line was, since the last packet
        self._met = False  # the first packet behind a silence was another one: a module that does not count, perhaps
        self._restarts = False  # since the silence

    def silence(self):
        """The line was silent: it may be another module that speaks next."""
        self._silent = True

    @micropython.native
    def repeats(self, value, passed, moved):
        """The next packet's counter, after the time of `passed` packets; `moved`: its pleth is not that of the packet
        before. True when it is frozen."""
        step = (value - self.newest) & COUNTER_MASK if self.newest >= 0 else 0
        self.newest = value
        if not self._silent:
            self._learn(value, step, moved)
        elif self._meet(value, moved):
            return False
        if self._known < COUNTER_MOVES:
            self._furthest = value
            return False
        if self._passes(value, step, passed):
            return False
        self._behind = min(self._behind + passed, FROZEN_PACKETS)
        return self._behind >= FROZEN_PACKETS or (not step and not self._met)

    @micropython.native
    def _meet(self, value, moved):
        """The first packet behind a silence; True when it begins anew. One with the same pleth is of a device that
        hangs."""
        self._silent = False
        self._run = 0
        if not moved:
            return False
        self._met = self._restarts = True
        if self._behind >= FROZEN_PACKETS or 0 < (value - self._furthest) & COUNTER_MASK <= GAP:
            return False
        self._begin(value, 0)
        return True

    @micropython.native
    def _learn(self, value, step, moved):
        """Whether it counts, and goes on."""
        if 0 < step <= COUNTER_STEP:
            self._known = min(self._known + 1, COUNTER_MOVES)
            self._run = min(self._run + 1, STEADY)
        else:
            self._run = 0
        if step:
            if self._met and step > COUNTER_STEP:
                self._begin(value, 0)  # what came first behind the silence was a wrong packet, perhaps
            self._met = False
        elif self._known < COUNTER_MOVES or (self._met and moved):
            self._known = 0
            self._met = False
            self._begin(value, 0)

    @micropython.native
    def _passes(self, value, step, passed):
        """It goes beyond the furthest value, or is believed to have begun anew."""
        ahead = (value - self._furthest) & COUNTER_MASK
        doubted, self._doubted = self._doubted and 0 < step <= GAP, False
        if 0 < ahead <= (2 * GAP if doubted else GAP):
            self._beyond += 1
            if self._behind >= FROZEN_PACKETS and self._beyond < COUNTER_MOVES:
                return False
            if ahead > COUNTER_STEP + passed and not doubted:
                self._doubted = True
                return False
            self._begin(value, min(self._width + ahead, _WIDEST))
            return True
        self._beyond = 0
        if self._run < STEADY or ((-ahead) & COUNTER_MASK <= self._width and not self._restarts):
            return False
        self._begin(value, STEADY)
        return True

    @micropython.native
    def _begin(self, value, width):
        self._furthest, self._width = value, width
        self._behind = self._beyond = 0
        self._restarts = False

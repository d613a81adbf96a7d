"""What frames marked by bit 7 have in common: no checksum, sixty a second, a pleth.

A frame counts where its bits 7 fit and its values are possible, after LOCK such frames in a row. BLOCK frames make one
sample: SpO2 and pulse are what more than half of them say, or missing; a flag of any of them is the sample's. So a
wrong value passes only where more than half of a block is wrong in the same way.

A pleth with fewer than MOVES in FROZEN_BLOCKS is that of a frozen device. A move is one of the middle of three frames
by value: a frame that says something else alone, as a wrong bit makes it, is none, and no block counts for more than
MOVES_MOST.

A block whose pleth is to the last frame that of one of the two before it says nothing new. REPEATS of them, less
UNLIKE for each other one between, are those of a device that sends a few frames again and again, as a buffer that hangs
does. A loop of 2, 3, 5, 6, 10, 15 or 30 frames makes such blocks; one of another length, or a longer one, is not known,
nor a weak one: a block of fewer than TELLING counts and RESTLESS moves tells nothing of that, since a weak pulse of 120
or 240 a minute says the same by chance for many seconds.
"""

from array import array

from oximeters.losses import Losses
from pump.base.compat import micropython, ptr8, ptr32
from pump.io import COUNT_MAX
from pump.tables import vitals as v
from pump.tables.messages import NONE8, NONE16

LOCK = 3
BLOCK = 15
FROZEN_BLOCKS = 12  # three seconds
MOVES, MOVES_MOST = 6, 4  # a pleth two counts high moves four times a beat
TELLING = 10  # counts from the lowest to the highest of a block: a weaker and steady pulse says the same by chance
RESTLESS = 12  # moves of a block: two frames by turns, however near to each other
REPEATS, UNLIKE = 20, 5  # five seconds
_REPEATS_MOST = REPEATS + 4 * UNLIKE  # so that a wrong bit makes no frozen device live: it spoils two blocks, or three
NO_SPO2, NO_PULSE = 127, 255
STRENGTH_MAX = 8
WEAK = 1  # a signal of this strength, of 8, is a weak one
# What a parser keeps of the stream: indices into Parser.state. _LOST: bytes since the block began.
N, LOCKED, REJECTED, RESYNCS, LOST = 0, 1, 2, 3, 4
_BEFORE, _NEWEST, _MIDDLE, _MOVED = 5, 6, 7, 8  # the last two of the pleth, where its middle is, its moves in the block
_WAVE, _LOW, _HIGH = 9, 10, 11  # what follows from the whole pleth of the block; its lowest and highest
_LOWEST_BEFORE = 127  # of a block that begins
_MARGIN = 256  # more than is thrown away in one call
_STALE = 4  # a block in which so many times its own bytes were lost is of too many moments


@micropython.viper
def majority(said: ptr8, count: int) -> int:
    """What more than half of said[:count] is; -1 for nothing."""
    for i in range(count):
        same = 0
        for k in range(count):
            if int(said[k]) == int(said[i]):
                same += 1
        if same * 2 > count:
            return int(said[i])
    return -1


@micropython.viper
def _move(state: ptr32, pleth: int):
    """The next pleth, into _WAVE, _LOW and _HIGH: counts a move of the middle one of three (_BEFORE, _NEWEST, _MIDDLE,
    _MOVED)."""
    state[9] = (int(state[9]) * 31 + pleth) & 0x3FFFFFF  # below 31 bits
    if pleth < int(state[10]):
        state[10] = pleth
    if pleth > int(state[11]):
        state[11] = pleth
    low = int(state[5])
    high = int(state[6])
    state[5] = high
    state[6] = pleth
    if low > high:
        high = low
        low = int(state[5])
    middle = pleth
    if middle < low:
        middle = low
    elif middle > high:
        middle = high
    if middle != int(state[7]):
        state[7] = middle
        state[8] = int(state[8]) + 1


class Frames(Losses):
    """Frames to samples; a format's own class finds them (`_byte`) and reads them (`_read`, by `add`)."""

    rejected_at, resyncs_at = REJECTED, RESYNCS
    size = 0  # bytes of a frame
    silence_ms = 1_000

    def __init__(self):
        self.buf = bytearray(self.size)
        self.state = array("i", bytes(48))
        self.samples = 0
        self.spo2, self.pulse, self.flags = NONE8, NONE16, 0
        self._said, self._rates = bytearray(BLOCK), bytearray(BLOCK)
        self._moves = bytearray((MOVES_MOST,) * FROZEN_BLOCKS)  # of the last blocks; they stay through a silence
        self._sum, self._at = MOVES_MOST * FROZEN_BLOCKS, 0
        self._wave_1 = self._wave_2 = -1  # of the last two blocks
        self._repeats = 0  # blocks that said what one of those did, up to _REPEATS_MOST
        self._restart()

    @micropython.native
    def take(self, data, count):
        """Adds data[:count]; True when at least one sample was completed (the newest one stands)."""
        self.make_room(_MARGIN)
        complete = False
        for i in range(count):
            if self._byte(data[i]):
                complete = True
        return complete

    def forget(self):
        """The line was silent: the next frames lock anew, whoever sends them."""
        state = self.state
        state[N] = state[LOCKED] = 0
        self._restart()

    @micropython.native
    def lose(self, count):
        """So many bytes are no frame."""
        state = self.state
        state[REJECTED] += count
        if state[LOST] < COUNT_MAX:
            state[LOST] += count
        if state[LOCKED] == LOCK:
            self.count_resync()
        state[LOCKED] = 0

    @micropython.native
    def _restart(self):
        """Begins a block."""
        self._count = self._flags = self._strength = 0
        state = self.state
        state[LOST] = state[_MOVED] = state[_WAVE] = state[_HIGH] = 0
        state[_LOW] = _LOWEST_BEFORE

    @micropython.native
    def add(self, spo2, pulse, pleth, strength, flags):
        """A frame whose bits 7 fit; True when it completes a sample."""
        state = self.state
        if (spo2 > 100 and spo2 != NO_SPO2) or strength > STRENGTH_MAX:
            self.lose(self.size)
            return False
        if state[LOCKED] < LOCK:
            state[LOCKED] += 1
            return False
        if state[LOST] > _STALE * BLOCK * self.size:
            self._restart()
        self._keep(spo2, pulse, pleth, strength, flags)
        if self._count < BLOCK:
            return False
        self._finish()
        self._restart()
        return True

    @micropython.native
    def _keep(self, spo2, pulse, pleth, strength, flags):
        at = self._count
        self._said[at], self._rates[at] = spo2, pulse
        self._count = at + 1
        self._flags |= flags
        _move(self.state, pleth)
        self._strength = max(self._strength, strength)

    @micropython.native
    def _finish(self):
        """Judges the block."""
        spo2, pulse = majority(self._said, BLOCK), majority(self._rates, BLOCK)
        flags = self._flags
        if spo2 < 0 or pulse < 0:
            flags |= v.DEGRADED
        still, again = self._stands_still(), self._says_again()
        if (still or again) and spo2 != NO_SPO2 and pulse != NO_PULSE:
            flags |= v.FROZEN  # without values a flat pleth is that of an empty probe
        if self._strength <= WEAK:
            flags |= v.LOW_PERFUSION
        self.spo2 = spo2 if 1 <= spo2 <= 100 else NONE8
        self.pulse = pulse if 1 <= pulse < NO_PULSE else NONE16
        if self.spo2 != NONE8 and self.pulse != NONE16 and not flags & v.VALUELESS_FLAGS:
            flags |= v.VALID
        self.flags = flags
        self.samples += 1

    @micropython.native
    def _stands_still(self):
        """True when the pleth made fewer than MOVES in the last blocks, this one among them."""
        moves, at = self._moves, self._at
        moved = min(self.state[_MOVED], MOVES_MOST)
        self._sum += moved - moves[at]
        moves[at] = moved
        self._at = (at + 1) % FROZEN_BLOCKS
        return self._sum < MOVES

    @micropython.native
    def _says_again(self):
        """True when the last blocks said what those before them did. A weak one is judged by its moves alone."""
        state = self.state
        wave = state[_WAVE]
        if wave != self._wave_1 and wave != self._wave_2:
            self._repeats = max(self._repeats - UNLIKE, 0)
        elif state[_HIGH] - state[_LOW] >= TELLING or state[_MOVED] >= RESTLESS:
            self._repeats = min(self._repeats + 1, _REPEATS_MOST)
        self._wave_1, self._wave_2 = wave, self._wave_1
        return self._repeats >= REPEATS

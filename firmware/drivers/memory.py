"""The processor's RAM, tried in pieces while all that lies in it stays: each bit is written both ways and read back.

Interrupts wait meanwhile, some microseconds a piece. Beside that a block of its own stands under a pattern from one
piece to the next: what leaks is seen, too. The stacks (two banks of 4 KB) are not tried.
"""

from machine import disable_irq, enable_irq

from pump.base.compat import micropython

# A line each: of several at once the frozen ones are objects, and what is computed with them comes from the heap.
START = 0x20000000
BYTES = 256 * 1024
_BLOCK = 64


@micropython.viper
def _march(at: int, words: int) -> int:
    """How many words from address `at` on hold what is written to them, before the first that does not."""
    memory = ptr32(at)
    for i in range(words):
        held = int(memory[i])
        memory[i] = held ^ -1
        wrong = int(memory[i]) ^ held ^ -1
        memory[i] = held
        wrong |= int(memory[i]) ^ held
        if wrong:
            return i
    return words


@micropython.viper
def _fill(block: ptr8, phase: int):
    for i in range(64):
        block[i] = (i * 37) ^ phase


@micropython.viper
def _kept(block: ptr8, phase: int) -> int:
    for i in range(64):
        if int(block[i]) ^ (i * 37) & 255 ^ phase:
            return 0
    return 1


class Memory:
    """`piece(words)` tries so many more: True when that was the last of a turn, or failed. Then `sound`,
    and `wrong_at`: the byte of the RAM that failed, BYTES: the block under the pattern."""

    def __init__(self):
        self.sound = True
        self.wrong_at = 0
        self._at = 0
        self._phase = 0x55
        self.block = bytearray(_BLOCK)
        _fill(self.block, self._phase)

    def restart(self):
        """From the first word."""
        self._at = 0

    @micropython.native
    def piece(self, words):
        """The next words; the block under the pattern is read, and turned over."""
        if not _kept(self.block, self._phase):
            self.sound = False
            self.wrong_at = BYTES
            return True
        self._phase ^= 0xFF
        _fill(self.block, self._phase)
        at = self._at
        words = min(words, (BYTES - at) >> 2)  # pieces before it may have been of another size
        was = disable_irq()
        held = _march(START + at, words)
        enable_irq(was)
        if held < words:
            self.sound = False
            self.wrong_at = at + 4 * held
            return True
        at += 4 * words
        self._at = at if at < BYTES else 0
        return at >= BYTES

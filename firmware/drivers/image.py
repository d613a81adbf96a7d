"""The firmware's own image in the flash: the build writes its length and CRC-32 where no code lies, here they are held.

They stand in three entries of the vector table that the processor never uses: length, CRC of all bytes but these three
words, and MARK. The flash is read as memory, a piece at a time: at rest by the
interpreter's own CRC, which is ten times as fast and takes memory, else in a way that takes none.
"""

from array import array
from binascii import crc32

from uctypes import bytearray_at

from pump.base.compat import micropython

START = 0x10000000
AT = 0x120  # boards.build.checksum says the same
MARK = 0x4D494C54  # "TLIM"
SIZE = 12
LENGTH_MAX = 2 * 1024 * 1024
_POLYNOMIAL = 0xEDB8  # its upper half; an integer of 32 bits cannot stand here


@micropython.viper
def _fill(table: ptr32, upper: int):
    polynomial = uint(upper << 16 | 0x8320)
    for n in range(256):
        c = uint(n)
        for _ in range(8):
            if c & 1:
                c = polynomial ^ (c >> 1)
            else:
                c = c >> 1
        table[n] = c


@micropython.viper
def _over(state: ptr32, table: ptr32, at: int, n: int):
    """Takes n bytes from address `at` on into the CRC in state[0]."""
    data = ptr8(at)
    c = uint(state[0])
    for i in range(n):
        c = uint(table[(int(c) ^ int(data[i])) & 255]) ^ (c >> 8)
    state[0] = c


@micropython.viper
def _head(at: int, mark: int) -> int:
    """The length, 0 without the mark."""
    words = ptr32(at)
    return int(words[0]) if int(words[2]) == mark else 0


@micropython.viper
def _holds(state: ptr32, at: int) -> int:
    return 1 if int(state[0]) ^ -1 == int(ptr32(at)[1]) else 0


@micropython.viper
def _begin(state: ptr32):
    state[0] = -1


class Image:
    """`piece(n)` reads n bytes more: True when that was the last of a turn; then `sound`. `length`: bytes, 0: none
    stands in the image, which is then not sound."""

    def __init__(self):
        self._table = array("I", bytes(4 * 256))
        _fill(self._table, _POLYNOMIAL)
        self._state = array("I", bytes(4))
        self.length = _head(START + AT, MARK)
        if not AT + SIZE < self.length <= LENGTH_MAX:
            self.length = 0
        self.sound = False
        self.restart()

    def restart(self):
        """From the first byte."""
        self._at = self._crc = 0
        _begin(self._state)

    def piece_at_rest(self, n):
        """As `piece`, of a turn that is made in such pieces alone."""
        at = self._at
        n = max(0, min(n, (AT if at < AT else self.length) - at))
        if n:
            self._crc = crc32(bytearray_at(START + at, n), self._crc)
        self._at = at + n
        if self._at == AT:
            self._at += SIZE
        if self._at < self.length:
            return False
        kept = int.from_bytes(bytearray_at(START + AT + 4, 4), "little")
        self.sound = self.length > 0 and kept == self._crc
        self.restart()
        return True

    @micropython.native
    def piece(self, n):
        """The next n bytes, or fewer at an end."""
        at, length = self._at, self.length
        end = AT if at < AT else length
        n = min(n, end - at)
        if n > 0:
            _over(self._state, self._table, START + at, n)
        self._at = at = at + n
        if at == AT:
            self._at = AT + SIZE
            return False
        if at < length:
            return False
        self.sound = length > 0 and _holds(self._state, START + AT) != 0
        self.restart()
        return True

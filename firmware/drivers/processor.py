"""The processor: instructions of each kind over known values, and what must come out.

Each sum runs into the next, so one wrong bit anywhere changes the last; it stays within 30 bits.
"""

from array import array

from pump.base import crc
from pump.base.compat import micropython

# Each by itself: frozen in a tuple they are objects, and what is computed with them comes from the heap.
_SUMS = array("i", bytes(8))  # what _sums makes of the values below
_SUMS[0] = 0x13080B9F
_SUMS[1] = 0x313C31CF
_VALUES = array("i", bytes(8))
_VALUES[0] = 0x12345678
_VALUES[1] = 0x0F0F5A5A
_TEXT, _TEXT_CRC = b"123456789", b"\x26\x39\xf4\xcb"  # the check value of CRC-32
_work = bytearray(len(_TEXT) + crc.SIZE)


@micropython.viper
def _sums(a: int) -> int:
    b = 0x2AAAAAAA
    for i in range(1, 24):
        b = (b * 5 + a) & 0x3FFFFFFF
        b = b ^ (a >> (i & 7))
        b = (b | (a & 0x1F0F)) - (i << 3)
        if b > a:
            b = b - (a >> 1)
        else:
            b = b + i * i
        if b & 4:
            b = b + (a & 255)
        b = b & 0x3FFFFFFF
    return b


@micropython.native
def wrong():
    """How many came out wrong."""
    count = 0
    for i in range(len(_VALUES)):
        if _sums(_VALUES[i]) != _SUMS[i]:
            count += 1
        if _VALUES[i] // 1000 * 1000 + _VALUES[i] % 1000 != _VALUES[i]:
            count += 1
    for i in range(len(_TEXT)):
        _work[i] = _TEXT[i]
    crc.put(_work, len(_TEXT))
    for i in range(crc.SIZE):
        if _work[len(_TEXT) + i] != _TEXT_CRC[i]:
            count += 1
    return count

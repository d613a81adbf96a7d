"""Frames on the host line: type, sequence, payload and CRC-32, stuffed by COBS and ended by a zero byte.

    type u8 | sequence u8 | payload 0..MAX_PAYLOAD | CRC-32 of all before it, low byte first

COBS (Cheshire and Baker, 1999) takes the zeros out, so a zero ends a frame and a reader finds the next one after any
damage. A frame stays below 254 bytes: one length byte reaches every gap, and code 0xFF never occurs. Extra zeros
between frames are empty frames and mean nothing, so a writer may pad.
"""

from pump.base import crc
from pump.base.compat import micropython, ptr8
from pump.io import COUNT_MAX, TX_MAX

MAX_PAYLOAD = 200
HEAD = 2
MAX_PLAIN = HEAD + MAX_PAYLOAD + crc.SIZE
MAX_CODED = MAX_PLAIN + 2
assert MAX_CODED + 15 <= TX_MAX  # the board pads what it sends to whole blocks
MIN_PLAIN = HEAD + crc.SIZE


@micropython.viper
def _stuff(plain: ptr8, n: int, coded: ptr8) -> int:
    mark = 0
    out = 1
    for i in range(n):
        byte = int(plain[i])
        if byte == 0:
            coded[mark] = out - mark
            mark = out
        else:
            coded[out] = byte
        out += 1
    coded[mark] = out - mark
    coded[out] = 0
    return out + 1


@micropython.viper
def _unstuff(coded: ptr8, n: int) -> int:
    """In place: coded[:n] (no ending zero) becomes the plain bytes; their number, or -1."""
    i = 0
    out = 0
    while i < n:
        code = int(coded[i])
        if code == 0 or code == 255 or i + code > n:
            return -1
        i += 1
        for _ in range(code - 1):
            coded[out] = coded[i]
            out += 1
            i += 1
        if i < n:
            coded[out] = 0
            out += 1
    return out


@micropython.viper
def _gather(coded: ptr8, data: ptr8, places: int, end: int) -> int:
    """data[at:end] up to a zero to coded[n:], as far as there is room; `places` and the answer: n << 16 | at."""
    n = places >> 16
    at = places & 0xFFFF
    most = int(MAX_CODED)
    while at < end and data[at]:
        if n < most:
            coded[n] = data[at]
            n += 1
        at += 1
    return n << 16 | at


@micropython.native
def encode(plain, n_payload, coded):
    """Closes the frame whose type, sequence and n_payload bytes lie in `plain`; its coded bytes go to `coded`.

    `plain` holds MAX_PLAIN bytes, `coded` MAX_CODED. Returns the number of coded bytes, the ending zero included.
    """
    n = HEAD + n_payload
    crc.put(plain, n)
    return _stuff(plain, n + crc.SIZE, coded)


@micropython.native
def decode(coded, n):
    """Opens coded[:n] (without the ending zero) in place: the payload's length, or -1 for a damaged frame.

    Afterwards coded[0] is the type, coded[1] the sequence, the payload starts at coded[2].
    """
    n = _unstuff(coded, n)
    if n < MIN_PLAIN or not crc.holds(coded, n - crc.SIZE):
        return -1
    return n - MIN_PLAIN


class Receiver:
    """Collects bytes to frames; `take` tells of each whole one. Too long or damaged frames are counted and dropped."""

    def __init__(self):
        self.buf = bytearray(MAX_CODED)
        self.n = 0
        self.bad = 0

    @micropython.native
    def gather(self, data, at, end):
        """As `take` of each of data[at:end] up to a zero; returns where that is, or `end`."""
        places = _gather(self.buf, data, self.n << 16 | at, end)
        self.n = places >> 16
        return places & 0xFFFF

    @micropython.native
    def take(self, byte):
        """One byte from the line: -1 while nothing is complete, else the payload's length of the frame in buf."""
        if byte:
            if self.n < MAX_CODED:
                self.buf[self.n] = byte
                self.n += 1
            return -1
        n = self.n
        self.n = 0
        if n == 0:
            return -1
        length = decode(self.buf, n) if n < MAX_CODED else -1
        if length < 0:
            self.bad = min(self.bad + 1, COUNT_MAX)
        return length

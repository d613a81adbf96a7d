"""CRC-32 (IEEE 802.3, the one of zlib) that allocates nothing: the checksum lies in four bytes, low byte first.

`binascii.crc32` returns an integer beyond 31 bits, which MicroPython takes from the heap; the scan may not. On the
chip the sum is kept in two halves of 16 bits, one table entry a nibble, in viper. CPython, which has no such limit,
uses its own.
"""

from pump.base.compat import ON_DEVICE, micropython, ptr8, ptr16

SIZE = 4

# CRC-32 of each nibble, polynomial 0xEDB88320 (reflected), little endian: the low halves, then the high halves.
_LOW = (
    b"\x00\x00\x64\x10\xc8\x20\xac\x30\x90\x41\xf4\x51\x58\x61\x3c\x71"
    b"\x20\x83\x44\x93\xe8\xa3\x8c\xb3\xb0\xc2\xd4\xd2\x78\xe2\x1c\xf2"
)
_HIGH = (
    b"\x00\x00\xb7\x1d\x6e\x3b\xd9\x26\xdc\x76\x6b\x6b\xb2\x4d\x05\x50"
    b"\xb8\xed\x0f\xf0\xd6\xd6\x61\xcb\x64\x9b\xd3\x86\x0a\xa0\xbd\xbd"
)


@micropython.viper
def _put_halves(buf: ptr8, n: int, low: ptr16, high: ptr16):
    """Writes the CRC of buf[:n] to buf[n:n+4]."""
    a = 0xFFFF
    b = 0xFFFF
    for i in range(n):
        byte = int(buf[i])
        for shift in range(0, 8, 4):
            k = (a ^ (byte >> shift)) & 15
            a = ((a >> 4) | ((b & 15) << 12)) ^ int(low[k])
            b = (b >> 4) ^ int(high[k])
    a ^= 0xFFFF
    b ^= 0xFFFF
    buf[n] = a & 255
    buf[n + 1] = a >> 8
    buf[n + 2] = b & 255
    buf[n + 3] = b >> 8


if ON_DEVICE:

    @micropython.native
    def put(buf, n):
        """Appends the CRC of buf[:n] at buf[n:n+4]."""
        _put_halves(buf, n, _LOW, _HIGH)
else:
    import zlib

    def put(buf, n):
        """Appends the CRC of buf[:n] at buf[n:n+4]."""
        buf[n : n + 4] = zlib.crc32(memoryview(buf)[:n]).to_bytes(4, "little")


_scratch = bytearray(4)


@micropython.native
def holds(buf, n):
    """True when buf[n:n+4] is the CRC of buf[:n]; buf is left as it was."""
    for i in range(4):
        _scratch[i] = buf[n + i]
    put(buf, n)
    good = True
    for i in range(4):
        if buf[n + i] != _scratch[i]:
            good = False
            buf[n + i] = _scratch[i]
    return good

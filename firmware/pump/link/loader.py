"""A protocol as it comes over the line, in numbered pieces; only while nothing runs, so it may allocate."""

import struct

from pump.base.crc import SIZE as CRC_SIZE
from pump.tables import messages as m
from pump.tables.refusals import CHECKSUM, RANGE, TRUNCATED

_BEGIN = m.LOAD_BEGIN[1]
_DATA = m.LOAD_DATA[1]
_OFFSET = struct.calcsize(_DATA)


class Loader:
    """`begin`, `data`, `end` take a request's payload buf[at:at+length]; `loaded` holds what came in full, or None.

    Each returns 0, or a row of tables.refusals, with what it is about in `detail`.
    """

    def __init__(self):
        self.loaded = None  # for the controller to judge
        self.detail = 0
        self._buffer = b""  # there while a protocol comes: what runs has its memory
        self._size = 0
        self._received = 0
        self._crc = 0

    def forget(self):
        """Who sent the half of it is gone."""
        self._size = self._received = 0
        self._buffer = b""

    def _refused(self, code, detail):
        self.detail = detail
        return code

    def begin(self, buf, at, length):
        """Size and CRC of what is to come."""
        if length != struct.calcsize(_BEGIN):
            return self._refused(TRUNCATED, length)
        size, self._crc = struct.unpack_from(_BEGIN, buf, at)
        self.forget()
        if not CRC_SIZE <= size <= m.PROTOCOL_MAX:
            return self._refused(RANGE, size)
        self._size = size
        self._buffer = bytearray(size)
        return 0

    def data(self, buf, at, length):
        """A piece at its offset; one that came already may come again."""
        offset = struct.unpack_from(_DATA, buf, at)[0] if length > _OFFSET else 0
        count = length - _OFFSET
        if count < 1 or offset + count > self._size or offset > self._received:
            return self._refused(TRUNCATED, offset)
        self._buffer[offset : offset + count] = buf[at + _OFFSET : at + length]
        self._received = max(self._received, offset + count)
        return 0

    def end(self, buf, at, length):
        """All has come: what is whole stands in `loaded`."""
        if not self._size or self._received != self._size:
            return self._refused(TRUNCATED, self._size)
        import binascii

        data, self._buffer = self._buffer, b""
        self._size = 0
        if binascii.crc32(data) & 0xFFFFFFFF != self._crc:
            return self._refused(CHECKSUM, 0)
        self.loaded = data
        return 0

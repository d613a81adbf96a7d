"""Copies bytes from buffer to buffer without a slice, which would take memory from the heap in the scan.

On the chip in viper: ten times as fast as a loop over Python's indexing.
"""

from pump.base.compat import ON_DEVICE, micropython, ptr8

_AT_MAX = 1 << 14  # the two places travel in one small integer


@micropython.viper
def _copy(target: ptr8, source: ptr8, places: int, n: int):
    to = places & 0xFFFF
    at = places >> 16
    for i in range(n):
        target[to + i] = source[at + i]


if ON_DEVICE:

    @micropython.native
    def copy(target, to, source, at, n):
        """target[to:to+n] = source[at:at+n]; both buffers are that long, and `at` is below 16,384."""
        _copy(target, source, to | at << 16, n)
else:

    def copy(target, to, source, at, n):
        """target[to:to+n] = source[at:at+n]; both buffers are that long, and `at` is below 16,384."""
        assert at < _AT_MAX and to + n <= len(target) and at + n <= len(source)
        target[to : to + n] = source[at : at + n]

"""The host line on USB: bytes as they are, no interrupt by Ctrl-C, never a wait for a host that does not read."""

import select
import sys

import micropython

from pump.io import COUNT_MAX


class Console:
    """`read_into` takes at most `limit` bytes; `write` sends a frame padded with zeros to a multiple of 16."""

    def __init__(self, tx):
        micropython.kbd_intr(-1)
        self._in, self._out = sys.stdin.buffer, sys.stdout.buffer
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(sys.stdin, select.POLLIN)
        self._writable.register(sys.stdout, select.POLLOUT)
        # Bound methods are made once: making one in the scan would allocate.
        self._read = self._in.readinto
        self._poll_in, self._poll_out = self._readable.ipoll, self._writable.ipoll
        view = memoryview(tx)
        self._views = [view[: 16 * k] for k in range(len(tx) // 16 + 1)]
        self._tx = tx
        self._one = bytearray(1)
        self.dropped = 0

    @micropython.native
    def read_into(self, buf, limit):
        """Bytes waiting, at most `limit`; returns their number."""
        n = 0
        one = self._one
        while n < limit:
            waiting = False
            for _ in self._poll_in(0):
                waiting = True
            if not waiting:
                break
            self._read(one)
            buf[n] = one[0]
            n += 1
        return n

    @micropython.native
    def write(self, n):
        """Sends tx[:n]; the zeros after it are empty frames."""
        ready = False
        for _ in self._poll_out(0):
            ready = True
        if not ready:
            self._drop()
            return
        tx = self._tx
        end = (n + 15) & ~15
        for i in range(n, end):
            tx[i] = 0
        if self._out.write(self._views[end >> 4]) != end:
            self._drop()

    def _drop(self):
        self.dropped = min(self.dropped + 1, COUNT_MAX)

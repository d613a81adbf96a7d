"""How many of each request the pump takes in a second: its row of tables.messages says it (INT-7)."""

from pump.base.compat import micropython
from pump.base.units import ticks_diff
from pump.tables import messages as m

SECOND_MS = 1_000


class Often:
    """`begins` each scan with bytes; `beyond` for each request."""

    def __init__(self):
        self._taken = bytearray(len(m.ROWS))  # how many of each row were taken in this second
        self._second_ms = -1

    @micropython.native
    def begins(self, now_ms):
        """True when another second begins."""
        if self._second_ms >= 0 and ticks_diff(now_ms, self._second_ms) < SECOND_MS:
            return False
        self._second_ms = now_ms
        taken = self._taken
        for row in range(len(taken)):
            taken[row] = 0
        return True

    @micropython.native
    def beyond(self, row):
        """By how many the row's requests of this second, this one included, are beyond its number; 2: by more than one.
        The first of those is refused, the rest are as if they had not come: the line is the stream's, too, and others'
        answers stand."""
        most, taken = m.MOST[row], self._taken
        if taken[row] <= most:
            taken[row] += 1
            return taken[row] - most
        return 2

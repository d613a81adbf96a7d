"""The patient's own SpO2: the median of the last minute before START (VIT-1).

One sure reading a second is kept; a second without one counts as none. What there is of that minute is taken: a start
ten seconds after the probe was put on has the median of ten readings. Of two middle values the higher is taken: it
makes the limits the stricter ones.
"""

from pump.base.compat import micropython
from pump.base.units import ticks_diff
from pump.tables.messages import NONE8

SECONDS = 60
SECOND_MS = 1_000


class Minute:
    """`keep` at each look; `median` when nothing flows (it allocates)."""

    def __init__(self):
        self._kept = bytearray(b"\xff" * SECONDS)
        self._next = 0
        self._since_ms = -1

    @micropython.native
    def keep(self, spo2, now_ms):
        """SpO2 now (NONE8: no sure reading); once a second it is kept."""
        if self._since_ms >= 0 and ticks_diff(now_ms, self._since_ms) < SECOND_MS:
            return
        self._since_ms = now_ms
        self._kept[self._next] = spo2
        self._next = (self._next + 1) % SECONDS

    def median(self):
        """The median in percent; NONE8 without a single reading."""
        known = sorted([spo2 for spo2 in self._kept if spo2 != NONE8])
        return known[len(known) // 2] if known else NONE8

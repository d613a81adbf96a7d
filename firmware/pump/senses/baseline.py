"""The patient's own SpO2: the median of the last minute before START (VIT-1).

One sure reading a second is kept; a second without one counts as none. What there is of that minute is taken: a start
ten seconds after the probe was put on has the median of ten readings. Of two middle values the higher is taken: it
makes the limits the stricter ones. START waits for LEAST_S readings: one alone is the first that a probe gave, often
too low, or none at all, and then a fall of twelve points is within the limits.
"""

from pump.base.compat import micropython, ptr8
from pump.base.units import age_ms, ticks_diff
from pump.tables.messages import NONE8

SECONDS = 60
SECOND_MS = 1_000
LEAST_S = 4  # with one unsettled reading among them the median is that of the others
VALUES = 128  # of percent, more than there are


@micropython.viper
def _median(kept: ptr8, counts: ptr8, n: int) -> int:
    """The higher middle of the values below VALUES; 255 (NONE8) without one. `counts`: room for VALUES bytes."""
    for value in range(128):
        counts[value] = 0
    known = 0
    for i in range(n):
        value = int(kept[i])
        if value < 128:
            counts[value] = int(counts[value]) + 1
            known += 1
    seen = 0
    for value in range(128):
        seen += int(counts[value])
        if seen > known // 2:
            return value
    return 255


@micropython.viper
def _known(kept: ptr8, n: int) -> int:
    """How many of them are values."""
    known = 0
    for i in range(n):
        if int(kept[i]) < 128:
            known += 1
    return known


@micropython.viper
def _highest(kept: ptr8, size: int, end: int, n: int) -> int:
    """The highest of the n values before `end` in a ring of that size; 0 without one."""
    found = 0
    at = end
    for _ in range(n):
        at = at - 1 if at else size - 1
        value = int(kept[at])
        if value < 128 and value > found:
            found = value
    return found


class Minute:
    """`keep` at each look; `median` at START, `highest` when the signal goes."""

    def __init__(self):
        self._kept = bytearray(b"\xff" * SECONDS)
        self._counts = bytearray(VALUES)
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

    def forget(self):
        """These were another patient's."""
        for i in range(SECONDS):
            self._kept[i] = NONE8

    def median(self):
        """The median in percent; NONE8 without a single reading."""
        return int(_median(self._kept, self._counts, SECONDS))

    def enough(self):
        """True with LEAST_S readings."""
        return int(_known(self._kept, SECONDS)) >= LEAST_S

    @micropython.native
    def highest(self, seconds):
        """The highest reading of so many seconds up to now, of the last minute at most, in percent; 0 without one."""
        return int(_highest(self._kept, SECONDS, self._next, min(seconds, SECONDS)))

    def pack(self, to, now_ms):
        """Appends what decides from here on: the oldest reading first."""
        to.append(age_ms(now_ms, self._since_ms, SECOND_MS))
        for i in range(SECONDS):
            to.append(self._kept[(self._next + i) % SECONDS])

"""Which of the pump's parts answer: a lost one is told within a second, and back only when it stays (INT-9).

Whether the flow goes on without it stands in its row of tables.parts.
"""

from array import array

from pump.base.compat import micropython
from pump.base.units import ticks_diff
from pump.tables import parts
from pump.tables.causes import BIT
from pump.tables.events import PART_BACK, PART_LOST
from pump.tables.parts import ALL, BACK_MS, COUNT, HOLD_MS, WAITS

_AGE_MAX_MS = 1 << 29
_LOST_BITS = array("I", [BIT[cause] for cause in parts.LOST])
_HOLD_BITS = array("I", [BIT[cause] for cause in parts.HOLD])


class Parts:
    """`look` several times a second; `bits`: conditions of tables.causes; `waits`: no next step may begin."""

    def __init__(self, log):
        self.bits = 0
        self.waits = False
        self._log = log
        self._lost = 0  # as told, bits of tables.parts
        self._lost_ms = array("i", [0] * COUNT)
        self._back_ms = array("i", [0] * COUNT)
        self._last_ms = -1

    @micropython.native
    def look(self, present, now_ms):
        """`present`: Snapshot.parts."""
        if present == ALL and not self._lost:
            self._last_ms = now_ms
            return
        passed = ticks_diff(now_ms, self._last_ms) if self._last_ms >= 0 else 0
        self._last_ms = now_ms
        bits = 0
        self.waits = False
        for part in range(1, COUNT):
            self._follow(part, present, passed)
            if self._lost & parts.BIT[part]:
                bits |= self._meaning(part)
        self.bits = bits

    def _follow(self, part, present, passed):
        bit = parts.BIT[part]
        lost_ms, back_ms = self._lost_ms, self._back_ms
        if not self._lost & bit:
            if not present & bit:
                self._lost |= bit
                lost_ms[part] = back_ms[part] = 0
                self._log(PART_LOST, part, present)
            return
        lost_ms[part] = min(lost_ms[part] + passed, _AGE_MAX_MS)
        back_ms[part] = min(back_ms[part] + passed, _AGE_MAX_MS) if present & bit else 0
        if back_ms[part] >= BACK_MS:
            self._lost &= ~bit
            self._log(PART_BACK, part, lost_ms[part] // 1000)

    def _meaning(self, part):
        """The conditions that a lost part is."""
        if parts.FLOW[part] == WAITS:
            self.waits = True
        late = self._lost_ms[part] >= HOLD_MS
        return _LOST_BITS[part] | (_HOLD_BITS[part] if late else 0)

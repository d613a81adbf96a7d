"""Which of the pump's parts answer: a lost one is told within a second, and back only when it stays (INT-9).

Whether the flow goes on without it stands in its row of tables.parts.

A plug that is loose tells of itself SHARE times at once and MORE times each span, so no more than 20 losses of a part
are recorded in an hour, each with its return (ALM-8); of the others the count is, as of each event that has a number an
hour in tables.events. The first of each part is never left out, nor is an alarm.
"""

from array import array

from pump.base.compat import micropython
from pump.base.units import ticks_diff
from pump.senses.budget import SPAN_S
from pump.tables import parts
from pump.tables.causes import BIT, LOG_FAST
from pump.tables.events import PART_BACK, PART_LOST, SUPPRESSED
from pump.tables.parts import ALL, BACK_MS, COUNT, HOLD_MS, WAITS

_AGE_MAX_MS = 1 << 29
SHARE, MORE = 10, 1  # losses of a part that are recorded at once, and that come to it each SPAN_S
_SPAN_MS = SPAN_S * 1000
_FAST_BIT = BIT[LOG_FAST]
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
        self._span_ms = 0
        self._share = array("B", [SHARE] * COUNT)
        self._told = 0  # those whose loss was recorded, bits of tables.parts
        self._often = PART_LOST
        self._left_out = 0  # losses that were not recorded, in this span
        self._fast = 0

    @micropython.native
    def look(self, present, now_ms):
        """`present`: Snapshot.parts."""
        passed = ticks_diff(now_ms, self._last_ms) if self._last_ms >= 0 else 0
        self._last_ms = now_ms
        self._span_ms = min(self._span_ms, _SPAN_MS) + min(passed, _SPAN_MS)
        if self._span_ms >= _SPAN_MS:
            self._next_span()
        if present == ALL and not self._lost:
            self.bits = self._fast
            return
        bits = self._fast
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
                self._tell(part, present)
            return
        lost_ms[part] = min(lost_ms[part] + passed, _AGE_MAX_MS)
        back_ms[part] = min(back_ms[part] + passed, _AGE_MAX_MS) if present & bit else 0
        if back_ms[part] >= BACK_MS:
            self._lost &= ~bit
            if self._told & bit:
                self._log(PART_BACK, part, lost_ms[part] // 1000)

    def _tell(self, part, present):
        """Records a loss while the part's share lasts."""
        if self._share[part]:
            self._share[part] -= 1
            self._told |= parts.BIT[part]
            self._log(PART_LOST, part, present)
            return
        self._told &= ~parts.BIT[part]
        self._left_out += 1
        self._fast = _FAST_BIT

    def _next_span(self):
        """What was left out is counted, and there is more at hand."""
        self._span_ms = 0
        for part in range(COUNT):
            self._share[part] = min(self._share[part] + MORE, SHARE)
        if self._left_out:
            self._log(SUPPRESSED, self._often, self._left_out)
            self._left_out = 0
        else:
            self._fast = 0

    def _meaning(self, part):
        """The conditions that a lost part is."""
        if parts.FLOW[part] == WAITS:
            self.waits = True
        late = self._lost_ms[part] >= HOLD_MS
        return _LOST_BITS[part] | (_HOLD_BITS[part] if late else 0)

    def pack(self, to):
        """Appends what decides from here on; what is recorded of it decides nothing."""
        to.append(self.bits)
        to.append(self.waits)
        to.append(self._lost)
        for part in range(COUNT):
            lost = self._lost & parts.BIT[part]
            to.append(min(self._lost_ms[part], HOLD_MS) if lost else 0)
            to.append(min(self._back_ms[part], BACK_MS) if lost else 0)

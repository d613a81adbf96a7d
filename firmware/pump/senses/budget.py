"""How many records each kind of event may still write (ALM-8): what comes more often is counted, the count recorded.

Each kind of tables.events with a number an hour has half of that at hand, and gets a twentieth more every six minutes:
in no hour more than the number. While something was left out in such a span the log fills fast, which is a condition.
"""

from array import array

from pump.base.compat import micropython
from pump.tables.causes import BIT, LOG_FAST
from pump.tables.events import AN_HOUR

SPAN_S = 360
_AT_HAND, _MORE = 2, 20  # shares of the number an hour
_MOST = (1 << 15) - 1
_FAST_BIT = BIT[LOG_FAST]


class Budget:
    """`take(kind)`: whether a record may be written; `left_out`: records left out since they were last recorded."""

    def __init__(self):
        self.bits = 0  # conditions of tables.causes
        self._left = array("H", [hour // _AT_HAND for hour in AN_HOUR])
        self.left_out = array("H", [0] * len(AN_HOUR))
        self._since_s = 0

    @micropython.native
    def take(self, kind):
        """True when a record of that kind may be written."""
        if not AN_HOUR[kind]:
            return True
        if self._left[kind]:
            self._left[kind] -= 1
            return True
        self.left_out[kind] = min(self.left_out[kind] + 1, _MOST)
        self.bits = _FAST_BIT
        return False

    @micropython.native
    def due(self, now_s):
        """True when a span is over: there is more at hand, and what was left out is to be recorded."""
        if now_s - self._since_s < SPAN_S:
            return False
        self._since_s = now_s
        fast = 0
        for kind in range(len(AN_HOUR)):
            hour = AN_HOUR[kind]
            self._left[kind] = min(self._left[kind] + hour // _MORE, hour // _AT_HAND)
            fast |= self.left_out[kind]
        if not fast:
            self.bits = 0
        return True

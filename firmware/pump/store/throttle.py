"""Records that may come often: the first of them is written, then each minute how many more there were (ALM-8)."""

from pump.base.compat import micropython
from pump.base.units import ticks_diff
from pump.io import COUNT_MAX
from pump.tables.events import SUPPRESSED

EVERY_MS = 60_000


class Throttle:
    """Stands before the log for one event: `came` each time, `age` several times a second."""

    def __init__(self, log, event):
        self._log = log
        self._event = event
        self._since_ms = -1  # -1: none came within the last minute
        self._fresh = False  # one came since the last `age`
        self._more = 0

    def came(self, arg, content=b""):
        """One more of the event, about `arg`; `content` (bytes, or a view of them) goes with one that is recorded."""
        if self._since_ms >= 0 or self._fresh:
            self._more = min(self._more + 1, COUNT_MAX)
            return
        self._fresh = True
        self._log(self._event, 0, arg, bytes(content))

    @micropython.native
    def age(self, now_ms):
        """Time passes."""
        if self._fresh:
            self._fresh = False
            self._since_ms = now_ms
        elif self._since_ms >= 0 and ticks_diff(now_ms, self._since_ms) >= EVERY_MS:
            self._since_ms = -1
            if self._more:
                self._log(SUPPRESSED, self._event, self._more)
                self._more = 0
                self._since_ms = now_ms

"""Raw levels to presses: one press counts once, whatever the key bounces or however long it is held (INT-6).

A press counts when the level has been stable for three samples (40 to 60 ms at 20 ms a scan, longer than 50 ms of
bounce with a sample between) after a release as long. Two keys going down together count as none. STOP is not
debounced: its level acts in the same scan, here it only counts once for the record.
"""

from pump.base.compat import micropython
from pump.io import STOP
from pump.tables.causes import BIT, KEY_STUCK

STABLE = 3
STUCK_MS = 60_000
_STUCK_BIT = BIT[KEY_STUCK]


class Buttons:
    """`update` once a scan; `stuck` tells a key held for a minute. `held`: keys down since power-on, no presses."""

    def __init__(self, held=0):
        self.stable = held
        self.stuck = False
        self.bits = 0  # conditions of tables.causes
        self._last = held
        self._same = STABLE if held else 0
        self._held_ms = 0
        self._stop_up = STABLE  # scans since STOP was last down
        self.quiet = not held  # nothing is pressed and nothing settles: without a raw level `update` may be left out

    @micropython.native
    def update(self, raw, dt_ms):
        """Raw level bits of this scan to the bits newly pressed."""
        stop_now = raw & STOP
        presses = self._stop_pressed(stop_now)
        self.quiet = not raw and not self.stable and self._same >= STABLE and self._stop_up >= STABLE
        if raw == self._last and self._same >= STABLE and raw == self.stable:
            if raw:
                self._age(dt_ms)
            return presses
        return presses | self._settle(raw)

    def _stop_pressed(self, stop_now):
        """STOP in the scan in which it goes down after a release as long as its bounce, else 0."""
        up = self._stop_up
        self._stop_up = 0 if stop_now else min(up + 1, STABLE)
        return stop_now if up >= STABLE else 0

    def _settle(self, raw):
        if raw != self._last:
            self._last = raw
            self._same = 0
        self._same += 1
        if self._same < STABLE:
            return 0
        new = raw & ~self.stable & ~STOP
        self.stable = raw
        self._held_ms = 0
        self.stuck = False
        self.bits = 0
        return new if new & (new - 1) == 0 else 0

    def _age(self, dt_ms):
        if self._held_ms < STUCK_MS:
            self._held_ms += dt_ms
        elif self.stable & ~STOP:
            self.stuck = True
            self.bits = _STUCK_BIT

"""A privilege is an act (SEC-3): keys held at power-up, all released soon, then CONFIRM. A stuck key is none of it."""

from pump.base.compat import micropython
from pump.io import CONFIRM, DOWN, SILENCE, UP

BENCH_KEYS = UP | DOWN  # together: bench mode, in which protocols load that nobody approved
SERVICE_KEYS = SILENCE  # service mode: nothing runs, the line is the interpreter's
RELEASE_MS = 5_000  # the keys must be up by then, and CONFIRM pressed within as long again (INT-1: under 10 s)
CONFIRM_MS = 4_000
SETTLED_MS = 60  # longer than a key bounces
PENDING, GRANTED, REFUSED = 0, 1, 2


class Act:
    """`take` the raw keys each scan until it says GRANTED or REFUSED. `keys`: those held at power-up."""

    def __init__(self, keys):
        self._keys = keys
        self._released = False
        self._ms = 0
        self._same_ms = 0

    @micropython.native
    def take(self, raw, dt_ms):
        """Raw level bits of this scan; time since the last."""
        self._ms += dt_ms
        wanted = CONFIRM if self._released else 0
        self._same_ms = self._same_ms + dt_ms if raw == wanted else 0
        if raw & ~(CONFIRM if self._released else self._keys):
            return REFUSED
        if self._same_ms >= SETTLED_MS:
            if self._released:
                return GRANTED
            self._released = True
            self._ms = self._same_ms = 0
            return PENDING
        return REFUSED if self._ms > (CONFIRM_MS if self._released else RELEASE_MS) else PENDING

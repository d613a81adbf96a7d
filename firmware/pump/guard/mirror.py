"""What judges beside the guard's own copy of the protocol, which a CRC protects: one bit of a limit is found (INT-4).

Control, the vital signs and the guard each decode or take over the protocol's values once; from then on they live in
RAM for hours. All limits are compared each 0.4 s, whatever the pump does: before a step, in it and while it holds. Bags
and steps take their turns, a row each time.
"""

from pump.base.compat import micropython

LIMITS = (
    "max_hold_min", "max_wait_min", "min_hold_min", "decision_after_count", "resume_choices", "rehang_first", "kind",
    "unit", "full_dose_pg", "line_dead_nl", "primed_with_solution", "spo2_stop", "spo2_stop_fall", "spo2_early",
    "spo2_early_fall", "delay_s", "pulse_min", "pulse_max",
)  # fmt: skip
BAG = ("code", "volume_nl", "drug_pg", "line_nl", "id")
AT_ONCE = 5  # limits compared at a time: a scan has no room for all
STEP = ("solution", "flags", "rate_e4", "duration_ms", "volume_nl")


class Mirror:
    """`own`: the guard's protocol, `other`: control's, `vitals`: their judge, which has taken over its limits."""

    def __init__(self, own, other, vitals):
        """Each has as many bags and steps as the other: both were decoded from the same bytes."""
        self._vitals = vitals
        self._delay_ms = own.delay_s * 1000
        self._own, self._other = own, other
        self._limit = 0
        self._at = -1  # of the rows of bags, then of steps; a list of all would take 9 KB
        self._bags = len(BAG) * len(own.solutions)
        self._rows = self._bags + len(STEP) * len(own.steps)

    @micropython.native
    def next(self):
        """True unless a row differs among the next of the limits, or the next of all others; 80 ms lie between two."""
        at, end = self._limit, len(LIMITS)
        if at >= end:
            self._limit = 0
            return self._vitals.holds_limits_of(self._own, self._delay_ms) and self._next_part()
        self._limit = at + AT_ONCE
        if end > at + AT_ONCE:
            end = at + AT_ONCE
        own, other = self._own, self._other
        for row in range(at, end):
            name = LIMITS[row]
            if getattr(own, name) != getattr(other, name):
                return False
        return True

    def _next_part(self):
        """The next row of bags and steps."""
        at = self._at = self._at + 1 if self._at + 1 < self._rows else 0
        own, other = self._own.solutions, self._other.solutions
        names = BAG
        if at >= self._bags:
            at -= self._bags
            own, other = self._own.steps, self._other.steps
            names = STEP
        name, k = names[at % len(names)], at // len(names)
        return getattr(own[k], name) == getattr(other[k], name)

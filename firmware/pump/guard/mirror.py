"""What judges beside the guard's own copy of the protocol, which a CRC protects: one bit of a limit is found (INT-4).

Control, the vital signs and the guard each decode or take over the protocol's values once; from then on they live in
RAM for hours. Before each step all limits are compared, in the background one row after the other of everything else.
"""

from pump.base.compat import micropython

LIMITS = (
    "max_hold_min", "max_wait_min", "min_hold_min", "decision_after_count", "resume_choices", "rehang_first", "kind",
    "unit", "full_dose_pg", "line_dead_nl", "primed_with_solution", "spo2_stop", "spo2_stop_fall", "spo2_early",
    "spo2_early_fall", "delay_s", "pulse_min", "pulse_max",
)  # fmt: skip
BAG = ("code", "volume_nl", "drug_pg", "line_nl", "id")
STEP = ("solution", "flags", "rate_e4", "duration_ms", "volume_nl")


class Mirror:
    """`own`: the guard's protocol, `other`: control's, `vitals`: their judge, which has taken over its limits."""

    def __init__(self, own, other, vitals):
        self._vitals = vitals
        self._delay_ms = own.delay_s * 1000
        self._rows = [(own, other, name) for name in LIMITS]
        self._limits = len(self._rows)
        for bag, twin in zip(own.solutions, other.solutions):
            self._rows += [(bag, twin, name) for name in BAG]
        for step, twin in zip(own.steps, other.steps):
            self._rows += [(step, twin, name) for name in STEP]
        self._at = 0

    @micropython.native
    def limits(self):
        """True while every limit is what the protocol says."""
        for at in range(self._limits):
            if not self._same(at):
                return False
        return self._vitals.holds_limits_of(self._rows[0][0], self._delay_ms)

    @micropython.native
    def next(self):
        """True unless the next row of all differs; the limits that judge samples are looked at once in a round."""
        at = self._at = (self._at + 1) % len(self._rows)
        return self._same(at) if at else self.limits()

    @micropython.native
    def _same(self, at):
        own, other, name = self._rows[at]
        return getattr(own, name) == getattr(other, name)

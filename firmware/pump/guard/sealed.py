"""What was worked out once from a protocol and decides from then on: one changed bit of it is found (INT-4).

The guard's plan, its levels and bounds live in RAM for hours, and no checksum of the protocol's bytes covers them. All
bits of a row are folded into one number when it is made; in the background one row after the other is folded again.
"""

from pump.base.compat import micropython

PLAN = (
    "pulses", "interval_us", "remainder", "rate_e4", "solution", "counts", "duration_ms", "holds", "_ppm_factor",
    "_ppm_shift",
)  # fmt: skip
LEVELS = ("least_us", "next_us", "needs_ms")
OF_PLAN = ("pl_pulse", "count", "line_pulses", "tolerance_pulses", "tolerance_max_pulses")
OF_BOUNDS = ("strongest", "_most_ppm")
AT_ONCE = 24  # numbers folded at a time: a scan has no room for all


@micropython.native
def folded(row, begin, end):
    """The exclusive or of row[begin:end]."""
    bits = 0
    for i in range(begin, end):
        bits ^= row[i]
    return bits


class Sealed:
    """`next` folds a part of a row; False when that is not what it was."""

    def __init__(self, plan, bounds):
        self._rows = [getattr(plan, name) for name in PLAN]
        self._names = [(plan, name) for name in OF_PLAN]
        if bounds:
            self._rows += [getattr(bounds.levels, name) for name in LEVELS] + [bounds.fills]
            self._names += [(bounds, name) for name in OF_BOUNDS] + [(bounds.levels, "top")]
        self._parts = []
        for row in self._rows:
            for begin in range(0, len(row), AT_ONCE):
                end = min(begin + AT_ONCE, len(row))
                self._parts.append((row, begin, end, folded(row, begin, end)))
        self._numbers = self._read()
        self._at = 0

    def _read(self):
        bits = 0
        for owner, name in self._names:
            bits ^= getattr(owner, name)
        return bits

    @micropython.native
    def next(self):
        """The numbers by themselves take a turn of their own."""
        at = self._at
        if at >= len(self._parts):
            self._at = 0
            return self._read() == self._numbers
        self._at = at + 1
        part = self._parts[at]
        return folded(part[0], part[1], part[2]) == part[3]

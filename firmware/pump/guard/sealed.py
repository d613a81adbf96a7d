"""What was worked out once from a protocol and decides from then on: one changed bit of it is found (INT-4).

The guard's plan, its levels and bounds live in RAM for hours, and no checksum of the protocol's bytes covers them. All
bits of a row are folded into one number when it is made; in the background one row after the other is folded again.
"""

from array import array

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
        # Of each part of AT_ONCE numbers, row after row: a tuple each would take 2 KB more.
        self._kept = array("I", bytes(4 * sum([-(-len(row) // AT_ONCE) for row in self._rows])))
        self._restart()
        for part in range(len(self._kept)):
            self._kept[part] = self._fold_part()
        self._numbers = self._read()
        self._restart()

    def _restart(self):
        self._part = self._row = self._begin = 0

    def _read(self):
        bits = 0
        for owner, name in self._names:
            bits ^= getattr(owner, name)
        return bits

    @micropython.native
    def _fold_part(self):
        """The next part, folded; the row after its own comes next when it was the last one of that."""
        row, begin = self._rows[self._row], self._begin
        end, length = begin + AT_ONCE, len(row)
        if end >= length:
            end = length
            self._row += 1
            self._begin = 0
        else:
            self._begin = end
        self._part += 1
        return folded(row, begin, end)

    @micropython.native
    def next(self):
        """The numbers by themselves take a turn of their own."""
        part = self._part
        if part >= len(self._kept):
            self._restart()
            return self._read() == self._numbers
        return self._fold_part() == self._kept[part]

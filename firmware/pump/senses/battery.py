"""The battery's voltage, from the ADC behind a divider of two equal resistors: low, or not (ALM-5).

A lithium cell at rest has about a tenth of its charge left at 3.55 V (makers' discharge curves at light load). It is
low after LOOKS looks in a row below that, and no more after as many above 3.65 V.
"""

from pump.base.compat import micropython
from pump.tables.causes import BATTERY_LOW, BIT

COUNTS_PER_V = 4095 * 10 // 66  # 12 bits over 3.3 V, half the voltage at the pin
LOW_COUNTS = 3550 * COUNTS_PER_V // 1000
GOOD_COUNTS = 3650 * COUNTS_PER_V // 1000
LOOKS = 12  # of 80 ms: about a second
_LOW_BIT = BIT[BATTERY_LOW]


class Sense:
    """`sense` takes a reading each look; `bits` are conditions of tables.causes."""

    def __init__(self):
        self.bits = 0
        self._beyond = 0  # looks in a row on the other side of the limit

    @micropython.native
    def sense(self, counts):
        """A reading of 0 to 4095 counts."""
        other = counts > GOOD_COUNTS if self.bits else counts < LOW_COUNTS
        if not other:
            self._beyond = 0
            return
        self._beyond += 1
        if self._beyond >= LOOKS:
            self._beyond = 0
            self.bits ^= _LOW_BIT

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.bits)
        to.append(self._beyond)

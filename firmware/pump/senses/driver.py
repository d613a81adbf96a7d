"""The motor driver says whether it is enabled (DRIVER_ON): off while the drug should flow, nothing is given (FLO-12).

The board asks it some times a second, so what it says may be as old as that, and the permit's first edge as well.
"""

from pump.base.compat import micropython
from pump.tables.causes import DRIVER_OFF

POLL_MS = 100  # so old may the board's answer be (tables of the board: its expander is read each fifth scan)
MARGIN_MS = 80  # two looks of the slowest kind, and the permit's way to the driver


class Driver:
    """`trip` once a scan: a fault's cause when the driver has been off too long, or 0."""

    def __init__(self):
        self._off_ms = 0

    @micropython.native
    def trip(self, off, flowing, dt_ms):
        """`off`: it says that it is off; `flowing`: pulses are asked for since an earlier scan."""
        if not off or not flowing:
            self._off_ms = 0
            return 0
        self._off_ms += dt_ms
        if self._off_ms <= POLL_MS + MARGIN_MS:
            return 0
        self._off_ms = 0
        return DRIVER_OFF

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self._off_ms)

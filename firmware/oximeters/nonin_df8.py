"""Nonin data format 8: four bytes a second, 9600 8N1; no checksum, and display values only.

    1 SNSD OOT LPRF MPRF ARTF HR8 HR7 | 0 HR6..HR0 | 0 SP6..SP0 | 0 R SPA R SNSA R R LOWBAT

Display values stay for ten seconds after the finger is gone: under SNSA, SNSD or OOT they are never live. When a packet
counts, and when it is in doubt, is as in data format 1. There is no pleth and no counter, so a frozen device cannot be
told from a steady patient.
"""

from oximeters import nonin_df1
from pump.base.compat import micropython
from pump.tables import vitals as v

BAUD, PARITY = 9600, None
SILENCE_MS = 3_000
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 3, 900

SIZE = 4
_SENSOR_ALARM, _LOW_BATTERY = 0x08, 0x01  # in the fourth byte


class Parser(nonin_df1.Parser):
    """As that of data format 1, with a fourth byte."""

    silence_ms = SILENCE_MS
    size = SIZE

    @micropython.native
    def _flags(self, status):
        flags = nonin_df1.Parser._flags(self, status)
        if self.buf[3] & _SENSOR_ALARM:
            flags |= v.SENSOR_OFF
        if self.buf[3] & _LOW_BATTERY:
            flags |= v.LOW_BATTERY
        return flags

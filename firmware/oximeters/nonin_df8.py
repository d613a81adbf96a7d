"""Nonin data format 8: four bytes a second, 9600 8N1; no checksum, and display values only.

    1 SNSD OOT LPRF MPRF ARTF HR8 HR7 | 0 HR6..HR0 | 0 SP6..SP0 | 0 R SPA R SNSA R R LOWBAT

Display values stay for ten seconds after the finger is gone: under SNSA, SNSD or OOT they are never live. A packet is
read where its bits 7 fit and its values are possible, after one that was whole too, and is in doubt (degraded) unless
one of the two before it is within SPO2_AGREE and RATE_AGREE of it. There is no pleth and no counter, so a frozen device
cannot be told from a steady patient.
"""

from oximeters import nonin_df1
from oximeters.agreement import Agreement
from pump.base.compat import micropython
from pump.tables import vitals as v

BAUD, PARITY = 9600, None
SILENCE_MS = 3_000
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 3, 900

SIZE = 4
SPO2_AGREE, RATE_AGREE = 4, 15  # a patient's values move no faster within a second or two
_SENSOR_ALARM, _LOW_BATTERY = 0x08, 0x01  # in the fourth byte


class Parser(nonin_df1.Parser):
    """As that of data format 1, with a fourth byte and the rule of two of three."""

    silence_ms = SILENCE_MS
    size = SIZE

    def __init__(self):
        nonin_df1.Parser.__init__(self)
        self._agreement = Agreement(SPO2_AGREE, RATE_AGREE)

    def forget(self):
        """The line was silent: what was said before it counts no more."""
        nonin_df1.Parser.forget(self)
        self._agreement.forget()

    @micropython.native
    def _lose(self, count):
        """Bytes that fit nothing: what was read before them confirms nothing, it may have been as wrong."""
        nonin_df1.Parser._lose(self, count)
        self._agreement.forget()

    @micropython.native
    def _judged(self, status, spo2, pulse):
        """The packet's flags; the packet that only locks is one of the three, too."""
        flags = nonin_df1.Parser._judged(self, status, spo2, pulse)
        if self.buf[3] & _SENSOR_ALARM:
            flags |= v.SENSOR_OFF
            flags &= ~v.VALID
        if self.buf[3] & _LOW_BATTERY:
            flags |= v.LOW_BATTERY
        if not self._agreement.judge(spo2, pulse, flags):
            flags |= v.DEGRADED
        return flags

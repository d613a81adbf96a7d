"""Nellcor ASCII (NPB-190 to 295, N-395, N-560, N-595, N-600): a line each two seconds, 9600 8N1.

    07-Jan-04 11:24:54   100     102      36    MO             AO

Columns: time 0 to 17, SpO2 21 to 23, pulse 29 to 31, amplitude 37 to 39, codes of two letters behind them; a star
behind a value says that it is outside the monitor's own limits. A head of three lines comes again each 25. Nothing is
ever sent to it: it would open its menu. What counts is said in text_lines; readings lie two seconds apart, so SpO2 may
move further between two. A code that is not known puts the line in doubt. The codes stand in columns up to 60, filled
up with spaces: a line that ends before is not whole, what it would have said of its values may be lost, and it counts
for nothing.
"""

from oximeters import text_lines
from oximeters.text_lines import WRONG, fits, number
from pump.base.compat import micropython
from pump.tables import vitals as v

BAUD, PARITY = 9600, None
SILENCE_MS = 4_500  # one line may be lost
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 1, 1800

_FORM = b"00-Aaa-00 00:00:00   "
_FORM_SIZE, _CLOCK_AT = 21, 10
_SPO2_AT, _PULSE_AT, _PA_AT, _CODES_AT, _END = 21, 29, 37, 40, 61
_SPACE, _STAR, _DASH = 32, 42, 45
_OFF, _SEARCH, _MOTION, _BATTERY = b"SDSO", b"PSLPLM", b"MO", b"LB"
# Nothing about the reading: alarm off or silenced, values beyond the monitor's limits, on battery.
_HARMLESS = b"AOASPHPLSHSLBU"
_HEADS = (b"N", b"TIME", b"          ")


class Parser(text_lines.Lines):
    """Bytes in, samples out: after `take` returned True, spo2, pulse and flags describe the newest line."""

    silence_ms = SILENCE_MS
    near = (6, 20)
    stuck = 1

    @micropython.native
    def _line(self, n):
        buf = self.buf
        if n < _END or not fits(buf, 0, _FORM, _FORM_SIZE):
            return False
        if not (self._gap(_SPO2_AT + 3, _PULSE_AT) and self._gap(_PULSE_AT + 3, _PA_AT)):
            return False
        if number(buf, _PA_AT, 3) == WRONG:
            return False
        flags = self._codes(n)
        return self.reading(number(buf, _SPO2_AT, 3), number(buf, _PULSE_AT, 3), flags, self.clock(_CLOCK_AT))

    @micropython.native
    def _gap(self, at, end):
        """True when only spaces lie between two values, and perhaps a star behind the first."""
        buf = self.buf
        if buf[at] != _SPACE and buf[at] != _STAR:
            return False
        for i in range(at + 1, end):
            if buf[i] != _SPACE:
                return False
        return True

    @micropython.native
    def _codes(self, n):
        """The flags of all codes of the line."""
        buf, flags, at = self.buf, 0, _CODES_AT
        while at < n:
            if buf[at] == _SPACE or buf[at] == _STAR:
                at += 1
                continue
            size = 1
            while at + size < n and buf[at + size] != _SPACE:
                size += 1
            flags |= _meaning(buf[at], buf[at + 1]) if size == 2 else v.DEGRADED
            at += size
        return flags

    def _header(self, n):
        """The head of the table."""
        for head in _HEADS:
            if n >= len(head) and fits(self.buf, 0, head, len(head)):
                return True
        return False


@micropython.native
def _meaning(first, second):
    """The flag of a code."""
    if _among(_OFF, first, second):
        return v.SENSOR_OFF
    if _among(_SEARCH, first, second):
        return v.OUT_OF_TRACK
    if _among(_MOTION, first, second):
        return v.ARTIFACT
    if _among(_BATTERY, first, second):
        return v.LOW_BATTERY
    return 0 if _among(_HARMLESS, first, second) else v.DEGRADED


@micropython.native
def _among(codes, first, second):
    for i in range(0, len(codes), 2):
        if codes[i] == first and codes[i + 1] == second:
            return True
    return False

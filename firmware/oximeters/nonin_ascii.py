"""Nonin ASCII (2500, 8500, 9847, Avant 4100 and 9600): a line a second, 9600 8N1.

    [HH:MM:SS ]SPO2=097 HR=072[ F][*][B]

F: fast averages, *: an event was marked, B: a breath. Dashes are no value, and the only thing that says so. What counts
is said in text_lines; without the time a frozen device cannot be told from a steady patient.
"""

from oximeters import text_lines
from oximeters.device_clock import NO_CLOCK
from oximeters.text_lines import fits, number
from pump.base.compat import micropython

BAUD, PARITY = 9600, None
SILENCE_MS = text_lines.Lines.silence_ms
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 1, 900

_TIME, _TIME_SIZE = b"00:00:00 ", 9
_SPO2, _HR = b"SPO2=", b" HR="
_SIZE = 15  # of a line without time and marks
_MARKS = b" F*B"


class Parser(text_lines.Lines):
    """Bytes in, samples out: after `take` returned True, spo2, pulse and flags describe the newest line."""

    @micropython.native
    def _line(self, n):
        buf, at, clock = self.buf, 0, NO_CLOCK
        if n >= _TIME_SIZE and fits(buf, 0, _TIME, _TIME_SIZE):
            at, clock = _TIME_SIZE, self.clock(0)
        if n < at + _SIZE or not _keys(buf, at):
            return False
        for i in range(at + _SIZE, n):
            if buf[i] not in _MARKS:
                return False
        return self.reading(number(buf, at + 5, 3), number(buf, at + 12, 3), 0, clock)


@micropython.native
def _keys(buf, at):
    return fits(buf, at, _SPO2, len(_SPO2)) and fits(buf, at + 8, _HR, len(_HR))

"""Masimo ASCII 1 (Rad-8, Radical-5, Radical-7): a line a second, 9600 8N1.

    MM/DD/YY HH:MM:SS SN=0000145838 SPO2=097% BPM=080 PI=04.96% ... ALARM=0000 EXC=000800

Devices differ in the keys between, so values are found by their keys. EXC says what is wrong, a bit each (hexadecimal);
0x800 is set by all that is right. A zero is no value. What counts is said in text_lines.
"""

from oximeters import text_lines
from oximeters.text_lines import WRONG, after, fits, hexadecimal, number
from pump.base.compat import micropython
from pump.tables import vitals as v

BAUD, PARITY = 9600, None
SILENCE_MS = text_lines.Lines.silence_ms
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 1, 900

_DATE, _DATE_SIZE, _CLOCK_AT = b"00/00/00 00:00:00 ", 18, 9
_SPO2, _BPM, _ALARM, _EXC = b" SPO2=", b" BPM=", b" ALARM=", b" EXC="
_PERCENT, _SPACE = 37, 32
_LOW_BATTERY = 0x40  # of ALARM
# Of EXC: no sensor, defective, off, unrecognised, incompatible; no cable or a bad one; emitter hot, or current limited.
_SENSOR = 0x19D1A3
_TRACK = 0x020048  # pulse search, ambient light, calibrating
_WEAK = 0x000004  # low perfusion
# Interference, a signal of low quality, and whatever has no meaning that we know.
_DOUBT = 0xFE00610


class Parser(text_lines.Lines):
    """Bytes in, samples out: after `take` returned True, spo2, pulse and flags describe the newest line."""

    @micropython.native
    def _line(self, n):
        buf = self.buf
        if n < _DATE_SIZE or not fits(buf, 0, _DATE, _DATE_SIZE):
            return False
        spo2_at, bpm_at = after(buf, n, _SPO2, len(_SPO2)), after(buf, n, _BPM, len(_BPM))
        alarm_at, exc_at = after(buf, n, _ALARM, len(_ALARM)), after(buf, n, _EXC, len(_EXC))
        if spo2_at < 0 or bpm_at < 0 or alarm_at < 0 or exc_at < 0 or not spo2_at < bpm_at < alarm_at < exc_at:
            return False
        if buf[spo2_at + 3] != _PERCENT or buf[bpm_at + 3] != _SPACE:
            return False
        alarm, exc = hexadecimal(buf, alarm_at, n), hexadecimal(buf, exc_at, n)
        if alarm == WRONG or exc == WRONG:
            return False
        return self.reading(number(buf, spo2_at, 3), number(buf, bpm_at, 3), _flags(alarm, exc), self.clock(_CLOCK_AT))


@micropython.native
def _flags(alarm, exc):
    flags = 0
    if exc & _SENSOR:
        flags |= v.SENSOR_OFF
    if exc & _TRACK:
        flags |= v.OUT_OF_TRACK
    if exc & _WEAK:
        flags |= v.LOW_PERFUSION
    if exc & _DOUBT:
        flags |= v.DEGRADED
    if alarm & _LOW_BATTERY:
        flags |= v.LOW_BATTERY
    return flags

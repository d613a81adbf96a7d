"""Masimo ASCII 1 (Rad-8, Radical-5, Radical-7): a line a second, 9600 8N1.

    MM/DD/YY HH:MM:SS SN=0000145838 SPO2=097% BPM=080 PI=04.96% ... ALARM=0000 EXC=000800

Devices differ in the keys between, so values are found by their keys. EXC says what is wrong, a bit each (hexadecimal);
0x800 is set by all that is right. A zero is no value. What counts is said in text_lines.

What is wrong stands at the end, where a line that lost its end would be one in which all is right. So a line is whole
only where ALARM and EXC have as many digits as a model gives them, and where nothing but EXC1 stands behind them: 4 and
6 (Rad-8), 2 and 3 (Radical-5), 6 and 7 with an EXC1 of 8 (Radical-7). What a bit of EXC1 means is not known: with any
of them the line is in doubt.
"""

from oximeters import text_lines
from oximeters.text_lines import WRONG, after, fits, hexadecimal, number, word
from pump.base.compat import micropython
from pump.tables import vitals as v

BAUD, PARITY = 9600, None
SILENCE_MS = text_lines.Lines.silence_ms
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 1, 900

_DATE, _DATE_SIZE, _CLOCK_AT = b"00/00/00 00:00:00 ", 18, 9
_SPO2, _BPM, _ALARM, _EXC = b" SPO2=", b" BPM=", b" ALARM=", b" EXC="
_EXC1, _EXC1_DIGITS = b" EXC1=", 8
_PERCENT, _SPACE, _ZERO = 37, 32, 48
# Digits of ALARM, of EXC, and characters behind EXC, of which each model has its own.
_ENDS = b"\x04\x06\x00\x02\x03\x00\x06\x07\x0e"
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
        if alarm == WRONG or exc == WRONG or not _whole(buf, alarm_at, exc_at, n):
            return False
        flags = _flags(alarm, exc) | _more_flags(buf, exc_at, n)
        return self.reading(number(buf, spo2_at, 3), number(buf, bpm_at, 3), flags, self.clock(_CLOCK_AT))


@micropython.native
def _whole(buf, alarm_at, exc_at, n):
    """True when the line ends as a model ends it; spaces at its end count for nothing."""
    while buf[n - 1] == _SPACE:
        n -= 1
    alarm, exc = word(buf, alarm_at, n), word(buf, exc_at, n)
    behind = exc_at + exc
    for i in range(0, len(_ENDS), 3):
        if alarm == _ENDS[i] and exc == _ENDS[i + 1] and n - behind == _ENDS[i + 2]:
            return behind == n or _more(buf, behind, n)
    return False


@micropython.native
def _more(buf, at, n):
    """True for a whole EXC1 up to the end."""
    at_digits, half = at + len(_EXC1), at + len(_EXC1) + 4
    if n != at_digits + _EXC1_DIGITS or not fits(buf, at, _EXC1, len(_EXC1)):
        return False
    return hexadecimal(buf, at_digits, half) != WRONG and hexadecimal(buf, half, n) != WRONG


@micropython.native
def _more_flags(buf, exc_at, n):
    """Those of an EXC1, in a line that is whole."""
    at = exc_at + word(buf, exc_at, n) + len(_EXC1)
    for i in range(at, min(at + _EXC1_DIGITS, n)):
        if buf[i] != _ZERO and buf[i] != _SPACE:
            return v.DEGRADED
    return 0


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

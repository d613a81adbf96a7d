"""What the monitors that write text have in common: a line a reading, no checksum, perhaps a clock.

A line counts where its form fits to the letter and its values are possible. It is in doubt (degraded) unless one of the
two readings before it is within the format's `near` of it. A clock that does not go on in `stuck` lines is that of a
frozen device (device_clock).
"""

from array import array

from oximeters.agreement import Agreement
from oximeters.device_clock import NO_CLOCK, DeviceClock
from oximeters.losses import Losses
from pump.base.compat import micropython, ptr8, ptr32
from pump.tables import vitals as v
from pump.tables.messages import NONE8, NONE16

RATE_MAX = 321
MISSING, WRONG = -1, -2  # of a number: dashes; neither dashes nor digits
_N, _BAD, _REJECTED, _RESYNCS, _LOCKED = 0, 1, 2, 3, 4  # indices into Parser.state
_MARGIN = 1024  # more than is thrown away in one call
_MOST = 240  # characters of a line


@micropython.viper
def _gather(buf: ptr8, state: ptr32, byte: int) -> int:
    """The length of the line that this byte ends; 0 for any other byte."""
    n = int(state[0])
    if byte == 13 or byte == 10:
        state[0] = 0
        return n
    if not n and not byte:
        return 0  # a monitor sends zeros when it is switched on
    if n == 240 or byte < 32 or byte > 126:
        state[1] = 1
    if n < 240:
        buf[n] = byte
        n += 1
    state[0] = n
    return 0


@micropython.viper
def fits(buf: ptr8, at: int, form: ptr8, size: int) -> int:
    """1 when buf[at:] has this form: 0 is any digit, A and a any letter of that kind, anything else is itself."""
    for i in range(size):
        want, got = int(form[i]), int(buf[at + i])
        if want == 48:
            if got < 48 or got > 57:
                return 0
        elif want == 65:
            if got < 65 or got > 90:
                return 0
        elif want == 97:
            if got < 97 or got > 122:
                return 0
        elif want != got:
            return 0
    return 1


@micropython.viper
def number(buf: ptr8, at: int, size: int) -> int:
    """The decimal number of just so many characters, spaces before it allowed; -1 for dashes, -2 for anything else."""
    value = digits = dashes = 0
    for i in range(size):
        c = int(buf[at + i])
        if c >= 48 and c <= 57 and not dashes:
            value = value * 10 + c - 48
            digits += 1
        elif c == 45 and not digits:
            dashes += 1
        elif c != 32 or digits or dashes:
            return -2
    if dashes == size:
        return -1
    return value if digits else -2


@micropython.viper
def hexadecimal(buf: ptr8, at: int, end: int) -> int:
    """The number up to a space or the end; -2 when it is none, or too long."""
    value, i = 0, at
    while i < end and int(buf[i]) != 32:
        c = int(buf[i])
        if c >= 48 and c <= 57:
            value = value * 16 + c - 48
        elif c >= 65 and c <= 70:
            value = value * 16 + c - 55
        else:
            return -2
        i += 1
    if i == at or i > at + 7:
        return -2
    return value


@micropython.viper
def word(buf: ptr8, at: int, end: int) -> int:
    """The length of what stands up to a space or the end."""
    i = at
    while i < end and int(buf[i]) != 32:
        i += 1
    return i - at


@micropython.viper
def after(buf: ptr8, end: int, key: ptr8, size: int) -> int:
    """Where the text after a key begins in buf[:end]; -2 when the key is not there, or there twice."""
    found = -2
    for at in range(end - size + 1):
        i = 0
        while i < size and int(buf[at + i]) == int(key[i]):
            i += 1
        if i == size:
            if found >= 0:
                return -2
            found = at + size
    return found


class Lines(Losses):
    """Lines to samples; a format's own class reads a line (`_line`, by `reading`)."""

    rejected_at, resyncs_at = _REJECTED, _RESYNCS
    silence_ms = 3_000
    near = (4, 15)  # points of SpO2 and beats a minute that two readings may differ
    stuck = 2

    def __init__(self):
        self.buf = bytearray(_MOST)
        self.state = array("i", bytes(20))
        self.samples = 0
        self.spo2, self.pulse, self.flags = NONE8, NONE16, 0
        self._agreement = Agreement(*self.near)
        self.clock_s = NO_CLOCK  # of the newest line: the device's own seconds of the day
        self._clock = DeviceClock(self.stuck)

    @micropython.native
    def take(self, data, count):
        """Adds data[:count]; True when at least one reading was completed (the newest one stands)."""
        buf, state = self.buf, self.state
        self.make_room(_MARGIN)
        complete = False
        for i in range(count):
            n = _gather(buf, state, data[i])
            if n:
                if self._end(n):
                    complete = True
                state[_BAD] = 0
            elif state[_BAD] and state[_N] == _MOST:
                self._lose(_MOST)  # no end in sight: what comes up to the next end is of this line
                state[_N] = 1
        return complete

    def forget(self):
        """The line was silent: what was said before it counts no more. But a clock that stood is one that stands."""
        state = self.state
        state[_N] = state[_BAD] = state[_LOCKED] = 0
        self._agreement.forget()
        self._clock.silence()

    @micropython.native
    def _end(self, n):
        """A line of n characters has come to its end; True for a reading."""
        if not self.state[_BAD] and self._line(n):
            return True
        if self.state[_BAD] or not self._header(n):
            self._lose(n)
        return False

    def _header(self, n):
        """True for a line that belongs to the format, and is no reading."""
        return False

    @micropython.native
    def _lose(self, count):
        state = self.state
        state[_REJECTED] += count
        if state[_LOCKED]:
            state[_LOCKED] = 0
            self.count_resync()

    @micropython.native
    def clock(self, at):
        """The seconds of the day of HH:MM:SS at buf[at:], which fits; WRONG for a time that no clock says."""
        buf = self.buf
        hours, minutes, seconds = number(buf, at, 2), number(buf, at + 3, 2), number(buf, at + 6, 2)
        if hours > 23 or minutes > 59 or seconds > 59:
            return WRONG
        return hours * 3600 + minutes * 60 + seconds

    @micropython.native
    def reading(self, spo2, pulse, flags, clock):
        """A line that fits, with numbers as `number` reads them; False when they cannot be."""
        if spo2 == WRONG or pulse == WRONG or clock == WRONG or spo2 > 100 or pulse > RATE_MAX:
            return False
        self.clock_s = clock
        if self._clock.stands(clock):
            flags |= v.FROZEN
        self.spo2 = spo2 if spo2 > 0 else NONE8
        self.pulse = pulse if pulse > 0 else NONE16
        if spo2 > 0 and pulse > 0 and not flags & v.VALUELESS_FLAGS:
            flags |= v.VALID
        if not self._agreement.judge(self.spo2, self.pulse, flags):
            flags |= v.DEGRADED
        self.flags = flags
        self.state[_LOCKED] = 1
        self.samples += 1
        return True

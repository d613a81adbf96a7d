"""Nonin data format 1: three bytes a second, 9600 8N1; no checksum.

    1 SNSD OOT LPRF MPRF ARTF HR8 HR7 | 0 HR6..HR0 | 0 SP6..SP0

Without a checksum a packet counts only where its bits 7 fit, its values are possible, and the packet before was whole
too: after a lost byte or a torn one the next whole packet only locks again. It is in doubt (degraded) unless one of the
two before it is within SPO2_AGREE and RATE_AGREE of it: frames of data format 7 look like such packets now and then.
There is no pleth and no counter, so a frozen device cannot be told from a steady patient.
"""

from array import array

from oximeters.agreement import Agreement
from oximeters.losses import Losses
from pump.base.compat import micropython
from pump.tables import vitals as v
from pump.tables.messages import NONE8, NONE16

BAUD, PARITY = 9600, None
SILENCE_MS = 3_000
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 3, 900

SIZE = 3
NO_RATE, NO_SPO2 = 511, 127
RATE_MIN, RATE_MAX = 18, 321  # what the device can measure
SPO2_AGREE, RATE_AGREE = 4, 15  # a patient's values move no faster within a second or two
_SENSOR, _OUT_OF_TRACK, _LOW, _ARTIFACT = 0x40, 0x20, 0x10, 0x04
_N, _LOCKED, _REJECTED, _RESYNCS = 0, 1, 2, 3  # indices into Parser.state


class Parser(Losses):
    """Bytes in, samples out: after `take` returned True, spo2, pulse and flags describe the newest packet."""

    rejected_at, resyncs_at = _REJECTED, _RESYNCS
    silence_ms = SILENCE_MS
    size = SIZE

    def __init__(self):
        self.buf = bytearray(self.size)
        self.state = array("i", bytes(16))
        self.samples = 0
        self.spo2, self.pulse, self.flags = NONE8, NONE16, 0
        self._agreement = Agreement(SPO2_AGREE, RATE_AGREE)

    @micropython.native
    def take(self, data, count):
        """Adds data[:count]; True when at least one packet was completed (the newest one stands)."""
        complete = False
        for i in range(count):
            if self._byte(data[i]) and self._finish():
                complete = True
        return complete

    @micropython.native
    def _byte(self, byte):
        """True when this byte ends a packet whose bits 7 are right."""
        buf, state = self.buf, self.state
        n = state[_N]
        if byte & 0x80:
            if n:
                self._lose(n)
            buf[0] = byte
            state[_N] = 1
            return False
        if not n:
            self._lose(1)
            return False
        buf[n] = byte
        state[_N] = n + 1 if n + 1 < self.size else 0
        return n + 1 == self.size

    def forget(self):
        """The line was silent: the next packet only locks again, and what was said before it counts no more."""
        state = self.state
        state[_N] = state[_LOCKED] = 0
        self._agreement.forget()

    def _count(self, rejected, samples):
        """Counts both; halves both near a limit first: their ratio stays."""
        state = self.state
        self.make_room(self.size)
        state[_REJECTED] += rejected
        self.samples += samples

    def _lose(self, count):
        """Bytes that fit nothing: what was read before them confirms nothing, it may have been as wrong."""
        state = self.state
        self._count(count, 0)
        self._agreement.forget()
        if state[_LOCKED]:
            state[_LOCKED] = 0
            self.count_resync()

    @micropython.native
    def _finish(self):
        """Judges the packet in `buf`; False for the one that locks, and for values that cannot be."""
        buf, state = self.buf, self.state
        status, spo2 = buf[0], buf[2]
        pulse = (status & 3) << 7 | buf[1]
        no_spo2 = spo2 == NO_SPO2
        no_pulse = pulse == NO_RATE
        if not (no_spo2 or 1 <= spo2 <= 100) or not (no_pulse or RATE_MIN <= pulse <= RATE_MAX):
            self._lose(self.size)
            return False
        spo2, pulse = NONE8 if no_spo2 else spo2, NONE16 if no_pulse else pulse
        flags = self._judged(status, spo2, pulse)
        if not state[_LOCKED]:
            state[_LOCKED] = 1
            return False
        self.spo2, self.pulse, self.flags = spo2, pulse, flags
        self._count(0, 1)
        return True

    @micropython.native
    def _judged(self, status, spo2, pulse):
        """The packet's flags; the packet that only locks is one of the three, too."""
        flags = self._flags(status)
        if spo2 != NONE8 and pulse != NONE16 and not flags & v.VALUELESS_FLAGS:
            flags |= v.VALID
        if not self._agreement.judge(spo2, pulse, flags):
            flags |= v.DEGRADED
        return flags

    @micropython.native
    def _flags(self, status):
        flags = 0
        if status & _SENSOR:
            flags |= v.SENSOR_OFF
        if status & _OUT_OF_TRACK:
            flags |= v.OUT_OF_TRACK
        if status & _LOW:
            flags |= v.LOW_PERFUSION
        if status & _ARTIFACT:
            flags |= v.ARTIFACT
        return flags

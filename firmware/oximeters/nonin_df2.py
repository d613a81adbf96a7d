"""Nonin data format 2: 75 frames a second of five bytes, 25 frames a packet, three packets a second, 9600 8N1.

    0x01 | status (bit 7 set) | pleth | value by frame number | sum of the four, modulo 256

Source: Nonin 9560 OEM specification. The 4-beat values are judged, never the display values, which stay for ten seconds
after the finger is gone. The 8-bit sum alone passes a wrong frame now and then, so a packet's SpO2 must lie within 6 of
its fast and extended averages and its rate within 20 of the extended one, or it is degraded (VIT-3).
"""

from pump import messages as m
from pump.compat import micropython, ptr8

FRAMES = 25
_SIZE = 5
_RING = 256

_ARTIFACT, _OUT_OF_TRACK, _SENSOR, _RED, _GREEN, _DISCONNECT = 0x20, 0x10, 0x08, 0x04, 0x02, 0x40
NO_RATE, NO_SPO2 = 511, 127
FROZEN_PACKETS = 9  # three seconds
SPO2_AGREE, RATE_AGREE = 6, 20


@micropython.viper
def _whole(buf: ptr8, at: int) -> int:
    """1 when buf[at:at+5] is a valid frame."""
    total = int(buf[at]) + int(buf[at + 1]) + int(buf[at + 2]) + int(buf[at + 3])
    if int(buf[at]) == 1 and (int(buf[at + 1]) & 0x80) and (total & 255) == int(buf[at + 4]):
        return 1
    return 0


class Parser:
    """Bytes in, samples out: after `take` returned True, spo2, pulse, flags and beat describe the newest packet."""

    def __init__(self):
        self.buf = bytearray(_RING)
        self.n = 0
        self.samples = 0
        self.rejected = 0  # bytes and packets thrown away
        self.resyncs = 0
        self.spo2, self.pulse, self.flags = m.NONE8, m.NONE16, 0
        self._locked = False
        self._frame = 0
        self._values = bytearray(FRAMES)
        self._status = 0
        self._low, self._high = 255, 0  # span of the pleth in this packet
        self._still = 0  # packets without any movement of the pleth
        self._counter, self._counter_ever, self._stuck = -1, False, 0

    @micropython.native
    def take(self, data, count):
        """Adds data[:count]; True when at least one packet was completed (the newest one stands)."""
        buf, n = self.buf, self.n
        for i in range(count):
            if n < _RING:
                buf[n] = data[i]
                n += 1
        self.n = n
        return self._consume()

    @micropython.native
    def _consume(self):
        at, complete = 0, False
        buf, n = self.buf, self.n
        while n - at >= _SIZE:
            if not self._locked:
                if n - at < 2 * _SIZE:
                    break
                if not self._lock(at):
                    at += 1
                    self.rejected += 1
                    continue
            if not _whole(buf, at):
                # An ACK or NAK may stand between two frames; anything else means that the lock is lost.
                if n - at <= _SIZE:
                    break
                if buf[at] in (6, 21) and _whole(buf, at + 1):
                    at += 1
                else:
                    self._unlock()
                continue
            complete = self._accept(buf[at + 1], buf[at + 2], buf[at + 3]) or complete
            at += _SIZE
        self._drop(at)
        return complete

    @micropython.native
    def _drop(self, at):
        rest = self.n - at
        if at:
            for i in range(rest):
                self.buf[i] = self.buf[at + i]
        self.n = rest

    def _lock(self, at):
        """Locks on the first frame of a packet followed by a frame that is not one."""
        buf = self.buf
        if not (_whole(buf, at) and buf[at + 1] & 1 and _whole(buf, at + 5) and not buf[at + 6] & 1):
            return False
        self._locked = True
        self._frame = 0
        return True

    def _unlock(self):
        self._locked = False
        self._frame = 0
        self.resyncs += 1

    @micropython.native
    def _accept(self, status, pleth, value):
        frame = self._frame
        if status & 1:
            if frame:
                self.rejected += 1  # a short packet: a frame was lost on the line
            frame = 0
            self._status = 0
            self._low, self._high = 255, 0
        elif not frame:
            self._unlock()
            return False
        self._status |= status
        if pleth < self._low:
            self._low = pleth
        if pleth > self._high:
            self._high = pleth
        self._values[frame] = value
        frame += 1
        self._frame = frame % FRAMES
        if frame < FRAMES:
            return False
        self._finish()
        return True

    def _rate(self, at):
        return (self._values[at] & 3) << 7 | self._values[at + 1] & 127

    @micropython.native
    def _finish(self):
        values, status = self._values, self._status
        spo2, pulse = values[2] & 127, self._rate(0)
        flags = self._sensor_flags(status)
        if self._frozen():
            flags |= m.VIT_FROZEN
        missing = spo2 == NO_SPO2 or pulse == NO_RATE or not 1 <= spo2 <= 100 or not pulse
        if not missing and not self._agree(spo2, pulse):
            flags |= m.VIT_DEGRADED
        self.spo2 = m.NONE8 if spo2 == NO_SPO2 or not 1 <= spo2 <= 100 else spo2
        self.pulse = m.NONE16 if pulse == NO_RATE or not pulse else pulse
        if not missing and not flags & (m.VIT_SENSOR_OFF | m.VIT_OUT_OF_TRACK | m.VIT_FROZEN):
            flags |= m.VIT_VALID
        self.flags = flags
        self.samples += 1

    @micropython.native
    def _sensor_flags(self, status):
        flags = 0
        if status & (_SENSOR | _DISCONNECT):
            flags |= m.VIT_SENSOR_OFF
        if status & _OUT_OF_TRACK:
            flags |= m.VIT_OUT_OF_TRACK
        if status & _ARTIFACT:
            flags |= m.VIT_ARTIFACT
        if status & _RED and not status & _GREEN:
            flags |= m.VIT_LOW_PERFUSION
        if self._values[7] & 1:
            flags |= m.VIT_LOW_BATTERY
        return flags

    @micropython.native
    def _frozen(self):
        """A counter that has moved before and stands still, or a pleth without any movement."""
        counter = (self._values[5] & 127) << 7 | self._values[6] & 127
        if counter == self._counter and self._counter_ever:
            self._stuck += 1
        else:
            if self._counter >= 0 and counter != self._counter:
                self._counter_ever = True
            self._stuck = 0
        self._counter = counter
        self._still = self._still + 1 if self._low >= self._high else 0
        return self._stuck > 0 or self._still >= FROZEN_PACKETS

    @micropython.native
    def _agree(self, spo2, pulse):
        values = self._values
        for at in (9, 15):
            other = values[at] & 127
            if other != NO_SPO2 and abs(other - spo2) > SPO2_AGREE:
                return False
        extended = self._rate(13)
        return extended == NO_RATE or abs(extended - pulse) <= RATE_AGREE

"""The nine bytes of Contec's protocol V7 (CMS50D+ from firmware 4.6, CMS50E, CMS50F): 60 a second, 115200 8N1.

    0x01 | 1 h6..h0 | seven data bytes with bit 7 set; h(i) is bit 7 of data byte i

    data 0  probe error, beep, SpO2 low, searching too long, strength(4)    data 3  pulse rate, 255: none
    data 1  searching, pleth(7)                                             data 4  SpO2, 127: none
    data 2  three bits, no perfusion index, bar(4)                          data 5, 6  perfusion index

It has to be started, and told every five seconds that somebody listens (talk). There is no checksum; what counts is
said in bit7_frames. The type 0x0D says that the device goes off: no signal, at once.
"""

from oximeters import bit7_frames
from oximeters.bit7_frames import N
from pump.base.compat import micropython
from pump.tables import vitals as v
from pump.tables.messages import NONE8, NONE16

BAUD, PARITY = 115_200, None
SILENCE_MS = bit7_frames.Frames.silence_ms
START = b"\x7d\x81\xa1\x80\x80\x80\x80\x80\x80"
KEEP_ALIVE, KEEP_ALIVE_MS = b"\x7d\x81\xaf\x80\x80\x80\x80\x80\x80", 5_000
PROOF, EVERY_MS = 2, 230

SIZE = 9
LIVE, GOODBYE = 0x01, 0x0D  # types of package
# The size of a package by its type: what others asked for is no rubbish. 0: there is none, or one as long as a live one
# (4, 5 and 0x11), for which nobody here asks: it is a live one that was damaged.
_SIZES = b"\0\x09\0\0\0\0\0\x08\x08\x06\x04\x04\x02\x03\x03\x08\x03\0\x08"
_GOODBYE_SIZE = 3


class Parser(bit7_frames.Frames):
    """Bytes in, samples out: after `take` returned True, spo2, pulse and flags describe the newest block."""

    size = SIZE

    @micropython.native
    def _byte(self, byte):
        """True when this byte completes a sample."""
        buf, state = self.buf, self.state
        n = state[N]
        if not byte & 0x80:
            if n and (buf[0] >= len(_SIZES) or _SIZES[buf[0]] != n):
                self.lose(n)
            buf[0] = byte
            state[N] = 1
            return False
        if not n:
            self.lose(1)
            return False
        buf[n] = byte
        n += 1
        if n < SIZE:
            state[N] = n
            return n == _GOODBYE_SIZE and buf[0] == GOODBYE and self._leave()
        state[N] = 0
        if buf[0] == LIVE:
            return self._read()
        self.lose(SIZE)
        return False

    @micropython.native
    def _read(self):
        buf = self.buf
        high = buf[1]
        flags = 0
        if high & 0x01:
            flags |= v.SENSOR_OFF
        if high & 0x02 or buf[2] & 0x10:
            flags |= v.OUT_OF_TRACK
        pulse = buf[5] & 0x7F | (high & 0x08) << 4
        spo2 = buf[6] & 0x7F | (high & 0x10) << 3
        return self.add(spo2, pulse, buf[3] & 0x7F, buf[2] & 15, flags)

    @micropython.native
    def _leave(self):
        """The device goes off: a sample without values, and nothing of before counts for the next."""
        self.forget()
        self.spo2, self.pulse, self.flags = NONE8, NONE16, v.SENSOR_OFF
        self.samples += 1
        return True

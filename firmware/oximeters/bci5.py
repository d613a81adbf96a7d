"""The five bytes of BCI, Contec and Berry modules: 60 frames a second (Berry 100); no checksum.

    1 beep SPA SRCH strength(4) | 0 pleth(7) | 0 PR7 search probe bar(4) | 0 PR6..PR0 | 0 SP6..SP0

Line settings differ by device: 19200 8O1 here (CMS50D+ of firmware 4.5); 4800 8O1 and 4800 8N1 exist. What counts is
said in bit7_frames. SPA is "SpO2 falls" with Contec and "probe unplugged" with Berry: it says sensor off only where
there is no value either, or a real fall would be taken for a fallen probe. A rate of 255 is "none": no higher one can
be said.
"""

from oximeters import bit7_frames
from oximeters.bit7_frames import NO_SPO2, N
from pump.base.compat import micropython
from pump.tables import vitals as v

BAUD, PARITY = 19_200, 1  # odd
SILENCE_MS = bit7_frames.Frames.silence_ms
START, KEEP_ALIVE, KEEP_ALIVE_MS = b"", b"", 0
PROOF, EVERY_MS = 2, 140

SIZE = 5
_AMBIGUOUS, _NO_SIGNAL = 0x20, 0x10  # in the first byte
_SEARCHING, _PROBE = 0x20, 0x10  # in the third


class Parser(bit7_frames.Frames):
    """Bytes in, samples out: after `take` returned True, spo2, pulse and flags describe the newest block."""

    size = SIZE

    @micropython.native
    def _byte(self, byte):
        """True when this byte completes a sample."""
        buf, state = self.buf, self.state
        n = state[N]
        if byte & 0x80:
            if n:
                self.lose(n)
            buf[0] = byte
            state[N] = 1
            return False
        if not n:
            self.lose(1)
            return False
        buf[n] = byte
        state[N] = n + 1 if n + 1 < SIZE else 0
        return n + 1 == SIZE and self._read()

    @micropython.native
    def _read(self):
        buf = self.buf
        head, middle, spo2 = buf[0], buf[2], buf[4]
        flags = 0
        if middle & _PROBE or (head & _AMBIGUOUS and spo2 == NO_SPO2):
            flags |= v.SENSOR_OFF
        if middle & _SEARCHING or head & _NO_SIGNAL:
            flags |= v.OUT_OF_TRACK
        return self.add(spo2, (middle & 0x40) << 1 | buf[3], buf[1], head & 15, flags)

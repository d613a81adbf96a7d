"""The bytes of Nonin's data format 2: a packet of 25 frames of 5 bytes each third of a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toleramp_bench.devices.readings import STILL_NS, Reading, Readings, percent

BAUD = 9600
FRAMES = 25
FRAMES_PER_SECOND = 75
CHUNKS = FRAMES  # pieces in which a packet is sent, one a frame
EVERY = 1  # a packet for each third of a second
PERIOD_NS, SILENCE_MS = 333_333_333, 1_000
SUMMED = 3  # bytes of a frame, beside the value, of which another may leave the sum right: status, pleth, sum
NO_PULSE, NO_SPO2 = 511, 127

SYNC, GREEN, RED = 0x01, 0x02, 0x04
YELLOW = GREEN | RED
SENSOR_ALARM, OUT_OF_TRACK, ARTIFACT, SENSOR_OFF = 0x08, 0x10, 0x20, 0x40
_ALWAYS = 0x80
_LOW_BATTERY = 0x01
_TIMER_MASK = 0x3FFF


@dataclass
class Values:
    """What one packet says; None is "no value". HR is the pulse in 1/min, `_d` values are those for
    display."""

    hr: int | None = None
    spo2: int | None = None
    spo2_d: int | None = None
    spo2_fast: int | None = None
    spo2_bb: int | None = None
    e_hr: int | None = None
    e_spo2: int | None = None
    e_spo2_d: int | None = None
    hr_d: int | None = None
    e_hr_d: int | None = None
    rev: int = 48
    tmr: int = 0
    low_batt: bool = False
    perfusion: int = GREEN  # GREEN, YELLOW or RED: for formats that say it between beats, too

    def floats(self) -> bytes:
        """The fourth byte of each of the 25 frames."""
        out = bytearray(FRAMES)
        out[0:2] = _split(self.hr)
        out[2] = _percent(self.spo2)
        out[3] = self.rev
        out[5:7] = bytes(((self.tmr & _TIMER_MASK) >> 7, self.tmr & 0x7F))
        out[7] = _LOW_BATTERY if self.low_batt else 0
        out[8:11] = bytes(map(_percent, (self.spo2_d, self.spo2_fast, self.spo2_bb)))
        out[13:15] = _split(self.e_hr)
        out[15:17] = bytes(map(_percent, (self.e_spo2, self.e_spo2_d)))
        out[19:21] = _split(self.hr_d)
        out[21:23] = _split(self.e_hr_d)
        return bytes(out)


def frame(status: int, pleth: int, value: int) -> bytes:
    """One frame with its checksum; bit 7 of the status is always set."""
    body = bytes((0x01, status | _ALWAYS, pleth, value))
    return body + bytes((sum(body) & 0xFF,))


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """The 125 bytes of a packet; `status` without its SYNC bit, which is set in the first frame here."""
    parts = enumerate(zip(status, pleth, values.floats(), strict=True))
    return b"".join(frame(bits | (SYNC if n == 0 else 0), wave, value) for n, (bits, wave, value) in parts)


# -- read plainly


class Reader:
    """Packets whose 25 frames have come whole, from the one with SYNC on.

    `status` and `pleth`: where those stand in a frame. A disturbed beat is marked in its own frames alone: what comes
    behind it is of it, up to the next beat.
    """

    def __init__(self, status: int, pleth: slice) -> None:
        self._status, self._pleth = status, pleth
        self._frames: list[bytes] = []
        self.silence()

    def take(self, chunk: bytes) -> Reading | None:
        """A frame."""
        if chunk[self._status] & SYNC:
            self._frames = [chunk]
        elif self._frames:
            self._frames.append(chunk)
        if len(self._frames) < FRAMES:
            return None
        frames, self._frames = self._frames, []
        return self._read(frames)

    def torn(self) -> None:
        """A packet that lacks a frame is none."""
        self._frames = []

    def silence(self) -> None:
        """Another module may be there."""
        self._frames = []
        self._disturbed = False
        self._wave: tuple[bytes, ...] = ()
        self._counter = b""

    def _read(self, frames: Sequence[bytes]) -> Reading:
        every = 0
        for frame in frames:
            every |= frame[self._status]
        if every & (ARTIFACT | YELLOW):
            self._disturbed = bool(every & ARTIFACT)
        value = None if every & (SENSOR_OFF | SENSOR_ALARM | OUT_OF_TRACK) else percent(frames[2][3])
        return Reading(value, self._disturbed, self._stands(frames))

    def _stands(self, frames: Sequence[bytes]) -> bool:
        """The counter is as before, or the pleth; a counter that says 0 is none."""
        wave, counter = tuple(frame[self._pleth] for frame in frames), frames[5][3:4] + frames[6][3:4]
        stands = wave == self._wave or len(set(wave)) == 1 or (any(counter) and counter == self._counter)
        self._wave, self._counter = wave, counter
        return stands


def readings(status: int, pleth: slice) -> Readings:
    """How the readings of such frames come."""
    return Readings(
        PERIOD_NS, SILENCE_MS, lambda: Reader(status, pleth), still=1, still_pleth=STILL_NS // PERIOD_NS, artifact=True
    )


READINGS = readings(1, slice(2, 3))


def _split(pulse: int | None) -> bytes:
    number = NO_PULSE if pulse is None else pulse
    return bytes((number >> 7 & 3, number & 0x7F))


def _percent(spo2: int | None) -> int:
    return NO_SPO2 if spo2 is None else spo2 & 0x7F

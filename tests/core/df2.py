"""An encoder of Nonin data format 2 of our own, written from the layout: the twin of the recorded vectors."""

from __future__ import annotations

from dataclasses import dataclass

GREEN = 0x02
ARTIFACT, OUT_OF_TRACK, SENSOR_ALARM, DISCONNECT = 0x20, 0x10, 0x08, 0x40
WAVE = (62, 61, 61, 62, 63, 65, 68, 70, 72, 73, 74, 74, 75, 75, 74, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65)
NO_RATE, NO_SPO2 = 511, 127


@dataclass
class Packet:
    """One packet's values; None stands for missing."""

    spo2: int | None = 97
    rate: int | None = 72
    counter: int = 1
    wave: int | None = None  # moves the pleth; None: as the counter does
    status: int = 0
    still: bool = False
    fast: int | None = None  # fast average where it differs from spo2
    extended: int | None = None
    extended_rate: int | None = None
    display: int | None = None  # what the device's screen still shows
    display_rate: int | None = None

    def values(self) -> list[int]:
        """The 25 value bytes."""
        spo2 = NO_SPO2 if self.spo2 is None else self.spo2
        fast = spo2 if self.fast is None else self.fast
        extended = spo2 if self.extended is None else self.extended
        shown = spo2 if self.display is None else self.display
        rate = _rate(self.rate)
        extended_rate = rate if self.extended_rate is None else _rate(self.extended_rate)
        shown_rate = rate if self.display_rate is None else _rate(self.display_rate)
        count = [self.counter >> 7 & 127, self.counter & 127]
        return [
            *rate, spo2, 48, 0, *count, 0, shown, fast, fast, 0, 0, *extended_rate, extended, extended, 0, 0,
            *shown_rate, *extended_rate, 0, 0,
        ]  # fmt: skip

    def frames(self) -> list[bytes]:
        """The 25 frames of five bytes."""
        frames = []
        moved = self.counter if self.wave is None else self.wave
        for number, value in enumerate(self.values()):
            pleth = 70 if self.still else (WAVE[number] + moved) & 0xFF
            head = bytes((1, 0x80 | self.status | (number == 0), pleth, value))
            frames.append(head + bytes((sum(head) & 255,)))
        return frames

    def encode(self) -> bytes:
        """The packet's 125 bytes."""
        return b"".join(self.frames())


def _rate(rate: int | None) -> list[int]:
    number = NO_RATE if rate is None else rate
    return [number >> 7, number & 127]

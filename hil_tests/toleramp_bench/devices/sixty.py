"""What the formats of 60 frames a second make of a third of a second of the model, which has 75."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from toleramp_bench.devices.nonin_df2 import (
    FRAMES,
    GREEN,
    OUT_OF_TRACK,
    RED,
    SENSOR_ALARM,
    SENSOR_OFF,
    YELLOW,
    Values,
)  # fmt: skip
from toleramp_bench.devices.readings import STILL_NS, Reading, Readings

CHUNKS = 20  # frames of a third of a second
EVERY = 1
PACKETS_A_READING = 2
LOCK, BLOCK = 3, 15  # frames: so many in a row lock, so many make a reading
PERIOD_NS, SILENCE_MS = 1_000_000_000 * BLOCK // 60, 1_000
NO_PULSE, NO_SPO2 = 255, 127
MOST_PULSE = NO_PULSE - 1  # no higher one can be said
GOOD, WEAK, POOR = 5, 2, 1  # of 8, by perfusion


@dataclass(frozen=True)
class Moment:
    """One frame's content; `pulse` and `spo2` as the formats say them, `pleth` of 7 bits."""

    off: bool
    unplugged: bool
    searching: bool
    beep: bool
    strength: int
    pleth: int
    pulse: int
    spo2: int


def moments(values: Values, status: Sequence[int], pleth: Sequence[int]) -> Iterator[Moment]:
    """The 20 frames of a third of a second."""
    strength = _strength(status, values)
    for number in range(CHUNKS):
        at = number * FRAMES // CHUNKS
        off = bool(status[at] & (SENSOR_ALARM | SENSOR_OFF))
        yield Moment(
            off=off,
            unplugged=bool(status[at] & SENSOR_OFF),
            searching=bool(status[at] & OUT_OF_TRACK) or (values.spo2 is None and not off),
            beep=bool(status[at] & YELLOW) and not status[at - 1] & YELLOW,
            strength=0 if off else strength,
            pleth=pleth[at] >> 1,
            pulse=NO_PULSE if values.hr is None else min(values.hr, NO_PULSE),
            spo2=NO_SPO2 if values.spo2 is None else values.spo2,
        )


def _strength(status: Sequence[int], values: Values) -> int:
    """By the beats of this third of a second; where none is in it, as they were."""
    seen = 0
    for bits in status:
        seen |= bits & YELLOW
    return {RED: POOR, YELLOW: WEAK, GREEN: GOOD}[seen or values.perfusion]


# -- read plainly


class Reader:
    """Blocks of frames: a reading is what more than half of them say, and none where any says that it has none.

    `look`: SpO2, None without one of now, and pleth of a frame. Behind damage and silence frames lock anew, and a block
    begins.
    """

    def __init__(self, look: Callable[[bytes], tuple[int | None, int]]) -> None:
        self._look = look
        self._locked = LOCK
        self._said: list[int | None] = []
        self._pleth: list[int] = []  # of the block's frames, and of the one before them

    def take(self, chunk: bytes) -> Reading | None:
        """A frame."""
        if self._locked < LOCK:
            self._locked += 1
            return None
        spo2, pleth = self._look(chunk)
        self._said.append(spo2)
        self._pleth.append(pleth)
        if len(self._said) < BLOCK:
            return None
        most, times = Counter(self._said).most_common(1)[0]
        whole = 2 * times > BLOCK and None not in self._said
        found = Reading(most if whole else None, stands=len(set(self._pleth)) == 1)
        self._begin()
        return found

    def _begin(self) -> None:
        self._said.clear()
        del self._pleth[:-1]

    def torn(self) -> None:
        """What comes next is perhaps no frame."""
        self._locked = 0
        self._begin()
        self._pleth.clear()

    def silence(self) -> None:
        """Another device may be there."""
        self.torn()


def readings(look: Callable[[bytes], tuple[int | None, int]]) -> Readings:
    """How the readings of such frames come; strength, not artifact, is what they say of a signal."""
    still = STILL_NS // PERIOD_NS
    return Readings(PERIOD_NS, SILENCE_MS, lambda: Reader(look), still=still, still_pleth=still, counted=True)

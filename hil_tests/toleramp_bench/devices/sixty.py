"""What the formats of 60 frames a second make of a third of a second of the model, which has 75."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

CHUNKS = 20  # frames of a third of a second
EVERY = 1
PACKETS_A_READING = 2
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

"""The five bytes of BCI, Contec and Berry modules, 60 frames a second; line settings of a CMS50D+ (19200 8O1)."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices.nonin_df2 import Values
from toleramp_bench.devices.readings import percent
from toleramp_bench.devices.sixty import CHUNKS, EVERY, MOST_PULSE, PACKETS_A_READING, Moment, moments, readings

__all__ = [
    "BAUD", "CHUNKS", "EVERY", "MOST_PULSE", "OTHER_BAUD", "PACKETS_A_READING", "PARITY", "READINGS", "SIZE", "frame",
    "packet", "stuck",
]  # fmt: skip
BAUD, PARITY = 19_200, 1  # odd
OTHER_BAUD = (4_800,)  # of older devices
SIZE = 5
_ALWAYS, _BEEP, _UNPLUGGED = 0x80, 0x40, 0x20
_HIGH, _SEARCHING, _PROBE = 0x40, 0x20, 0x10


def frame(what: Moment) -> bytes:
    """One frame."""
    head = _ALWAYS | what.strength | (_BEEP if what.beep else 0) | (_UNPLUGGED if what.unplugged else 0)
    middle = what.pleth >> 3 | (_HIGH if what.pulse & 0x80 else 0)
    middle |= (_SEARCHING if what.searching else 0) | (_PROBE if what.off else 0)
    return bytes((head, what.pleth, middle, what.pulse & 0x7F, what.spo2))


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """The frames of a third of a second."""
    return b"".join(map(frame, moments(values, status, pleth)))


def stuck(sent: bytes) -> bytes:
    """The last frame again and again."""
    return sent[-SIZE:] * CHUNKS


def _look(frame: bytes) -> tuple[int | None, int]:
    """SpO2 and pleth of a frame."""
    return None if frame[2] & (_SEARCHING | _PROBE) else percent(frame[4]), frame[1]


READINGS = readings(_look)

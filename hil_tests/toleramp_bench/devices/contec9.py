"""The nine bytes of Contec's protocol V7, 60 packages a second at 115200 baud; silent until it is started."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices.nonin_df2 import Values
from toleramp_bench.devices.readings import percent
from toleramp_bench.devices.sixty import CHUNKS, EVERY, MOST_PULSE, PACKETS_A_READING, Moment, moments, readings

__all__ = [
    "ANSWERS", "BAUD", "CHUNKS", "EVERY", "GOODBYE", "KEEP_ALIVE", "LISTENS_S", "MOST_PULSE", "PACKETS_A_READING",
    "READINGS", "SIZE", "START", "STOP", "frame", "goodbye", "packet", "stuck",
]  # fmt: skip
BAUD = 115_200
SIZE = 9
_TYPE, _GOODBYE = 0x01, 0x0D
_MARK = 0x80
_PROBE, _BEEP, _LOW, _SEARCHING = 0x80, 0x40, 0x20, 0x80
_NO_INDEX = 0x10
_LOW_SPO2 = 90


def command(number: int) -> bytes:
    """What a host says."""
    return bytes((0x7D, 0x81, number, *(_MARK,) * 6))


START, STOP, KEEP_ALIVE = command(0xA1), command(0xA2), command(0xAF)
LISTENS_S = 30  # it stops so long after it was last spoken to


def package(kind: int, data: Sequence[int]) -> bytes:
    """A package of a type: its data with their bits 7 in the second byte."""
    high = sum(1 << n for n, byte in enumerate(data) if byte & 0x80)
    return bytes((kind, _MARK | high, *(byte | _MARK for byte in data)))


_FREE = package(0x0C, ())
ANSWERS = {
    STOP: _FREE,
    command(0xA7): _FREE,  # no more of what it has stored
    command(0xAA): package(0x04, b"user   "),  # which device
    command(0xAC): package(0x0E, (1,)),  # it has no perfusion index
    command(0xB0): package(0x11, (1, 1, 0, 0, 0, 0, 0)),  # what it has stored
}


def frame(what: Moment) -> bytes:
    """One package of the live stream, without a perfusion index."""
    first = what.strength | (_PROBE if what.off else 0) | (_BEEP if what.beep else 0)
    first |= _LOW if what.spo2 < _LOW_SPO2 else 0
    second = 0x40 if what.off else what.pleth
    second |= _SEARCHING if what.searching else 0
    return package(_TYPE, (first, second, what.pleth >> 3 | _NO_INDEX, what.pulse, what.spo2, 0xFF, 0xFF))


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """The packages of a third of a second."""
    return b"".join(map(frame, moments(values, status, pleth)))


def goodbye(reason: int = 1) -> bytes:
    """It goes off."""
    return package(_GOODBYE, (reason,))


GOODBYE = goodbye()


def stuck(sent: bytes) -> bytes:
    """The last package again and again."""
    return sent[-SIZE:] * CHUNKS


def _look(sent: bytes) -> tuple[int | None, int]:
    """SpO2 and pleth of a package of the live stream."""
    first, second, _, _, spo2, *_ = (byte & 0x7F | (sent[1] >> n & 1) << 7 for n, byte in enumerate(sent[2:]))
    gone = first & _PROBE or second & _SEARCHING
    return None if gone or spo2 & _MARK else percent(spo2), second & 0x7F


READINGS = readings(_look)

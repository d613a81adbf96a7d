"""The bytes of Nonin's data format 7: as data format 2, with a pleth of 16 bits in the place of the constant byte."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices.nonin_df2 import BAUD, CHUNKS, EVERY, SYNC, Values, readings

__all__ = ["BAUD", "CHUNKS", "EVERY", "READINGS", "SUMMED", "frame", "packet"]
SUMMED = 4  # as in data format 2, where the first byte is always the same
_ALWAYS = 0x80
_FINE = 0x55  # the lower byte of the pleth, which the 8 bits of the model do not have
READINGS = readings(0, slice(1, 3))


def frame(status: int, pleth: int, value: int) -> bytes:
    """One frame with its checksum; `pleth` of 16 bits."""
    body = bytes((status | _ALWAYS, pleth >> 8, pleth & 0xFF, value))
    return body + bytes((sum(body) & 0xFF,))


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """The 125 bytes of a packet; `status` without its SYNC bit, `pleth` of 8 bits."""
    parts = enumerate(zip(status, pleth, values.floats(), strict=True))
    return b"".join(
        frame(bits | (SYNC if n == 0 else 0), wave << 8 | (wave ^ _FINE if wave else 0), value)
        for n, (bits, wave, value) in parts
    )

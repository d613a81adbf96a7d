"""The lines of Masimo's ASCII 1, as a Rad-8 writes them: one a second."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toleramp_bench.devices import text_lines
from toleramp_bench.devices.nonin_df2 import ARTIFACT, SENSOR_OFF, Values

BAUD = 9600
CHUNKS, EVERY = 1, 3
_NO_SENSOR, _LOW_PERFUSION, _SEARCH, _INTERFERENCE, _OFF, _SET = 0x01, 0x04, 0x08, 0x10, 0x20, 0x800
_LOW_BATTERY = 0x40
_EXCEPTIONS = re.compile(rb" EXC=([0-9A-F]+)")


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """A line with its end."""
    bits = text_lines.every(status)
    index = "--.--" if values.spo2 is None else "04.96"
    alarm = _LOW_BATTERY if values.low_batt else 0
    text = (
        f"02/24/18 {text_lines.clock(values)} SN=0000012345 SPO2={text_lines.wide(values.spo2)}%"
        f" BPM={text_lines.wide(values.hr)} PI={index}% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+--"
        f" ALARM={alarm:04X} EXC={_exceptions(bits, values):06X}\r\n"
    )
    return text.encode("ascii")


def _exceptions(bits: int, values: Values) -> int:
    found = _SET
    if text_lines.off(bits):
        return found | (_NO_SENSOR if bits & SENSOR_OFF else _OFF)
    if text_lines.weak(bits, values):
        found |= _LOW_PERFUSION
    if bits & ARTIFACT:
        found |= _INTERFERENCE
    return found | (_SEARCH if text_lines.searching(bits, values) else 0)


# -- read plainly


def _disturbed(line: bytes) -> bool:
    """Whether a line says that there was interference."""
    found = _EXCEPTIONS.search(line)
    return found is not None and bool(int(found[1], 16) & _INTERFERENCE)


READINGS = text_lines.readings(_disturbed)

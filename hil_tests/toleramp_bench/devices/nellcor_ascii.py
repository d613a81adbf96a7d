"""The lines of Nellcor's monitors: one each two seconds, and a head of three each 25 of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toleramp_bench.devices import text_lines
from toleramp_bench.devices.nonin_df2 import ARTIFACT, SENSOR_OFF, Values
from toleramp_bench.devices.readings import Packets, Readings

BAUD = 9600
CHUNKS, EVERY = 1, 6
HEAD = (
    b"N-560    VERSION 1.61.00    CRC:XXXX  SpO2 Limit: 85-100%    PR Limit: 40-170BPM\r\n"
    b"                             ADULT           25SAT-S \r\n"
    b"TIME                 %SpO2   BPM     PA     Status\r\n"
)
_HEAD_EVERY = 25 * EVERY
_PERIOD_NS, _SILENCE_MS = 2_000_000_000, 4_500  # a line may be lost
_SPO2 = re.compile(rb"\d\d-\w\w\w-\d\d .{8} {1,5}(\d+)")
_CODES = re.compile(rb"\b[A-Z]{2}\b")


def line(values: Values, codes: Sequence[str] = (), amplitude: int | None = 88) -> bytes:
    """A line with its end; the codes stand in the columns that a monitor has for them."""
    said = [text_lines.wide(value, "3") for value in (values.spo2, values.hr, amplitude)]
    text = f"07-Jan-04 {text_lines.clock(values)}   {said[0]}     {said[1]}     {said[2]}"
    for column, code in zip((44, 48, 52), codes, strict=False):
        text = text.ljust(column) + code
    return (text.ljust(59) + "AO\r\n").encode("ascii")


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """A line, behind a head when that is due."""
    bits = text_lines.every(status)
    found = line(values, _codes(bits, values), None if values.spo2 is None else 88)
    return (HEAD if values.tmr % _HEAD_EVERY < EVERY else b"") + found


def _codes(bits: int, values: Values) -> list[str]:
    found = []
    if text_lines.off(bits):
        found.append("SD" if bits & SENSOR_OFF else "SO")
    elif text_lines.searching(bits, values):
        found.append("PS")
    if bits & ARTIFACT:
        found.append("MO")
    return found + (["LB"] if values.low_batt else [])


# -- read plainly


def _live(sent: bytes) -> int | None:
    """SpO2 of a line."""
    return text_lines.live(sent, _SPO2)


def _disturbed(sent: bytes) -> bool:
    """Whether a line says that there was motion."""
    return b"MO" in _CODES.findall(sent)


# Lines lie two seconds apart: a clock that says the same in two of them stands.
READINGS = Readings(
    _PERIOD_NS, _SILENCE_MS, lambda: Packets(_live, _disturbed, text_lines.device_time), still=1, artifact=True
)

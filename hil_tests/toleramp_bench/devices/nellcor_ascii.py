"""The lines of Nellcor's monitors: one each two seconds, and a head of three each 25 of them."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices import text_lines
from toleramp_bench.devices.nonin_df2 import ARTIFACT, SENSOR_OFF, Values

BAUD = 9600
CHUNKS, EVERY = 1, 6
HEAD = (
    b"N-560    VERSION 1.61.00    CRC:XXXX  SpO2 Limit: 85-100%    PR Limit: 40-170BPM\r\n"
    b"                             ADULT           25SAT-S \r\n"
    b"TIME                 %SpO2   BPM     PA     Status\r\n"
)
_HEAD_EVERY = 25 * EVERY


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

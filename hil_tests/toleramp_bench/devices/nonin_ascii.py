"""The lines of Nonin's monitors with ASCII output: one a second, with the time."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices import text_lines
from toleramp_bench.devices.nonin_df2 import Values

BAUD = 9600
CHUNKS, EVERY = 1, 3
READINGS = text_lines.readings()


def line(values: Values, marks: str = "", time: bool = True) -> bytes:
    """A line with its end."""
    head = f"{text_lines.clock(values)} " if time else ""
    return f"{head}SPO2={text_lines.wide(values.spo2)} HR={text_lines.wide(values.hr)}{marks}\r\n".encode("ascii")


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """A line with its end; nothing but dashes says that something is wrong."""
    return line(values)

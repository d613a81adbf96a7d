"""What the formats of text have in common: what a second of the model shows, and the device's clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from toleramp_bench.devices.nonin_df2 import OUT_OF_TRACK, RED, SENSOR_ALARM, SENSOR_OFF, YELLOW, Values
from toleramp_bench.devices.readings import Packets, Readings, percent

PER_SECOND = 3  # packets of the model
NONE = "---"
PERIOD_NS, SILENCE_MS = 1_000_000_000, 3_000
STILL = 2  # a clock may say the same second twice of a line each second
_CLOCK = re.compile(rb"\d\d:\d\d:\d\d")
_SPO2 = re.compile(rb"SPO2=(\d+)")


def clock(values: Values) -> str:
    """HH:MM:SS, by the packets' counter."""
    seconds = values.tmr // PER_SECOND
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def wide(value: int | None, form: str = "03") -> str:
    """Three characters; dashes without a value."""
    return NONE if value is None else f"{value:{form}}"


def every(status: Sequence[int]) -> int:
    """All bits that any frame has."""
    seen = 0
    for bits in status:
        seen |= bits
    return seen


def off(bits: int) -> bool:
    """No finger, or no sensor."""
    return bool(bits & (SENSOR_ALARM | SENSOR_OFF))


def searching(bits: int, values: Values) -> bool:
    """A finger, but no pulse."""
    return bool(bits & OUT_OF_TRACK) or (values.spo2 is None and not off(bits))


def weak(bits: int, values: Values) -> bool:
    """Low perfusion, by the beats or, where there is none, as they were."""
    return (bits & YELLOW or values.perfusion) == RED


# -- read plainly


def live(line: bytes, where: re.Pattern[bytes] = _SPO2) -> int | None:
    """SpO2 of a line, none where there are dashes. `where`: its digits are the first group."""
    found = where.search(line)
    return percent(int(found[1])) if found else None


def device_time(line: bytes) -> bytes:
    """HH:MM:SS, empty where the line bears none."""
    found = _CLOCK.search(line)
    return found[0] if found else b""


def readings(disturbed: Callable[[bytes], bool] | None = None) -> Readings:
    """How the readings of a line a second come; `disturbed`: whether a line says so, None where none ever does."""
    return Readings(
        PERIOD_NS, SILENCE_MS, lambda: Packets(live, disturbed or (lambda line: False), device_time), STILL,
        artifact=disturbed is not None,
    )  # fmt: skip

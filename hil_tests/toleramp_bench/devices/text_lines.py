"""What the formats of text have in common: what a second of the model shows, and the device's clock."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices.nonin_df2 import OUT_OF_TRACK, RED, SENSOR_ALARM, SENSOR_OFF, YELLOW, Values

PER_SECOND = 3  # packets of the model
NONE = "---"


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

"""The bytes of Nonin's data format 1: a packet of 3 bytes a second."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices.nonin_df2 import (
    ARTIFACT,
    GREEN,
    NO_PULSE,
    NO_SPO2,
    OUT_OF_TRACK,
    SENSOR_OFF,
    YELLOW,
    Values,
)  # fmt: skip
from toleramp_bench.devices.readings import Packets, Readings, percent

BAUD = 9600
CHUNKS = 1  # all at once
EVERY = 3  # of the thirds of a second
PERIOD_NS, SILENCE_MS = 1_000_000_000, 3_000
_ALWAYS = 0x80
_SENSOR, _TRACK, _LOW, _MARGINAL, _BAD_PULSE = 0x40, 0x20, 0x10, 0x08, 0x04


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """The three bytes of a packet, from what the last third of a second showed (status as in data format 2)."""
    return said(values.hr, values.spo2, status)


def said(hr: int | None, percent: int | None, status: Sequence[int]) -> bytes:
    """Status, pulse and SpO2."""
    pulse = NO_PULSE if hr is None else hr
    spo2 = NO_SPO2 if percent is None else percent
    return bytes((_ALWAYS | _status(status) | pulse >> 7 & 3, pulse & 0x7F, spo2 & 0x7F))


def _status(frames: Sequence[int]) -> int:
    every = 0
    for bits in frames:
        every |= bits
    found = _SENSOR if every & SENSOR_OFF else 0
    if every & OUT_OF_TRACK:
        found |= _TRACK
    if every & ARTIFACT:
        found |= _BAD_PULSE
    if every & YELLOW == YELLOW:
        return found | _MARGINAL
    return found if every & GREEN or not every & YELLOW else found | _LOW


# -- read plainly


def live(packet: bytes) -> int | None:
    """SpO2 of a packet; none without sensor or track."""
    return None if packet[0] & (_SENSOR | _TRACK) else percent(packet[2])


def disturbed(packet: bytes) -> bool:
    """Whether it says that a pulse was bad."""
    return bool(packet[0] & _BAD_PULSE)


# There is neither a pleth nor a counter nor a clock: a device that hangs is as one with a steady patient.
READINGS = Readings(PERIOD_NS, SILENCE_MS, lambda: Packets(live, disturbed, locks=True), still=0, artifact=True)

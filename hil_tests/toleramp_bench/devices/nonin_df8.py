"""The bytes of Nonin's data format 8: a packet of 4 bytes a second, with the values for display."""

from __future__ import annotations

from collections.abc import Sequence

from toleramp_bench.devices import nonin_df1
from toleramp_bench.devices.nonin_df2 import SENSOR_ALARM, SENSOR_OFF, Values
from toleramp_bench.devices.readings import Packets, Readings

BAUD = 9600
CHUNKS, EVERY = nonin_df1.CHUNKS, nonin_df1.EVERY
_SNSA, _LOW_BATTERY = 0x08, 0x01


def packet(values: Values, status: Sequence[int], pleth: Sequence[int]) -> bytes:
    """The four bytes of a packet, from what the last third of a second showed (status as in data format 2)."""
    second = _SNSA if any(bits & (SENSOR_ALARM | SENSOR_OFF) for bits in status) else 0
    if values.low_batt:
        second |= _LOW_BATTERY
    return nonin_df1.said(values.hr_d, values.spo2_d, status) + bytes((second,))


# -- read plainly


def live(packet: bytes) -> int | None:
    """SpO2 of a packet; what is held for display under the sensor's alarm is none."""
    return None if packet[3] & _SNSA else nonin_df1.live(packet)


READINGS = Readings(
    nonin_df1.PERIOD_NS, nonin_df1.SILENCE_MS, lambda: Packets(live, nonin_df1.disturbed, locks=True),
    still=0, artifact=True,
)  # fmt: skip

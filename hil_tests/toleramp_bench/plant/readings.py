"""What the pump's parts read of the plant, a row each: by the name that the part has in the pump's table of inputs.

A new sensor is a file of its model and a row here; virtual and emulated boards find it by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from toleramp_bench.plant.assembly import Plant


class Reading(NamedTuple):
    """`read` gives the reading as the part gives it; `flows`: it depends on pulses and time."""

    read: Callable[[Plant], int]
    flows: bool = True


READINGS = {
    "battery": Reading(lambda plant: plant.battery.code(), flows=False),  # counts of the ADC
    "encoder": Reading(lambda plant: plant.encoder.counts),  # edges since the beginning
    "pressure": Reading(lambda plant: plant.pressure_code()),  # counts of the ADC
    "air": Reading(lambda plant: int(plant.air_seen)),  # 1: air in the beam
    "door": Reading(lambda plant: int(plant.door_open), flows=False),  # 1: open
    "scale": Reading(lambda plant: round(1000 * plant.scale_g)),  # mg
}

"""What the parts of a pump read of the plant: a function each, of the name that the part has in tables.inputs.

A new sensor is a file of its model and a function here; virtual and emulated boards find it by its name.
"""

from __future__ import annotations

from collections.abc import Callable

from toleramp_bench.plant.assembly import Plant

Reading = Callable[[Plant], int]
FLOWING: set[Reading] = set()  # those that depend on pulses and time
READINGS: dict[str, Reading] = {}


def still(read: Reading) -> Reading:
    """Registers a reading that is as it was set."""
    READINGS[read.__name__] = read
    return read


def flows(read: Reading) -> Reading:
    """Registers a reading that depends on pulses and time."""
    FLOWING.add(read)
    return still(read)


@still
def battery(plant: Plant) -> int:
    """Counts of the ADC."""
    return plant.battery.code()


@still
def supply(plant: Plant) -> int:
    """1: the mains are there."""
    return int(plant.battery.mains)


@flows
def encoder(plant: Plant) -> int:
    """Edges since the beginning."""
    return plant.encoder.counts


@flows
def pressure(plant: Plant) -> int:
    """Counts of the ADC."""
    return plant.pressure_code()


@flows
def air(plant: Plant) -> int:
    """1: air in the beam."""
    return int(plant.air_seen)


@still
def door(plant: Plant) -> int:
    """1: open."""
    return int(plant.door_open)


@flows
def scale(plant: Plant) -> int:
    """What hangs at the scale, mg."""
    return round(1000 * plant.scale_g)

"""A plant that runs along with a board: the pump reads it, what happens to it happens at its own time.

It is brought up to date only when somebody looks: a session whose firmware reads nothing of it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toleramp_bench.devices.pulses import PulseTimes
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.drive import Drive
from toleramp_bench.plant.readings import FLOWING, READINGS

# The longest span while nobody looks: ten times the replay's, so that a long step costs little. Whoever looks more
# often, as a pump that reads a sensor in each scan, has spans as short as that.
LOOK_US = 10_000_000


class LivePlant:
    """`moved`: the pulses that turn the motor, as they come; `now_us`: the board's clock, from the plant's zero on."""

    def __init__(self, plant: Plant, moved: PulseTimes, now_us: Callable[[], int]) -> None:
        self.plant = plant
        self._drive, self._now_us = Drive(plant, moved, LOOK_US), now_us

    def settle(self, t_us: int | None = None) -> None:
        """Brings the plant up to a time (now), unless it is there already."""
        self._drive.advance(self._now_us() if t_us is None else t_us)

    def do(self, name: str, fields: dict[str, Any], t_us: int | None = None) -> None:
        """Something happens to the plant (a method of Plant) at a time (now), or as soon after it as it still can."""
        self.settle(t_us)
        getattr(self.plant, name)(**fields)

    def reading(self, name: str) -> int:
        """What the part of that name reads now. KeyError when the plant has none."""
        read = READINGS[name]
        if read in FLOWING:
            self.settle()
        return read(self.plant)

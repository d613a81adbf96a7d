"""What a rig target needs of the world: a pump and a rig on two lines, and time that passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant


class Stream(Protocol):
    """The laptop's end of a serial line."""

    def write(self, data: bytes) -> None:
        """Sends bytes."""

    def read(self) -> bytes:
        """What has come since the last call, without waiting."""


class Bench(Protocol):
    """Two boards and the laptop's clock. `lead_us`: how far ahead the oximeter is sent; `off_us`: how long a power cut
    has to last; `places`: what the lines are called in a message (rig, pump)."""

    lead_us: int
    off_us: int
    places: tuple[str, str]

    @property
    def rig(self) -> Stream:
        """The rig's line."""

    @property
    def pump(self) -> Stream:
        """The pump's host line."""

    @property
    def now_us(self) -> int:
        """The laptop's clock."""

    def wait(self, us: int) -> None:
        """Lets time pass."""

    def wait_for(self, holds: Callable[[], bool], limit_us: int) -> bool:
        """Lets time pass until `holds()`; False when it did not within the limit."""

    def fit(self, plant: Plant, zero_us: Callable[[], int]) -> LivePlant | None:
        """Puts a plant behind the pump's motor, its zero at `zero_us()` of this clock; None where a real one is."""

    def close(self) -> None:
        """Gives the lines back."""


class Clock(Protocol):
    """Time that can be let pass."""

    @property
    def now_us(self) -> int:
        """The time."""

    def wait(self, us: int) -> None:
        """Lets time pass."""


def wait_until(clock: Clock, holds: Callable[[], bool], limit_us: int, look_us: int) -> bool:
    """Lets time pass until `holds()`, asked each `look_us`; False when it did not within the limit."""
    end_us = clock.now_us + limit_us
    while not holds():
        left_us = end_us - clock.now_us
        if left_us <= 0:
            return False
        clock.wait(min(look_us, left_us))
    return True

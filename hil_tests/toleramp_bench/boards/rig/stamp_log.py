"""Pulse times as a target shows them."""

from __future__ import annotations

from array import array
from bisect import bisect_right


class StampLog:
    """Pulse times on the target's clock; grows while it is read."""

    def __init__(self) -> None:
        self.times: array[int] = array("q")

    def __len__(self) -> int:
        return len(self.times)

    def count_until(self, t_us: int) -> int:
        """How many came up to and including `t_us`."""
        return bisect_right(self.times, t_us)

    def at(self, index: int) -> int:
        """The time of the pulse with that index."""
        return self.times[index]

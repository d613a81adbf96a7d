"""A plant behind a motor: it follows the pulses of a log, each at its own time.

Both accounts of what was delivered go this way: the plant that runs along with a board, and the judge's replay.
"""

from __future__ import annotations

from toleramp_bench.devices.pulses import PulseTimes
from toleramp_bench.plant.assembly import Plant

# The plant spreads the pulses of a span evenly: none is longer, so that a step's beginning does not smear over it.
SPAN_US = 1_000_000
_FOREVER = 1 << 62


class Drive:
    """`advance` brings `plant` up to a time with the pulses of `moved` that came until then."""

    def __init__(self, plant: Plant, moved: PulseTimes, span_us: int = SPAN_US) -> None:
        self.plant = plant
        self._moved, self._span_us = moved, span_us
        self._fed = 0

    def advance(self, to_us: int) -> None:
        """Brings the plant to `to_us` in spans that end at a pulse; nothing happens when that is past."""
        plant = self.plant
        while plant.t_us < to_us or self._next_us() <= to_us:
            next_us = self._next_us()
            if next_us > min(to_us, plant.t_us + self._span_us):
                plant.advance(self._still_until(next_us, to_us), 0)
            else:
                self._span(min(to_us, plant.t_us + self._span_us))

    def _next_us(self) -> int:
        """When the next pulse comes."""
        if self._fed >= len(self._moved):
            return _FOREVER
        return int(self._moved.at(self._fed))

    def _still_until(self, next_us: int, to_us: int) -> int:
        """The end of a span without a pulse: just before the next one, which comes by itself (a mechanism that has
        rested, a rate too low to be a flow)."""
        t_us = self.plant.t_us
        end_us = min(to_us, max(next_us - 1, t_us + 1))
        return end_us if self.plant.flow.still else min(end_us, t_us + self._span_us)

    def _span(self, to_us: int) -> None:
        """The pulses until `to_us`, up to the last of them: a rest counts from there."""
        count = self._moved.count_until(to_us)
        end_us = max(int(self._moved.at(count - 1)), self.plant.t_us)
        self.plant.advance(end_us, count - self._fed)
        self._fed = count

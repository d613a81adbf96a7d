"""The battery as the pump's ADC sees it: one lithium cell over a divider of two equal resistors."""

from __future__ import annotations

from functools import lru_cache

from toleramp_bench.plant.sensors import ADC_TOP, ADC_V

FULL_V = 4.2  # of a lithium cell (data sheets)


@lru_cache(maxsize=8)  # it is read in each scan, and changes a few times a session
def _code(volts: float) -> int:
    return min(ADC_TOP, max(0, round(volts / 2 / ADC_V * ADC_TOP)))


class Battery:
    """`volts`: at the cell, `mains`: the supply is there; set from outside. Its charge is not modelled."""

    def __init__(self, volts: float = FULL_V) -> None:
        self.volts = volts
        self.mains = True

    def code(self) -> int:
        """What the ADC reads behind the divider (boards/pump_pico/README.md)."""
        return _code(self.volts)

"""The battery as the pump's ADC sees it: one lithium cell over a divider of two equal resistors."""

from __future__ import annotations

from toleramp_bench.plant.sensors import ADC_TOP, ADC_V

FULL_V = 4.2  # of a lithium cell (data sheets)


class Battery:
    """`volts`: at the cell, set from outside; its charge is not modelled."""

    def __init__(self, volts: float = FULL_V) -> None:
        self.volts = volts

    def code(self) -> int:
        """What the ADC reads behind the divider (boards/pump_pico/README.md)."""
        return min(ADC_TOP, max(0, round(self.volts / 2 / ADC_V * ADC_TOP)))

"""A weighing scale under the bag or under a beaker: filter, noise, drift, resolution, and its faults."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import expm1

_US_PER_H = 3_600_000_000


@dataclass(frozen=True)
class ScaleConfig:
    """The defaults are the ideal scale: at each sample it shows the mass."""

    sample_us: int = 100_000  # HX711 at its slow rate: 10 samples a second (data sheet)
    filter_us: int = 0  # time constant of the low-pass; laboratory scales settle within 1 to 3 s (data sheets)
    noise_g: float = 0.0  # sigma of a sample; HX711 with a 1 kg cell 0.02 to 0.05 (users' measurements)
    drift_g_h: float = 0.0  # warm cell and evaporation; 0.05 to 0.5 (gravimetric practice)
    resolution_g: float = 0.0  # 0: not rounded; laboratory scales 0.01 or 0.001 (data sheets)


TYPICAL = ScaleConfig(filter_us=500_000, noise_g=0.03, drift_g_h=0.1, resolution_g=0.01)


class Scale:
    """Samples the mass in its own rhythm; `reading_g` is what it shows, `due_us` when it samples next."""

    def __init__(self, config: ScaleConfig, rng: random.Random, mass_g: float) -> None:
        """Lies still under `mass_g` at the time 0."""
        self.config, self._rng = config, rng
        self.due_us = config.sample_us
        self._share = -expm1(-config.sample_us / config.filter_us) if config.filter_us else 1.0
        self._mass_g = self._filtered_g = self.reading_g = mass_g
        self._t_us = 0
        self._offset_g = self._fault_drift_g_h = 0.0
        self._fault_us = 0

    def fault(self, offset_g: float = 0.0, drift_g_h: float = 0.0) -> None:
        """From now on it shows `offset_g` too much, and `drift_g_h` more in each hour; zeros end it."""
        self._offset_g, self._fault_drift_g_h, self._fault_us = offset_g, drift_g_h, self._t_us

    def advance(self, to_us: int, mass_g: float) -> float:
        """Time passes until `to_us`, the mass going evenly to `mass_g`; what it shows then."""
        span_us, slope_g = to_us - self._t_us, mass_g - self._mass_g
        while self.due_us <= to_us:
            passed = (self.due_us - self._t_us) / span_us if span_us else 1.0
            self._sample(self._mass_g + slope_g * passed)
            self.due_us += self.config.sample_us
        self._t_us, self._mass_g = to_us, mass_g
        return self.reading_g

    def _sample(self, mass_g: float) -> None:
        config = self.config
        self._filtered_g += (mass_g - self._filtered_g) * self._share if config.filter_us else mass_g - self._filtered_g
        shown_g = self._filtered_g + self._drifted_g()
        if config.noise_g:
            shown_g += self._rng.gauss(0.0, config.noise_g)
        step_g = config.resolution_g
        self.reading_g = round(shown_g / step_g) * step_g if step_g else shown_g

    def _drifted_g(self) -> float:
        own_g = self.config.drift_g_h * self.due_us / _US_PER_H
        fault_g = self._fault_drift_g_h * (self.due_us - self._fault_us) / _US_PER_H
        return own_g + self._offset_g + fault_g

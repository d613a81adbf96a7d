"""The pump's sensors with the limits of their electronics: shaft encoder, pressure at the ADC, air detector."""

from __future__ import annotations

import random
from dataclasses import dataclass

_US_PER_S = 1_000_000
ADC_V, ADC_TOP = 3.3, 4095  # RP2040: 12 bits over 3.3 V (data sheet)


@dataclass(frozen=True)
class EncoderConfig:
    """A quadrature encoder on the drive shaft."""

    counts_per_rev: int = 2400  # 600 lines, four edges each (data sheets of small shaft encoders)
    pulses_per_rev: int = 3200  # 200 steps at 16 microsteps (boards/pump_pico/mechanism.py)
    most_counts_s: int = 20_000  # what the edge counter follows; more is lost (assumed)


class Encoder:
    """Counts quadrature edges. Faults, set at any time: `stuck` (no edge comes), `missing` (wires off)."""

    def __init__(self, config: EncoderConfig | None = None) -> None:
        self.config = config or EncoderConfig()
        self.counts = 0
        self._edge = 0
        self.stuck = self.missing = False

    def advance(self, dt_us: int, shaft_pulses: int) -> int:
        """The shaft went to `shaft_pulses` within `dt_us`; the counts since power-on."""
        edge = shaft_pulses * self.config.counts_per_rev // self.config.pulses_per_rev
        made, self._edge = edge - self._edge, edge
        if made and not (self.stuck or self.missing):
            # At least one: a call shorter than the distance of two edges still carries an edge.
            most = max(1, self.config.most_counts_s * dt_us // _US_PER_S)
            self.counts += max(-most, min(most, made))
        return self.counts

    def levels(self) -> tuple[int, int]:
        """The lines A and B; both high (their pull-ups) when the wires are off."""
        if self.missing:
            return 1, 1
        phase = self.counts & 3
        return int(phase in (1, 2)), int(phase in (2, 3))


@dataclass(frozen=True)
class PressureConfig:
    """A sensor of 0.5 to 4.5 V behind a divider of two thirds (boards/pump_pico/README.md)."""

    low_kpa: float = -50.0  # at 0.5 V (assumed)
    high_kpa: float = 150.0  # at 4.5 V (assumed)
    offset_kpa: float = 0.0  # zero error; 1 to 2 % of the span (data sheets)
    gain_error: float = 0.0  # fraction; 1 to 2 % (data sheets)
    noise_codes: float = 0.0  # sigma in ADC codes; RP2040 about 3 (8.7 effective bits, data sheet)


class PressureSensor:
    """Pressure as the code of the ADC. `wire_off`: 0 V."""

    def __init__(self, config: PressureConfig, rng: random.Random) -> None:
        self.config, self._rng = config, rng
        self.wire_off = False

    def code(self, pressure_kpa: float) -> int:
        """The ADC's code; the sensor stops at its ends, so that 0.33 V or 3 V are the least and most."""
        config = self.config
        share = (pressure_kpa * (1 + config.gain_error) + config.offset_kpa - config.low_kpa) / self._span_kpa
        volts = 0.0 if self.wire_off else (0.5 + 4 * min(1.0, max(0.0, share))) * 2 / 3
        noise = self._rng.gauss(0.0, config.noise_codes) if config.noise_codes else 0.0
        return min(ADC_TOP, max(0, round(volts / ADC_V * ADC_TOP + noise)))

    def kpa(self, code: int) -> float:
        """The pressure that a code means, by the data sheet."""
        return self.config.low_kpa + self._span_kpa * (code * ADC_V / ADC_TOP * 3 / 2 - 0.5) / 4

    @property
    def _span_kpa(self) -> float:
        return self.config.high_kpa - self.config.low_kpa


@dataclass(frozen=True)
class AirConfig:
    """An ultrasonic detector around the tube."""

    beam_nl: int = 10_000  # the least bubble: 10 uL in tube of 3.2 mm, 40 uL in 6.4 mm (maker's data)
    response_us: int = 10_000  # from the beam full of air to the output (assumed)


class AirDetector:
    """The output is True (high) for liquid. Fault, set at any time: `stuck` at True or False; None for none.

    A broken wire is stuck at False: it reads as air.
    """

    def __init__(self, config: AirConfig | None = None) -> None:
        self.config = config or AirConfig()
        self.stuck: bool | None = None
        self._liquid, self._other_us = True, 0

    @property
    def liquid(self) -> bool:
        """What the line says."""
        return self._liquid if self.stuck is None else self.stuck

    def advance(self, dt_us: int, air_in_beam_pl: int) -> bool:
        """`air_in_beam_pl` of the beam's volume was air for `dt_us`; what the line says then."""
        liquid = air_in_beam_pl < 1000 * self.config.beam_nl
        self._other_us = self._other_us + dt_us if liquid != self._liquid else 0
        if self._other_us >= self.config.response_us and liquid != self._liquid:
            self._liquid, self._other_us = liquid, 0
        return self.liquid

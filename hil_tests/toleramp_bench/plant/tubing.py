"""Elastic tubing before and after the pump: occlusion, pressure, and the bolus when it is released.

Linear models with one store each, advanced by their exact exponentials: the size of the time step does not matter
as long as the flow is steady within it. Pressures in kPa against the vein's (or the air's), volumes in nL.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1, inf

_US_PER_S = 1_000_000


@dataclass(frozen=True)
class TubingConfig:
    """A set of tubes. `lag` off (ideal): what is pumped into an open line leaves it at the same moment."""

    compliance_ul_kpa: float = 2.0  # after the pump; lines 0.5 to 10, syringes 9 to 21 (Snijder 2015, literature)
    resistance_kpa_s_ul: float = 0.02  # open line and catheter: 22 G runs about 30 mL/min from a metre (data sheets)
    back_pressure_kpa: float = 0.0  # at the vein; 0 to 13 (100 mmHg, IEC 60601-2-24's tests)
    lag: bool = False  # whether steady flow into an open line needs pressure and time
    inlet_compliance_ul_kpa: float = 1.0  # between bag and pump (assumed: half the line after it)
    vacuum_kpa: float = 60.0  # at which a stroke draws nothing: the tube no longer springs back (assumed)


class Inlet:
    """The tube between bag and pump. Behind an occlusion the pump draws it flat, and each stroke draws less."""

    def __init__(self, config: TubingConfig) -> None:
        self.config = config
        self._resistance = 0.0
        self._missing_nl = 0.0
        self._flat_nl = 1000 * config.inlet_compliance_ul_kpa * config.vacuum_kpa

    @property
    def occluded(self) -> bool:
        """Whether it draws less than the pump asks for."""
        return self._resistance > 0

    @property
    def pressure_kpa(self) -> float:
        """Pressure at the pump's inlet; below 0 behind an occlusion."""
        return -self._missing_nl / (1000 * self.config.inlet_compliance_ul_kpa)

    def occlude(self, resistance_kpa_s_ul: float = inf) -> None:
        """Sets a resistance in the tube; without a figure it is shut."""
        self._resistance = resistance_kpa_s_ul

    def release(self) -> None:
        """Opens it: the tube fills up from the bag at once."""
        self._resistance = self._missing_nl = 0.0

    def draw(self, dt_us: int, asked_nl: float) -> float:
        """The nL that the pump gets of the `asked_nl` that its strokes would move within `dt_us`.

        Missing volume M follows dM/dt = q (1 - M / flat) - M / (R C); a stroke moves the share 1 - M / flat.
        """
        if not self._resistance:
            return asked_nl
        if asked_nl < 0:  # pushed back: fills the tube
            self._missing_nl = max(0.0, self._missing_nl + asked_nl)
            return asked_nl
        drawn = asked_nl / self._flat_nl
        refilled = dt_us / (_US_PER_S * self._resistance * self.config.inlet_compliance_ul_kpa)
        if not drawn + refilled:
            return 0.0
        return self._settle(asked_nl, drawn, drawn + refilled)

    def _settle(self, asked_nl: float, drawn: float, both: float) -> float:
        steady_nl = self._flat_nl * drawn / both
        gone = -expm1(-both)
        mean_nl = steady_nl + (self._missing_nl - steady_nl) * gone / both
        self._missing_nl += (steady_nl - self._missing_nl) * gone
        return asked_nl * (1 - mean_nl / self._flat_nl)


class Outlet:
    """The line between pump and vein: stores V = C * P behind an occlusion, and gives it back with R * C."""

    def __init__(self, config: TubingConfig) -> None:
        self.config = config
        self.stored_nl = 0.0
        self._extra = 0.0

    @property
    def occluded(self) -> bool:
        """Whether an occlusion, whole or partial, is in the line."""
        return self._extra > 0

    @property
    def passes(self) -> bool:
        """Whether what comes in goes out unchanged: the line is open, nothing is stored, no lag is modelled."""
        return not (self._extra or self.stored_nl or self.config.lag)

    @property
    def pressure_kpa(self) -> float:
        """Pressure behind the pump, where the sensor is."""
        return self.config.back_pressure_kpa + self.stored_nl / (1000 * self.config.compliance_ul_kpa)

    def occlude(self, resistance_kpa_s_ul: float = inf) -> None:
        """Sets a resistance in the line on top of its own; without a figure it is shut."""
        self._extra = resistance_kpa_s_ul

    def release(self) -> None:
        """Opens it: what is stored now flows to the vein."""
        self._extra = 0.0

    def advance(self, dt_us: int, inflow_nl: float) -> float:
        """The nL that leave towards the vein while `inflow_nl` come in evenly within `dt_us`."""
        if self._extra == inf:
            self.stored_nl += inflow_nl
            return 0.0
        before_nl = self.stored_nl
        if self._extra or self.config.lag:
            self._approach(dt_us, inflow_nl)
        elif before_nl:
            self._empty(dt_us)
        return inflow_nl + (before_nl - self.stored_nl)

    def _tau_us(self) -> float:
        resistance = self.config.resistance_kpa_s_ul + self._extra
        return _US_PER_S * resistance * self.config.compliance_ul_kpa

    def _approach(self, dt_us: int, inflow_nl: float) -> None:
        """dV/dt = q - V / (R C)."""
        if not dt_us:
            self.stored_nl += inflow_nl
            return
        tau_us = self._tau_us()
        steady_nl = inflow_nl / dt_us * tau_us
        self.stored_nl += (steady_nl - self.stored_nl) * -expm1(-dt_us / tau_us)

    def _empty(self, dt_us: int) -> None:
        """The store alone: the system is linear, so what passes through the open line does not change its decay."""
        self.stored_nl *= 1 + expm1(-dt_us / self._tau_us())
        if abs(self.stored_nl) < 1e-3:  # a picolitre: so that an open line comes to pass its flow exactly again
            self.stored_nl = 0.0


class Tubing:
    """Both sides of the pump. `where` is "downstream" (outlet) or "upstream" (inlet)."""

    def __init__(self, config: TubingConfig | None = None) -> None:
        self.config = config or TubingConfig()
        self.inlet, self.outlet = Inlet(self.config), Outlet(self.config)

    @property
    def pressure_kpa(self) -> float:
        """Pressure behind the pump."""
        return self.outlet.pressure_kpa

    @property
    def stored_nl(self) -> float:
        """What the line holds beyond its volume at rest."""
        return self.outlet.stored_nl

    def occlude(self, where: str = "downstream", resistance_kpa_s_ul: float = inf) -> None:
        """Sets a resistance; without a figure the tube is shut."""
        if where not in ("downstream", "upstream"):
            raise ValueError(f"{where!r} is neither downstream nor upstream")
        (self.outlet if where == "downstream" else self.inlet).occlude(resistance_kpa_s_ul)

    def release(self) -> None:
        """Opens both sides."""
        self.inlet.release()
        self.outlet.release()

    def advance(self, dt_us: int, inflow_nl: float) -> float:
        """The nL that leave towards the vein while the pump's strokes ask for `inflow_nl` within `dt_us`."""
        return self.outlet.advance(dt_us, self.inlet.draw(dt_us, inflow_nl))

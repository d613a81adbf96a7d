"""The plant put together: the way of the liquid, and the scale and sensors beside it.

Doses are exact fractions, volumes whole picolitres: two runs of the same pulses and seed give the same figures to the
last digit, and the ideal plant gives the protocol's own.
"""

from __future__ import annotations

import random
from fractions import Fraction
from math import inf
from typing import NamedTuple

from toleramp_bench.plant.battery import Battery
from toleramp_bench.plant.config import PlantConfig
from toleramp_bench.plant.flow import Flow
from toleramp_bench.plant.line import AIR
from toleramp_bench.plant.scale import Scale
from toleramp_bench.plant.sensors import AirDetector, Encoder, PressureSensor

_G_PER_PL = 1e-9  # water


class Event(NamedTuple):
    """Something that happened: when, what, and the figure or name that goes with it.

    occluded (where), released (nL stored), bag_swapped and bag_empty (id), air_entered (pL), air_seen, air_gone (by
    the detector), air_at_patient, air_past (at the vein), stall and free_flow (0 or 1), slip (share), scale (g).
    """

    t_us: int
    kind: str
    value: int | float | str = ""


class Plant:
    """Give it the pulses with `advance()`; the same config, seed, calls and faults give the same results.

    Parts may be set directly: `encoder.stuck`, `encoder.missing`, `detector.stuck`, `pressure_sensor.wire_off`.
    """

    def __init__(self, config: PlantConfig | None = None, seed: int = 0) -> None:
        self.config = config = config or PlantConfig()
        self.t_us = self._idle_us = 0
        self.events: list[Event] = []
        self.flow = Flow(config, self._tell)
        self.encoder, self.detector = Encoder(config.encoder), AirDetector(config.air)
        # A stream of its own for each, so that reading one does not change the other.
        self.pressure_sensor = PressureSensor(config.pressure, random.Random(f"{seed} pressure"))
        self.battery, self.door_open = Battery(config.battery_v), False
        self.scale = Scale(config.scale, random.Random(f"{seed} scale"), self._mass_g())

    # --- time ----------------------------------------------------------------------------------------------

    def advance(self, to_us: int, pulses: int) -> None:
        """Time passes until `to_us` with `pulses` (below 0: backwards) spread evenly over it."""
        dt_us = to_us - self.t_us
        if dt_us < 0:
            raise ValueError(f"time goes back from {self.t_us} us to {to_us} us")
        self.t_us = to_us
        flow = self.flow
        if pulses or not flow.still:
            flow.move(dt_us, pulses)
        self._rest(dt_us, pulses)
        self.encoder.advance(dt_us, flow.mechanism.shaft_pulses)
        if flow.air_path.entered_pl:
            self._watch_air(dt_us)
        if to_us >= self.scale.due_us:
            self.scale.advance(to_us, self._mass_g())

    def _rest(self, dt_us: int, pulses: int) -> None:
        self._idle_us = 0 if pulses else self._idle_us + dt_us
        if self._idle_us >= self.config.rest_us:
            self.flow.mechanism.rest()

    def _watch_air(self, dt_us: int) -> None:
        before = self.detector.liquid
        at_pl, beam_pl = 1000 * self.config.air_sensor_nl, 1000 * self.config.air.beam_nl
        liquid = self.detector.advance(dt_us, self.flow.air_path.between_pl(at_pl - beam_pl, at_pl))
        if liquid != before:
            self._tell("air_gone" if liquid else "air_seen")

    def _tell(self, kind: str, value: int | float | str = "") -> None:
        self.events.append(Event(self.t_us, kind, value))

    def _mass_g(self) -> float:
        bags = self.flow.bags
        on_it_pl = self.flow.delivered_pl if self.config.scale_under == "beaker" else bags.left_pl[bags.hung]
        return self.config.tare_g + on_it_pl * _G_PER_PL

    # --- what happens to it --------------------------------------------------------------------------------

    def swap_bag(self, bag_id: str) -> None:
        """Hangs another of the bags. KeyError for an unknown id."""
        self.flow.bags.hang(bag_id)
        self._tell("bag_swapped", bag_id)

    def bag_empty(self) -> None:
        """The bag that hangs has run out: the pump draws air from now on."""
        self.flow.empty_bag()

    def occlude(self, where: str = "downstream", resistance_kpa_s_ul: float = inf) -> None:
        """Shuts the line "downstream" or "upstream" of the pump, or narrows it to a resistance."""
        self.flow.tubing.occlude(where, resistance_kpa_s_ul)
        self._tell("occluded", where)

    def release(self) -> None:
        """Opens the line on both sides."""
        self._tell("released", self.flow.tubing.stored_nl)
        self.flow.tubing.release()

    def air(self, volume_ul: float, place_nl: int | None = None) -> None:
        """A bubble: drawn in before the pump by the next strokes, or let in `place_nl` of line behind it."""
        volume_pl = round(1_000_000 * volume_ul)
        self._tell("air_entered", volume_pl)
        self.flow.bubble(volume_pl, None if place_nl is None else 1000 * place_nl)

    def stall(self, on: bool = True) -> None:
        """The motor stands, or turns again."""
        self.flow.mechanism.stall(on)
        self._tell("stall", int(on))

    def slip(self, fraction: float) -> None:
        """The motor loses this share of its steps from now on; 0 ends it."""
        self.flow.mechanism.slip(fraction)
        self._tell("slip", fraction)

    def free_flow(self, on: bool = True) -> None:
        """The tube comes out of the pump's grip: liquid runs by gravity, unless a clamp is fitted."""
        self.flow.free = on
        self._tell("free_flow", int(on))

    def scale_fault(self, offset_g: float = 0.0, drift_g_h: float = 0.0) -> None:
        """The scale shows an offset and drifts; zeros end it."""
        self.scale.fault(offset_g, drift_g_h)
        self._tell("scale", offset_g)

    def door(self, is_open: bool) -> None:
        """The door opens or shuts."""
        self.door_open = is_open

    def battery_volts(self, volts: float, supply: bool = False) -> None:
        """The battery has this voltage from now on, and feeds the pump; with `supply` the mains do."""
        self.battery.volts, self.battery.mains = volts, supply

    # --- readouts ------------------------------------------------------------------------------------------

    @property
    def pumped_nl(self) -> Fraction:
        """What left the pump, net of what it drew back."""
        return Fraction(self.flow.pumped_pl, 1000)

    @property
    def delivered_nl(self) -> Fraction:
        """What left the tubing towards the patient, net of what came back."""
        return Fraction(self.flow.delivered_pl, 1000)

    @property
    def liquid_pl(self) -> int:
        """The same in pL without the air that the pump drew: what a scale would tell of it."""
        out_pl = self.flow.delivered_pl
        return out_pl - sum(part.volume_pl for part in self.flow.fed.first(out_pl) if part.source is AIR)

    @property
    def delivered_pg(self) -> Fraction:
        """The dose in it, exactly: of the bags that hung when it was pumped. The line's dead volume is left out."""
        return sum((part.dose_pg for part in self.flow.fed.first(self.flow.delivered_pl)), Fraction(0))

    def vein_pg(self, bag_id: str | None = None) -> Fraction:
        """Dose at the vein, of one bag or of all, exactly."""
        return self.flow.line.out_pg(bag_id)

    @property
    def pressure_kpa(self) -> float:
        """True pressure behind the pump."""
        return self.flow.tubing.pressure_kpa

    def pressure_code(self) -> int:
        """What the ADC reads of it."""
        return self.pressure_sensor.code(self.pressure_kpa)

    @property
    def scale_g(self) -> float:
        """What the scale shows."""
        return self.scale.reading_g

    @property
    def air_seen(self) -> bool:
        """Whether the detector says air."""
        return not self.detector.liquid

"""The way of the liquid: bag, inlet, mechanism, tubing, line, vein.

Whatever a model computes in floats, volumes are summed in whole picolitres: nothing is lost or made. Drawn from the
bags (air, when they are empty) = stored + in the line - at first + at the vein.
"""

from __future__ import annotations

from collections.abc import Callable

from toleramp_bench.plant.air import AirPath
from toleramp_bench.plant.bags import Bags, Gravity
from toleramp_bench.plant.config import PlantConfig
from toleramp_bench.plant.line import AIR, SALINE, Line, Passed, Segment
from toleramp_bench.plant.mechanism import Mechanism
from toleramp_bench.plant.tubing import Tubing
from toleramp_bench.plant.whole import WholePl


class Flow:
    """`pumped_pl` left the pump, `delivered_pl` went on to the vein; both net of what flowed back.

    `tell(kind, value)` hears of what happens by itself. `free`: the tube is out of the rollers' grip. `fed`: what the
    pump put in, in its order; what is stored behind an occlusion leaves the tubing in the same order.
    """

    def __init__(self, config: PlantConfig, tell: Callable[[str, str], None]) -> None:
        self.config, self._tell = config, tell
        self.bags = Bags(config.bags)
        filling = SALINE if config.primed_with is None else self.bags.source_of(config.primed_with)
        self.line, self.air_path = Line(1000 * config.line_dead_nl, filling), AirPath(1000 * config.line_dead_nl)
        self.mechanism, self.tubing = Mechanism(config.mechanism), Tubing(config.tubing)
        self.gravity = Gravity(config.gravity)
        self.fed = Passed()
        self.pumped_pl = self.delivered_pl = self._stored_pl = self._pending_air_pl = 0
        self.free = False
        self._whole = WholePl()
        self._dry: set[str] = set()
        self._air_at_vein = False

    @property
    def still(self) -> bool:
        """Whether nothing moves without pulses."""
        return self.tubing.outlet.passes and not (self.free or self.tubing.inlet.occluded)

    def move(self, dt_us: int, pulses: int) -> None:
        """`dt_us` pass with `pulses` spread evenly over them."""
        moved_pl = self._moved_pl(dt_us, pulses)
        out_pl = self._outflow_pl(dt_us, moved_pl)
        self.pumped_pl += moved_pl
        if moved_pl > 0:
            self._feed(moved_pl)
        self._deliver(out_pl)
        if moved_pl < 0:  # after what comes in at the vein: a line without volume has nothing else to give
            self._withdraw(-moved_pl)

    def empty_bag(self) -> None:
        """The bag that hangs has run out."""
        self.bags.empty()
        self._told_dry()

    def bubble(self, volume_pl: int, place_pl: int | None = None) -> None:
        """Air drawn in by the next strokes, or let in at once, `place_pl` of line behind the pump."""
        if place_pl is None:
            self._pending_air_pl += volume_pl
            return
        self.air_path.enter(volume_pl, place_pl)
        self.line.insert(volume_pl, AIR, place_pl)
        self._arrive(self.line.take(volume_pl))

    # --- from the bag into the line ------------------------------------------------------------------------

    def _moved_pl(self, dt_us: int, pulses: int) -> int:
        asked_pl = self.mechanism.advance_pl(pulses)
        if self.free:  # the rollers turn, and gravity moves the liquid
            return self._whole(1000 * self._gravity_nl(dt_us))
        if self.tubing.inlet.occluded:
            return self._whole(1000 * self.tubing.inlet.draw(dt_us, asked_pl / 1000))
        return asked_pl

    def _gravity_nl(self, dt_us: int) -> float:
        outlet = self.tubing.outlet
        if self.tubing.inlet.occluded:
            return 0.0
        if outlet.occluded:
            return self.gravity.filling_nl(dt_us, outlet.pressure_kpa, self.config.tubing.compliance_ul_kpa)
        return self.gravity.open_nl(dt_us)

    def _feed(self, volume_pl: int) -> None:
        """The missing volume of a flattened inlet is left out: it is the bag's in the end, and below 0.1 mL."""
        bubble_pl = min(volume_pl, self._pending_air_pl)
        self._pending_air_pl -= bubble_pl
        liquid_pl, dry_pl = self.bags.draw(volume_pl - bubble_pl)
        for part_pl, source in ((bubble_pl, AIR), (liquid_pl, self.bags.source), (dry_pl, AIR)):
            if part_pl:
                self.fed.feed(part_pl, source)
                self.line.feed(part_pl, source)
                self.air_path.feed(part_pl, source is AIR)
        if dry_pl:
            self._told_dry()

    def _told_dry(self) -> None:
        if self.bags.hung not in self._dry:
            self._dry.add(self.bags.hung)
            self._tell("bag_empty", self.bags.hung)

    def _withdraw(self, volume_pl: int) -> None:
        self.air_path.withdraw(volume_pl)
        self.fed.withdraw(volume_pl)
        for part_pl, source in self.line.withdraw(volume_pl):
            self.bags.give_back(part_pl, source.bag)

    # --- from the line into the vein -----------------------------------------------------------------------

    def _outflow_pl(self, dt_us: int, moved_pl: int) -> int:
        outlet = self.tubing.outlet
        if outlet.passes and not self._stored_pl:
            return moved_pl
        outlet.advance(dt_us, moved_pl / 1000)
        out_pl = self._stored_pl + moved_pl - round(1000 * outlet.stored_nl)
        out_pl = 0 if out_pl == -1 else out_pl  # a rounding, made good by the next outflow: not blood drawn in
        self._stored_pl += moved_pl - out_pl
        return out_pl

    def _deliver(self, volume_pl: int) -> None:
        self.delivered_pl += volume_pl
        self._arrive(self.line.take(volume_pl))
        self.air_path.take(volume_pl)

    def _arrive(self, segments: list[Segment]) -> None:
        for segment in segments:
            if (segment.source is AIR) != self._air_at_vein:
                self._air_at_vein = not self._air_at_vein
                self._tell("air_at_patient" if self._air_at_vein else "air_past", "")

"""Bags that run empty and are changed, and what flows out of one by gravity when nothing holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import expm1

from toleramp_bench.plant.line import Source

_US_PER_S = 1_000_000
_KPA_PER_MM = 0.00980665  # water


@dataclass(frozen=True)
class Bag:
    """A bag as it was made up: id, what is really in it (overfill included), drug in pg (0: saline)."""

    id: str
    volume_nl: int
    drug_pg: int

    def source(self) -> Source:
        """Its liquid."""
        return Source(self.id, Fraction(self.drug_pg, self.volume_nl))


@dataclass(frozen=True)
class GravityConfig:
    """Free flow: the tube is out of the pump's grip."""

    head_mm: float = 800.0  # bag above the vein; stands 600 to 1000 (nursing practice, assumed)
    resistance_kpa_s_ul: float = 0.02  # set and catheter; as TubingConfig's
    clamp: bool = False  # a mechanical clamp that shuts the tube when the door opens


class Bags:
    """A stand with bags, one of them hung. An empty bag gives air."""

    def __init__(self, bags: Iterable[Bag]) -> None:
        """The first bag hangs."""
        self._bags = {bag.id: bag for bag in bags}
        self._sources = {bag.id: bag.source() for bag in self._bags.values()}
        self.left_pl = {bag.id: 1000 * bag.volume_nl for bag in self._bags.values()}
        self.hung = next(iter(self._bags))

    @property
    def source(self) -> Source:
        """The liquid of the bag that hangs."""
        return self._sources[self.hung]

    def source_of(self, bag_id: str) -> Source:
        """The liquid of any bag."""
        return self._sources[bag_id]

    def hang(self, bag_id: str) -> None:
        """Hangs another bag, with what is left in it. KeyError when there is none of that id."""
        self.left_pl[bag_id]  # noqa: B018 - the KeyError is wanted before anything is changed
        self.hung = bag_id

    def empty(self) -> None:
        """The bag that hangs has run out."""
        self.left_pl[self.hung] = 0

    def draw(self, volume_pl: int) -> tuple[int, int]:
        """Draws `volume_pl` through the spike: (liquid, air) in pL; air once the bag is empty."""
        liquid_pl = min(volume_pl, self.left_pl[self.hung])
        self.left_pl[self.hung] -= liquid_pl
        return liquid_pl, volume_pl - liquid_pl

    def give_back(self, volume_pl: int, bag_id: str) -> None:
        """A pump that turns back pushes liquid up into the bag that it came from; saline, air, blood vanish."""
        if bag_id in self.left_pl:
            self.left_pl[bag_id] += volume_pl


class Gravity:
    """The flow from the bag's height through the resistance of the set."""

    def __init__(self, config: GravityConfig | None = None) -> None:
        self.config = config or GravityConfig()
        self.head_kpa = _KPA_PER_MM * self.config.head_mm

    def open_nl(self, dt_us: int) -> float:
        """What runs within `dt_us` through an open line; 0 behind a clamp."""
        if self.config.clamp:
            return 0.0
        return 1000 * self.head_kpa / self.config.resistance_kpa_s_ul * dt_us / _US_PER_S

    def filling_nl(self, dt_us: int, pressure_kpa: float, compliance_ul_kpa: float) -> float:
        """What runs into an occluded line: until its pressure is the head's; never back up."""
        if self.config.clamp or pressure_kpa >= self.head_kpa:
            return 0.0
        tau_us = _US_PER_S * self.config.resistance_kpa_s_ul * compliance_ul_kpa
        return 1000 * compliance_ul_kpa * (self.head_kpa - pressure_kpa) * -expm1(-dt_us / tau_us)

"""What a plant is built from; the default is the ideal one, which delivers what was ordered to the picolitre."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pump.protocol.protocol import Protocol
from toleramp_bench.plant import mechanism, scale
from toleramp_bench.plant.bags import Bag, GravityConfig
from toleramp_bench.plant.battery import FULL_V
from toleramp_bench.plant.mechanism import MechanismConfig
from toleramp_bench.plant.scale import ScaleConfig
from toleramp_bench.plant.sensors import AirConfig, EncoderConfig, PressureConfig
from toleramp_bench.plant.tubing import TubingConfig


@dataclass(frozen=True)
class PlantConfig:
    """Bags, line, and each part's own parameters."""

    bags: tuple[Bag, ...] = (Bag("A", 250_000_000, 5_000_000_000),)  # the standard ladder's first bag
    line_dead_nl: int = 300_000  # pump to vein; the standard protocol's
    primed_with: str | None = None  # id of the bag whose solution fills the line at first; None: saline
    air_sensor_nl: int = 20_000  # line volume from the pump to the detector; it sits close behind it (assumed)
    rest_us: int = 10_000_000  # without a pulse for so long, the mechanism sticks again (assumed)
    scale_under: str = "bag"  # "bag": the bag that hangs; "beaker": what has been delivered
    tare_g: float = 0.0  # empty bag and hook, or beaker
    battery_v: float = FULL_V
    mechanism: MechanismConfig = field(default_factory=MechanismConfig)
    tubing: TubingConfig = field(default_factory=TubingConfig)
    gravity: GravityConfig = field(default_factory=GravityConfig)
    scale: ScaleConfig = field(default_factory=ScaleConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    pressure: PressureConfig = field(default_factory=PressureConfig)
    air: AirConfig = field(default_factory=AirConfig)


def for_protocol(protocol: Protocol, pl_pulse: int | None = None) -> PlantConfig:
    """The ideal plant with a protocol's bags and line, the bag of step 1 hung."""
    first = protocol.solutions[protocol.steps[0].solution]
    order = [first, *(bag for bag in protocol.solutions if bag is not first)]
    return PlantConfig(
        bags=tuple(Bag(bag.id, bag.volume_nl, bag.drug_pg) for bag in order),
        line_dead_nl=protocol.line_dead_nl,
        primed_with=first.id if protocol.primed_with_solution else None,
        mechanism=MechanismConfig(pl_pulse) if pl_pulse else MechanismConfig(),
    )


def typical(config: PlantConfig) -> PlantConfig:
    """The same plant with the errors of ordinary parts: head, tubing, scale and pressure sensor."""
    return replace(
        config,
        mechanism=replace(mechanism.TYPICAL, pl_pulse=config.mechanism.pl_pulse),
        tubing=replace(config.tubing, lag=True),
        scale=scale.TYPICAL,
        pressure=replace(config.pressure, offset_kpa=1.0, gain_error=0.01, noise_codes=3.0),
    )

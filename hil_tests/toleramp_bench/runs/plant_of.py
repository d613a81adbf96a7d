"""The plant of a scenario: its protocol's bags and line, and what the file's [plant] table changes."""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from decimal import Decimal
from typing import Any

from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.config import PlantConfig, for_protocol, typical
from toleramp_bench.scenario.model import Scenario


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def changed(config: Any, options: dict[str, Any]) -> Any:
    """A config (a frozen dataclass) with the options of a table; a table in it changes that part.

    Raises KeyError naming an option that the part does not have.
    """
    values = {}
    for key, value in options.items():
        if not hasattr(config, key):
            raise KeyError(key)
        part = getattr(config, key)
        values[key] = changed(part, value) if is_dataclass(part) and isinstance(value, dict) else _plain(value)
    return replace(config, **values)


def config_of(scenario: Scenario, pl_pulse: int) -> PlantConfig:
    """The ideal plant of the protocol; `typical = true` gives every part its ordinary errors first."""
    options = dict(scenario.plant)
    config = for_protocol(scenario.protocol, pl_pulse)
    if options.pop("typical", False):
        config = typical(config)
    made: PlantConfig = changed(config, options)
    return made


def plant_of(scenario: Scenario, pl_pulse: int, seed: int) -> Plant:
    """The plant that a run starts with."""
    return Plant(config_of(scenario, pl_pulse), seed)

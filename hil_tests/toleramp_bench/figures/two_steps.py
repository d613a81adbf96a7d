"""A session for measuring: one bag, two steps at one rate, the first one as short as the rules allow."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.protocol import protocol as p
from toleramp.protocol.file import compile_protocol
from toleramp_bench.scenario.model import Scenario

_BAG_NL, _BAG_PG = 100_000_000, 100_000_000_000
FULL_OVER_FIRST = 1_000  # the second step over the first, as the rules want it


def two_steps(name: str, rate_ml_h: int, first_nl: int, bag_nl: int = _BAG_NL, bag_pg: int = _BAG_PG) -> p.Protocol:
    """Volumes in nanolitres, the drug in the bag in picograms."""
    made = p.Protocol()
    made.name, made.drug, made.kind = name, "testdrug", p.BENCH
    made.solutions.append(p.Solution(bag_nl, bag_pg, "A", "LOT-1"))
    for volume_nl in (first_nl, FULL_OVER_FIRST * first_nl):
        made.steps.append(p.Step(0, 0, rate_ml_h * 10_000, volume_nl * 3600 // rate_ml_h // 1000, volume_nl))
    made.full_dose_pg = bag_pg // bag_nl * sum(step.volume_nl for step in made.steps)
    return made


def session(protocol: p.Protocol, **fields: Any) -> Scenario:
    """A scenario with that protocol at its own scale; further fields of the scenario by their names."""
    blob = compile_protocol(protocol, protocol.name)
    return Scenario(protocol.name, Path(protocol.name), "", blob, protocol, Fraction(1), **fields)

"""Firmware broken on purpose: the library of scenarios catches each of the seeded defects."""

from __future__ import annotations

from dataclasses import replace

import pytest
from long_form import some

from toleramp_bench.defects.kit import Defect
from toleramp_bench.defects.library import DEFECTS, NONE
from toleramp_bench.defects.running import SCENARIOS, caught

EIGHT = {
    "late stop",
    "wrong unit",
    "skipped protocol check",
    "step ended by time",
    "stale oximeter value accepted",
    "volume counter reset on hold",
    "lost pulse at a rate change",
    "resume without a press",
}


def test_the_eight_are_there() -> None:
    """Else one is left out and nobody notices."""
    assert {defect.name for defect in DEFECTS} >= EIGHT
    assert all((SCENARIOS / name).is_file() for defect in DEFECTS for name in defect.scenarios)


@pytest.mark.req("TST-1")
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_seeded_defect_is_caught(defect: Defect) -> None:
    """Else the scenarios would pass a firmware that harms."""
    assert caught(defect)


@pytest.mark.req("TST-1")
def test_the_same_scenarios_pass_with_the_firmware_as_it_is() -> None:
    """Else they fail for another reason than the defect, or one defect is left in for the next. (Each is a test of its
    own, too.)"""
    assert caught(replace(NONE, scenarios=tuple(some(NONE.scenarios, 8)))) == []

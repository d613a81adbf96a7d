"""The patient of a scenario: the same for the same seed, felt at the vein, seen at the oximeter, held for by people."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from toleramp_bench.people.attended import person
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import execute
from toleramp_bench.runs.result import canonical
from toleramp_bench.scenario.model import Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")
SECOND_US = 1_000_000


def scenario() -> Scenario:
    """The sensitive patient of the library."""
    return read_scenario(ROOT / "hil_tests" / "scenarios" / "sensitive-patient.toml")


def names(read: Scenario, seed: int = 1) -> list[str]:
    """Names of the events of a run."""
    return [event["event"] for event in execute(read, CoreTarget(SECOND_US), seed).document["events"]]


def test_what_the_file_fixes_is_fixed_and_the_rest_is_drawn() -> None:
    """Else a key of [patient] is read and forgotten."""
    one, other = person({"sensitivity": Decimal(20), "spo2": 98}, 1), person({"sensitivity": 20, "spo2": 98}, 2)
    assert one.traits.sensitivity == other.traits.sensitivity == 20 and one.traits.spo2 == 98
    assert one.traits.hr != other.traits.hr
    assert person({"adapt_s": 99}, 1).config.adapt_s == 99


def test_a_sensitive_one_reacts_and_a_robust_one_does_not() -> None:
    """Else the patient is decoration."""
    read = scenario()
    assert "reaction" in names(read) or "paused" in names(read)
    robust = replace(read, patient={**read.patient, "sensitivity": 0.01, "headroom": 5})
    calm = names(robust)
    assert calm[-2:].count("completed") == 1 and "paused" not in calm


def test_the_same_seed_is_the_same_patient() -> None:
    """Else a failure cannot be run again."""
    read = replace(scenario(), patient={"sensitivity_sigma": Decimal(2)})
    documents = [canonical(execute(read, CoreTarget(SECOND_US), 5).document) for _ in range(2)]
    assert documents[0] == documents[1]


def test_treatment_reaches_the_patient() -> None:
    """Else a scenario's treatment changes nothing."""
    read = scenario()
    untreated = replace(read, actions=())
    treated = [execute(each, CoreTarget(SECOND_US), 1).document for each in (read, untreated)]
    assert treated[0]["events"] != treated[1]["events"]

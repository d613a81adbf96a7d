"""An option of [plant] and [patient] describes something real, or is refused: each model runs at its limits."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from scenario_kit import HEAD, event, fault, scenario, written

from toleramp_bench.people.attended import person
from toleramp_bench.plant.bounds import ORDERED, PATIENT, PLANT
from toleramp_bench.plant.config import PlantConfig, typical
from toleramp_bench.plant.patient import PatientConfig
from toleramp_bench.runs.execute import execute
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")

SHORT = HEAD.replace("0.02", "0.004") + "staff_delay_s = 1\n"

BAD_OPTIONS = [
    ("plant.scale", "sample_us = 0", "1000 to"), ("plant.scale", "sample_us = -5", "1000 to"),
    ("plant.mechanism", "cyclic_period_pulses = 0", "1 to"), ("plant", 'primed_with = "Z"', "known: A, B, C"),
    ("plant", "line_dead_nl = -5", "0 to"), ("plant.encoder", "pulses_per_rev = 0", "1 to"),
    ("plant.tubing", "compliance_ul_kpa = 0", "0.001 to"), ("plant.tubing", "resistance_kpa_s_ul = 0", "0.0001 to"),
    ("plant.gravity", "resistance_kpa_s_ul = 0", "0.0001 to"), ("plant.tubing", "vacuum_kpa = 0", "0.1 to"),
    ("plant.mechanism", "pl_pulse = -100", "1 to"), ("plant.mechanism", "calibration_error = -3", "-0.9 to"),
    ("plant.mechanism", "cyclic_amplitude = 1e11", "0 to 1"), ("plant", 'scale_under = "moon"', "bag, beaker"),
    ("plant", "scale_under = 3", "a text"), ("plant", "typical = 1", "true or false"),
    ("plant.mechanism", "pl_pulse = 1.5", "a whole number"), ("plant", "mechanism = 3", "[plant.mechanism]"),
    ("plant.pressure", "low_kpa = 5\nhigh_kpa = 5", "low_kpa below high_kpa"),
    ("plant.pressure", "low_kpa = 200", "low_kpa below high_kpa"), ("plant.mechanism", "speed = 3", "unknown"),
    ("patient", "threshold_per_h = 0", "1E-9 to"), ("patient", "sensitivity = 0", "0.000001 to"),
    ("patient", "sensitivity = -1", "0.000001 to"), ("patient", "clear_s = 0", "1 to"),
    ("patient", "headroom = 0", "0.1 to"), ("patient", "onset_s = 0.0001", "1 to"), ("patient", "spo2 = 200", "50 to"),
    ("patient", "dbp = 95\nsbp = 90", "dbp below sbp"), ("patient", 'hr = "fast"', "a number"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "keys", "right"), BAD_OPTIONS)
def test_an_option_that_describes_nothing_real_is_refused(tmp_path: Path, table: str, keys: str, right: str) -> None:
    """Else a run never ends, ends in a traceback, or passes on nonsense."""
    line = fault(tmp_path, f"{HEAD}[{table}]\n{keys}\n")
    assert right in line and f"{table.replace('.', ', ')}, {keys.partition(' ')[0]}" in line or "unknown" in line, line


def _with_limits(config: Any) -> list[tuple[type, str, Any, tuple[Any, ...]]]:
    """Every option with its usual value and its limit; parts too."""
    limits, found = {**PLANT, **PATIENT}[type(config)], []
    for item in fields(config):
        usual = getattr(config, item.name)
        if is_dataclass(usual):
            found += _with_limits(usual)
        elif not isinstance(usual, bool) and item.name not in ("bags", "primed_with"):
            found.append((type(config), item.name, usual, limits[item.name]))
    return found


@pytest.mark.parametrize("config", [PlantConfig(), typical(PlantConfig()), PatientConfig()])
def test_every_option_has_a_limit_in_which_its_usual_value_lies(config: Any) -> None:
    """Else a new option is not checked, or the model's own value is refused."""
    for part, name, usual, limit in _with_limits(config):
        inside = usual in limit if isinstance(usual, str) else limit[0] <= usual <= limit[1]
        assert inside, f"{part.__name__}.{name}"


@pytest.mark.parametrize("end", [0, 1])
def test_at_either_end_of_its_limits_a_model_runs(tmp_path: Path, end: int) -> None:
    """Else a limit lets through what breaks the model."""
    shut_in = {name for pair in ORDERED for name in pair}
    body = {
        "occlude": 8_000,
        "release": 9_000,
        'air"\nul = 60\nid = "a': 9_500,
        "free_flow": 10_000,
        "bag_empty": 11_000,
    }
    events = "".join(event(do, f'at = "00:00:{t_ms // 1000:02}.{t_ms % 1000:03}"') for do, t_ms in body.items())
    read = read_scenario(written(tmp_path, SHORT + events + '[end]\nat = "00:00:12"\n'))
    for part, name, usual, limit in _with_limits(PlantConfig()):
        if name in shut_in or isinstance(usual, str):
            continue
        section = next(
            (item.name for item in fields(PlantConfig) if type(getattr(PlantConfig(), item.name)) is part), ""
        )
        value = {name: type(usual)(limit[end])}
        options = {section: value} if section else value
        ran = execute(replace(read, plant=options), CoreTarget(100_000))
        assert ran.document["simulated_s"] == 12, (section, name, ran.document)


def test_the_patient_lives_at_either_end_of_its_limits() -> None:
    """Else a person who may be written down ends the run in a traceback."""
    every = {name: limit for limits in PATIENT.values() for name, limit in limits.items()}
    for name, limit in every.items():
        for value in limit:
            someone = person({name: value}, 1)
            someone.advance(60_000_000, 5.0)
            someone.advance(60_000_000, 0.0)
            assert 0 <= someone.spo2 <= 100 and 0 < someone.pulse < 330, (name, value)


def test_an_empty_patient_is_drawn(tmp_path: Path) -> None:
    """Else [patient] with nothing below it means nobody, in silence."""
    assert scenario(tmp_path, "[patient]\n").patient["headroom"] == PatientConfig().headroom
    assert scenario(tmp_path).patient == {}


def test_treatment_without_a_patient_is_refused(tmp_path: Path) -> None:
    """Else it is given to nobody."""
    assert "treat without a patient" in fault(tmp_path, HEAD + event("treat"))
    assert "what the patient shows" in fault(tmp_path, HEAD + event('release"\nid = "signs') + "[patient]\n")

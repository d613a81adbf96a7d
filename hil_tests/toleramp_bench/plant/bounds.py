"""What each option of plant and patient may be: physical and generous, so that no model divides by zero or runs away.

(lowest, highest) of a number, or the texts that are known. Beyond these a figure describes no pump and no person.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from toleramp_bench.plant.bags import GravityConfig
from toleramp_bench.plant.config import PlantConfig
from toleramp_bench.plant.mechanism import MechanismConfig
from toleramp_bench.plant.patient import PatientConfig, Traits
from toleramp_bench.plant.scale import ScaleConfig
from toleramp_bench.plant.sensors import AirConfig, EncoderConfig, PressureConfig
from toleramp_bench.plant.tubing import TubingConfig

_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000
_FACTOR = (0, 1000)  # of an ordinary person's; 0: an organ that never reacts
_SIGMA = (0, 5)  # of a logarithm
_TIME_S = (1, 10**9)  # the patient goes in ticks of a second: a shorter time constant would swing up
_SHARE = (Decimal("-0.9"), 9)  # an error as a fraction: from a tenth of the true value to ten times it
_STRETCH = (Decimal("0.001"), 1000)  # of a tube, uL/kPa: 1 is a line, 20 a large syringe
_RESISTANCE = (Decimal("0.0001"), 1000)  # kPa s/uL: 0.02 is a 22 G catheter
_PRESSURE_KPA = (-100, 10_000)

Limit = tuple[Any, ...]  # two numbers, or texts

PLANT: dict[type, dict[str, Limit]] = {
    PlantConfig: {
        "line_dead_nl": (0, 100_000_000),
        "air_sensor_nl": (0, 100_000_000),
        "rest_us": (0, _DAY_US),
        "scale_under": ("bag", "beaker"),
        "tare_g": (0, 10_000),
        "battery_v": (0, 10),
    },
    MechanismConfig: {
        "pl_pulse": (1, 10**8),
        "calibration_error": _SHARE,
        "cyclic_amplitude": (0, 1),
        "cyclic_period_pulses": (1, 10**7),
        "cyclic_phase": (-100, 100),
        "stiction_pulses": (0, 10**6),
    },
    TubingConfig: {
        "compliance_ul_kpa": _STRETCH,
        "resistance_kpa_s_ul": _RESISTANCE,
        "back_pressure_kpa": (-50, 200),
        "inlet_compliance_ul_kpa": _STRETCH,
        "vacuum_kpa": (Decimal("0.1"), 101),  # no pump draws below nothing
    },
    GravityConfig: {"head_mm": (0, 3000), "resistance_kpa_s_ul": _RESISTANCE},
    ScaleConfig: {
        "sample_us": (1000, _HOUR_US),
        "filter_us": (0, _HOUR_US),
        "noise_g": (0, 1000),
        "drift_g_h": (-1000, 1000),
        "resolution_g": (0, 1000),
    },
    EncoderConfig: {"counts_per_rev": (1, 10**7), "pulses_per_rev": (1, 10**7), "most_counts_s": (0, 10**9)},
    PressureConfig: {
        "low_kpa": _PRESSURE_KPA,
        "high_kpa": _PRESSURE_KPA,
        "offset_kpa": (-1000, 1000),
        "gain_error": _SHARE,
        "noise_codes": (0, 4095),
    },
    AirConfig: {"beam_nl": (1, 10**6), "response_us": (0, 60_000_000)},
}

PEOPLE: dict[str, Limit] = {
    "threshold_per_h": (Decimal("1e-9"), 1000),
    "sensitivity_sigma": _SIGMA,
    "headroom": (Decimal("0.1"), 1000),
    "headroom_sigma": _SIGMA,
    "adapt_s": _TIME_S,
    "lose_s": _TIME_S,
    "release": (0, 1000),
    "clear_s": _TIME_S,
    "organ_sigma": _SIGMA,
    "onset_s": _TIME_S,
    "recover_s": _TIME_S,
}
TRAITS: dict[str, Limit] = {
    "sensitivity": (Decimal("1e-6"), 10**6),
    "headroom": PEOPLE["headroom"],
    "skin": _FACTOR,
    "airway": _FACTOR,
    "circulation": _FACTOR,
    "spo2": (50, 100),
    "hr": (20, 250),
    "sbp": (40, 300),
    "dbp": (20, 200),
    "rr": (2, 80),
}
PATIENT: dict[type, dict[str, Limit]] = {PatientConfig: PEOPLE, Traits: TRAITS}

# Options of which the first must lie below the second.
ORDERED = (("low_kpa", "high_kpa"), ("dbp", "sbp"))

"""The keys of a protocol file: which there are, their kinds, and the bounds of their values."""

from __future__ import annotations

from pump.protocol import protocol as device
from pump.protocol.rules import DECISION_MAX, GAP_MAX_H

FORMAT = "format"  # the key of a file's first line
STEP = "step"
APPROVAL = "approval"  # the table of those who signed


def _printed(cells: str) -> dict[str, tuple[str, bool]]:
    """Keys for cells copied from a published table; those in mg also in U."""
    every = [f"printed_{cell}" for cell in cells.split()]
    in_units = ["_".join("u" if part == "mg" else part for part in key.split("_")) for key in every]
    return dict.fromkeys(dict.fromkeys([*every, *in_units]), ("number", False))


# Section -> key -> (kind, required). Kinds: text, number, whole, flag, list, time, zone.
KEYS: dict[str, dict[str, tuple[str, bool]]] = {
    "protocol": {
        "name": ("text", True),
        "drug": ("text", True),
        "route": ("text", False),
        "full_dose_mg": ("number", False),
        "full_dose_u": ("number", False),
        "class": ("text", True),
        "dose_unit": ("text", False),
        "tolerance_gap_h": ("whole", True),
        "max_hold_min": ("whole", True),
        "max_wait_min": ("whole", True),
        "line_dead_volume_ml": ("number", True),
        "primed_with": ("text", True),
        "weight_kg": ("number", False),
        "height_cm": ("number", False),
        "ward_zone": ("zone", False),
        "order_id": ("text", False),
        "cycle": ("whole", False),
        "patient_id": ("text", False),
        "birth_date": ("text", False),
        "wide_step": ("flag", False),
        **_printed("total_minutes total_ml total_mg"),
    },
    "solution": {
        "id": ("text", True),
        "code": ("text", True),
        "dilution": ("text", False),
        "diluent": ("text", False),
        "volume_ml": ("number", True),
        "drug_mg": ("number", False),
        "drug_u": ("number", False),
        "line_volume_ml": ("number", False),
        "prepared_at": ("time", False),
        "expires_h": ("number", False),
        **_printed("drug_mg volume_ml mg_per_ml used_ml"),
    },
    "step": {
        "solution": ("text", True),
        "rate_ml_h": ("number", True),
        "minutes": ("number", False),
        "volume_ml": ("number", False),
        "to_full_dose": ("flag", False),
        "kind": ("text", False),
        "dose_mg": ("number", False),
        "dose_u": ("number", False),
        "gap": ("flag", False),
        **_printed("minutes rate_ml_h volume_ml cumulative_ml dose_mg cumulative_mg dose_rate_mg_h"),
    },
    "flush": {"volume_ml": ("number", True), "rate_ml_h": ("number", True)},
    "premedication": {"drug": ("text", True), "dose": ("text", True), "wait_min": ("whole", True)},
    "monitoring": {
        "spo2_stop_percent": ("whole", False),
        "spo2_stop_fall": ("whole", False),
        "spo2_early_percent": ("whole", False),
        "spo2_early_fall": ("whole", False),
        "delay_s": ("whole", False),
        "pulse_min_bpm": ("whole", False),
        "pulse_max_bpm": ("whole", False),
        "sbp_min_mmhg": ("whole", False),
        "sbp_fall_percent": ("whole", False),
        "rr_max": ("whole", False),
        "temp_max_c": ("number", False),
        "observe_every_min": ("whole", False),
        "observe_last_every_min": ("whole", False),
        "observe_after_min": ("whole", False),
    },
    "reaction": {
        "resume_choices": ("list", False),
        "decision_after_count": ("whole", False),
        "min_hold_min": ("whole", False),
        "insert_allowed": ("flag", False),
        "boundary": ("text", False),
    },
    "checklist": {"required": ("list", False)},
    "reason": {"limit": ("text", True), "text": ("text", True)},  # why a soft limit of the ward's library is passed
    "approval": {
        "author": ("text", False),
        "verifier": ("text", False),
        "digest": ("text", False),
        "author_mac": ("text", False),
        "verifier_mac": ("text", False),
        "file_digest": ("text", False),
        "warnings": ("text", False),
        "author_file_mac": ("text", False),
        "verifier_file_mac": ("text", False),
    },
}
REPEATED = ("solution", "step", "premedication", "reason")

# What goes with some kinds of steps and protocols only: keys that make no sense there. What is by mouth needs none of
# the keys that make no sense for it.
INFUSION, LINE_FILL, ORAL = "infusion", "line-fill", "oral"
_BY_MOUTH = ("dose_mg", "dose_u", "gap")
STEP_WITHOUT: dict[str, tuple[str, ...]] = {
    INFUSION: _BY_MOUTH,
    LINE_FILL: (*_BY_MOUTH, "to_full_dose"),
    ORAL: (
        "solution", "rate_ml_h", "volume_ml", "to_full_dose", "printed_rate_ml_h", "printed_volume_ml",
        "printed_cumulative_ml", "printed_dose_rate_mg_h", "printed_dose_rate_u_h",
    ),
}  # fmt: skip
ORAL_WITHOUT = ("line_dead_volume_ml", "primed_with", "printed_total_ml")  # of [protocol]
ORAL_SECTIONS_WITHOUT = ("solution", "flush")


def senseless(section: str, kind: object, oral: bool) -> tuple[str, ...]:
    """Keys of a table that make no sense: in a step of this kind, or in [protocol] of a protocol by mouth."""
    if section == STEP:
        return STEP_WITHOUT.get(kind, ()) if isinstance(kind, str) else ()
    if section != "protocol":
        return ()
    return ORAL_WITHOUT if oral else ("wide_step",)  # what is infused has class wide-step


def needed(section: str, kind: object, oral: bool) -> list[str]:
    """Keys that a table must have."""
    without = senseless(section, kind, oral)
    keys = [key for key, (_, required) in KEYS[section].items() if required and key not in without]
    return [*keys, "minutes"] if section == STEP and kind == ORAL else keys


# Keys of [monitoring] that the device acts on: the name of its field.
MONITORING = {
    "spo2_stop_percent": "spo2_stop",
    "spo2_stop_fall": "spo2_stop_fall",
    "spo2_early_percent": "spo2_early",
    "spo2_early_fall": "spo2_early_fall",
    "delay_s": "delay_s",
    "pulse_min_bpm": "pulse_min",
    "pulse_max_bpm": "pulse_max",
}
RESUME = ("same", "one-back", "two-back", "any-back")

# Words that a text may be.
WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("protocol", "class"): device.CLASSES,
    ("protocol", "dose_unit"): device.UNITS,
    ("protocol", "primed_with"): ("saline", "solution"),
    ("step", "kind"): (INFUSION, LINE_FILL, ORAL),
    ("reaction", "boundary"): ("present", "rehang"),
}
# Longest texts in bytes, where the compiled form has a bound; others are bounded all the same.
TEXT_BYTES = {
    ("protocol", "name"): 60,
    ("protocol", "drug"): 40,
    ("solution", "code"): 24,
    ("approval", "author"): 24,
    ("approval", "verifier"): 24,
    ("approval", "warnings"): 4000,
}
TEXT_BYTES_ELSE = 200

STEP_MAX_ML = device._RANGES[device.STEP][4][1] // 10**6  # what a pump can hold of one step
_LIMITS, _REACTION = device._RANGES[device.LIMITS], device._RANGES[device.REACTION]
# Lowest and highest values; those of the device are its own.
BOUNDS: dict[tuple[str, str], tuple[int, int]] = {
    ("protocol", "max_hold_min"): _LIMITS[0],
    ("protocol", "max_wait_min"): _LIMITS[1],
    ("protocol", "tolerance_gap_h"): (_LIMITS[2][0], GAP_MAX_H),
    ("protocol", "line_dead_volume_ml"): (0, 50),
    ("protocol", "weight_kg"): (1, 400),
    ("protocol", "height_cm"): (30, 250),
    ("protocol", "cycle"): (1, 999),
    ("solution", "volume_ml"): (0, 3000),
    ("solution", "line_volume_ml"): (0, 50),
    ("solution", "expires_h"): (0, 24 * 365),
    ("step", "rate_ml_h"): (0, 50_000),
    ("step", "minutes"): (0, 16_666),
    ("step", "volume_ml"): (0, STEP_MAX_ML),
    ("flush", "volume_ml"): (0, 500),
    ("flush", "rate_ml_h"): (0, 1200),
    ("premedication", "wait_min"): (0, 1440),
    ("monitoring", "sbp_min_mmhg"): (40, 150),
    ("monitoring", "sbp_fall_percent"): (5, 60),
    ("monitoring", "rr_max"): (10, 80),
    ("monitoring", "temp_max_c"): (36, 42),
    ("monitoring", "observe_every_min"): (1, 60),
    ("monitoring", "observe_last_every_min"): (1, 60),
    ("monitoring", "observe_after_min"): (0, 1440),
    ("reaction", "decision_after_count"): (_REACTION[1][0], DECISION_MAX),
    ("reaction", "min_hold_min"): _REACTION[2],
}
BOUNDS.update(
    {
        ("monitoring", key): bounds
        for key, bounds in zip(MONITORING, device._RANGES[device.MONITORING], strict=True)
    }
)  # fmt: skip

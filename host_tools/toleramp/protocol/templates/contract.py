"""Options for all other keys of a protocol file: made from the table of keys, so that none can be forgotten.

A key that a template works out itself (doses, bags, steps), a cell copied from a printed table, and the approval are no
options.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from toleramp.errors import UserError
from toleramp.protocol import keys, order
from toleramp.protocol.templates.options import ALL_LINES, ROWS, Option, Values

# What templates write by themselves, or what another option of `options` says.
_ELSEWHERE = {
    "protocol": {
        "name", "drug", "route", "full_dose_mg", "full_dose_u", "class", "dose_unit", "tolerance_gap_h", "max_hold_min",
        "max_wait_min", "line_dead_volume_ml", "primed_with", "weight_kg", "height_cm",
    },
    "solution": {"id", "code", "dilution", "diluent", "volume_ml", "drug_mg", "drug_u", "line_volume_ml"},
}  # fmt: skip
_SKIPPED = (keys.STEP, keys.APPROVAL)
_PRINTED = "printed_"
_UNITS = {
    "ml": "mL", "h": "h", "min": "min", "s": "s", "percent": "%", "mmhg": "mmHg", "c": "C", "kg": "kg", "cm": "cm",
}  # fmt: skip
PREMEDICATION = "premedication"
_LIMITS = ("monitoring", "reaction")  # asked for one by one only when somebody wants to change them
CHANGE_LIMITS = Option(
    "change_limits",
    "Change limits of vital signs, observations and rules after a reaction",
    "choice",
    default="no",
    choices=("no", "yes"),
)
_QUESTIONS = {
    "flush_volume_ml": "Flush after the last step: volume",
    "flush_rate_ml_h": "Flush: rate",
    "prepared_at": "Bags prepared at, as 2026-11-22T08:00:00+01:00",
    "expires_h": "Bags expire after",
    "checklist": "Checklist beyond the usual one, ; between the lines",
    "emergency_text": "Emergency order, epinephrine first, ; between the lines",
    "emergency_repeat_min": "Emergency: next dose after",
    "resume_choices": "Where to resume after a reaction, ; between",
    "spo2_stop_percent": "SpO2: stop at or below",
    "spo2_stop_fall": "SpO2: stop at a fall from the baseline by, in points",
    "spo2_early_percent": "SpO2: warn at or below",
    "spo2_early_fall": "SpO2: watch at a fall from the baseline by, in points",
    "delay_s": "SpO2 and pulse: how long beyond a limit before the pump holds",
    "pulse_min_bpm": "Pulse: stop below",
    "pulse_max_bpm": "Pulse: stop above",
    "sbp_min_mmhg": "Systolic blood pressure: stop below",
    "sbp_fall_percent": "Systolic blood pressure: stop at a fall from the baseline by",
    "rr_max": "Breathing rate: stop above, per minute",
    "temp_max_c": "Temperature: stop above",
    "observe_every_min": "Observations every",
    "observe_last_every_min": "Observations in the last step every",
    "observe_after_min": "Observation after the end for",
    "decision_after_count": "Reactions from which a clinician decides",
    "min_hold_min": "Shortest hold after a reaction",
    "insert_allowed": "Steps may be inserted after a reaction",
    "boundary": "Going back over a change of bags, offered first: the present bag, or rehang its own",
    "wide_step": "Doses may rise more than usual (signed as such)",
    "ward_zone": "Time zone of the ward by name, as Europe/Berlin",
    "order_id": "Number of the order",
    "cycle": "Cycle of the order",
    "patient_id": "Identifier of the patient",
    "birth_date": "Birth date of the patient, as 1968-04-02",
}


@dataclass(frozen=True)
class Key:
    """A key of the file that an option gives: its section, its name there, and the option."""

    section: str
    name: str
    option: Option


def _option_key(section: str, name: str) -> str:
    """The option's key: the file's own, with its section where it would not be understood alone."""
    if section == "checklist":
        return section
    return f"{section}_{name}" if section in ("flush", "emergency") else name


def _unit(name: str) -> str:
    if name.endswith("_ml_h"):
        return "mL/h"
    return "/min" if name.endswith("_bpm") else _UNITS.get(name.rpartition("_")[2], "")


def _kind(kind: str) -> str:
    """The kind of the option for a kind of key."""
    if kind == "list":
        return ALL_LINES
    return "choice" if kind == "flag" else kind


def _option(section: str, name: str, kind: str) -> Option:
    key = _option_key(section, name)
    low, high = keys.BOUNDS.get((section, name), (0, 10**7))
    words = keys.RESUME if name == "resume_choices" else keys.WORDS.get((section, name), ())
    words = ("true", "false") if kind == "flag" else words
    hint = "the pump's default" if section in _LIMITS else "none"
    question = _QUESTIONS.get(key, key.replace("_", " "))
    return Option(
        key, question, "choice" if words and kind == "text" else _kind(kind), "" if words else _unit(name), hint=hint,
        low=str(low), high=str(high), choices=words, longest=keys.TEXT_BYTES.get((section, name), keys.TEXT_BYTES_ELSE),
    )  # fmt: skip


def _wanted(section: str, name: str) -> bool:
    return name not in _ELSEWHERE.get(section, ()) and not name.startswith(_PRINTED)


def _keys() -> Iterator[Key]:
    for section, table in keys.KEYS.items():
        if section in _SKIPPED:
            continue
        if section == PREMEDICATION:
            question = "Premedication: drug, dose, minutes to wait; + between what is given together, ; between others"
            yield Key(section, "", Option(section, question, "premedication", hint="none"))
            continue
        if section in keys.REPEATED and section != "solution":
            question = f"{section.capitalize()}: {' : '.join(table)}; ; between several"
            option = Option(section, question, ROWS, hint="none", choices=tuple(table), longest=200, asked=False)
            yield Key(section, "", option)  # answers a finding, so nobody can say it before
            continue
        for name, (kind, _) in table.items():
            if _wanted(section, name):
                yield Key(section, name, _option(section, name, kind))


KEYS = tuple(_keys())
OPTIONS = (*(key.option for key in KEYS if key.section not in _LIMITS), CHANGE_LIMITS,
           *(key.option for key in KEYS if key.section in _LIMITS))  # fmt: skip
_OF_LIMITS = {key.option.key for key in KEYS if key.section in _LIMITS}
_WITHOUT = {oral: set(keys.senseless("protocol", None, oral)) for oral in (False, True)}
_OF_ORDER = ("cycle", "patient_id", "birth_date")
_BAGS_ONLY = {key.option.key for key in KEYS if key.section in keys.ORAL_SECTIONS_WITHOUT}


def without(oral: bool) -> tuple[str, ...]:
    """Keys of options that make no sense by mouth, or where it is infused."""
    return (*_WITHOUT[oral], *(_BAGS_ONLY if oral else ()))


def is_needless(key: str, given: dict[str, str]) -> bool:
    """True for a question that another answer has settled: a flush's rate without its volume, limits as they are, the
    patient of no order."""
    if key in _OF_LIMITS:
        return given.get(CHANGE_LIMITS.key) != "yes"
    if key in _OF_ORDER:
        return "order_id" not in given
    return key == "flush_rate_ml_h" and "flush_volume_ml" not in given


def is_needed(key: str, given: dict[str, str]) -> bool:
    """True for one that another answer makes necessary."""
    return (key == "flush_rate_ml_h" and "flush_volume_ml" in given) or (key == "patient_id" and "order_id" in given)


def demand(values: Values) -> None:
    """Raises UserError for half of what goes together."""
    flush = [key in values for key in ("flush_volume_ml", "flush_rate_ml_h")]
    if any(flush) and not all(flush):
        raise UserError("a flush has a volume and a rate", "--flush-volume-ml, --flush-rate-ml-h", "give both")
    named = [key in values for key in ("order_id", "patient_id")]
    if (any(named) or "cycle" in values) and not all(named):
        raise UserError("an order is known by its number and its patient", "--order-id, --patient-id", "give both")
    if "birth_date" in values:
        order.check_birth(values["birth_date"], lambda what, remedy: UserError(what, "--birth-date", remedy))


def rows(values: Values) -> Iterator[tuple[str, dict[str, str]]]:
    """What was given for sections that may stand more than once: (section, keys and texts)."""
    for key in KEYS:
        if key.option.kind == ROWS:
            yield from ((key.section, row) for row in values.get(key.option.key, ()))


def of_section(section: str, values: Values) -> dict[str, Any]:
    """What was given for a section of the file: its keys and values."""
    found = {key.name: values[key.option.key] for key in KEYS if key.section == section and key.option.key in values}
    return {name: value for name, value in found.items() if name}

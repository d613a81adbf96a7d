"""Reads a campaign file; every fault of it is one line: which file, where in it, and what would be right."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.protocol.protocol import Protocol
from toleramp.errors import UserError
from toleramp.protocol.reader import brief
from toleramp_bench.campaign.model import FAULTS, Campaign, PlantDraws, Rate, Span, StaffDraws
from toleramp_bench.plant.patient import PatientConfig
from toleramp_bench.scenario.checks import Checks, Table, is_number, measured, parse, read_text
from toleramp_bench.scenario.protocols import protocol_of
from toleramp_bench.scenario.words import Key

DAY_S = 86_400
SEED_MOST = (1 << 63) - 1
ANSWER_MOST_S = 25  # the pump takes back a start whose bag is not chosen within 30 s
CALIBRATION_MOST = 0.2
RATE_MOST_E4 = 3_000_000

_ANY = Key("any")
_TOP = {
    "format": _ANY,
    "name": Key("text", longest=80, required=True),
    "protocol": Key("any", required=True),
    "seed": Key("whole", 0, SEED_MOST, default=1),
    **dict.fromkeys(("patient", "staff", "plant", "faults"), _ANY),
}
_PATIENT = {item.name: Key("number", 0, 1_000_000) for item in fields(PatientConfig)}
_ABOVE_ZERO = [name for name in _PATIENT if not name.endswith("_sigma") and name != "release"]
_MOST = {"answer_s": ANSWER_MOST_S, "bag_change_s": 7200, "hold_s": 3600, "notice_s": 3600, "rest_min": 600}


def read_campaign(path: Path, seed: int | None = None) -> Campaign:
    """The campaign in a TOML file; `seed` goes before the file's. Raises UserError for the first fault."""
    text = _text(path)
    content, checks = parse(text, path), Checks(path)
    if content.get("format") != 1 or isinstance(content["format"], bool):
        raise checks.fail("format is missing or not 1", "top level", "write: format = 1")
    head = checks.table(content, _TOP, "")
    protocol, blob = protocol_of(checks, head["protocol"], Fraction(1), False)
    _demand_slow(checks, protocol)
    digest = hashlib.sha256(text.encode() + b"\0" + blob).hexdigest()[:16]
    return Campaign(
        name=head["name"],
        digest=digest,
        seed=head["seed"] if seed is None else seed,
        blob=blob,
        patient=_patient(checks, head.get("patient", {})),
        staff=_staff(checks, head.get("staff", {})),
        plant=_plant(checks, head.get("plant", {})),
        faults=_faults(checks, head.get("faults", {})),
    )


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except UserError as error:
        what, remedy = (part.replace("scenario", "campaign") for part in (error.what, error.remedy))
        if "empty" in what:
            remedy = "write format = 1, name, protocol, [faults]"
        raise UserError(what, error.where, remedy) from None


def _demand_slow(checks: Checks, protocol: Protocol) -> None:
    """With a scan every second the pump can queue no more pulses than this rate needs."""
    for number, step in enumerate(protocol.steps, 1):
        if step.rate_e4 > RATE_MOST_E4:
            most = f"with a scan a second {RATE_MOST_E4 // 10_000} is the most"
            what = f"step {number} runs at {step.rate_e4 / 10_000:g} mL/h, {most}"
            raise checks.fail(what, "protocol", "name another protocol, or smaller bags")


def _span(checks: Checks, value: Any, most: float, where: str, least: float = 0) -> Span:
    """`[low, high]` or one number."""
    pair = value if isinstance(value, list) else [value, value]
    if len(pair) != 2 or not all(is_number(item) and measured(item) for item in pair):
        raise checks.fail(f"{brief(value)} does not fit", where, "write [low, high] or a number")
    low, high = float(pair[0]), float(pair[1])
    if not least <= low <= high <= most:
        raise checks.fail(f"{brief(value)} is out of range", where, f"write [low, high] within {least:g} to {most:g}")
    return low, high


def _patient(checks: Checks, table: Any) -> dict[str, float]:
    given = checks.table(table, _PATIENT, "patient")
    for name in given:
        if name in _ABOVE_ZERO and not given[name]:
            raise checks.fail("it is zero", f"patient, {name}", "write a number above zero")
    return {name: float(value) for name, value in given.items()}


def _staff(checks: Checks, table: Any) -> StaffDraws:
    given = checks.table(table, {**dict.fromkeys(_MOST, _ANY), "back": _ANY}, "staff")
    spans = {name: _span(checks, given[name], most, f"staff, {name}") for name, most in _MOST.items() if name in given}
    back = given.get("back", [5, 3, 2])
    good = isinstance(back, list) and len(back) == 3 and all(is_number(item) and 0 <= item <= 1000 for item in back)
    if not good or not any(back):
        remedy = "write three weights: [same, one back, two back]"
        raise checks.fail(f"{brief(back)} does not fit", "staff, back", remedy)
    same, one, two = (float(item) for item in back)
    return StaffDraws(**spans, back=(same, one, two))


def _plant(checks: Checks, table: Any) -> PlantDraws:
    keys = {"calibration": Key("number", 0, 1), "slip": _ANY}
    given = checks.table(table, keys, "plant")
    calibration = float(given.get("calibration", 0))
    if calibration > CALIBRATION_MOST:
        remedy = f"write a share of at most {CALIBRATION_MOST}: 0.05 for 5 %"
        raise checks.fail(f"{calibration:g} is out of range", "plant, calibration", remedy)
    slip = _chance(checks, given.get("slip", {}), "plant, slip", ("share",))
    if "share" not in slip:
        return PlantDraws(calibration, slip["chance"])
    return PlantDraws(calibration, slip["chance"], _span(checks, slip["share"], 1, "plant, slip, share"))


def _chance(checks: Checks, table: Any, where: str, more: tuple[str, ...]) -> Table:
    keys = {"chance": Key("number", 0, 1, default=0), **dict.fromkeys(more, _ANY)}
    given = checks.table(table, keys, where)
    return {**given, "chance": float(given["chance"])}


def _faults(checks: Checks, table: Any) -> dict[str, Rate]:
    given = checks.table(table, dict.fromkeys(FAULTS, _ANY), "faults")
    return {kind: _rate(checks, kind, given[kind]) for kind in FAULTS if kind in given}


def _rate(checks: Checks, kind: str, table: Any) -> Rate:
    where = f"faults, {kind}"
    more = ("times", *(("seconds",) if FAULTS[kind].lasts else ()), *(("points",) if kind == "desaturation" else ()))
    given = _chance(checks, table, where, more)
    most = {"times": 20.0, "seconds": float(DAY_S), "points": 60.0}
    least = {"times": 1.0, "seconds": 0.0, "points": 0.0}
    spans = {key: _span(checks, given[key], most[key], f"{where}, {key}", least[key]) for key in more if key in given}
    return Rate(given["chance"], **spans)

"""A protocol file (TOML) to the device's protocol, exactly: decimal text to nanolitres, picograms and milliseconds.

No binary float lies on the way. Every fault is a UserError that names the file, the place and what would be right.
"""

from __future__ import annotations

import difflib
import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump import protocol as device
from pump.rules import total_dose
from toleramp.errors import UserError

LARGEST_BYTES = 256 * 1024
_RESUME = ("same", "one-back", "two-back", "any-back")

# Section -> key -> (kind, required). Kinds: text, number, whole, flag, list, time.
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
        "prepared_at": ("text", False),
        "expires_h": ("number", False),
    },
    "step": {
        "solution": ("text", True),
        "rate_ml_h": ("number", True),
        "minutes": ("number", False),
        "volume_ml": ("number", False),
        "to_full_dose": ("flag", False),
        "kind": ("text", False),
        "printed_volume_ml": ("number", False),
        "printed_dose_mg": ("number", False),
        "printed_cumulative_mg": ("number", False),
    },
    "monitoring": {
        "spo2_stop_percent": ("whole", False),
        "spo2_stop_fall": ("whole", False),
        "spo2_early_percent": ("whole", False),
        "spo2_early_fall": ("whole", False),
        "delay_s": ("whole", False),
        "pulse_min_bpm": ("whole", False),
        "pulse_max_bpm": ("whole", False),
    },
    "reaction": {
        "resume_choices": ("list", False),
        "decision_after_count": ("whole", False),
        "min_hold_min": ("whole", False),
        "insert_allowed": ("flag", False),
    },
}
_TABLES = ("solution", "step")  # sections that repeat


def read_toml(path: Path) -> dict[str, Any]:
    """The file's content with decimals kept exact. Raises UserError for all that is not a readable TOML file."""
    try:
        if path.is_dir():
            raise UserError("this is a folder, not a protocol file", str(path), "name a .toml file")
        if path.stat().st_size > LARGEST_BYTES:
            raise UserError("too large for a protocol", str(path), "a protocol file has a few kilobytes")
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UserError("no such file", str(path), "name an existing protocol file") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "check the file's permissions") from None
    except UnicodeDecodeError as error:
        raise UserError("not UTF-8 text", f"{path}, byte {error.start}", "save the file as UTF-8") from None
    if not text.strip():
        raise UserError("the file is empty", str(path), "see `toleramp protocol table --help` for an example")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError, ArithmeticError) as error:
        raise UserError(f"not valid TOML: {error}", str(path), "mend that line") from None


class Reader:
    """Walks one file's content; `where` names each place in the words of the file."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self.path = path
        self.content = content

    def fail(self, what: str, where: str, remedy: str) -> UserError:
        """An error at a place of this file."""
        return UserError(what, f"{self.path}, {where}", remedy)

    def check_sections(self) -> None:
        """Unknown sections and keys, missing keys and wrong kinds are errors, with the nearest right name."""
        if self.content.get("format") != 1:
            raise self.fail("format is missing or not 1", "line 1", "write: format = 1")
        for section in self.content:
            if section != "format" and section not in KEYS:
                raise self.unknown(section, "top level", list(KEYS))
        for section, keys in KEYS.items():
            for number, table in enumerate(self.tables(section), 1):
                self.check_table(section, number, table, keys)

    def unknown(self, name: str, where: str, known: list[str]) -> UserError:
        near = difflib.get_close_matches(name, known, 1)
        remedy = f"did you mean {near[0]}?" if near else "known: " + ", ".join(known)
        return self.fail(f"unknown key {name}", where, remedy)

    def tables(self, section: str) -> list[dict[str, Any]]:
        """All tables of a section: one for a plain section, many for a repeated one."""
        value = self.content.get(section, [] if section in _TABLES else {})
        wanted = list if section in _TABLES else dict
        if not isinstance(value, wanted) or (wanted is list and not all(isinstance(t, dict) for t in value)):
            form = f"[[{section}]]" if section in _TABLES else f"[{section}]"
            raise self.fail(f"{section} is not a table", section, f"write {form}")
        return value if isinstance(value, list) else [value]

    def check_table(self, section: str, number: int, table: dict[str, Any], keys: dict[str, tuple[str, bool]]) -> None:
        where = f"{section} {number}" if section in _TABLES else section
        for key, value in table.items():
            if key not in keys:
                raise self.unknown(key, where, list(keys))
            self.check_kind(value, keys[key][0], f"{where}, {key}")
        for key, (_, required) in keys.items():
            if required and key not in table:
                raise self.fail(f"{key} is missing", where, f"add {key} = ...")

    def check_kind(self, value: Any, kind: str, where: str) -> None:
        right = {
            "text": isinstance(value, str),
            "number": isinstance(value, (Decimal, int)) and not isinstance(value, bool),
            "whole": isinstance(value, int) and not isinstance(value, bool),
            "flag": isinstance(value, bool),
            "list": isinstance(value, list),
        }[kind]
        if not right:
            raise self.fail(f"{value!r} is not a {kind}", where, f"write a {kind}")
        if kind == "number" and not (Decimal(value).is_finite() and 0 <= value < 10**9):
            raise self.fail(f"{value} is out of range", where, "write a number from 0 to below 1e9")

    def exact(self, value: Decimal | int, scale: int, where: str, unit: str) -> int:
        """value * scale as an integer; more digits than the unit holds are refused, never rounded away."""
        exact = Fraction(value) * scale
        if exact.denominator != 1:
            raise self.fail(f"{value} has more digits than can be held", where, f"the finest is 1/{scale} {unit}")
        return int(exact)


def _dose_key(reader: Reader, table: dict[str, Any], stem: str, where: str) -> Decimal | int:
    unit = reader.content["protocol"].get("dose_unit", "mg")
    if unit not in device.UNITS:
        raise reader.fail(f"dose_unit {unit!r} is unknown", "protocol", 'write "mg" or "U"')
    key = f"{stem}_{unit.lower()}"
    if key not in table:
        raise reader.fail(f"{key} is missing", where, f"add {key} = ...")
    value: Decimal | int = table[key]
    return value


def _head(reader: Reader, target: device.Protocol) -> None:
    table = reader.content["protocol"]
    target.name, target.drug = table["name"], table["drug"]
    if table["class"] not in device.CLASSES:
        raise reader.fail(f"class {table['class']!r} is unknown", "protocol", "one of " + ", ".join(device.CLASSES))
    target.kind = device.CLASSES.index(table["class"])
    dose = _dose_key(reader, table, "full_dose", "protocol")
    target.unit = device.UNITS.index(table.get("dose_unit", "mg"))
    target.full_dose_pg = reader.exact(dose, 10**9, "protocol, full dose", "mg")
    target.max_hold_min, target.max_wait_min = table["max_hold_min"], table["max_wait_min"]
    target.tolerance_gap_h = table["tolerance_gap_h"]
    target.line_dead_nl = reader.exact(table["line_dead_volume_ml"], 10**6, "protocol, line_dead_volume_ml", "mL")
    if table["primed_with"] not in ("saline", "solution"):
        raise reader.fail(f"primed_with {table['primed_with']!r} is unknown", "protocol", '"saline" or "solution"')
    target.primed_with_solution = int(table["primed_with"] == "solution")


def _solutions(reader: Reader, target: device.Protocol) -> None:
    for number, table in enumerate(reader.tables("solution"), 1):
        where = f"solution {number}"
        if len(table["id"]) != 1 or not "A" <= table["id"] <= "Z":
            raise reader.fail(f"id {table['id']!r} is not one capital letter", where, 'write id = "A"')
        if any(table["id"] == other.id for other in target.solutions):
            raise reader.fail(f"id {table['id']!r} is named twice", where, "each bag has its own letter")
        volume_nl = reader.exact(table["volume_ml"], 10**6, f"{where}, volume_ml", "mL")
        drug_pg = reader.exact(_dose_key(reader, table, "drug", where), 10**9, f"{where}, drug", "mg")
        if not volume_nl or not drug_pg:
            raise reader.fail("volume and drug must be above zero", where, "write what is really in the bag")
        target.solutions.append(device.Solution(volume_nl, drug_pg, table["id"], table["code"]))


def _step_volume(reader: Reader, table: dict[str, Any], target: device.Protocol, index: int, where: str) -> int:
    """Volume in nL of a step: its minutes at its rate, its volume, or what is left of the full dose."""
    given = [key for key in ("minutes", "volume_ml", "to_full_dose") if key in table]
    if len(given) != 1:
        raise reader.fail("exactly one of minutes, volume_ml, to_full_dose is wanted", where, "keep one of them")
    rate_e4 = reader.exact(table["rate_ml_h"], 10**4, f"{where}, rate_ml_h", "mL/h")
    if given[0] == "minutes":
        duration_ms = reader.exact(table["minutes"], 60_000, f"{where}, minutes", "min")
        return round(Fraction(rate_e4 * duration_ms, 36_000))
    if given[0] == "volume_ml":
        return reader.exact(table["volume_ml"], 10**6, f"{where}, volume_ml", "mL")
    bag = target.solutions[index]
    rest = target.full_dose_pg - Fraction(*total_dose(target))
    if rest <= 0:
        raise reader.fail("the dose is complete before this step", where, "leave the step out or lower those before")
    return int(rest * bag.volume_nl / bag.drug_pg)


def _steps(reader: Reader, target: device.Protocol) -> None:
    letters = [solution.id for solution in target.solutions]
    for number, table in enumerate(reader.tables("step"), 1):
        where = f"step {number}"
        if table["solution"] not in letters:
            raise reader.fail(f"no solution {table['solution']!r}", where, "one of " + ", ".join(letters))
        index = letters.index(table["solution"])
        rate_e4 = reader.exact(table["rate_ml_h"], 10**4, f"{where}, rate_ml_h", "mL/h")
        if not rate_e4:
            raise reader.fail("rate_ml_h is zero", where, "write a rate from 0.1 to 1200 mL/h")
        volume_nl = _step_volume(reader, table, target, index, where)
        duration_ms = round(Fraction(volume_nl * 36_000, rate_e4))
        flags = device.TO_FULL_DOSE if table.get("to_full_dose") else 0
        target.steps.append(device.Step(index, flags, rate_e4, duration_ms, volume_nl))


_MONITORING = {
    "spo2_stop_percent": "spo2_stop",
    "spo2_stop_fall": "spo2_stop_fall",
    "spo2_early_percent": "spo2_early",
    "spo2_early_fall": "spo2_early_fall",
    "delay_s": "delay_s",
    "pulse_min_bpm": "pulse_min",
    "pulse_max_bpm": "pulse_max",
}


def _rules(reader: Reader, target: device.Protocol) -> None:
    for key, value in reader.content.get("monitoring", {}).items():
        setattr(target, _MONITORING[key], value)
    table = dict(reader.content.get("reaction", {}))
    choices = table.pop("resume_choices", list(_RESUME))
    for choice in choices:
        if choice not in _RESUME:
            raise reader.fail(f"resume choice {choice!r} is unknown", "reaction", "of " + ", ".join(_RESUME))
    target.resume_choices = sum(1 << _RESUME.index(choice) for choice in choices)
    for key, value in table.items():
        setattr(target, key, int(value))


def read_protocol(path: Path) -> device.Protocol:
    """The protocol in a TOML file. Raises UserError; the rules (PRO-2, PRO-3) are checked by pump.rules."""
    reader = Reader(path, read_toml(path))
    reader.check_sections()
    target = device.Protocol()
    _head(reader, target)
    _solutions(reader, target)
    _steps(reader, target)
    _rules(reader, target)
    return target


def compile_protocol(protocol: device.Protocol, where: str) -> bytes:
    """The compiled form; a value out of its field's bounds is a UserError."""
    import struct

    try:
        blob = device.encode(protocol)
        device.decode(bytearray(blob))
    except (device.Refusal, struct.error, ValueError) as error:
        text = f"{error.name}, record {error.where}" if isinstance(error, device.Refusal) else str(error)
        raise UserError(f"a value is out of bounds ({text})", where, "see `toleramp protocol table`") from None
    return blob


def compile_file(path: Path) -> tuple[bytes, device.Protocol]:
    """Reads and compiles a protocol file: (compiled form, protocol)."""
    protocol = read_protocol(path)
    return compile_protocol(protocol, str(path)), protocol


def scaled(protocol: device.Protocol, scale: Fraction) -> device.Protocol:
    """The protocol with dwells and full dose multiplied by `scale`: class "bench"; rates and bags stay.

    Raises UserError where a volume would no longer be whole nanolitres or a time whole milliseconds.
    """
    copy = device.decode(bytearray(device.encode(protocol)))
    copy.kind = device.BENCH
    copy.full_dose_pg = _whole(copy.full_dose_pg * scale, "full dose")
    for number, step in enumerate(copy.steps, 1):
        step.duration_ms = _whole(step.duration_ms * scale, f"dwell of step {number}")
        step.volume_nl = _whole(step.volume_nl * scale, f"volume of step {number}")
    return copy


def _whole(value: Fraction, what: str) -> int:
    if value.denominator != 1:
        raise UserError(f"the {what} cannot be scaled exactly", "dose_scale", "use a scale such as 0.02, 0.1 or 1")
    return int(value)

"""A protocol file (TOML) to the device's protocol, exactly: decimal text to nanolitres, picograms and milliseconds.

No binary float lies on the way. Every fault is a UserError that names the file, the place and what would be right;
`read_all` gathers them all. Keys that the device does not use are checked here and kept in `Reading.content`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from pump import protocol as device
from pump.rules import total_dose
from toleramp.errors import UserError
from toleramp.protocol_keys import MONITORING, RESUME
from toleramp.protocol_reader import Reader, Table, read_toml


@dataclass
class Reading:
    """What a file gave: the device's protocol (None when it cannot be made), all keys, and every fault."""

    path: Path
    protocol: device.Protocol | None
    content: Table = field(default_factory=dict)
    faults: list[UserError] = field(default_factory=list)


def _dose_key(reader: Reader, table: Table, stem: str, where: str) -> Decimal | int:
    head = reader.content["protocol"]
    unit = head.get("dose_unit", "mg") if isinstance(head, dict) else "mg"
    if unit not in device.UNITS:
        unit = "mg"  # told already
    key, other = f"{stem}_{unit.lower()}", f"{stem}_{'u' if unit == 'mg' else 'mg'}"
    if other in table:
        raise reader.fail(f"{other} does not go with dose_unit {unit}", where, f"write {key} = ...", "unit")
    if key not in table:
        raise reader.fail(f"{key} is missing", where, f"add {key} = ...", "missing")
    value: Decimal | int = table[key]
    if not 0 < value <= 10**7:
        raise reader.fail(f"{key} is out of range", where, f"write above 0 to 1e7 {unit}")
    return value


def _head(reader: Reader, target: device.Protocol) -> None:
    table = reader.content["protocol"]
    target.name, target.drug = table["name"], table["drug"]
    target.kind = device.CLASSES.index(table["class"])
    dose = _dose_key(reader, table, "full_dose", "protocol")
    target.unit = device.UNITS.index(table.get("dose_unit", "mg"))
    target.full_dose_pg = reader.exact(dose, 10**9, "protocol, full dose", table.get("dose_unit", "mg"))
    target.max_hold_min, target.max_wait_min = table["max_hold_min"], table["max_wait_min"]
    target.tolerance_gap_h = table["tolerance_gap_h"]
    target.line_dead_nl = reader.exact(table["line_dead_volume_ml"], 10**6, "protocol, line_dead_volume_ml", "mL")
    target.primed_with_solution = int(table["primed_with"] == "solution")


def _solution(reader: Reader, table: Table, where: str, others: set[str]) -> device.Solution:
    if len(table["id"]) != 1 or not "A" <= table["id"] <= "Z":
        raise reader.fail(f"id {table['id']!r} is not one capital letter", where, 'write id = "A"')
    if table["id"] in others:
        raise reader.fail(f"id {table['id']!r} is named twice", where, "each bag has its own letter", "duplicate")
    others.add(table["id"])
    volume_nl = reader.exact(table["volume_ml"], 10**6, f"{where}, volume_ml", "mL")
    if not volume_nl:
        raise reader.fail("volume and drug must be above zero", where, "write what is really in the bag")
    drug_pg = reader.exact(_dose_key(reader, table, "drug", where), 10**9, f"{where}, drug", "mg")
    return device.Solution(volume_nl, drug_pg, table["id"], table["code"])


def _solutions(reader: Reader, target: device.Protocol) -> None:
    others: set[str] = set()
    tables = reader.tables("solution")
    if not tables:
        raise reader.fail("there is no bag", "solution", "write a [[solution]] for each bag", "missing")
    if len(tables) > device.MAX_SOLUTIONS:
        raise reader.fail("too many bags", f"solution {len(tables)}", f"the most is {device.MAX_SOLUTIONS}")
    codes: dict[str, int] = {}
    for number, table in enumerate(tables, 1):
        with reader.gather():
            first = codes.setdefault(str(table.get("code")), number)
            if first != number and "code" in table:
                where, remedy = f"solution {number}", "each bag has its own code: it is what tells them apart"
                raise reader.fail(f"code {table['code']!r} is that of solution {first} too", where, remedy, "duplicate")
            if reader.sound("solution", number):
                target.solutions.append(_solution(reader, table, f"solution {number}", others))


def _step_volume(reader: Reader, table: Table, target: device.Protocol, index: int, where: str) -> int:
    """Volume in nL of a step: its minutes at its rate, its volume, or what is left of the full dose."""
    given = [key for key in ("minutes", "volume_ml", "to_full_dose") if key in table]
    if len(given) != 1 or table.get("to_full_dose") is False:
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


def _step(reader: Reader, table: Table, target: device.Protocol, where: str) -> device.Step:
    kind = table.get("kind", "infusion")
    if kind != "infusion":
        raise reader.fail(
            f"a step of kind {kind!r} does not run on this pump yet",
            where,
            'write kind = "infusion"',
            "oral" if kind == "oral" else "format",
        )
    index = [solution.id for solution in target.solutions].index(table["solution"])
    rate_e4 = reader.exact(table["rate_ml_h"], 10**4, f"{where}, rate_ml_h", "mL/h")
    if not rate_e4:
        raise reader.fail("rate_ml_h is zero", where, "write a rate from 0.1 to 1200 mL/h")
    volume_nl = _step_volume(reader, table, target, index, where)
    duration_ms = round(Fraction(volume_nl * 36_000, rate_e4))
    if not volume_nl or not 0 < duration_ms <= 10**9:
        raise reader.fail("the step has no volume, or lasts too long", where, "write a volume or time above zero")
    flags = device.TO_FULL_DOSE if table.get("to_full_dose") else 0
    return device.Step(index, flags, rate_e4, duration_ms, volume_nl)


def _steps(reader: Reader, target: device.Protocol) -> None:
    tables = reader.tables("step")
    if not tables:
        raise reader.fail("there is no step", "step", "write a [[step]] for each rung", "missing")
    if len(tables) > device.MAX_STEPS:
        raise reader.fail("too many steps", f"step {len(tables)}", f"the most is {device.MAX_STEPS}")
    letters = [table["id"] for table in reader.tables("solution") if isinstance(table.get("id"), str)]
    before = len(reader.faults)
    for number, table in enumerate(tables, 1):
        if not reader.sound("step", number):
            continue
        if table.get("to_full_dose") and (before or len(reader.faults) > before):
            continue  # what is left of the dose is unknown while something before is wrong
        with reader.gather():
            if table["solution"] not in letters:
                one_of = "one of " + ", ".join(dict.fromkeys(letters))
                raise reader.fail(f"no solution {table['solution']!r}", f"step {number}", one_of, "missing")
            if any(bag.id == table["solution"] for bag in target.solutions):
                target.steps.append(_step(reader, table, target, f"step {number}"))
            if table.get("to_full_dose") and number != len(tables):
                raise reader.fail("to_full_dose before the last step", f"step {number}", "write minutes here", "order")


def _rules(reader: Reader, target: device.Protocol) -> None:
    for key, value in reader.content.get("monitoring", {}).items():
        if key in MONITORING:
            setattr(target, MONITORING[key], value)
    table = reader.content.get("reaction", {})
    choices = list(dict.fromkeys(table.get("resume_choices", RESUME)))
    for choice in choices:
        if choice not in RESUME:
            raise reader.fail(f"resume choice {choice!r} is unknown", "reaction", "of " + ", ".join(RESUME))
    if not choices:
        raise reader.fail("no resume choice", "reaction", "of " + ", ".join(RESUME))
    target.resume_choices = sum(1 << RESUME.index(choice) for choice in choices)
    for key in ("decision_after_count", "min_hold_min", "insert_allowed"):
        if key in table:
            setattr(target, key, int(table[key]))


def _fill(reader: Reader) -> device.Protocol:
    """The protocol, as far as the file allows; faults stay with the reader."""
    target = device.Protocol()
    if reader.sound("protocol"):
        with reader.gather():
            _head(reader, target)
    with reader.gather():
        _solutions(reader, target)
    with reader.gather():
        _steps(reader, target)
    if reader.sound("monitoring") and reader.sound("reaction"):
        with reader.gather():
            _rules(reader, target)
    return target


def read_file(path: Path) -> Reading:
    """Reads a protocol file and gathers every fault of it; raises nothing."""
    try:
        content = read_toml(path)
    except UserError as fault:
        return Reading(path, None, {}, [fault])
    reader = Reader(path, content)
    if "protocol" not in content:
        reader.faults.append(
            reader.fail("[protocol] is missing", "top level", "write [protocol] with its keys", "missing")
        )
        content = reader.content = {**content, "protocol": {}}
    reader.check_sections()
    shaped = all(_shaped(reader, section) for section in ("protocol", "solution", "step", "monitoring", "reaction"))
    target = _fill(reader) if shaped else None
    told = list({str(fault): fault for fault in reader.faults}.values())  # each once
    return Reading(path, None if told else target, content, told)


def _shaped(reader: Reader, section: str) -> bool:
    try:
        return bool(reader.tables(section)) or True
    except UserError:
        return False


def read_all(path: Path) -> tuple[device.Protocol | None, list[UserError]]:
    """The protocol in a TOML file (None when it cannot be made) and all faults of the file, in the order found."""
    reading = read_file(path)
    return reading.protocol, reading.faults


def read_protocol(path: Path) -> device.Protocol:
    """The protocol in a TOML file. Raises the first UserError; the rules (PRO-2, PRO-3) are checked by pump.rules."""
    reading = read_file(path)
    if reading.protocol is None:
        raise reading.faults[0]
    return reading.protocol


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
    """The protocol with dwells, full dose and dead volume multiplied by `scale`: class "bench"; rates and bags stay.

    Raises UserError where a volume would no longer be whole nanolitres or a time whole milliseconds.
    """
    copy = device.decode(bytearray(device.encode(protocol)))
    copy.kind = device.BENCH
    copy.full_dose_pg = _whole(copy.full_dose_pg * scale, "full dose")
    copy.line_dead_nl = int(copy.line_dead_nl * scale)  # so that the line takes the same share of each step
    for number, step in enumerate(copy.steps, 1):
        step.duration_ms = _whole(step.duration_ms * scale, f"dwell of step {number}")
        step.volume_nl = _whole(step.volume_nl * scale, f"volume of step {number}")
    return copy


def _whole(value: Fraction, what: str) -> int:
    if value.denominator != 1:
        raise UserError(f"the {what} cannot be scaled exactly", "dose_scale", "use a scale such as 0.02, 0.1 or 1")
    return int(value)

"""A protocol file (TOML) to the device's protocol, exactly: decimal text to nanolitres, picograms and milliseconds.

No binary float lies on the way. Every fault is a UserError that names the file, the place and what would be right;
`read_all` gathers them all. Keys that the device does not use are checked here and kept in `Reading.content`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from pump.protocol import protocol as device
from pump.protocol.encoding import encode
from pump.tables import refusals
from toleramp.approval.table import Standing, standing
from toleramp.errors import UserError, place_of
from toleramp.protocol import by_hand, order
from toleramp.protocol.bag_codes import demand_codes
from toleramp.protocol.keys import MONITORING, ORAL_SECTIONS_WITHOUT, RESUME
from toleramp.protocol.reader import Reader, Table, read_toml
from toleramp.protocol.steps import dose_key, read_steps
from toleramp.words.refusals import found


@dataclass
class Reading:
    """What a file gave: the device's protocol (None when it cannot be made), all keys, every fault, its approval.

    `judged`: what the rules can look at: the protocol, or what a file with faults says of dose, bags and steps.
    """

    path: Path
    protocol: device.Protocol | None
    content: Table = field(default_factory=dict)
    faults: list[UserError] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)
    judged: device.Protocol | None = None
    spoilt: set[tuple[str, int]] = field(default_factory=set)  # tables (section, number from 1) with a fault of shape


def _head(reader: Reader, target: device.Protocol) -> None:
    table = reader.content["protocol"]
    target.name, target.drug = table["name"], table["drug"]
    target.kind = device.CLASSES.index(table["class"])
    dose = dose_key(reader, table, "full_dose", "protocol")
    target.unit = device.UNITS.index(reader.unit)
    target.full_dose_pg = reader.exact(dose, 10**9, "protocol, full dose", reader.unit)
    target.max_hold_min, target.max_wait_min = table["max_hold_min"], table["max_wait_min"]
    target.tolerance_gap_h = table["tolerance_gap_h"]
    target.order = order.read(reader, table)
    if reader.oral:
        return
    target.line_dead_nl = reader.exact(table["line_dead_volume_ml"], 10**6, "protocol, line_dead_volume_ml", "mL")
    target.primed_with_solution = int(table["primed_with"] == "solution")


def _solution(reader: Reader, table: Table, where: str, others: set[str]) -> device.Solution:
    if len(table["id"]) != 1 or not "A" <= table["id"] <= "Z":
        raise reader.fail(f"id {table['id']!r} is not one capital letter", where, 'write id = "A"')
    if table["id"] in others:
        raise reader.fail(
            f"id {table['id']!r} is named twice", where, "each bag has its own letter", refusals.DUPLICATE
        )
    others.add(table["id"])
    volume_nl = reader.exact(table["volume_ml"], 10**6, f"{where}, volume_ml", "mL")
    if not volume_nl:
        raise reader.fail("volume and drug must be above zero", where, "write what is really in the bag")
    drug_pg = reader.exact(dose_key(reader, table, "drug", where), 10**9, f"{where}, drug", reader.unit)
    line_nl = reader.exact(table.get("line_volume_ml", 0), 10**6, f"{where}, line_volume_ml", "mL")
    return device.Solution(volume_nl, drug_pg, table["id"], table["code"], line_nl)


def _demand_oral(reader: Reader) -> None:
    """A protocol by mouth has no bag and no line."""
    for section in ORAL_SECTIONS_WITHOUT:
        if section in reader.content:
            with reader.gather():
                raise reader.fail(f"{section} does not go with {reader.single}", section, "leave it out", refusals.ORAL)


def _solutions(reader: Reader, target: device.Protocol) -> None:
    others: set[str] = set()
    tables = reader.tables("solution")
    if reader.oral:
        _demand_oral(reader)
        return
    if not tables:
        raise reader.fail("there is no bag", "solution", "write a [[solution]] for each bag", refusals.MISSING)
    if len(tables) > device.MAX_SOLUTIONS:
        raise reader.fail("too many bags", f"solution {len(tables)}", f"the most is {device.MAX_SOLUTIONS}")
    demand_codes(reader, tables)
    for number, table in enumerate(tables, 1):
        with reader.gather():
            if reader.sound("solution", number):
                target.solutions.append(_solution(reader, table, f"solution {number}", others))


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
    target.rehang_first = int(table.get("boundary") == "rehang")


def _fill(reader: Reader) -> device.Protocol:
    """The protocol, as far as the file allows; faults stay with the reader."""
    target = by_hand.note(device.Protocol(), by_hand.read(reader.content))
    if reader.sound("protocol"):
        with reader.gather():
            _head(reader, target)
    with reader.gather():
        _solutions(reader, target)
    with reader.gather():
        read_steps(reader, target)
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
    return read_content(path, content)


def read_content(path: Path, content: Table) -> Reading:
    """Reads what `read_toml` gave of a protocol file; raises nothing. An approval that fits goes into the protocol."""
    reader = Reader(path, content)
    if "protocol" not in content:
        reader.faults.append(
            reader.fail("[protocol] is missing", "top level", "write [protocol] with its keys", refusals.MISSING)
        )
        content = reader.content = {**content, "protocol": {}}
    reader.check_sections()
    shaped = all(_shaped(reader, section) for section in ("protocol", "solution", "step", "monitoring", "reaction"))
    target = _fill(reader) if shaped else None
    told = list({str(fault): fault for fault in reader.faults}.values())  # each once
    if told or target is None:
        judged = target if target and _judgeable(reader, target) else None
        return Reading(path, None, content, told, judged=judged, spoilt=reader.spoilt)
    approved = standing(content, target)
    target.approval = approved.approval()
    return Reading(path, target, content, told, approved, target)


# Tables whose faults leave what the rules judge as it is: dose, bags, line and steps.
_BESIDE = ("monitoring", "reaction", "flush", "premedication", "checklist", "reason", "approval")


def _touches_dose(fault: UserError, path: str) -> bool:
    if getattr(fault, "finding", None) == refusals.UNKNOWN_KEY:
        return False
    return not fault.where.removeprefix(path).lstrip(", ").startswith(_BESIDE)


def _judgeable(reader: Reader, target: device.Protocol) -> bool:
    """Dose, every bag and every step were read; what was not has its default, and is told."""
    if any(_touches_dose(fault, str(reader.path)) for fault in reader.faults):
        return False
    rungs = target.doses or target.steps
    whole = len(rungs) == len(reader.tables("step")) and len(target.solutions) == len(reader.tables("solution"))
    return bool(rungs) and whole and target.full_dose_pg > 0


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
    """The protocol in a TOML file. Raises the first UserError; the rules (PRO-2, PRO-3): pump.protocol.rules."""
    reading = read_file(path)
    if reading.protocol is None:
        raise reading.faults[0]
    return reading.protocol


def compile_protocol(protocol: device.Protocol, where: str) -> bytes:
    """The compiled form; a value out of its field's bounds is a UserError."""
    import struct

    try:
        blob = encode(protocol)
        device.decode(bytearray(blob))
    except (device.Refusal, struct.error, ValueError) as error:
        what = f"{place_of(error)}: {found(error.name)}" if isinstance(error, device.Refusal) else str(error)
        raise UserError(what, where, "look at the values there with `toleramp protocol check`") from None
    return blob


def compile_file(path: Path) -> tuple[bytes, device.Protocol]:
    """Reads and compiles a protocol file: (compiled form, protocol)."""
    protocol = read_protocol(path)
    return compile_protocol(protocol, str(path)), protocol


def scaled(protocol: device.Protocol, scale: Fraction) -> device.Protocol:
    """The protocol with dwells, full dose and lines multiplied by `scale`: class "bench"; rates and bags stay.

    It is another protocol than the one that was approved, so no approval comes with it. Raises UserError where a volume
    would no longer be whole nanolitres or a time whole milliseconds, and for doses by mouth.
    """
    if protocol.doses:
        raise UserError("doses by mouth do not run on a bench", "dose_scale", "name a protocol that is infused")
    copy = device.decode(bytearray(encode(protocol)))
    copy.kind, copy.approval = device.BENCH, None
    copy.full_dose_pg = _whole(copy.full_dose_pg * scale, "full dose")
    copy.line_dead_nl = int(copy.line_dead_nl * scale)  # so that the line takes the same share of each step
    for bag in copy.solutions:
        bag.line_nl = int(bag.line_nl * scale)
    for number, step in enumerate(copy.steps, 1):
        step.duration_ms = _whole(step.duration_ms * scale, f"dwell of step {number}")
        step.volume_nl = _whole(step.volume_nl * scale, f"volume of step {number}")
    return copy


def _whole(value: Fraction, what: str) -> int:
    if value.denominator != 1:
        raise UserError(f"the {what} cannot be scaled exactly", "dose_scale", "use a scale such as 0.02, 0.1 or 1")
    return int(value)

"""The steps of a protocol file: infusions and line-fills that draw from a bag, doses by mouth; exact, each fault told.

Rates in 0.0001 mL/h, volumes in nL, doses in pg, times in ms.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pump.protocol import protocol as device
from pump.protocol.doses import dose_fraction, infusions, total_dose
from pump.tables import refusals
from toleramp.preparation.amounts import amount_text
from toleramp.protocol.keys import LINE_FILL, STEP_MAX_ML
from toleramp.protocol.reader import Reader, Table

_LONGEST_MS = 10**9


def dose_key(reader: Reader, table: Table, stem: str, where: str) -> Decimal | int:
    """The value of full_dose_mg, drug_mg or dose_mg; of ..._u where the protocol's doses are in units."""
    unit = reader.unit
    key, other = f"{stem}_{unit.lower()}", f"{stem}_{'u' if unit == 'mg' else 'mg'}"
    if other in table:
        raise reader.fail(f"{other} does not go with dose_unit {unit}", where, f"write {key} = ...", refusals.UNIT)
    if key not in table:
        raise reader.fail(f"{key} is missing", where, f"add {key} = ...", refusals.MISSING)
    value: Decimal | int = table[key]
    if not 0 < value <= 10**7:
        raise reader.fail(f"{key} is out of range", where, f"write above 0 to 1e7 {unit}")
    return value


def _far_off(target: device.Protocol) -> str:
    """The bag whose steps alone give more than the full dose: its strength is wrong, more likely than a step."""
    by_bag = [Fraction(0)] * len(target.solutions)
    for _, step in infusions(target):
        by_bag[step.solution] += Fraction(*dose_fraction(target, step, step.volume_nl))
    worst = max(range(len(by_bag)), key=lambda index: by_bag[index])
    if by_bag[worst] < target.full_dose_pg:
        return ""
    bag, unit = target.solutions[worst], device.UNITS[target.unit]
    given, full = (amount_text(Fraction(dose) / 10**9, unit) for dose in (by_bag[worst], target.full_dose_pg))
    strength = amount_text(Fraction(bag.drug_pg, 1000 * bag.volume_nl), unit, "/mL")
    return f"; bag {bag.id} alone gives {given} of {full}: is its strength, {strength}, right (drug and volume)?"


def _volume(reader: Reader, table: Table, target: device.Protocol, index: int, where: str) -> int:
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
        remedy = f"leave the step out or lower those before{_far_off(target)}"
        raise reader.fail("the dose is complete before this step", where, remedy)
    return int(rest * bag.volume_nl / bag.drug_pg)


def _step(reader: Reader, table: Table, target: device.Protocol, where: str) -> device.Step:
    index = [solution.id for solution in target.solutions].index(table["solution"])
    rate_e4 = reader.exact(table["rate_ml_h"], 10**4, f"{where}, rate_ml_h", "mL/h")
    if not rate_e4:
        raise reader.fail("rate_ml_h is zero", where, "write a rate from 0.1 to 1200 mL/h")
    volume_nl = _volume(reader, table, target, index, where)
    duration_ms = round(Fraction(volume_nl * 36_000, rate_e4))
    if volume_nl > STEP_MAX_ML * 10**6:
        what = f"{volume_nl / 10**6:.6g} mL are more than a step may have"
        if table.get("to_full_dose"):
            what = f"the rest of the full dose is {volume_nl / 10**6:.6g} mL, more than a step may have"
        remedy = f"at most {STEP_MAX_ML} mL: look at full dose, drug and volume of the bag, rate and time"
        raise reader.fail(what, where, remedy)
    if not volume_nl or not 0 < duration_ms <= _LONGEST_MS:
        raise reader.fail("the step has no volume, or lasts too long", where, "write a volume or time above zero")
    flags = device.TO_FULL_DOSE if table.get("to_full_dose") else 0
    if table.get("kind") == LINE_FILL:
        flags = device.LINE_FILL
    return device.Step(index, flags, rate_e4, duration_ms, volume_nl)


def _portion(reader: Reader, table: Table, where: str) -> device.Dose:
    dose = dose_key(reader, table, "dose", where)
    dose_pg = reader.exact(dose, 10**9, f"{where}, dose_{reader.unit.lower()}", reader.unit)
    duration_ms = reader.exact(table["minutes"], 60_000, f"{where}, minutes", "min")
    if not 0 < duration_ms <= _LONGEST_MS:
        raise reader.fail("there is no time to wait", where, "write the minutes to wait after this dose")
    return device.Dose(dose_pg, duration_ms)


def _take(reader: Reader, table: Table, target: device.Protocol, letters: list[str], number: int, last: int) -> None:
    """Adds one step or dose to the protocol."""
    where = f"step {number}"
    if reader.oral:
        target.doses.append(_portion(reader, table, where))
        return
    if not letters:
        return  # that no bag has a letter is told there
    if table["solution"] not in letters:
        one_of = "one of " + ", ".join(dict.fromkeys(letters))
        raise reader.fail(f"no solution {table['solution']!r}", where, one_of, refusals.MISSING)
    if any(bag.id == table["solution"] for bag in target.solutions):
        target.steps.append(_step(reader, table, target, where))
    if table.get("to_full_dose") and number != last:
        raise reader.fail("to_full_dose before the last step", where, "write minutes here", refusals.ORDER)


def read_steps(reader: Reader, target: device.Protocol) -> None:
    """Adds the file's steps to the protocol; every fault of them is gathered."""
    tables = reader.tables("step")
    if not tables:
        raise reader.fail("there is no step", "step", "write a [[step]] for each rung", refusals.MISSING)
    if len(tables) > device.MAX_STEPS:
        raise reader.fail("too many steps", f"step {len(tables)}", f"the most is {device.MAX_STEPS}")
    bags = reader.tables("solution")
    letters = [table["id"] for table in bags if isinstance(table.get("id"), str)]
    whole = bool(target.full_dose_pg) and len(target.solutions) == len(bags)
    sound = [number for number in range(1, len(tables) + 1) if reader.sound("step", number)]
    for number in sound:
        table = tables[number - 1]
        if table.get("to_full_dose") and not (whole and len(target.steps) == number - 1):
            continue  # what is left of the dose is unknown while something before is wrong
        with reader.gather():
            _take(reader, table, target, letters, number, sound[-1])

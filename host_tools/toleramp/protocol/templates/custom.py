"""A free table from a CSV file: columns solution, rate_ml_h, minutes in any order; the last row may lack minutes.

Columns printed_... are the cells of a published table: they go into the file, where each is checked.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from pump.protocol.protocol import MAX_SOLUTIONS, MAX_STEPS
from toleramp.errors import UserError
from toleramp.protocol.csv_columns import PRINTED, columns_of
from toleramp.protocol.keys import KEYS, STEP
from toleramp.protocol.reader import bytes_of
from toleramp.protocol.templates.exact import number
from toleramp.protocol.templates.model import E4, MS_PER_MIN, Bag, Plan, Rung, bag_volumes_nl, filled
from toleramp.protocol.templates.options import DRUG_DIGITS, RATE_DIGITS, Values

LARGEST_BYTES = 64 * 1024
COLUMNS = ["solution", "rate_ml_h", "minutes"]
Printed = tuple[tuple[str, str], ...]  # keys and cells of a published table
Row = tuple[str, Fraction, Fraction | None, Printed]  # letter, mL/h, minutes or None, printed cells


def _bytes(path: Path) -> bytes:
    """The bytes of a small regular file, read as a protocol file is. Raises UserError."""
    try:
        data = bytes_of(path)
    except UserError as error:
        what = error.what.replace(", not a protocol file", "").replace(" for a protocol", "")
        raise UserError(what, error.where, "name a small .csv file") from None
    if len(data) > LARGEST_BYTES:
        raise UserError("too large", str(path), f"a table of {MAX_STEPS} steps has a few hundred bytes")
    return data


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("not UTF-8 text", f"{path}, byte {error.start}", "save it as UTF-8") from None


def _minutes(text: str, where: str) -> Fraction | None:
    if not text.strip():
        return None
    minutes = number(text, f"{where}, minutes", 9, Fraction(1, 100), Fraction(8000), "min")
    if (minutes * MS_PER_MIN).denominator != 1:
        raise UserError(f"{text} min is finer than a millisecond", f"{where}, minutes", "write fewer decimals")
    return minutes


def _printed(cells: dict[str, str], where: str) -> tuple[tuple[str, str], ...]:
    """The printed cells of a row as the file has them, with their zeros. Raises UserError for an unknown column."""
    known = [key for key in KEYS[STEP] if key.startswith(PRINTED)]
    for name, text in cells.items():
        if name not in known:
            raise UserError(f"there is no cell {name} of a step", where, "one of " + ", ".join(known))
        number(text, f"{where}, {name}", DRUG_DIGITS, Fraction(0), Fraction(10**7))
    return tuple((name, f"0{text}" if text.startswith(".") else text.rstrip(".")) for name, text in cells.items())


def _row(cells: list[str], printed: dict[str, str], where: str) -> Row:
    letter = cells[0].strip()
    if len(letter) != 1 or not "A" <= letter <= "Z":
        raise UserError(f"solution {letter!r} is not one capital letter", where, "write A for the weakest bag")
    rate = number(cells[1], f"{where}, rate_ml_h", RATE_DIGITS, Fraction(1, 10), Fraction(1200), "mL/h")
    return letter, rate, _minutes(cells[2], where), _printed(printed, where)


def read_rows(path: Path) -> tuple[list[Row], tuple[str, ...]]:
    """The steps in a CSV file, and its columns that are not used. Raises UserError naming the line."""
    table = columns_of(_text(path), COLUMNS, path)
    every = zip(table.rows, table.printed, strict=True)
    rows = [_row(cells, printed, f"{path}, line {line}") for (line, cells), printed in every]
    if not 1 <= len(rows) <= MAX_STEPS:
        raise UserError(f"{len(rows)} steps", str(path), f"a protocol has 1 to {MAX_STEPS}")
    for (line, _), row in list(zip(table.rows, rows, strict=True))[:-1]:
        if row[2] is None:
            raise UserError("minutes are missing", f"{path}, line {line}", "only the last step may leave them empty")
    return rows, table.others


def _dilutions(values: Values, count: int) -> tuple[Fraction, ...]:
    given: tuple[Fraction, ...] = values.get("dilutions", tuple(Fraction(10**n) for n in reversed(range(count))))
    if len(given) != count:
        raise UserError(f"{len(given)} dilutions for {count} bags", "--dilutions", "one for each bag, weakest first")
    return given


def build(values: Values, dose_pg: int) -> Plan:
    """The plan of a free table. Raises UserError."""
    rows, others = read_rows(values["csv"])
    letters = sorted({row[0] for row in rows})
    if rows[-1][0] != letters[-1] or len(letters) > MAX_SOLUTIONS:
        raise UserError(
            "the last step is not of the last bag", str(values["csv"]), "name bags A, B, ... in their order"
        )
    volumes = bag_volumes_nl(values["bag_ml"], values["overfill_ml"], len(letters))
    dilutions = _dilutions(values, len(letters))
    bags = tuple(Bag(*fields) for fields in zip(letters, dilutions, volumes, strict=True))
    rungs = tuple(
        Rung(letters.index(letter), int(rate * E4), minutes, printed=printed) for letter, rate, minutes, printed in rows
    )
    kind = values.get("class", "one-bag" if len(letters) == 1 else "multi-bag")
    notes = (f"Columns of the table that were not used: {', '.join(others)}.",) if others else ()
    return filled(Plan(kind, dose_pg, bags, rungs, notes), values["last_bag"])

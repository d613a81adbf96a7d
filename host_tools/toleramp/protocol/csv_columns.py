"""A table as a spreadsheet saves it: its separator found, its columns by their names in any order and writing.

A comma in a number is a decimal mark where it does not part the cells; three digits behind it may be thousands: the
reader of numbers refuses those.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from toleramp.errors import UserError
from toleramp.words import unit_keys

SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", "|": "bars"}
_DECIMAL_COMMA = re.compile(r"\d+,(\d{1,2}|\d{4,})|0+,\d+", re.ASCII)
ALIKE = {
    "bag": "solution",
    "rate_ml_hr": "rate_ml_h",
    "min": "minutes",
    "time_min": "minutes",
    "duration_min": "minutes",
}
Line = tuple[int, list[str]]  # the line in the file, its cells


@dataclass(frozen=True)
class Columns:
    """The rows of a table: (line, the wanted cells in the order wanted) each; the columns that were not asked for."""

    rows: list[Line]
    others: tuple[str, ...]


def name_of(cell: str) -> str:
    """A column's name as keys are written: "Rate (mL/h)" is rate_ml_h."""
    plain = re.sub(r"[^a-z0-9]+", "_", cell.strip().casefold()).strip("_")
    return ALIKE.get(plain, plain)


def _separator(head: str, wanted: list[str]) -> str | None:
    """What parts the names of the first line: the separator that gives most of the columns wanted; None where none."""
    found = {mark: len({name_of(cell) for cell in head.split(mark)} & set(wanted)) for mark in SEPARATORS}
    best = max(found, key=lambda mark: found[mark])
    return best if found[best] > 0 else None


def _lines(text: str, separator: str, where: str) -> list[Line]:
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise UserError(f"not CSV: {error}", f"{where}, line {reader.line_num}", "mend that line") from None


def _demand_columns(names: list[str], wanted: list[str], separator: str, where: str) -> None:
    """Raises UserError for a column that is missing, is there twice, or has another unit than the one wanted."""
    for name in wanted:
        if name in names:
            continue
        for other in names:
            if other in wanted:
                continue
            if unit_keys.taken_apart(other).stem == unit_keys.taken_apart(name).stem and other:
                united = unit_keys.other_unit(other, None, [name])
                if united:
                    raise UserError(f"the column {other} is in another unit, or in none", where, united)
        what = f"the first line does not name the column {name} (its cells are parted by {SEPARATORS[separator]})"
        raise UserError(what, where, f"it needs {SEPARATORS[separator]} between " + ", ".join(wanted))
    twice = next((name for name in wanted if names.count(name) > 1), None)
    if twice:
        raise UserError(f"the column {twice} stands twice", where, "leave one of them out")


def _cell(text: str, separator: str) -> str:
    """A cell with its decimal comma as a point; where commas part the cells there is none."""
    plain = text.strip()
    return plain.replace(",", ".") if separator != "," and _DECIMAL_COMMA.fullmatch(plain) else text


def columns_of(text: str, wanted: list[str], path: Path) -> Columns:
    """The wanted columns of a table in a text. Raises UserError, one line, which says what parts the cells."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator, where = _separator(head, wanted), str(path)
    if separator is None:
        raise UserError("the first line does not name the columns", where, "write " + ",".join(wanted))
    lines = _lines(text, separator, where)
    names = [name_of(cell) for cell in lines[0][1]]
    _demand_columns(names, wanted, separator, where)
    at, rows = [names.index(name) for name in wanted], []
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            what = f"{len(cells)} cells instead of {len(names)}"
            remedy = f"write {SEPARATORS[separator]} between the cells, as in the first line; in a number a point"
            raise UserError(what, f"{where}, line {line}", remedy)
        rows.append((line, [_cell(cells[index], separator) for index in at]))
    return Columns(rows, tuple(name for name in names if name not in wanted and name))

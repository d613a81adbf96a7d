"""A table as a spreadsheet saves it: its separator found, its columns by their names in any order and writing.

A comma in a number is a decimal mark where it does not part the cells; three digits behind it may be thousands: the
reader of numbers refuses those. Where commas are decimal marks, a point with three digits behind it may be one between
thousands: it is refused with both readings.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toleramp.errors import UserError
from toleramp.words import unit_keys

SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas", "|": "bars"}
PRINTED = "printed_"  # columns of a published table's cells, which go into the file to be checked
_SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # what a spreadsheet writes first: the separator of the rest
_GROUPED = re.compile(r"[1-9]\d{0,2}\.\d{3}", re.ASCII)
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
    """The rows of a table: (line, the wanted cells in the order wanted) each; the columns that were not asked for.

    `printed`: of each row the cells whose column begins with printed_, by name; empty ones are left out.
    """

    rows: list[Line]
    others: tuple[str, ...]
    printed: list[dict[str, str]]


def name_of(cell: str) -> str:
    """A column's name as keys are written: "Rate (mL/h)" is rate_ml_h."""
    plain = re.sub(r"[^a-z0-9]+", "_", cell.strip().casefold()).strip("_")
    return ALIKE.get(plain, plain)


def _announced(text: str, where: str) -> tuple[str, str | None]:
    """(the text with a first line sep=; emptied, the separator that it names; None where there is no such line)."""
    first, end, rest = text.partition("\n")
    found = _SEP_LINE.fullmatch(first)
    if found is None:
        return text, None
    if found[1] not in SEPARATORS:
        what = f"sep={found[1]} is no separator that is known here"
        raise UserError(what, f"{where}, line 1", "write one of " + ", ".join(SEPARATORS.values()))
    return end + rest, found[1]


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
    printed = [name for name in names if name.startswith(PRINTED)]
    twice = next((name for name in (*wanted, *printed) if names.count(name) > 1), None)
    if twice:
        raise UserError(f"the column {twice} stands twice", where, "leave one of them out")


def _cell(text: str, separator: str, where: str) -> str:
    """A cell with its decimal comma as a point; where commas part the cells there is none. Raises UserError."""
    plain = text.strip()
    if separator != "," and _GROUPED.fullmatch(plain):
        whole, rest = plain.split(".")
        remedy = (
            f"thousands or decimals? write {whole}{rest} (no mark) or {whole},{rest.rstrip('0') or '0'} (decimal comma)"
        )
        raise UserError(f"{plain} has two readings where {SEPARATORS[separator]} part the cells", where, remedy)
    return plain.replace(",", ".") if separator != "," and _DECIMAL_COMMA.fullmatch(plain) else text


def columns_of(text: str, wanted: list[str], path: Path) -> Columns:
    """The wanted columns of a table in a text. Raises UserError, one line, which says what parts the cells."""
    where = str(path)
    text, announced = _announced(text, where)
    head = next((line for line in text.splitlines() if line.strip()), "")
    separator = announced or _separator(head, wanted)
    if separator is None:
        raise UserError("the first line does not name the columns", where, "write " + ",".join(wanted))
    lines = _lines(text, separator, where)
    names = [name_of(cell) for cell in lines[0][1]]
    _demand_columns(names, wanted, separator, where)
    at, rows, printed = [names.index(name) for name in wanted], [], []
    others = tuple(name for name in names if name not in wanted and name)
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            what = f"{len(cells)} cells instead of {len(names)}"
            remedy = f"write {SEPARATORS[separator]} between the cells, as in the first line; in a number a point"
            raise UserError(what, f"{where}, line {line}", remedy)
        every = {
            name: _cell(cell, separator, f"{where}, line {line}, {name}") for name, cell in _used(names, cells, wanted)
        }
        rows.append((line, [every[names[index]] for index in at]))
        printed.append({name: cell.strip() for name, cell in every.items() if name not in wanted and cell.strip()})
    return Columns(rows, tuple(name for name in others if not name.startswith(PRINTED)), printed)


def _used(names: list[str], cells: list[str], wanted: list[str]) -> Iterator[tuple[str, str]]:
    """The cells of a row that are read, by their columns' names."""
    for name, cell in zip(names, cells, strict=True):
        if name in wanted or name.startswith(PRINTED):
            yield name, cell

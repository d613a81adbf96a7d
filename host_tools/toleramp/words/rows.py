"""A table's rows as the log names them and the pump numbers them, both ways, and their groups.

A name or number without a row is one of a newer pump or a damaged log: it is shown as it is, and is in no group.
"""

from types import ModuleType

from pump.tables import messages

NO_ROW = -1


def name(table: ModuleType, number: int) -> str:
    """The row's name; the number as text where there is no such row."""
    return str(table.NAMES[number]) if 0 <= number < len(table.NAMES) else f"{number}"


def name_or_none(table: ModuleType, number: int) -> str | None:
    """The row's name; None for "absent", and for row 0 of a table whose first row is "none"."""
    return None if number in (messages.NONE8, getattr(table, "NONE", NO_ROW)) else name(table, number)


def number(table: ModuleType, row: str | None) -> int:
    """The number of the row with this name; NO_ROW without one."""
    return table.NAMES.index(row) if row in table.NAMES else NO_ROW


def group(table: ModuleType, row: str | int | None) -> int:
    """The groups of a row, by its name or number; 0 without a row."""
    at = row if isinstance(row, int) else number(table, row)
    return int(table.GROUP[at]) if 0 <= at < len(table.GROUP) else 0


def flags(table: ModuleType, bits: int) -> list[str]:
    """The names of the rows whose bits are set."""
    return [str(row) for bit, row in enumerate(table.NAMES) if bits >> bit & 1]

"""A setting's value in words and from when on it counts, for each row of pump.tables.settings."""

from types import ModuleType

from pump.tables import oximeters, settings
from toleramp.words import rows

VALUES: dict[int, ModuleType] = {}  # the table that the value is a row of
VALUES[settings.OXIMETER] = oximeters
COUNTS: dict[int, str] = {}
COUNTS[settings.OXIMETER] = "counts from the next power-on"


def changed(name: str | None, value: int) -> str:
    """What was set and from when on it counts; a setting that has no words as it stands."""
    row = rows.number(settings, name)
    if row == rows.NO_ROW:
        return f"{name or 'unknown'} {value}"
    return f"{name} {rows.name(VALUES[row], value)}, {COUNTS[row]}"

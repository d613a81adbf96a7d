"""The names in the pump's tables, as records and documents carry them: `EVENTS.STEP_STARTED` is "step_started".

A name that no row has is an AttributeError; a set of rows is asked for by its group: `EVENTS.of(events.ENDS)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

from pump.tables import alarms, causes, events, oximeters, refusals, states, vitals


class Names:
    """Each row's name as an attribute: in capitals, an underscore for a hyphen."""

    def __init__(self, table: ModuleType) -> None:
        self._table = table
        self._by_attribute = {name.upper().replace("-", "_"): name for name in table.NAMES}

    def __getattr__(self, attribute: str) -> str:
        try:
            return self.__dict__["_by_attribute"][attribute]
        except KeyError:
            raise AttributeError(f"{self._table.__name__} has no row {attribute}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_attribute.values())

    def at(self, rows: Iterable[int]) -> tuple[str, ...]:
        """The names of some rows."""
        return tuple(self._table.NAMES[row] for row in rows)

    def row(self, name: str) -> int:
        """The number of a row. ValueError when there is none of that name."""
        return int(self._table.NAMES.index(name))


class GroupedNames(Names):
    """Names of rows with groups."""

    def __init__(self, table: ModuleType) -> None:
        super().__init__(table)
        self._groups: dict[str, int] = dict(zip(table.NAMES, table.GROUP, strict=True))

    def of(self, group: int) -> frozenset[str]:
        """The names of all rows that belong to (one of) the groups."""
        return frozenset(self.ordered(group))

    def ordered(self, group: int) -> tuple[str, ...]:
        """The same in the table's order."""
        return tuple(name for name, groups in self._groups.items() if groups & group)


EVENTS, STATES = GroupedNames(events), GroupedNames(states)
ALARMS, CAUSES, REFUSALS = Names(alarms), Names(causes), Names(refusals)
VITALS, OXIMETERS = Names(vitals), Names(oximeters)

"""The board's part of the self-test at power-up in virtual time: what drivers.checks tells the core, and when.

What stands for parts of the board answers as it is at that moment; what has no twin here (processor, memories, image,
converter, tone) is sound. The first that fails is told alone, as there: none is made after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pump.io import STOP, Snapshot
from pump.tables import checks, parts

# From the core's first moment, as the emulated board takes for it: 560 to 640 ms, and up to the clock's second edge.
AT_ONCE_MS, SLOW_MS = 600, 1_850
NO_CLOCK = -1000
_NO_PERMIT = 2  # the driver stays off when it is renewed
# A check that asks for a part begins with its name.
_PART = {
    row: parts.NAMES.index(name.split("-")[0])
    for row, name in enumerate(checks.NAMES)
    if row and name.split("-")[0] in parts.NAMES
}


@dataclass
class Told:
    """What the next scan is told: rows that passed as bits, the one that failed, what was found of a row."""

    passed: int
    failed: int
    found: dict[int, int]


class SelfTest:
    """`look` before each scan. `pending`: not all are told, `first`: those at once are not."""

    def __init__(self) -> None:
        self._makes = self.pending = self.first = self._told = False
        self._ms = 0

    def begin(self, made: bool = True) -> None:
        """All are made, from the first on; or none, for a core that awaits none."""
        self._makes = self.pending = self.first = made
        self._ms = 0

    def again(self) -> None:
        """They were asked for at rest."""
        self.begin(self._makes)

    def end(self) -> None:
        """No more is told."""
        self.pending = self.first = False

    def look(self, snap: Snapshot, driver_cut: bool) -> None:
        """Puts what is due into the snapshot. STOP cuts the permit: that check waits until it is let go."""
        if self._told:
            self._told = False
            snap.passed = snap.failed = 0
        if not self.pending:
            return
        self._ms += snap.dt_ms
        if self.first and self._ms >= AT_ONCE_MS and not snap.buttons & STOP:
            self.first = False
            self._tell(self._at_once(snap.parts, driver_cut), snap)
        elif not self.first and self._ms >= SLOW_MS:
            self.end()
            there = snap.parts & parts.BIT[parts.CLOCK]
            self._tell(Told(1 << checks.CRYSTAL, 0, {checks.CRYSTAL: 0 if there else NO_CLOCK}), snap)

    def _tell(self, told: Told, snap: Snapshot) -> None:
        self._told = True
        snap.passed, snap.failed = told.passed, told.failed
        for row, value in told.found.items():
            snap.found[row] = value
        if checks.DOES[told.failed] == checks.STOPS:
            self.end()

    def _at_once(self, answering: int, driver_cut: bool) -> Told:
        told = Told(0, 0, {})
        for row in range(1, checks.COUNT):
            if not checks.WHEN[row] & checks.AT_ONCE or row == checks.SUPPLY:  # that one is judged in the core
                continue
            good, value = self._made(row, answering, driver_cut)
            told.found[row] = value
            if good:
                told.passed |= 1 << row
                continue
            told.failed = row
            if checks.DOES[row] == checks.STOPS:
                break
        return told

    @staticmethod
    def _made(row: int, answering: int, driver_cut: bool) -> tuple[bool, int]:
        if row in _PART:
            return bool(answering & parts.BIT[_PART[row]]), answering
        if row == checks.PERMIT:
            return not driver_cut, _NO_PERMIT if driver_cut else 0
        return True, 0

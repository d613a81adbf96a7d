"""Time that the flash takes: while it erases or programs, no code runs on the chip (it runs from the
flash)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_SSI_WINDOW = 0x18000
_DATA = 0x60
_SELECT_PIN = 1
_HIGH = 1
_PROGRAM, _ERASE_SECTOR, _ERASE_BLOCK = 0x02, 0x20, 0xD8

TYPICAL_US = {_PROGRAM: 700, _ERASE_SECTOR: 45_000, _ERASE_BLOCK: 150_000}
"""Busy time of a page program, a sector erase and a block erase of a W25Q16JV, typical."""
WORST_US = {_PROGRAM: 3_000, _ERASE_SECTOR: 400_000, _ERASE_BLOCK: 2_000_000}
"""The same, at worst."""


class FlashTimes:
    """Watches the commands on their way to the flash and calls `stall(us)` after each slow one.

    `operations` counts them: (programs, erases).
    """

    def __init__(self, chip: Any, stall: Callable[[float], None]) -> None:
        self._ssi, self._stall = chip.ssi, stall
        self._command: int | None = None
        self.times_us: dict[int, int] = {}
        self.programs = 0
        self.erases = 0
        chip.peripherals[_SSI_WINDOW] = self
        chip.qspi[_SELECT_PIN].add_listener(self._selected)

    def read_uint32(self, offset: int) -> int:
        """A bus read."""
        return int(self._ssi.read_uint32(offset))

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        """A bus write; the first data after a select is the command."""
        if offset == _DATA and self._command is None:
            self._command = value & 0xFF
        self._ssi.write_uint32_atomic(offset, value, atomic_type)

    def _selected(self, new: int, _old: int) -> None:
        command, self._command = self._command, None
        if new != _HIGH or command is None:
            return
        self.programs += command == _PROGRAM
        self.erases += command in (_ERASE_SECTOR, _ERASE_BLOCK)
        if command in self.times_us:
            self._stall(self.times_us[command])

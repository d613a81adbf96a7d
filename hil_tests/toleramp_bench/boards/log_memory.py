"""The log's two memories of a virtual board: the FRAM's slots and a small flash, drained as on the chip."""

from __future__ import annotations

from collections.abc import Callable

from pump.io import Outputs, Snapshot
from pump.store.archive import Sectors
from pump.store.draining import Draining
from pump.store.journal import IN_FLASH, SLOT, open_log
from toleramp_bench.devices.log_flash import LogFlash

_BLANK = bytes(SLOT)


class LogMemory:
    """`fram`: gives its slots that are not blank; `there`: whether it answers. `flash` outlives the power, too."""

    def __init__(self, fram: Callable[[], dict[int, bytes]], there: Callable[[], bool]) -> None:
        self.flash = LogFlash()
        self._fram, self.answers = fram, there
        self._sectors = Sectors(self.flash)
        self._draining: Draining | None = None

    def read_slot(self, slot: int) -> bytearray:
        """What it holds."""
        return bytearray(self._fram().get(slot, _BLANK))

    def write_slot(self, slot: int, content: bytes) -> None:
        """Over whatever lies there."""
        self._fram()[slot] = bytes(content)
        if content == _BLANK:
            del self._fram()[slot]

    def power_on(self) -> tuple[int, int]:
        """Number and slot of the first record, after whatever was under way."""
        self._draining = Draining(self, self._sectors)
        self._draining.open_all()
        number, slot = open_log(self.read_slot, self._sectors.newest())
        self._draining.find_front(slot)
        return number, slot

    def tell(self, snap: Snapshot) -> None:
        """Says where the log lies by now; nothing is in the flash of a board that was never asked."""
        if self._draining is None:
            self.power_on()
        assert self._draining is not None
        snap.lies = self._draining.lies()

    def behind(self, out: Outputs, snap: Snapshot) -> None:
        """Behind a scan: a piece of the way to the flash, where that may be."""
        if out.log_end >= 0 and self._draining is not None:
            self._draining.piece(out.log_end)
            self.tell(snap)

    def record(self, place: int) -> bytes:
        """The record at a place of the log."""
        assert self._draining is not None
        if place >= self._sectors.records:
            return bytes(self.read_slot(place - self._sectors.records + self._draining.front))
        held = bytearray(SLOT)
        self._sectors.read(place, held)
        return bytes(held)

    def read(self, number: int, snap: Snapshot) -> None:
        """A slot of the FRAM, or a record of the flash, for the next scan."""
        snap.read = number if number >= IN_FLASH or self.answers() else -1
        if number >= IN_FLASH:
            self._sectors.read(number - IN_FLASH, snap.slot)
        elif snap.read >= 0:
            snap.slot[:] = self.read_slot(number)

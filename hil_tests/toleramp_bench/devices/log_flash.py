"""The flash's region for the log, as drivers.log_flash has it on the chip: erased by sectors, programmed by pages."""

from __future__ import annotations

from collections.abc import Callable

from pump.store.archive import PAGE, SECTOR_BYTES, SECTORS


class LogFlash:
    """In memory. `before_write(what, data)` may return how many bytes of a write are done before the power goes; it
    hears "erase" with the sector's bytes to be, or "program" with the page's."""

    def __init__(self) -> None:
        self.sectors: dict[int, bytearray] = {}  # those that are not blank
        self.erases = self.programs = 0
        self.before_write: Callable[[str, bytes], None] = lambda what, data: None

    def _sector(self, sector: int) -> bytearray:
        if not 0 <= sector < SECTORS:
            raise ValueError(f"sector {sector} is another's")
        return self.sectors.setdefault(sector, bytearray(b"\xff" * SECTOR_BYTES))

    def read(self, sector: int, offset: int, buffer: bytearray) -> None:
        """Fills a buffer."""
        held = self.sectors.get(sector)
        buffer[:] = b"\xff" * len(buffer) if held is None else held[offset : offset + len(buffer)]

    def erase(self, sector: int) -> None:
        """All bits of a sector are 1."""
        self.before_write("erase", b"\xff" * SECTOR_BYTES)
        self._sector(sector)
        del self.sectors[sector]
        self.erases += 1

    def program(self, sector: int, offset: int, data: bytes) -> None:
        """Bits of a page go to 0."""
        if offset % PAGE or len(data) != PAGE:
            raise ValueError("only whole pages are programmed")
        self.before_write("program", bytes(data))
        self.put(sector, offset, bytes(data))
        self.programs += 1

    def put(self, sector: int, offset: int, data: bytes) -> None:
        """What programming does to the bits."""
        held = self._sector(sector)
        for k, byte in enumerate(data):
            held[offset + k] &= byte

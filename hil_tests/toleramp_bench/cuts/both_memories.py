"""The log of a board that was cut, out of its two memories: what is drained before what is not."""

from __future__ import annotations

from pump.store.archive import HEAD, PER_SECTOR, SECTOR_BYTES, SECTORS, Sectors
from pump.store.draining import Draining
from pump.store.journal import SLOT, SLOTS, count_records
from toleramp_bench.devices.fram import Fram
from toleramp_bench.devices.log_flash import LogFlash

_FILES = 1 << 20  # bytes of the file system, at the flash's end
_LOG = _FILES + SECTORS * SECTOR_BYTES


class _Slots:
    """A copy of a FRAM's contents, as store.draining asks for it."""

    def __init__(self, contents: bytes | bytearray) -> None:
        self.contents = bytearray(contents)

    def read_slot(self, slot: int) -> bytearray:
        return self.contents[slot * SLOT : (slot + 1) * SLOT]

    def write_slot(self, slot: int, content: bytes) -> None:
        self.contents[slot * SLOT : (slot + 1) * SLOT] = content

    def answers(self) -> bool:
        return True


def log_of(fram: Fram, flash: bytes) -> bytearray:
    """The FRAM's contents with the whole log in its place, as it was before anything of it was drained."""
    region = LogFlash()
    held = flash[len(flash) - _LOG : len(flash) - _FILES]
    for sector in range(len(held) // SECTOR_BYTES):
        region.sectors[sector] = bytearray(held[sector * SECTOR_BYTES : (sector + 1) * SECTOR_BYTES])
    slots, sectors = _Slots(fram.contents), Sectors(region)
    draining = Draining(slots, sectors)
    draining.open_all()
    draining.find_front(count_records(slots.read_slot))
    drained = b"".join(bytes(region.sectors[k][HEAD:]) for k in range(sectors.closed))
    assert len(drained) == sectors.closed * PER_SECTOR * SLOT
    log = drained + slots.contents[draining.front * SLOT : SLOTS * SLOT]
    return bytearray(log[: SLOTS * SLOT].ljust(SLOTS * SLOT, b"\0") + fram.contents[SLOTS * SLOT :])

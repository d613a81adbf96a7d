"""The flash's sectors for the log, below the file system: for pump.store.archive.

An erase or a program stops all code, interrupts included: 45 ms and 0.7 ms typically, 400 ms and 3 ms at worst. So
neither is made while the drug flows. Reading takes no memory, and no longer than any code.
"""

import rp2
from board_regions import LOG_BYTES

_ERASE = 6  # of a block device's ioctl


class LogFlash:
    """`read`, `erase`, `program`; what became of it is read back by who asked for it."""

    def __init__(self):
        self._device = rp2.Flash(start=0, len=LOG_BYTES)

    @micropython.native
    def read(self, sector, offset, buffer):
        """Fills a buffer from there on."""
        self._device.readblocks(sector, buffer, offset)

    def erase(self, sector):
        """All bits of a sector are 1."""
        self._device.ioctl(_ERASE, sector)

    def program(self, sector, offset, page):
        """The bits of a page that are 0 in `page` (256 bytes) become 0."""
        self._device.writeblocks(sector, page, offset)

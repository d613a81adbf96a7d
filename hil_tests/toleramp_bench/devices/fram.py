"""MB85RS2MTA: 256 KB of ferroelectric memory on SPI."""

from __future__ import annotations

SIZE = 256 * 1024
_WRSR, _WRITE, _READ, _WRDI, _RDSR, _WREN, _FSTRD = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0B
_RDID, _SLEEP = 0x9F, 0xB9
_WRITE_ENABLED = 0x02
_KEPT_STATUS = 0x8C
_ID = bytes((0x04, 0x7F, 0x48, 0x03))
_PROTECTED_FROM = {0x00: SIZE, 0x04: SIZE * 3 // 4, 0x08: SIZE // 2, 0x0C: 0}
_FLOATING = 0xFF


class Fram:
    """The memory. Give the same `contents` (256 KB) to the next one to carry them over a power cut.

    A byte is kept as soon as its last bit is in: a write that is cut short leaves exactly the bytes already
    clocked.
    """

    def __init__(self, contents: bytearray | None = None) -> None:
        self.contents = contents if contents is not None else bytearray(SIZE)
        if len(self.contents) != SIZE:
            raise ValueError(f"a {SIZE} byte memory cannot hold {len(self.contents)} bytes")
        self.status = 0
        self.asleep = False
        self.writes = 0
        self._idle()

    def power_cut(self) -> None:
        """The power goes and comes back: the contents and the protection stay, the rest starts anew."""
        self.status &= _KEPT_STATUS
        self.asleep = False
        self._idle()

    def _idle(self) -> None:
        self._opcode: int | None = None
        self._count = self._address = 0
        self._deaf = True

    # --- bus -----------------------------------------------------------------------------------------------

    def select(self) -> None:
        """A command begins; the first one after a sleep only wakes the part."""
        self._idle()
        self._deaf = self.asleep
        self.asleep = False

    def deselect(self) -> None:
        """The command ends; one that wrote also ends the permission to write."""
        if self._opcode in (_WRITE, _WRSR):
            self.status &= ~_WRITE_ENABLED
        elif self._opcode == _SLEEP:
            self.asleep = True
        self._idle()

    def transfer(self, byte: int) -> int:
        """One byte in, one out."""
        if self._deaf:
            return _FLOATING
        if self._opcode is None:
            self._begin(byte)
            return _FLOATING
        self._count += 1
        if self._opcode in (_READ, _WRITE, _FSTRD):
            return self._memory(byte)
        if self._opcode == _RDSR:
            return self.status
        if self._opcode == _RDID:
            return _ID[(self._count - 1) % len(_ID)]
        if self._opcode == _WRSR and self._count == 1 and self.status & _WRITE_ENABLED:
            self.status = (byte & _KEPT_STATUS) | _WRITE_ENABLED
        return _FLOATING

    def _begin(self, opcode: int) -> None:
        self._opcode = opcode
        if opcode == _WREN:
            self.status |= _WRITE_ENABLED
        elif opcode == _WRDI:
            self.status &= ~_WRITE_ENABLED

    def _memory(self, byte: int) -> int:
        """Three bytes of address (and an idle one for a fast read), then data until the end, round at the
        top."""
        if self._count <= 3:
            self._address = (self._address << 8 | byte) % SIZE
            return _FLOATING
        if self._opcode == _FSTRD and self._count == 4:
            return _FLOATING
        address = self._address
        self._address = (address + 1) % SIZE
        if self._opcode == _WRITE:
            self._keep(address, byte)
            return _FLOATING
        return self.contents[address]

    def _keep(self, address: int, byte: int) -> None:
        if self.status & _WRITE_ENABLED and address < _PROTECTED_FROM[self.status & 0x0C]:
            self.contents[address] = byte
            self.writes += 1

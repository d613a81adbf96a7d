"""SPI FRAM of 256 KB (MB85RS2MTA): no erase, no waiting, written while the drug flows.

A record of 48 bytes goes to slot n in one burst; the write-enable latch falls by itself at the end of each. A write
counts when it was read back.
"""

from machine import SPI, Pin

from pump.io import FAILED, KEPT, TAKEN

_WREN, _WRITE, _READ, _RDID = 0x06, 0x02, 0x03, 0x9F
SLOT = 48
ID = b"\x04\x7f"  # Fujitsu, continuation code


class Fram:
    """`put` and `read_slot`; `present` is False when the part does not answer, or did not keep what was written."""

    def __init__(self, sck, mosi, miso, cs):
        self._cs = Pin(cs, Pin.OUT, value=1)
        self._spi = SPI(0, baudrate=10_000_000, sck=Pin(sck), mosi=Pin(mosi), miso=Pin(miso))
        self._enable = bytes((_WREN,))
        self._head = bytearray(4)
        self._slot = bytearray(SLOT)
        self._who, self._answer = bytes((_RDID,)), bytearray(4)
        self.present = False
        self.keep_up()

    @micropython.native
    def keep_up(self):
        """Asks who it is."""
        answer = self._answer
        self._cs(0)
        self._spi.write(self._who)
        self._spi.readinto(answer)
        self._cs(1)
        self.present = answer[0] == ID[0] and answer[1] == ID[1]

    def identity(self):
        """Its four bytes: maker, continuation, size, revision."""
        self.keep_up()
        return self._answer

    @micropython.native
    def _address(self, command, slot):
        head = self._head
        address = slot * SLOT
        head[0] = command
        head[1] = address >> 16
        head[2] = address >> 8 & 255
        head[3] = address & 255

    @micropython.native
    def put(self, slot, data, taken):
        """Writes a slot in which nothing sound lies, as `taken(bytes, slot)` judges it (None: whatever lies there).

        KEPT, FAILED or TAKEN (pump.io).
        """
        if not self.present:
            return FAILED
        if taken is not None and taken(self.read_slot(slot), slot):
            return KEPT if self._slot == data else TAKEN
        self.write_slot(slot, data)
        if self.read_slot(slot) == data:
            return KEPT
        self.present = False
        return FAILED

    @micropython.native
    def write_slot(self, slot, data):
        """Writes a slot."""
        cs, spi = self._cs, self._spi
        cs(0)
        spi.write(self._enable)
        cs(1)
        self._address(_WRITE, slot)
        cs(0)
        spi.write(self._head)
        spi.write(data)
        cs(1)

    @micropython.native
    def read_slot(self, slot):
        """The bytes of a slot, in a buffer that the next call uses again."""
        self.read_into(slot, self._slot)
        return self._slot

    @micropython.native
    def read_into(self, slot, target):
        """The bytes of a slot into a bytearray of that size."""
        self._address(_READ, slot)
        self._cs(0)
        self._spi.write(self._head)
        self._spi.readinto(target)
        self._cs(1)

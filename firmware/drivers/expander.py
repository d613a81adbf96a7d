"""MCP23017 on I2C: lights and nurse call out, written on a change only; door, supply and driver state in."""

ADDRESS = 0x20
_IODIRA, _GPPUB, _OLATA = 0x00, 0x0D, 0x14


class Expander:
    """`lights` (bits of pump.io) go to port A."""

    def __init__(self, i2c):
        self._i2c = i2c
        self._latch = bytearray((_OLATA, 0))
        self.present = self._start()

    def _start(self):
        try:
            self._i2c.writeto(ADDRESS, self._latch)
            self._i2c.writeto(ADDRESS, bytes((_IODIRA, 0xF0)))
            self._i2c.writeto(ADDRESS, bytes((_GPPUB, 0xFF)))
            return True
        except OSError:
            return False

    @micropython.native
    def lights(self, bits):
        """Sets the lights."""
        if not self.present:
            return
        self._latch[1] = bits
        try:
            self._i2c.writeto(ADDRESS, self._latch)
        except OSError:
            self.present = False

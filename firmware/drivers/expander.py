"""MCP23017 on I2C: lights and nurse call out, written on a change; door, supply and driver state in.

Each second it is set up anew and its set-up read back: a part that was without power for a moment answers as before,
but has forgotten that it drives lights.
"""

ADDRESS = 0x20
_IODIRA, _GPPUB, _GPIOB, _OLATA = 0x00, 0x0D, 0x13, 0x14
UNKNOWN = 0xFF  # as with no wire on any of its inputs
_OUTPUTS = 0xF0  # pins 0 to 3 of port A are outputs


class Expander:
    """`lights` (bits of pump.io) go to port A; `port`: the levels of port B as last read."""

    def __init__(self, bus):
        self._bus = bus
        self._latch = bytearray((_OLATA, 0))
        self._directions = bytes((_IODIRA, _OUTPUTS, 0xFF, 0, 0))  # and no level is read upside down (IPOL)
        self._pulls = bytes((_GPPUB, 0xFF))
        self._at_directions, self._at_port = bytes((_IODIRA,)), bytes((_GPIOB,))
        self._one = bytearray(1)
        self.port = UNKNOWN
        self.present = False
        self.keep_up()

    @micropython.native
    def keep_up(self):
        """Sets all up, lights included, and reads the directions back: a disturbed bus may have set anything."""
        bus, one = self._bus, self._one
        if not self.present:
            self.port = UNKNOWN  # what it said before it was lost is old
        self.present = (
            bus.send(ADDRESS, self._latch)
            and bus.send(ADDRESS, self._directions)
            and bus.send(ADDRESS, self._pulls)
            and bus.send(ADDRESS, self._at_directions)
            and bus.receive(ADDRESS, one)
            and one[0] == _OUTPUTS
        )

    @micropython.native
    def lights(self, bits):
        """Sets the lights; what a lost part misses it gets when it is back."""
        self._latch[1] = bits
        if self.present:
            self.present = self._bus.send(ADDRESS, self._latch)

    @micropython.native
    def poll(self):
        """Reads port B."""
        if not self.present:
            return
        bus, one = self._bus, self._one
        self.present = bus.send(ADDRESS, self._at_port) and bus.receive(ADDRESS, one)
        if self.present:
            self.port = one[0]

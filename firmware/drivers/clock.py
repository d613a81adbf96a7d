"""DS3231 on I2C, a clock with a battery of its own, set to UTC: read whole once a second, set at rest.

It says itself when its oscillator has stood still (OSF): its battery was empty, or it was never set. Only setting it
takes that back. One transfer reads all: the part holds the time still while it lasts.
"""

from micropython import const

from pump.base import calendar

ADDRESS = 0x68
_CONTROL, _STATUS = const(0x0E), const(0x0F)
_STOPPED = const(0x80)  # OSF
_ON_BATTERY_TOO = const(0x04)  # EOSC clear: it goes on without supply; no alarm, no square wave
_REGISTERS = const(16)


class Clock:
    """`wall_s` (pump.base.calendar) and `lost` as last read; `present`: it answered then."""

    def __init__(self, bus):
        self._bus = bus
        self._registers = bytearray(_REGISTERS)
        self._at_time = bytes(1)
        self._time = bytearray(1 + calendar.REGISTERS)
        self._state = bytes((_CONTROL, _ON_BATTERY_TOO, 0))
        self.wall_s = calendar.UNREAD
        self.lost = False
        self.present = False
        self.read()

    @micropython.native
    def read(self):
        """Asks it; a part that does not answer leaves what it said last."""
        bus, registers = self._bus, self._registers
        self.present = bus.send(ADDRESS, self._at_time) and bus.receive(ADDRESS, registers)
        if self.present:
            self.wall_s = calendar.seconds(registers)
            self.lost = registers[_STATUS] & _STOPPED != 0

    def set(self, wall_s):
        """Sets it, the state last: what is torn in between is not taken for set."""
        calendar.fill(self._time, 1, wall_s)
        self.present = self._bus.send(ADDRESS, self._time) and self._bus.send(ADDRESS, self._state)

"""Reads a load cell over an HX711: 24 bits, 10 times a second."""

import machine
import micropython
from machine import Pin

_SIGN = 1 << 23


class Hx711:
    """`read` the newest value; None while there is none."""

    def __init__(self, data, clock):
        self._data, self._clock = Pin(data, Pin.IN, Pin.PULL_UP), Pin(clock, Pin.OUT, value=0)

    def read(self):
        """A signed number of counts, or None."""
        if self._data():
            return None
        # A clock pulse of more than 60 us switches the part off: nothing may come between.
        state = machine.disable_irq()
        value = self._shift()
        machine.enable_irq(state)
        return value - 2 * _SIGN if value & _SIGN else value

    @micropython.native
    def _shift(self):
        data, clock, value = self._data, self._clock, 0
        for _ in range(24):
            clock(1)
            clock(0)
            value = value << 1 | data()
        clock(1)  # the 25th pulse: channel A, gain 128 next time
        clock(0)
        return value

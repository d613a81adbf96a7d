"""The rig's clock: the chip's microsecond timer, 64 bits wide; time stamps are its lower 32 bits."""

import machine
from micropython import const

TIMER_LOW = const(0x40054028)
_TIMER_HIGH = const(0x40054024)


def now_us():
    """Microseconds since the rig's power-on."""
    high = machine.mem32[_TIMER_HIGH]
    while True:
        low = machine.mem32[TIMER_LOW]
        again = machine.mem32[_TIMER_HIGH]
        if again == high:
            return high << 32 | low
        high = again

"""The relays: keys, power, door and brake of the pump, pressed at once and let go of on time, with bounces if asked."""

import micropython
from machine import Pin, disable_irq, enable_irq
from micropython import const

from rig.clock import now_us
from rig.line import Refuse

# Changes due so soon are waited for, so that they come on time: a tick of 5 ms, and 7 ms by which the next may be late
# while an answer goes out.
SOON_US = const(12_000)
_CHANGES_MAX = const(64)
_PREPARED_US = const(1_000)  # a change is made this much after its command, so that its time is exact
_CLOSE_US = const(600)
_BETWEEN_US = const(1_500)  # the longest that is done while waiting; nothing is begun that soon before a change
_ALONE_US = const(250)  # so long before a change no interrupt comes in between; one takes 100 us


@micropython.viper
def _spin_until(t_us: uint):
    """Returns at that time of the timer's lower half."""
    timer = ptr32(0x40054028)
    while int(timer[0]) - int(t_us) < 0:
        pass


class Contacts:
    """`tick` every few milliseconds carries out what is due; `between` is called while it waits."""

    def __init__(self, table, between):
        self._pins = {row[0]: Pin(row[1], Pin.OUT, value=0) for row in table}
        self._between = between
        self._due = []  # (time, pin, level), by time
        self._busy = False  # a tick came while the one before still waits

    def level(self, name):
        """1 when the relay is on."""
        return self._pins[name]()

    def set(self, name, level, holds_us):
        """Switches a relay, and back after each of `holds_us`; returns when it was switched."""
        pin = self._pins.get(name)
        if pin is None:
            raise Refuse("name", "there is no contact %s" % name)
        if len(self._due) + len(holds_us) > _CHANGES_MAX:
            raise Refuse("full", "more than %d changes ahead" % _CHANGES_MAX)
        self._busy = True
        self._due = [change for change in self._due if change[1] is not pin]
        t_us = first_us = now_us() + _PREPARED_US + _PREPARED_US * len(holds_us) // 8
        self._due.append((t_us, pin, level))
        for hold in holds_us:
            t_us += hold
            level ^= 1
            self._due.append((t_us, pin, level))
        self._due.sort(key=lambda change: change[0])
        self._busy = False
        self.tick()
        return first_us

    @micropython.native
    def tick(self):
        """Carries out what is due, and waits for what will be within SOON_US."""
        if self._busy:
            return
        self._busy = True
        due, last_us = self._due, 0
        while due:
            t_us = due[0][0]
            if t_us - last_us > _CLOSE_US:  # else there is no time to look at the clock
                if t_us - now_us() >= SOON_US:
                    break
                while t_us - now_us() > _BETWEEN_US:
                    self._between()
            change = due.pop(0)
            _spin_until((t_us - _ALONE_US) & 0xFFFFFFFF)
            before = disable_irq()
            _spin_until(t_us & 0xFFFFFFFF)
            change[1](change[2])
            enable_irq(before)
            last_us = t_us
        self._busy = False

    def quiet(self, span_us):
        """True when nothing is due for so long."""
        return not self._due or self._due[0][0] - now_us() > span_us

    def release(self):
        """Everything at rest: the pump has power, nobody presses."""
        self._due = []
        for pin in self._pins.values():
            pin(0)

"""The wiring's self-test: each line that does not answer, by its name.

A line that the pump drives stays what it is against the rig's own pull; one that follows the pull hangs in the air.
A relay's node must change when the relay does. Presses are so short that the pump does not count them, but STOP acts.
"""

from time import sleep_ms, sleep_us

from machine import Pin
from micropython import const

_SETTLE_US = const(500)
_PRESS_MS = const(5)
_POWER_MS = const(300)


def follows_pull(number):
    """True when nothing but the rig's own pull decides the level."""
    up = _level(number, Pin.PULL_UP)
    down = _level(number, Pin.PULL_DOWN)
    Pin(number, Pin.IN, None)
    return up == 1 and down == 0


def _level(number, pull):
    pin = Pin(number, Pin.IN, pull)
    sleep_us(_SETTLE_US)
    return pin()


class Wiring:
    """`test` gives the names of what does not answer; "power" is tested when `with_power`, which restarts the pump."""

    def __init__(self, contacts, driven, contact_table):
        self._contacts, self._driven, self._table = contacts, driven, contact_table
        for row in contact_table:
            if row[2] >= 0:
                Pin(row[2], Pin.IN, None)
        for _, number in driven:
            Pin(number, Pin.IN, None)

    def levels(self):
        """name=level of each line that the rig reads."""
        rows = [(name, number) for name, number in self._driven]
        rows += [(row[0], row[2]) for row in self._table if row[2] >= 0]
        return " ".join(["%s=%d" % (name, Pin(number)()) for name, number in rows])

    def test(self, with_power):
        """Names, in the order of the tables; "power" alone when the pump is off."""
        power = [row for row in self._table if row[0] == "power"][0]
        if Pin(power[2])() != power[3]:
            return ["power"]
        bad = [name for name, number in self._driven if follows_pull(number)]
        for row in self._table:
            if row[2] >= 0 and (row[0] != "power" or with_power) and not self._answers(row):
                bad.append(row[0])
        return bad

    def _answers(self, row):
        name, _, sense, rest, pressed = row
        if name != "power" and follows_pull(sense) or Pin(sense)() != rest:
            return False
        wait_ms = _POWER_MS if name == "power" else _PRESS_MS
        self._contacts.set(name, 1, ())
        sleep_ms(wait_ms)
        right = Pin(sense)() == pressed
        self._contacts.set(name, 0, ())
        sleep_ms(wait_ms)
        return right and Pin(sense)() == rest

"""Whether the patient is watched (ALM-7): from the first press of START until a person ends it by an act of its own.

It begins by itself in every state in which a session is on. When the session is over it goes on, and CONFIRM pressed
twice ends it. With an alarm up that the alarms' rows call NAMED that would want a handover by name; without people's
names the keys do not end it then.

A probe that is taken off on purpose: SILENCE held for PROBE_HELD_MS while nothing flows and the signal is gone takes
the signal's alarms back for PROBE_OFF_S, or until a reading is there. It is an act: the key goes down after the signal
has gone, and one hold of it counts once; a key that is stuck grants nothing. Name and reason wait for people's PINs
(SES-12).
"""

from pump.base.compat import micropython
from pump.io import CONFIRM
from pump.tables.states import FLOWS, ON

SECOND_S = 30  # the second press must come within this
PROBE_HELD_MS = 3_000
PROBE_OFF_S = 600  # ALM-7: 10 min
DOWN_MS = 500  # a hold is new when it is seen so early: many looks, or a slow scan


class Monitoring:
    """`on`; `second`: the second press of CONFIRM is awaited; `probe_s`: seconds for which the probe may be off;
    `on_end`: called when a person has ended it."""

    def __init__(self):
        self.on = False
        self.second = False
        self.probe_s = 0
        self.on_end = None
        self._act = False  # SILENCE went down when it could take the alarms back, and has not done it
        self._held = self._holds = False  # at the look before, and at this one
        self._held_ms = 0
        self._asked_s = 0
        self._now_s = 0

    def asks(self, group):
        """True when it may be ended in a state of that group."""
        return self.on and not group & ON

    @micropython.native
    def press(self, presses, group, refused):
        """Keys newly pressed; `refused`: an alarm is up with which keys do not end it. True when it has ended."""
        again = self.second and presses & CONFIRM != 0
        self.second = False
        if not self.asks(group) or refused or not presses & CONFIRM:
            return False
        if again:
            self.on = False
            self.probe_s = 0
            if self.on_end:
                self.on_end()
            return True
        self.second = True
        self._asked_s = self._now_s
        return False

    @micropython.native
    def tick(self, now_s, group, there):
        """Each look: the second press did not come in time; the probe is back (`there`), or its time is over."""
        passed = now_s - self._now_s
        self._now_s = now_s
        self._held, self._holds = self._holds, False
        if self.second:
            self.second = now_s - self._asked_s <= SECOND_S
        if self.probe_s:
            self.probe_s = 0 if there or group & FLOWS else max(self.probe_s - passed, 0)

    @micropython.native
    def probe_off(self, held_ms, group, there):
        """SILENCE has been held for so long; True when the probe is off on purpose from now on."""
        may = self.on and not there and not self.probe_s and not group & FLOWS
        if not self._held or held_ms < self._held_ms:
            self._act = held_ms < DOWN_MS
        self._act = self._act and may
        self._holds = True
        self._held_ms = held_ms
        if not self._act or held_ms < PROBE_HELD_MS:
            return False
        self._act = False
        self.probe_s = PROBE_OFF_S
        return True

    def pack(self, to):
        """Appends what decides from here on."""
        for value in (
            self.on, self._now_s - self._asked_s if self.second else -1, self.probe_s, self._act, self._held,
            self._holds, self._held_ms if self._held or self._holds else 0,
        ):  # fmt: skip
            to.append(value)

"""From what the senses see to alarms and to the one cause for which the flow may not go on, by the rows of the tables.

Each sense sets and clears its bits with its own hysteresis (`bits`, of tables.causes). A cause that alerts raises its
alarm in the states that its row names; one that holds is the session's to act on. Beside them a state has an alarm of
its own, and while it holds or has faulted the cause of that has one.
"""

from array import array

from pump.base.compat import micropython
from pump.tables import causes
from pump.tables.alarms import PRIORITY
from pump.tables.causes import ALARM, ALERTS, BIT, CONDITIONS, DOES, ENDS, SEEN, WHERE
from pump.tables.states import ALARM as STATE_ALARM
from pump.tables.states import GROUP, HELD

_HOLDING = bytes([k for k in CONDITIONS if DOES[k] == causes.HOLDS])
_HOLD_BITS = array("I", [BIT[k] for k in _HOLDING])
_ALERTING = bytes([k for k in CONDITIONS if DOES[k] == ALERTS])
_ALERT_BITS = array("I", [BIT[k] for k in _ALERTING])


class Conditions:
    """`gather` the senses' bits; `hold`: the cause for which the flow may not go on, or 0; `judge` sets alarms."""

    def __init__(self, senses, alarms):
        self.senses = senses
        self.alarms = alarms
        self.bits = 0
        self.hold = 0
        self._wanted = bytearray(len(PRIORITY))
        self._judged = self._state = self._cause = -1

    @micropython.native
    def gather(self):
        """Takes the bits of all senses; the first cause in the table's order that holds stands in `hold`."""
        bits = 0
        for sense in self.senses:
            bits |= sense.bits
        if bits == self.bits:
            return
        self.bits = bits
        self.hold = 0
        for i in range(len(_HOLDING)):
            if bits & _HOLD_BITS[i]:
                self.hold = _HOLDING[i]
                return

    @micropython.native
    def judge(self, state, cause):
        """Raises and clears the alarms for these bits in this state, which holds or ended for that cause."""
        if self.bits == self._judged and state == self._state and cause == self._cause:
            return
        self._judged, self._state = self.bits, state
        self._cause = cause
        self._want(state, cause)
        alarms, wanted = self.alarms, self._wanted
        for alarm in range(1, len(wanted)):  # what is over goes first
            if not wanted[alarm]:
                alarms.set(alarm, False)
        for alarm in range(1, len(wanted)):
            if wanted[alarm]:
                alarms.set(alarm, True)

    def _want(self, state, cause):
        wanted, group = self._wanted, GROUP[state]
        for alarm in range(len(wanted)):
            wanted[alarm] = 0
        for i in range(len(_ALERTING)):
            if self.bits & _ALERT_BITS[i] and group & WHERE[_ALERTING[i]]:
                wanted[ALARM[_ALERTING[i]]] = 1
        wanted[STATE_ALARM[state]] = 1
        if (state == HELD and SEEN[cause]) or DOES[cause] == ENDS:
            wanted[ALARM[cause]] = 1

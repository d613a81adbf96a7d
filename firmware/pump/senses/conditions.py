"""From what the senses see to alarms and to the one cause for which the flow may not go on, by the rows of the tables.

Each sense sets and clears its bits with its own hysteresis (`bits`, of tables.causes). A cause raises its alarm in the
states that its row names, the patient's while the patient is watched, whatever the pump holds for; one that holds is
the session's to act on. Beside them a state has an alarm of its own, and while it holds or has faulted the cause of
that has one.
"""

from array import array

from pump.base.compat import micropython, ptr8, ptr32
from pump.base.copying import copy
from pump.senses.monitoring import Monitoring
from pump.tables import causes
from pump.tables.alarms import PRIORITY
from pump.tables.causes import (
    ALARM,
    ALERTS,
    BIT,
    CONDITIONS,
    DOES,
    ENDS,
    KIND,
    MONITORED,
    SENSOR,
    SIGNAL_BITS,
    VITALS,
    WAIT_BITS,
    WHERE,
)  # fmt: skip
from pump.tables.states import ALARM as STATE_ALARM
from pump.tables.states import FLOWS, GROUP, HELD, ON

AGAIN_S = 4  # alarms are told anew so often: what a changed bit has taken from them is raised again (INT-4)
GONE_S = 10  # a device's condition is over when it has been gone for so long: 360 onsets an hour at the most (ALM-8)
_HOLDING = bytes([k for k in CONDITIONS if DOES[k] == causes.HOLDS])
_HOLD_BITS = array("I", [BIT[k] for k in _HOLDING])
_BITS = array("I", [BIT[k] for k in CONDITIONS])
_LINGERS = bytearray(len(PRIORITY))
for _k in CONDITIONS:
    if DOES[_k] == ALERTS and KIND[_k] != VITALS:  # the patient's have their own time
        _LINGERS[ALARM[_k]] = 1
_NO_SIGNAL = ~SIGNAL_BITS


@micropython.viper
def _none(wanted: ptr8, n: int):
    for alarm in range(n):
        wanted[alarm] = 0


@micropython.viper
def _gone(wanted: ptr8, up: ptr8, gone_s: ptr32, n: int) -> int:
    """How many alarms that linger are up and wanted no more; of all others no time runs."""
    lingers = ptr8(_LINGERS)
    gone = 0
    for alarm in range(1, n):
        if wanted[alarm]:
            gone_s[alarm] = -1
        elif up[alarm] and lingers[alarm]:
            gone += 1
        else:
            gone_s[alarm] = -1
    return gone


class Conditions:
    """`gather` the senses' bits; `hold`: the cause for which the flow may not go on, or 0; `waits`: one of the pump's
    own for which no step may begin is there; `judge` sets alarms."""

    def __init__(self, senses, alarms):
        self.senses = senses
        self.alarms = alarms
        self.monitoring = Monitoring()
        self.bits = 0
        self.hold = 0
        self.waits = False
        self._wanted = bytearray(len(PRIORITY))
        self._up = bytearray(len(PRIORITY))
        self._gone_s = array("i", [-1] * len(PRIORITY))
        self._lingering = False
        self._judged = self._state = self._cause = -1
        self._told_s = 0  # when the alarms were last told all, whether or not anything had changed

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
        self.waits = bits & WAIT_BITS != 0
        for i in range(len(_HOLDING)):
            if bits & _HOLD_BITS[i]:
                self.hold = _HOLDING[i]
                return

    @micropython.native
    def judge(self, state, cause, now_s=0):
        """Raises and clears the alarms for these bits in this state, which holds or ended for that cause."""
        monitoring = self.monitoring
        if GROUP[state] & ON:
            monitoring.on = True
        bits = self.bits & _NO_SIGNAL if monitoring.probe_s else self.bits
        judged = bits << 1 | monitoring.on
        if now_s - self._told_s >= AGAIN_S or now_s < self._told_s:
            self._told_s = now_s
            self._judged = -1
        if judged == self._judged and state == self._state and cause == self._cause and not self._lingering:
            return
        began = GROUP[state] & FLOWS and state != self._state
        self._judged, self._state = judged, state
        self._cause = cause
        self._want(state, cause, bits)
        self._linger(now_s)
        self._tell()
        if began:
            self.alarms.confirm()  # people have let the drug flow, by two presses: they know

    @micropython.native
    def _want(self, state, cause, bits):
        wanted, group = self._wanted, GROUP[state]
        if self.monitoring.on:
            group |= MONITORED
        _none(wanted, len(wanted))
        if bits:
            for i in range(len(CONDITIONS)):
                if bits & _BITS[i] and group & WHERE[CONDITIONS[i]]:
                    wanted[ALARM[CONDITIONS[i]]] = 1
        wanted[STATE_ALARM[state]] = 1
        if (state == HELD and KIND[cause] == SENSOR) or DOES[cause] == ENDS:
            wanted[ALARM[cause]] = 1

    @micropython.native
    def _linger(self, now_s):
        """What is gone only just now stays wanted."""
        wanted, gone_s = self._wanted, self._gone_s
        self._lingering = False
        if not _gone(wanted, self._up, gone_s, len(wanted)):
            return
        for alarm in range(1, len(wanted)):
            if wanted[alarm] or not self._up[alarm] or not _LINGERS[alarm]:
                continue
            if gone_s[alarm] < 0:
                gone_s[alarm] = now_s
            if now_s - gone_s[alarm] < GONE_S:
                wanted[alarm] = 1
                self._lingering = True

    @micropython.native
    def _tell(self):
        wanted = self._wanted
        self.alarms.set_all(wanted)
        copy(self._up, 1, wanted, 1, len(wanted) - 1)

    def pack(self, to):
        """Appends what decides from here on: what is there, and what is only just gone."""
        for value in (self.bits, self.hold, self.waits, self._judged, self._state, self._cause, self._lingering):
            to.append(value)
        now_s = self.alarms.now_s
        to.extend(self._up)
        if self._lingering:
            for gone_s in self._gone_s:
                to.append(now_s - gone_s if gone_s >= 0 else -1)
        self.monitoring.pack(to)

"""The self-test as the core judges it (INT-1): what has passed, what has failed, what is still awaited.

The board makes most checks and says in the snapshot which passed and which failed; keys and supply are judged here. At
power-up the session stands in the state testing until all that are made AT_ONCE have passed, and only then is a session
that was cut off taken up; START counts for nothing until the SLOW ones have, too. The first that fails is the pump's
end until it is switched off and on: before a session, or in one that nobody has yet let flow again, nothing of what is
kept is touched (state failed); in a session it is a fault as any other.
"""

from array import array

from pump.base.compat import micropython
from pump.io import SILENCE, START, STOP
from pump.recovery import recover
from pump.senses.battery import COUNTS_PER_V
from pump.tables import inputs
from pump.tables.causes import SELF_TEST
from pump.tables.checks import (
    AT_POWER_UP,
    COUNT,
    DOES,
    FAILED,
    FIRST,
    KEY,
    NOT_YET,
    PASSED,
    PULSES,
    STOPS,
    SUPPLY,
)  # fmt: skip
from pump.tables.events import SELF_TEST as SELF_TESTED
from pump.tables.states import GROUP, TESTING, UNTESTED

KEY_MS = 6_000  # longer than the keys for a privilege may be held at power-up (senses.power_up)
LOWEST_MV, HIGHEST_MV = 3_000, 4_400  # of a lithium cell: below it the pump would not last, above its sensing is broken
_ENDED = 1  # of `pending`: no row has that bit


class Checks:
    """`look` while there is something to look at; `trip`: a cause, 0: nothing has failed; `failed`: the row.

    `pending`: those awaited before START counts, as bits; `verdicts`, `values`, `at_s`: of each row, and when.
    """

    def __init__(self, log):
        self.pending = 0
        self.trip = self.failed = 0
        self.verdicts = bytearray(COUNT)
        self.values = array("i", [0] * COUNT)
        self.at_s = array("i", [0] * COUNT)
        self._log = log
        self._key_ms = 0
        self._cause = 0

    def begin(self, pump, cause):
        """At power-up, before the first record: all are made. `pump`: the controller, `cause`: the reset cause."""
        self._cause = cause
        pump.session.test()
        self._await()

    def again(self, out):
        """All are made anew, at rest."""
        if not self.failed:
            self._await()
            out.tests = True

    def _await(self):
        self.pending = AT_POWER_UP
        self._key_ms = 0
        for check in range(COUNT):
            self.verdicts[check] = NOT_YET

    @micropython.native
    def look(self, pump, snap, out, presses):
        """Takes what the board says, judges what is the core's. Returns the presses that count."""
        session = pump.session
        if snap.failed:
            self._fails(pump, snap.failed, snap.found[snap.failed])
        elif pump.guard.trip and session.state == TESTING and not self.failed:
            self._fails(pump, PULSES, snap.pulses)  # nothing is commanded: whatever the guard has seen is that
        if snap.passed:
            for check in range(1, COUNT):
                if snap.passed >> check & 1:
                    self._passes(pump, check, snap.found[check])
        if self.pending & ~_ENDED:
            self._own(pump, snap)
        if session.state == TESTING and not self.pending & (FIRST | _ENDED):
            self._first_passed(pump, out)
        if GROUP[session.state] & UNTESTED:
            return presses & (STOP | SILENCE)
        return presses & ~START if self.pending else presses

    def _passes(self, pump, check, value):
        self._told(pump, check, PASSED, value)
        self.pending &= ~(1 << check)
        if not self.pending:
            pump.session.untested = False

    def _fails(self, pump, check, value):
        """The first that stops the pump is the one that is named."""
        self._told(pump, check, FAILED, value)
        if DOES[check] != STOPS:
            self._log(SELF_TESTED, check, value)
            self._passes_by(pump, check)
        elif not self.failed:
            self._log(SELF_TESTED, check, value)
            self.failed = pump.session.check = check
            self.trip = SELF_TEST
            self.pending |= _ENDED

    def _passes_by(self, pump, check):
        """It only tells: nothing waits for it."""
        value = self.values[check]
        self._passes(pump, check, value)
        self.verdicts[check] = FAILED

    def _told(self, pump, check, verdict, value):
        self.verdicts[check] = verdict
        self.values[check] = value
        self.at_s[check] = pump.t_s

    def _own(self, pump, snap):
        if self.pending >> SUPPLY & 1:
            mv = snap.raw[inputs.BATTERY] * 1000 // COUNTS_PER_V
            if LOWEST_MV <= mv <= HIGHEST_MV:
                self._passes(pump, SUPPLY, mv)
            else:
                self._fails(pump, SUPPLY, mv)
        if self.pending >> KEY & 1:
            self._key(pump, snap)

    def _key(self, pump, snap):
        """No key is down: then none is stuck. One that was down at power-up for a privilege has been let go by now."""
        self._key_ms += snap.dt_ms
        if not snap.buttons:
            self._passes(pump, KEY, 0)
        elif self._key_ms >= KEY_MS:
            self._fails(pump, KEY, snap.buttons)

    def _first_passed(self, pump, out):
        """The pump may be used; what was cut off goes on. That takes memory, and as long as a load."""
        pump.link.loading = out.tidy = True
        pump.session.tested()
        recover(pump, self._cause)

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.pending)
        to.append(self.failed)
        to.append(min(self._key_ms, KEY_MS) if self.pending >> KEY & 1 else 0)

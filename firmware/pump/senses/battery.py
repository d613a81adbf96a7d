"""How long the battery lasts, from its voltage behind a divider of two equal resistors (ALM-5).

Readings are smoothed, and count when they have been beyond a limit of tables.battery for LOOKS looks in a row, so that
neither the motor's pulses nor noise do. A step is over when the voltage is plainly above its limit (BACK_MV), or at
once when the mains are back. On the mains the voltage says nothing but that there is a cell: one that is MISSING is
told like one that is low.
"""

from array import array

from pump.base.compat import micropython
from pump.tables.battery import BACK_MV, CAUSE, COUNT, LIMIT_MV, MISSING_MV
from pump.tables.causes import BIT

COUNTS_PER_V = 4095 * 10 // 66  # 12 bits over 3.3 V, half the voltage at the pin


def counts_of(mv):
    """What the ADC reads at so many mV."""
    return mv * COUNTS_PER_V // 1000


LOW = array("H", [counts_of(mv) for mv in LIMIT_MV])
BACK = array("H", [counts_of(mv + BACK_MV) for mv in LIMIT_MV])
GOOD_COUNTS = BACK[0]  # plainly above all of them
_MISSING = counts_of(MISSING_MV)
LOOKS = 8  # of 80 ms: two thirds of a second
_FINER = 4  # bits below a count that the smoothed reading keeps
_BITS = array("I", [BIT[cause] for cause in CAUSE])


class Sense:
    """`sense` takes a reading each look; `bits` are conditions of tables.causes; `supply`: the sense of the mains."""

    def __init__(self):
        self.bits = 0
        self.supply = None
        self._step = 0  # rows of tables.battery that are reached
        self._fine = -1  # the smoothed reading; -1: none came
        self._looks = 0  # in a row that say another step

    @micropython.native
    def sense(self, counts):
        """A reading of 0 to 4095 counts."""
        fine = counts << _FINER
        if self._fine >= 0:
            fine = self._fine + (fine - self._fine >> 1)
        self._fine = fine
        own = fine >> _FINER
        step = self._reached(own)
        if step < self._step and self._mains_come():
            step = self._step  # what rises now is no battery
        self._looks = self._looks + 1 if step != self._step else 0
        if self._looks >= LOOKS:
            self._looks = 0
            self._step = step
        self.bits = self._meaning(own)

    @micropython.native
    def _reached(self, own):
        """The step that a voltage means, from the one before on."""
        step = min(self._step, COUNT)
        while step < COUNT and own < LOW[step]:
            step += 1
        while step and own > BACK[step - 1]:
            step -= 1
        return step

    def _mains_come(self):
        """They have been there for a moment, and may go again."""
        return self.supply is not None and self.supply.comes()

    @micropython.native
    def _meaning(self, own):
        if self.supply is not None and self.supply.present:
            return _BITS[0] if own < _MISSING else 0
        return _BITS[self._step - 1] if self._step else 0

    def pack(self, to):
        """Appends what decides from here on."""
        for value in (self.bits, self._step, self._fine, self._looks):
            to.append(value)

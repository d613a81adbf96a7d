"""Whether the patient is plainly worse than when people were last told (ALM-7): it breaks an audio pause.

The next limit, or four points of SpO2; or the pulse so much further outside its limits. Against the reading with which
the condition began, that was told, or that stood when a person paused the sound.
"""

from pump.base.compat import micropython
from pump.senses.limits import SEVERE_SPO2
from pump.tables.causes import BIT, PULSE_STOP, SPO2_EARLY, SPO2_STOP
from pump.tables.messages import NONE8

WORSE_SPO2 = 4  # points (ALM-7)
WORSE_PULSE = 15  # beats a minute: ours
_LOW_BIT = BIT[SPO2_STOP]
_EARLY_BIT = BIT[SPO2_EARLY]
_SLOW_BIT = BIT[PULSE_STOP]


class Worse:
    """`take` each sure sample; `mark` when the sound is paused."""

    def __init__(self):
        self.restart()

    def restart(self):
        """Nothing was low."""
        self._spo2 = NONE8
        self._strayed = 0  # how far the pulse was outside its limits

    def mark(self, spo2, outside):
        """What gets worse from here is told again."""
        self._spo2, self._strayed = spo2, outside

    @micropython.native
    def take(self, bits, spo2, outside):
        """A sure sample, conditions, how far the pulse is outside its limits; True where it is plainly worse."""
        worse = False
        if not bits & (_LOW_BIT | _EARLY_BIT):
            self._spo2 = NONE8
        elif self._spo2 == NONE8:
            self._spo2 = spo2
        elif spo2 <= self._spo2 - WORSE_SPO2 or spo2 <= SEVERE_SPO2 < self._spo2:
            self._spo2 = spo2
            worse = True
        if not bits & _SLOW_BIT:
            self._strayed = 0
        elif outside >= self._strayed + WORSE_PULSE:
            worse = self._strayed > 0 or worse
            self._strayed = outside
        return worse

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self._spo2)
        to.append(self._strayed)

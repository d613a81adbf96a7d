"""The rule for packets without a checksum: two of three in a row say about the same, or the newest is in doubt."""

from pump.base.compat import micropython
from pump.tables.messages import NONE8, NONE16
from pump.tables.vitals import VALID


class Agreement:
    """Remembers the last two packets. `spo2` (points) and `pulse` (beats a minute): what counts as the same."""

    def __init__(self, spo2, pulse):
        self._spo2, self._pulse = spo2, pulse
        self.forget()

    def forget(self):
        """Nothing was said before."""
        self._spo2_1 = self._spo2_2 = NONE8
        self._pulse_1 = self._pulse_2 = NONE16

    @micropython.native
    def judge(self, spo2, pulse, flags):
        """The next packet; False when it has a reading, and neither of the two before says the same."""
        if not flags & VALID:
            spo2, pulse = NONE8, NONE16
        agrees = self._near(self._spo2_1 - spo2, self._pulse_1 - pulse)
        agrees = agrees or self._near(self._spo2_2 - spo2, self._pulse_2 - pulse)
        self._spo2_2, self._pulse_2 = self._spo2_1, self._pulse_1
        self._spo2_1, self._pulse_1 = spo2, pulse
        return agrees or spo2 == NONE8

    @micropython.native
    def _near(self, spo2, pulse):
        return abs(spo2) <= self._spo2 and abs(pulse) <= self._pulse

"""The patient's SpO2 since START, for people: own value then, lowest since, and whether it falls or rises now.

Each EVERY_S the median of the last minute is set against the one of BACK_S ago; before that there is the baseline,
which is the median of the minute before START. A change by POINTS is told. Two points are the accuracy that oximeters
state for themselves (one standard deviation), the hysteresis of every limit (VIT-5), and less than the falls under the
baseline at which the pump warns and stops (3 and 4 points, VIT-1): who goes down slowly is seen before the alarm.
Medians, because single readings go to and fro by a point. A third of a step is long enough ago. BACK_S, EVERY_S: ours.

A minute without a sure reading has no median: nothing is told then, and what was known last stays to be compared with.
Nothing here decides anything.
"""

from pump.base.compat import micropython, ptr8
from pump.tables import verdicts
from pump.tables.messages import NONE8
from pump.tables.trends import FALLS, RISES, STEADY, UNKNOWN

EVERY_S = 10
BACK_S = 300
POINTS = 2
_KEPT = BACK_S // EVERY_S


@micropython.viper
def _fill(kept: ptr8, n: int, value: int):
    for i in range(n):
        kept[i] = value


class Trend:
    """`on` from START until the patient is watched no more; `lowest`, `minute` (the last one's median), `before`
    (that of BACK_S ago): percent SpO2, NONE8 for none; `goes`: a row of tables.trends."""

    def __init__(self, last_minute):
        """`last_minute`: a Minute (senses.baseline), kept by others."""
        self._last_minute = last_minute
        self._kept = bytearray(_KEPT)
        self._next = 0
        self._due_s = -1
        self.on = False
        self.lowest = self.minute = self.before = NONE8
        self.goes = UNKNOWN

    @micropython.native
    def begin(self, baseline):
        """START is pressed; `baseline` in percent, NONE8 for none."""
        self.on = True
        self.lowest = NONE8
        self._due_s = -1
        _fill(self._kept, _KEPT, baseline)
        self._compare(baseline, baseline)

    def end(self):
        """Whoever comes next has a trend of their own."""
        self.on = False
        self.lowest = NONE8
        self._compare(NONE8, NONE8)

    @micropython.native
    def look(self, now_s, vitals):
        """By turns, so often that it meets each sample of `vitals`. Each EVERY_S the last minute is compared."""
        if not self.on:
            return
        if vitals.sure and vitals.spo2 < self.lowest:
            self.lowest = vitals.spo2
        if now_s < self._due_s:
            return
        first = self._due_s < 0
        self._due_s = now_s + EVERY_S
        if first:
            return
        kept, at = self._kept, self._next
        minute, before = self._last_minute.median(), kept[at]
        kept[at] = kept[at - 1] if minute == NONE8 else minute
        self._next = (at + 1) % _KEPT
        self._compare(minute, before)

    @micropython.native
    def _compare(self, minute, before):
        self.minute, self.before = minute, before
        if minute == NONE8 or before == NONE8:
            self.goes = UNKNOWN
        elif minute <= before - POINTS:
            self.goes = FALLS
        elif minute >= before + POINTS:
            self.goes = RISES
        else:
            self.goes = STEADY


# -- verdicts, by the limits that a judge (senses.vitals) goes by now


@micropython.native
def of_spo2(spo2, limits):
    """The verdict on a sure SpO2 in percent, NONE8 for none."""
    if spo2 == NONE8:
        return verdicts.NONE
    if spo2 <= limits.stop:
        return verdicts.LOW
    if spo2 <= limits.early_limit:
        return verdicts.EARLY
    return verdicts.GOOD


@micropython.native
def of_pulse(pulse, limits):
    """The verdict on a sure pulse in beats a minute."""
    if pulse < limits.pulse_min:
        return verdicts.LOW
    if pulse > limits.pulse_max:
        return verdicts.HIGH
    return verdicts.GOOD

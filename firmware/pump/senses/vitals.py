"""Oximeter samples to judged vital signs: is the reading good, is it too low, and for how long (VIT-1, VIT-2).

A sample is what a parser of `oximeters` hands out each third of a second: spo2 and pulse (NONE8, NONE16 when missing),
flags of tables.vitals, a counter of the device and the span of its pleth. Missing is a state of its own: no value is
never a good value, and low is never implausible.
"""

from pump.base.compat import micropython
from pump.base.units import TICK_MASK, ticks_diff
from pump.tables.causes import BIT, PULSE_STOP, SIGNAL_LATE, SIGNAL_LOST, SPO2_EARLY, SPO2_STOP
from pump.tables.messages import NONE8, NONE16
from pump.tables.vitals import UNSURE_FLAGS, VALID

ALERT_MS = 5_000  # no valid sample: alert, then hold (VIT-2)
HOLD_MS = 15_000
SEVERE_SPO2 = 85  # below this for 3 s holds whatever the delay (VIT-1)
SEVERE_MS = 3_000
STRETCH_MS = 10_000  # artifact may lengthen a delay by at most this (VIT-1)
RECOVER_MARGIN = 2  # resume wants SpO2 at the limit + 2 for 60 s (SES-4)
RECOVER_MS = 60_000
AGE_MAX_MS = 1 << 28  # ages stop growing here: three days
# A sample is seen at the next scan, so one that comes just as the delay is over may look up to two scans too early;
# without this it would be the next sample, a third of a second later, that holds.
SEEN_LATE_MS = 40
_EARLY_BIT = BIT[SPO2_EARLY]
_LATE_BIT = BIT[SIGNAL_LATE]


class Timer:
    """Milliseconds since a condition began; -1 while it does not hold."""

    def __init__(self):
        self.since = -1

    @micropython.native
    def run(self, holds, now_ms):
        """Starts, keeps or ends the timer; returns its age in ms, -1 when off."""
        if not holds:
            self.since = -1
            return -1
        if self.since < 0:
            self.since = now_ms
        age = ticks_diff(now_ms, self.since)
        if age > AGE_MAX_MS:  # half as long again, and the ticks' difference would turn round
            self.since = (now_ms - AGE_MAX_MS) & TICK_MASK
            age = AGE_MAX_MS
        return age


class Vitals:
    """Judges samples by a protocol's limits. `hold`: a row of tables.causes or 0; `early`: a flag; `bits`: causes."""

    def __init__(self):
        self.spo2 = NONE8
        self.pulse = NONE16
        self.flags = 0
        self.hold = 0
        self.early = False
        self.alert = False
        self.recovered = False
        self._low, self._severe, self._slow, self._good = Timer(), Timer(), Timer(), Timer()
        self._valid_ms = -1
        self.bits = 0
        self.set_limits(92, 94, 10, 50, 130)

    def set_limits(self, stop, early, delay_s, pulse_min, pulse_max):
        """Stop and early limit in percent SpO2, delay in seconds, pulse limits in beats a minute."""
        self.stop, self.early_limit, self.delay_ms = stop, early, delay_s * 1000
        self.pulse_min, self.pulse_max = pulse_min, pulse_max
        self.restart()

    def restart(self):
        """Forgets what was timed: after a resume each delay counts anew."""
        for timer in (self._low, self._severe, self._slow, self._good):
            timer.since = -1
        self.hold = 0
        self.recovered = False
        self._sum_up()

    @micropython.native
    def _sum_up(self):
        """What of all this is a condition."""
        bits = BIT[self.hold]
        if self.alert:
            bits |= _LATE_BIT
        elif self.early:
            bits |= _EARLY_BIT
        self.bits = bits

    @micropython.native
    def sample(self, spo2, pulse, flags, now_ms):
        """Takes one sample of the device."""
        self.spo2, self.pulse, self.flags = spo2, pulse, flags
        if flags & VALID:
            if not flags & UNSURE_FLAGS:
                self._valid_ms = now_ms
            self._judge(now_ms, flags & UNSURE_FLAGS)
            self._sum_up()

    @micropython.native
    def _judge(self, now_ms, unsure):
        spo2, pulse = self.spo2, self.pulse
        # An unsure sample is "not better": it neither ends a timer nor completes it before the stretch.
        wait = self.delay_ms - SEEN_LATE_MS + (STRETCH_MS if unsure else 0)
        low = self._low.run(spo2 <= self.stop or (unsure and self._low.since >= 0), now_ms)
        slow_now = not self.pulse_min <= pulse <= self.pulse_max
        slow = self._slow.run(slow_now or (unsure and self._slow.since >= 0), now_ms)
        severe = self._severe.run(spo2 < SEVERE_SPO2 or (unsure and self._severe.since >= 0), now_ms)
        if (low >= 0 and low >= wait) or severe >= SEVERE_MS - SEEN_LATE_MS + (STRETCH_MS if unsure else 0):
            self.hold = SPO2_STOP
        elif slow >= 0 and slow >= wait:
            self.hold = PULSE_STOP
        self.early = spo2 <= self.early_limit
        better = spo2 >= min(self.stop + RECOVER_MARGIN, 100) and not slow_now and not unsure
        self.recovered = self._good.run(better, now_ms) >= RECOVER_MS

    @micropython.native
    def watch(self, now_ms):
        """Each scan: ages the last valid sample. Before the first one there is nothing valid either."""
        if self._valid_ms < 0:
            self.alert = True
            self.recovered = False
            self._sum_up()
            return
        age = ticks_diff(now_ms, self._valid_ms)
        self.alert = age >= ALERT_MS
        if age >= ALERT_MS:
            self._good.since = -1
            self.recovered = False
            # What is as old as this is no reading any more, for nobody who looks at it.
            self.spo2, self.pulse = NONE8, NONE16
            self.flags &= ~VALID
        if age >= HOLD_MS:
            if not self.hold:
                self.hold = SIGNAL_LOST
            if age > 1 << 28:
                self._valid_ms = (now_ms - HOLD_MS) & ((1 << 30) - 1)
        self._sum_up()

    def good(self):
        """True while a reading is valid, fresh, above the stop limit and within the pulse limits."""
        if self.alert or not self.flags & VALID:
            return False
        return self.spo2 > self.stop and self.pulse_min <= self.pulse <= self.pulse_max

    def adopt(self, protocol):
        """Takes the limits of a protocol."""
        p = protocol
        self.set_limits(p.spo2_stop, p.spo2_early, p.delay_s, p.pulse_min, p.pulse_max)

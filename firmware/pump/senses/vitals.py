"""Oximeter samples to judged vital signs: is the reading good, is it too low, and for how long (VIT-1, VIT-2, VIT-5).

A sample is what a parser of `oximeters` hands out: spo2 and pulse (NONE8, NONE16 when missing) and flags of
tables.vitals. Missing is a state of its own: no value is never a good value, and low is never implausible. A sure
sample is valid and has no flag that makes it unsure; only sure samples are good, recover, or end a condition.

    limit       sets                                            clears
    SpO2 stop   at or below it for the delay (limits.Delay),    at `resume` or above, and the pulse within its limits,
                under 85 % for 3 s, 50 points of deficit, or    for CLEAR_MS of sure samples
                three violations within 60 s
    pulse       outside its limits for the delay                as SpO2 stop
    SpO2 early  a sure sample at or below it                    above it for CLEAR_MS of sure samples
    signal      ALERT_MS without a sure sample; HOLD_MS,        sure samples for SIGNAL_CLEAR_MS, or a restart
                or at once where the last one was low or falling (`sinks`)

The signal's time adds up over gaps, and runs back only in the time of sure samples: one in 4.7 s undoes nothing. A gap
within `fresh_ms` is none. The limits themselves: own_limits.
"""

from pump.base.compat import micropython
from pump.base.seal import Seal
from pump.base.units import TICK_MASK, age_ms, ticks_diff
from pump.claim import LEASE_MS
from pump.senses.baseline import Minute
from pump.senses.limits import BACK, BETWEEN, BEYOND, FALL_S, SEVERE_SPO2, Deficit, Delay, Violations, side_under, sinks
from pump.senses.own_limits import OwnLimits
from pump.senses.trend import Trend
from pump.senses.vitals_seal import folded
from pump.senses.worse import Worse
from pump.tables import verdicts
from pump.tables.causes import (
    BIT,
    LOW_BITS,
    PULSE_STOP,
    SIGNAL_BITS,
    SIGNAL_LATE,
    SIGNAL_LOST,
    SPO2_EARLY,
    SPO2_STOP,
)  # fmt: skip
from pump.tables.messages import NONE8, NONE16
from pump.tables.vitals import ARTIFACT, FROZEN, UNRELIABLE_FLAGS, UNSURE_FLAGS, VALID

FRESH_MS = 2_000  # a reading older than this is not one of now; formats that send less often set more
# Without a sure sample an alert within 5 s and a hold within 15 s of the last byte of the last good one (VIT-2). They
# begin sooner: a look may lie 80 ms after the time, and of 60 frames a second a reading is told up to 0.35 s late.
ALERT_WITHIN_S, HOLD_WITHIN_S = 5, 15
ALERT_MS = 4_500
HOLD_MS = 14_500
FROZEN_MS = 3_000  # the longest that a format needs to know that what it says does not move: so old it is by then
SEVERE_MS = 3_000
PULSE_MARGIN = 2  # the same for the pulse, in beats a minute: ours
RECOVER_MS = 60_000  # SES-4
CLEAR_MS = 30_000  # ALM-7: what comes back after 30 s is a new onset; a condition comes 120 times an hour at the most
SIGNAL_CLEAR_MS = 10_000
_LOW_BIT = BIT[SPO2_STOP]
_SLOW_BIT = BIT[PULSE_STOP]
_EARLY_BIT = BIT[SPO2_EARLY]
_LATE_BIT = BIT[SIGNAL_LATE]
_LOST_BIT = BIT[SIGNAL_LOST]
_PAST_MS = 1 << 28
AGE_MOST_MS = 3_600_000  # what is older is told as so old


class Vitals(OwnLimits):
    """Judges samples by a protocol's limits and the patient's baseline.

    `bits`: conditions that are there now; `hold`: the cause of tables.causes for which a resume has to wait, kept until
    `restart`; `recovered`: good for a minute, and good now; `worsened`: set when it got plainly worse; `leased_ms`: the
    lease on which the drug flows (pump.claim): whoever stops judging, or calls for a hold that nobody hears, ends it.

    For people: `age_ms` of the newest sure sample at the last look, AGE_MOST_MS at the most, -1 before the first;
    `trend` since START.
    """

    def __init__(self):
        self.spo2 = NONE8
        self.pulse = NONE16
        self.flags = 0
        self.age_ms = -1
        self.fresh_ms = FRESH_MS
        self.hold = 0
        self.bits = 0
        self.alert = False  # no sure sample now, and 5 s without one
        self.recovered = False
        self.worsened = False
        self.sure = False  # the newest sample is sure and fresh
        self.leased_ms = self._looked_ms = -1  # when the patient last let the drug flow, was last looked at; -1: never
        self.good_ms = 0  # how long it has been good enough to resume
        self.baseline = NONE8
        self._low, self._severe, self._slow = Delay(), Delay(), Delay()
        self._deficit, self._violations = Deficit(), Violations()
        self._minute = Minute()
        self.trend = Trend(self._minute)
        self._better = self._gone = False  # _gone: the oximeter says that it has no reading
        self._last = NONE8  # SpO2 of the newest sure sample
        self._doubted = NONE8  # of the newest sample, where that is in doubt
        self._early_ms = self._signal_ms = self._missed_ms = 0
        self._worse = Worse()
        self._sure_ms = -1
        self._sample_ms = -1
        self.set_limits(92, 94, 10, 50, 130)
        self.seal = Seal(folded, self)

    # -- what a person's act changes

    @micropython.native
    def take_baseline(self):
        """START is pressed: the median SpO2 of the last minute is the patient's own; returns it, NONE8 for none."""
        self.baseline = self._minute.median()
        self._unbind()
        self._level()
        self.restart()
        self.trend.begin(self.baseline)
        return self.baseline

    def restart(self):
        """People let the drug flow: what held is over, the signal is there, there is a lease. What is timed goes on."""
        self.hold = self._missed_ms = self._signal_ms = 0
        self.leased_ms = self._looked_ms
        self.bits &= ~SIGNAL_BITS

    def leave(self):
        """Watching has ended: whoever comes next has limits, and readings, of her own."""
        self.let_go()
        self._minute.forget()

    def mark(self):
        """A person has paused the sound: what gets worse from here is told again."""
        if self.sure:
            self._worse.mark(self.spo2, self._outside())

    def _forget(self):
        """Nothing was low."""
        for timed in (self._low, self._severe, self._slow, self._deficit, self._violations, self._worse):
            timed.restart()
        self.bits &= ~(LOW_BITS | _EARLY_BIT)
        self._last = self._doubted = NONE8
        self.good_ms = self._early_ms = 0
        self._better = self.recovered = False
        self.trend.end()

    # -- samples

    @micropython.native
    def sample(self, spo2, pulse, flags, now_ms):
        """Takes one sample of the device."""
        self.spo2, self.pulse, self.flags = spo2, pulse, flags
        if not flags & VALID or spo2 == NONE8 or pulse == NONE16:
            self._lose(flags, now_ms)
            return
        dt_ms = HOLD_MS
        if self._sample_ms >= 0:
            dt_ms = ticks_diff(now_ms, self._sample_ms)
            if dt_ms < 0:
                dt_ms = 0
            elif dt_ms > HOLD_MS:
                dt_ms = HOLD_MS
        self._sample_ms = now_ms
        self._gone = False
        if flags & UNSURE_FLAGS:
            self._unknown()
            self._judge(spo2, dt_ms, True)
            self._doubted = spo2
            self._looked_ms = now_ms
            return
        self._count_signal(now_ms)
        self.sure = True
        self._last = spo2
        self._doubted = NONE8
        self._judge(spo2, dt_ms, False)
        self._recover(spo2, dt_ms)
        self._watch_early(spo2, dt_ms)
        if self._worse.take(self.bits, spo2, self._outside()):
            self.worsened = True
        self._lease(now_ms)

    @micropython.native
    def _lease(self, now_ms):
        """The drug may flow on while nothing holds it; after a hold people give a new lease (`restart`)."""
        self._looked_ms = now_ms
        if not self.hold:
            self.leased_ms = now_ms

    @micropython.native
    def _unknown(self):
        """Nothing good is known now, and nothing of the time up to the next good sample."""
        self.sure = self.recovered = False
        self._better = False

    @micropython.native
    def _judge(self, spo2, dt_ms, unsure):
        """Whether the flow may not go on."""
        stop = self.stop
        side = side_under(spo2, stop)
        low = self._low.take(side, dt_ms, unsure, self.delay_ms)
        if self._severe.take(side_under(spo2, SEVERE_SPO2), dt_ms, unsure, SEVERE_MS):
            low = True
        if self._deficit.take(stop + 1 - spo2, dt_ms, unsure):
            low = True
        if self._violations.take(side, dt_ms, unsure):
            low = True
        if low:
            self.hold = SPO2_STOP
            self.bits |= _LOW_BIT
        outside = self._outside()
        side = BACK if outside <= -PULSE_MARGIN else BETWEEN
        if outside > 0:
            side = BEYOND
        if self._slow.take(side, dt_ms, unsure, self.delay_ms):
            self.bits |= _SLOW_BIT
            if self.hold != SPO2_STOP:
                self.hold = PULSE_STOP

    @micropython.native
    def _outside(self):
        """How far the pulse is outside its limits, negative within (beats a minute)."""
        return max(self.pulse_min - self.pulse, self.pulse - self.pulse_max)

    @micropython.native
    def _recover(self, spo2, dt_ms):
        """A sure sample: time between good ones counts, a low one starts it anew."""
        better = spo2 >= self.resume and self._outside() <= 0
        if not better:
            self.good_ms = 0
        elif self._better and dt_ms <= self.fresh_ms:
            self.good_ms = min(self.good_ms + dt_ms, RECOVER_MS)
        self._better = better
        self.recovered = better and self.good_ms >= RECOVER_MS
        if self.good_ms >= CLEAR_MS:
            self.bits &= ~LOW_BITS
        if self.recovered:  # what was timed before is over, also where the baseline leaves no room above
            self._low.ms = self._severe.ms = 0
            self._slow.ms = self._deficit.sum = 0

    @micropython.native
    def _watch_early(self, spo2, dt_ms):
        if spo2 <= self.early_limit:
            self.bits |= _EARLY_BIT
            self._early_ms = 0
        elif self.bits & _EARLY_BIT:
            self._early_ms += min(dt_ms, self.fresh_ms)
            if self._early_ms >= CLEAR_MS:
                self.bits &= ~_EARLY_BIT

    # -- the signal

    @micropython.native
    def _lose(self, flags, now_ms):
        """A sample without a reading. A frozen one says that those of the last FROZEN_MS were none either."""
        self._unknown()
        self._gone = True
        if self.pulse == NONE16 and not flags & UNRELIABLE_FLAGS:  # without a pulse: low is never implausible
            self._doubted = min(self._doubted, self.spo2)
        since = (now_ms - FROZEN_MS) & TICK_MASK
        if flags & FROZEN and self._sure_ms >= 0 and ticks_diff(self._sure_ms, since) > 0:
            self._sure_ms = since

    @micropython.native
    def _count_signal(self, now_ms):
        """A sure sample has come: the signal is back after SIGNAL_CLEAR_MS of them."""
        since = self._sure_ms
        self._sure_ms = now_ms
        self.alert = False
        gap_ms = ticks_diff(now_ms, since) if since >= 0 else ALERT_MS
        if gap_ms > self.fresh_ms and since >= 0:
            self._missed_ms = min(self._missed_ms + min(gap_ms, HOLD_MS), HOLD_MS)
        else:
            missed_ms = self._missed_ms - gap_ms
            self._missed_ms = missed_ms if missed_ms > 0 else 0
        if not self.bits & SIGNAL_BITS:
            self._signal_ms = 0
            return
        self._signal_ms = self._signal_ms + gap_ms if gap_ms <= self.fresh_ms else 0
        if self._signal_ms >= SIGNAL_CLEAR_MS:
            self.bits &= ~SIGNAL_BITS

    @micropython.native
    def watch(self, now_ms):
        """Each look: ages the last sure sample. Before the first one it is as if that had just become too old."""
        self._minute.keep(self.spo2 if self.sure else NONE8, now_ms)
        if self._sure_ms < 0:
            self._sure_ms = (now_ms - ALERT_MS) & TICK_MASK
        age = ticks_diff(now_ms, self._sure_ms)
        if age < 0:  # no sample is of later than now: a bit has changed (INT-4), and nothing is known
            self._sure_ms = (now_ms - HOLD_MS) & TICK_MASK
            age = HOLD_MS
        if self.sure or self.age_ms >= 0:
            self.age_ms = age if age < AGE_MOST_MS else AGE_MOST_MS
        if age > self.fresh_ms:
            self._unknown()
            if age + self._missed_ms >= ALERT_MS:
                self._miss(age, now_ms)
        if (self._gone or age > self.fresh_ms) and not self.bits & _LOST_BIT:
            self._fear(age, now_ms)
        self._lease(now_ms)

    @micropython.native
    def _fear(self, age, now_ms):
        """No reading of now: who was low or falling as it went has no time left, and a minute of good ones to wait for.

        Artifact is no lost signal: it lengthens a delay, no more (VIT-1). What the line has damaged is one.
        """
        last, comes = self._last, self._comes(now_ms)
        if not comes:
            last = min(last, self._doubted)  # what was in doubt as it went was nothing to the good
        elif self.flags & UNSURE_FLAGS == ARTIFACT:
            return
        highest = self._minute.highest(FALL_S + age // 1000)
        if sinks(last, highest, self.stop, self.early_limit, self._low.ms):
            self.hold = SPO2_STOP
        elif not self._slow.over(ticks_diff(now_ms, self._sample_ms), self.delay_ms):
            return
        elif not self.hold:
            self.hold = PULSE_STOP
        if comes and self._doubted <= self.stop:
            self.bits |= _LOW_BIT  # what comes is in doubt, and says the same
        else:
            self.alert = True
            self.bits |= SIGNAL_BITS

    @micropython.native
    def _comes(self, now_ms):
        """Whether readings come, sure or not."""
        return not self._gone and self._sample_ms >= 0 and ticks_diff(now_ms, self._sample_ms) <= self.fresh_ms

    @micropython.native
    def _miss(self, age, now_ms):
        """No sure sample for too long: what is as old as this is no reading any more, for nobody who looks at it."""
        self.alert = True
        self.bits |= _LATE_BIT
        self.spo2, self.pulse = NONE8, NONE16
        self.flags &= ~VALID
        self.good_ms = 0
        self._better = False
        if age + self._missed_ms < HOLD_MS:
            return
        self.bits |= _LOST_BIT
        if age >= HOLD_MS:
            self._violations.forget()
        if not self.hold:
            self.hold = SIGNAL_LOST
        if age > _PAST_MS:
            self._sure_ms = self._sample_ms = (now_ms - AGE_MOST_MS) & TICK_MASK

    # -- for those who ask

    @micropython.native
    def good(self):
        """True for a sure sample of now, above the stop limit and within the pulse limits, without a condition."""
        if not self.sure or self.bits & LOW_BITS:
            return False
        return self.spo2 > self.stop and self.pulse_min <= self.pulse <= self.pulse_max

    def settled(self):
        """True when the patient's own SpO2 can be told."""
        return self._minute.enough()

    @micropython.native
    def quality(self):
        """Of the signal at the last look, for people: a row of tables.verdicts."""
        if self.sure:
            return verdicts.GOOD
        if self._comes(self._looked_ms) and not self.alert:
            return verdicts.UNSURE
        return verdicts.NONE

    def low(self):
        """True for a sure sample of now that is too low to go on (SpO2)."""
        return self.sure and self.spo2 <= self.stop

    def strayed(self):
        """True for a sure sample of now with the pulse outside its limits."""
        return self.sure and self._outside() > 0

    def clear_s(self):
        """Seconds of good readings for which a condition still stands; 0 without one."""
        return (CLEAR_MS - self.good_ms + 999) // 1000 if self.bits & LOW_BITS else 0

    def wait_s(self):
        """Seconds of good readings that a resume still waits for."""
        return (RECOVER_MS - self.good_ms + 999) // 1000

    def pack(self, to, now_ms):
        """Appends what decides from here on; what is older than the longest limit is as old as that."""
        early = self._early_ms if self.bits & _EARLY_BIT else 0
        signal = self._signal_ms if self.bits & SIGNAL_BITS else 0
        for value in (
            self.spo2, self.pulse, self.flags, self.fresh_ms, self.hold, self.bits, self.alert, self.recovered,
            self.worsened, self.sure, self.good_ms, self.baseline, self._better, early, signal, self._missed_ms,
            self._gone, self._last, self._doubted, age_ms(now_ms, self._sure_ms, HOLD_MS),
            age_ms(now_ms, self._sample_ms, HOLD_MS), self.stop, self.early_limit, self.resume, self.delay_ms,
            self.pulse_min, self.pulse_max, self._least_stop, self._least_early, self._least_pulse, self._most_pulse,
            self._most_ms, age_ms(now_ms, self.leased_ms, LEASE_MS + 1) if self.leased_ms >= 0 else -1,
            age_ms(now_ms, self._looked_ms, LEASE_MS + 1) if self._looked_ms >= 0 else -1,
        ):  # fmt: skip
            to.append(value)
        for timed in (self._low, self._severe, self._slow, self._deficit, self._violations, self._worse):
            timed.pack(to)
        self._minute.pack(to, now_ms)

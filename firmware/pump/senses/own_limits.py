"""The limits by which vital signs are judged: the protocol's, what the patient's baseline makes of them (VIT-1).

While the patient is watched (ALM-7) a protocol that is loaded makes them stricter, never looser.
"""

from pump.base.compat import micropython
from pump.senses.limits import MARGIN, MOST_MS
from pump.tables.messages import NONE8, NONE16


class OwnLimits:
    """What a judge has of limits: `stop`, `early_limit`, `resume` (percent SpO2), `pulse_min`, `pulse_max` (beats a
    minute), `delay_ms`. The judge brings `baseline`, and is told to `restart` and to `_forget`."""

    def set_limits(self, stop, early, delay_s, pulse_min, pulse_max, stop_fall=100, early_fall=100):
        """Stop and early limit (percent SpO2), delay (s), pulse limits (beats a minute), points under the baseline."""
        self._own(stop, early, delay_s, pulse_min, pulse_max, stop_fall, early_fall)
        self.let_go()
        self.restart()

    def _own(self, stop, early, delay_s, pulse_min, pulse_max, stop_fall, early_fall):
        """What the protocol says."""
        self._stop, self._early, self._delay_ms = stop, early, delay_s * 1000
        self._pulse_min, self._pulse_max = pulse_min, pulse_max
        self._stop_fall, self._early_fall = stop_fall, early_fall

    def adopt(self, protocol, watched=False):
        """Takes the limits of a protocol. Of a patient who is watched (ALM-7) baseline, limits and what is timed stay:
        a file is no act that ends an alarm."""
        p = protocol
        limits = (
            p.spo2_stop, p.spo2_early, p.delay_s, p.pulse_min, p.pulse_max, p.spo2_stop_fall, p.spo2_early_fall,
        )  # fmt: skip
        if not watched:
            self.set_limits(*limits)
            return
        self._least_stop, self._least_early = self.stop, self.early_limit
        self._least_pulse, self._most_pulse = self.pulse_min, self.pulse_max
        self._most_ms = self.delay_ms
        self._own(*limits)
        self._level()

    def take_up(self, baseline):
        """The patient of a session that goes on, with a baseline of his own (percent SpO2; NONE8: none)."""
        self.baseline = baseline
        self._level()

    def let_go(self):
        """The patient is watched no more: whoever comes next has the limits of the protocol, and no baseline."""
        self.baseline = NONE8
        self._unbind()
        self._level()
        self._forget()

    def _unbind(self):
        """No limits of before count."""
        self._least_stop = self._least_early = self._least_pulse = 0
        self._most_pulse, self._most_ms = NONE16, MOST_MS

    @micropython.native
    def _level(self):
        """The higher of absolute and relative limit counts; who may start can also resume (VIT-1)."""
        own = self.baseline
        known = own != NONE8
        stop = max(self._stop, own - self._stop_fall) if known else self._stop
        early = max(self._early, own - self._early_fall) if known else self._early
        self.stop, self.early_limit = max(stop, self._least_stop), max(early, self._least_early)
        self.pulse_min = max(self._pulse_min, self._least_pulse)
        self.pulse_max = min(self._pulse_max, self._most_pulse)
        self.delay_ms = min(self._delay_ms, self._most_ms)
        resume = min(self.stop + MARGIN, 100)
        self.resume = max(self.stop + 1, min(resume, own - 1)) if known else resume

    @micropython.native
    def holds_limits_of(self, protocol, delay_ms):
        """True while the limits, and what follows from them and the baseline, are those of a protocol (INT-4)."""
        p = protocol
        if self._stop != p.spo2_stop or self._early != p.spo2_early or self._delay_ms != delay_ms:
            return False
        if self._pulse_min != p.pulse_min or self._pulse_max != p.pulse_max:
            return False
        if self._stop_fall != p.spo2_stop_fall or self._early_fall != p.spo2_early_fall:
            return False
        stop, early = self.stop, self.early_limit
        resume, delay_ms = self.resume, self.delay_ms
        least, most = self.pulse_min, self.pulse_max
        self._level()
        if least != self.pulse_min or most != self.pulse_max or delay_ms != self.delay_ms:
            return False
        return stop == self.stop and early == self.early_limit and resume == self.resume

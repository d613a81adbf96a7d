"""Rate to step intervals: counted bursts on an absolute timeline, fed a little ahead of need.

A word is (count, interval_us): `count` pulses, each after `interval_us`; count 0 is a pause of that length. Words run
one after the other without a gap, so the timeline is exact as long as the queue never runs dry; a queue found dry
while the drug should flow is a fault, never caught up. The remainder of the interval is carried, so the pulses never
part from the ideal count by more than one, for any rate, over any time.
"""

from pump.base.compat import micropython
from pump.io import MAX_WORDS
from pump.tables.causes import DRIVE_LATE, MEMORY

MAX_BURST = 128
_IDLE_MAX_US = 1 << 29
_BURST_SHARES = 700_000_000  # pulses of a burst times its share: sums of them stay below 2**30


class Delivery:
    """Feeds the step generator for one mechanism; `period_us` is the scan's."""

    def __init__(self, period_us):
        self.slice_us = period_us
        self.horizon_us = 3 * period_us
        self.left = 0  # pulses of the step not yet queued
        self.flowing = False
        self._interval = 0
        self._rest = 0
        self._share = 1
        self._burst_max = 1
        self._again = 0  # the interval once more: one changed bit of it is found before it is queued (INT-4)
        self.fault = DRIVE_LATE  # why the queue ran dry, when it did
        self._error = 0  # how late the queued pulses are against the ideal, in 1/_share us
        self._wait = 0  # until the next pulse, measured from the end of the queue
        self._idle = 0  # pause queued since the last pulse, for a seamless change of rate
        self._started = False

    def set_rate(self, interval_us, remainder, share):
        """Ideal pulse interval: interval_us + remainder/share microseconds."""
        self._interval = interval_us
        self._rest = remainder
        self._share = share
        self._error = 0
        # A burst rounds its interval once: half a microsecond a pulse, together at most half an interval.
        self._burst_max = max(1, min(MAX_BURST, interval_us, _BURST_SHARES // share))
        self._again = interval_us
        self.fault = DRIVE_LATE
        # A new rate counts from the last pulse, whatever pause has been queued since.
        self._wait = max(interval_us - self._idle, 100)

    def start(self, pulses):
        """Lets `pulses` flow at the rate set; from rest, the first comes after one interval."""
        self.left = pulses
        if not self.flowing:
            self._started = False
            self._idle = 0
            self._wait = self._interval
        self.flowing = True

    def stop(self):
        """Forgets what is not queued; the driver drops what is."""
        self.left = 0
        self.flowing = False
        self._idle = 0

    @micropython.native
    def late(self, queue_us):
        """True when the queue has run dry while the drug flows."""
        return self.flowing and self._started and queue_us <= 0

    @micropython.native
    def feed(self, out, queue_us):
        """Adds words to `out` until the queue reaches the horizon; none when the rate is not as set (`fault`)."""
        if not self.flowing:
            return
        self._started = True
        slice_us, interval = self.slice_us, self._interval
        if interval != self._again:
            self.fault = MEMORY
            return
        while queue_us < self.horizon_us and out.words < MAX_WORDS:
            wait = self._wait
            if not self.left:
                # Volume queued: keep the timeline alive for a scan or two, until the session decides.
                if queue_us >= 2 * slice_us:
                    return
                out.add_word(0, slice_us)
                self._idle = min(self._idle + slice_us, _IDLE_MAX_US)
                queue_us += slice_us
            elif wait > 2 * slice_us:
                out.add_word(0, slice_us)
                self._wait = wait - slice_us
                self._idle += slice_us
                queue_us += slice_us
            elif wait != interval or interval > slice_us:
                self._single(out, wait)
                queue_us += wait
            else:
                added = self._burst(out, (self.horizon_us - queue_us) // interval)
                if not added:
                    return  # no room for a whole one
                queue_us += added

    @micropython.native
    def _single(self, out, wait):
        """One pulse after `wait`; the next comes after the interval and what has added up of its remainder."""
        out.add_word(1, wait)
        self.left -= 1
        self._idle = 0
        error = self._error + self._rest
        wait = self._interval
        if error >= self._share:
            error -= self._share
            wait += 1
        self._error = error
        self._wait = wait

    @micropython.native
    def _burst(self, out, count):
        if not count and self._interval * 4 <= self.slice_us:
            return 0
        if count > self.left:
            count = self.left
        if count > self._burst_max:
            count = self._burst_max
        if count < 1:
            count = 1  # a long interval may reach past the horizon
        interval = self._interval
        self._error += count * self._rest
        if self._error >= count * self._share - self._error:
            self._error -= count * self._share
            interval += 1
        out.add_word(count, interval)
        self.left -= count
        self._idle = 0
        return count * interval

    def pack(self, to):
        """Appends what decides from here on; at rest that is nothing else."""
        to.append(self.flowing)
        if self.flowing:
            for value in (
                self.left, self._interval, self._rest, self._share, self._burst_max, self._error, self._wait,
                self._idle, self._started, self._again, self.fault,
            ):  # fmt: skip
                to.append(value)

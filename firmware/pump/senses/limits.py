"""How long a value has to be beyond a limit, and what undoes that (VIT-5): no single good sample does.

A side says where a sample lies: BEYOND the limit, BACK where it is plainly good, or between the two, where nothing
moves. What a sample says holds until the next one; for an unsure one see `Delay.take`. Times in ms, all bounded.
"""

from pump.base.compat import micropython

BACK, BETWEEN, BEYOND = 0, 1, 2

MARGIN = 2  # points above a limit from where a timer runs back (VIT-5), and where a resume may be (SES-4)
STRETCH_MS = 10_000  # artifact may lengthen a delay by at most this (VIT-1)
# A sample is seen at the next scan, so one that comes just as the delay is over may look up to two scans too early;
# without this it would be the next sample, a third of a second later, that holds.
SEEN_LATE_MS = 40
MOST_MS = 20_000 + STRETCH_MS  # the longest delay that a protocol may set, and the stretch
STEP_MOST_MS = 2_000  # no sample speaks for longer than this where that would be to the good

SEVERE_SPO2 = 84  # at or below this for 3 s holds whatever the delay (VIT-1: under 85 %)

# What falls so far within FALL_S, or less far at or below the early limit, is falling: a signal that goes then gets no
# grace. 3 points in some seconds are a desaturation by the usual measure of sleep medicine.
FALL_S = 10
FALL, EARLY_FALL = 4, 3  # points of SpO2

DEFICIT_MOST = 50_000  # point milliseconds: 50 points in seconds hold (VIT-5)

LASTS_MS = 2_000  # a violation, and its end
WITHIN_MS = 60_000
OLD_MS = WITHIN_MS + 1


@micropython.native
def side_under(spo2, limit):
    """The side of an SpO2 that is bad at `limit` and below, plainly good MARGIN above it (at 100 at the latest)."""
    if spo2 <= limit:
        return BEYOND
    return BACK if spo2 >= limit + MARGIN or spo2 >= 100 else BETWEEN


@micropython.native
def sinks(spo2, highest, stop, early, low_ms):
    """Whether a patient with this newest reading was low or falling; `highest`: SpO2 of the FALL_S before it.

    A value next to the limit is not yet the good side of a delay that has run for `low_ms` (VIT-5). Without a reading
    (NONE8) nobody is.
    """
    fall = highest - spo2
    return spo2 <= stop or (low_ms and spo2 < stop + MARGIN) or fall >= FALL or (spo2 <= early and fall >= EARLY_FALL)


class Delay:
    """The timer of one limit: runs beyond it, stands between, runs back as fast where the value is good."""

    def __init__(self):
        self.ms = 0
        self.side = BACK

    def restart(self):
        """Nothing was beyond the limit."""
        self.ms = 0
        self.side = BACK

    @micropython.native
    def take(self, side, dt_ms, unsure, delay_ms):
        """The next sample, `dt_ms` after the last; True when it completes the delay.

        An unsure sample (artifact, degraded) is not better than the last one: it neither runs the timer back nor
        completes the delay before the stretch.
        """
        before = self.side
        if before == BEYOND:
            self.ms = min(self.ms + dt_ms, MOST_MS)
        elif before == BACK:
            ms = self.ms - (dt_ms if dt_ms < STEP_MOST_MS else STEP_MOST_MS)
            self.ms = ms if ms > 0 else 0
        if unsure and side != BEYOND:
            side = BEYOND if before == BEYOND else BETWEEN
        self.side = side
        if side != BEYOND:
            return False
        return self.ms >= delay_ms - SEEN_LATE_MS + (STRETCH_MS if unsure else 0)

    @micropython.native
    def over(self, gap_ms, delay_ms):
        """`gap_ms` without a sample: whether the delay of a value that was beyond would be over by now, and the
        stretch, which is all that artifact may add."""
        return self.side == BEYOND and self.ms + gap_ms >= delay_ms + STRETCH_MS

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.ms)
        to.append(self.side)


class Deficit:
    """What is missing below limit + 1, summed up in point milliseconds; it falls as it rose (VIT-5)."""

    def __init__(self):
        self.sum = 0
        self._points = 0

    def restart(self):
        """Nothing is missing."""
        self.sum = self._points = 0

    @micropython.native
    def take(self, points, dt_ms, unsure):
        """The next sample: so many points below limit + 1 (negative above it). True when the sum is full.

        An unsure sample freezes it: neither the time before it nor the time after it counts.
        """
        if not unsure:
            more = self._points * min(dt_ms, STEP_MOST_MS)
            self.sum = min(max(self.sum + more, 0), DEFICIT_MOST)
        self._points = 0 if unsure else points
        return self.sum >= DEFICIT_MOST

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.sum)
        to.append(self._points)


class Violations:
    """Counts violations: each lasts 2 s beyond the limit and ends after 2 s on the good side (VIT-5)."""

    def __init__(self):
        self.restart()

    def restart(self):
        """There was none."""
        self._side = BETWEEN
        self._inside = False  # a violation has begun and has not ended
        self._run_ms = 0  # towards its beginning, or its end
        self._last_ms = OLD_MS  # since the last one began
        self._before_ms = OLD_MS  # since the one before it

    def forget(self):
        """So long without a sample that none is recent."""
        self._last_ms = self._before_ms = OLD_MS

    @micropython.native
    def take(self, side, dt_ms, unsure):
        """The next sample; True when it begins the third violation within 60 s. An unsure one says nothing."""
        last_ms, before_ms = self._last_ms + dt_ms, self._before_ms + dt_ms
        self._last_ms = last_ms if last_ms < OLD_MS else OLD_MS
        self._before_ms = before_ms if before_ms < OLD_MS else OLD_MS
        towards = BACK if self._inside else BEYOND
        if not unsure:
            if self._side == towards:
                self._run_ms += min(dt_ms, STEP_MOST_MS)
            elif self._side != BETWEEN:
                self._run_ms = 0
        self._side = BETWEEN if unsure else side
        if self._run_ms < LASTS_MS:
            return False
        self._run_ms = 0
        self._inside = not self._inside
        return self._inside and self._third()

    def _third(self):
        third = self._before_ms <= WITHIN_MS
        self._before_ms = self._last_ms
        self._last_ms = 0
        return third

    def pack(self, to):
        """Appends what decides from here on."""
        for value in (self._side, self._inside, self._run_ms, self._last_ms, self._before_ms):
            to.append(value)

"""The clock that a monitor writes into its lines: one that repeats itself never passes what it has said.

A line is frozen from the `stuck`th on whose clock has not passed the furthest one seen. One that is seconds ahead may
be a wrong digit, as the first one behind a silence: it counts once the next one is ahead of it, too. Somebody may set
the clock, once in STEADY lines, and it has to go on from there; midnight is nothing special. What was frozen has to go
on for LIVE_AGAIN lines to be live again, also behind a silence, and for STEADY lines where it says again what it has
said. So of a loop the first turn is believed as a clock that was set, and one longer than STEADY lines from there on.
"""

from pump.base.compat import micropython

NO_CLOCK = -1
DAY_S = 86_400
GAP_S = 60  # so far ahead it is the same clock, and lines were lost
STEP_S = 5  # so far apart are two lines of which none was lost, at the most
LIVE_AGAIN = 3  # steps in a row
STEADY = 60  # steps in a row
_WIDEST_S = DAY_S // 2


class DeviceClock:
    """`newest`: what the last line said (s of the day), NO_CLOCK for nothing. `stuck`: lines."""

    def __init__(self, stuck):
        self._stuck = stuck
        self._begin()

    @micropython.native
    def _begin(self):
        self.newest = self._furthest = NO_CLOCK
        self._width = 0  # how far back from the furthest one the clock was seen (s)
        self._same = 0  # lines since it passed the furthest one, up to one more than `stuck`: that is no setting
        self._run = 0  # steps ahead in a row, up to STEADY
        self._set = False  # somebody has set it within STEADY lines
        self._silent = False  # the line was, since the last line
        self._doubted = False  # the newest is further ahead than STEP_S, and the only one that says so
        self._met = False  # the newest was the first one behind a silence
        self._bare = 0  # lines without a clock in a row, up to LIVE_AGAIN

    def silence(self):
        """The line was silent: another monitor may speak next, with a clock of its own."""
        self._silent = True

    @micropython.native
    def stands(self, clock):
        """The next line's clock; True when it is frozen."""
        if clock == NO_CLOCK:
            return self._without()
        self._bare = 0
        step = (clock - self.newest) % DAY_S if self.newest >= 0 else 0
        self._run = min(self._run + 1, STEADY) if 0 < step <= GAP_S else 0
        first = self.newest < 0 or (self._met and step > GAP_S)
        self._met = False
        if self._silent and not first:
            first = self._met = self._meet(step)
        self.newest = clock
        if first or self._passes(clock, step):
            self._furthest = clock
            self._same = 0
            return False
        if not self._doubted:
            self._same = min(self._same + 1, self._stuck + 1)
        return self._same >= self._stuck

    @micropython.native
    def _meet(self, step):
        """The first line behind a silence; True when it begins anew, as one of another monitor may."""
        self._silent = False
        self._run = 0
        if not step or self._same > self._stuck:
            return False
        self._width = 0
        self._set = True
        return True

    @micropython.native
    def _passes(self, clock, step):
        ahead = (clock - self._furthest) % DAY_S
        frozen = self._same > self._stuck
        doubted, self._doubted = self._doubted and 0 < step <= GAP_S, False
        if frozen and self._run < LIVE_AGAIN:
            return False
        if 0 < ahead <= (2 * GAP_S if doubted else GAP_S):
            if ahead > STEP_S and not (doubted or frozen):
                self._doubted = True
                return False
            self._width = min(self._width + ahead, _WIDEST_S)
            if self._run >= STEADY:
                self._set = False
            return True
        return self._was_set((-ahead) % DAY_S <= self._width, frozen)

    @micropython.native
    def _was_set(self, said, frozen):
        """It goes on from another time, which it has `said` before or not, and is believed."""
        if self._run < STEADY and (not self._run or (said if frozen else self._set)):
            return False
        self._width = 0
        self._set = True
        return True

    @micropython.native
    def _without(self):
        """A line without a clock; after a few of them it is of a monitor that has none."""
        self._bare += 1
        if self._bare >= LIVE_AGAIN:
            self._begin()
        return self._same >= self._stuck

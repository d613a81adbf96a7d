"""The last line: how fast and how much, whatever control and the rest of the guard believe.

It sees pulses that moved the motor, and time; of the world only which bag hangs (pump.guard.hanging; an unknown one
counts as the strongest). It knows no course and no claim. Its bounds:

- rate times strength: never above the highest dose rate seen for half of the time that its step flows, times the
  class's factor (PRO-2); before that, never above the first step's;
- the full dose of the order, and what each bag holds, by its own count.
"""

from array import array

from pump.base.compat import micropython
from pump.base.units import US_RATE
from pump.protocol.protocol import WIDE_STEP
from pump.protocol.rules import RATIO_TWO_PERSON, RATIO_WIDE

WINDOW = 16  # pulses over which a rate is judged: to within a sixteenth, and to within a scan
STRETCH_MS = 100  # over which it is seen how long a rate lasts: a fifth is one scan
SPAN_MAX_MS = 500_000  # what is longer has a hold in it
MARGIN = 112  # hundredths: what a window cannot tell
SLACK_PPM, _MAX = 500, 1 << 29  # of the full dose: what ppm_of cannot tell, and the pulse that completes it


class Bounds:
    """`count` pulses of the bag that hangs (`hanging.bag`); `broken` once a bound was passed."""

    def __init__(self, plan, hanging):
        self.plan, self.hanging = plan, hanging
        bags = range(len(plan.holds))
        self.strongest = 0
        for bag in bags:
            self.strongest = plan.stronger(bag, self.strongest)
        self.fills = [0 for _ in bags]
        for k in range(plan.count):
            if not plan.counts[k]:
                self.fills[plan.solution[k]] += plan.pulses[k]
        self._most_ppm = 1_000_000 + SLACK_PPM + sum([plan.ppm_of(bag, self.fills[bag]) for bag in bags])
        self._table(RATIO_WIDE if plan.protocol.kind == WIDE_STEP else RATIO_TWO_PERSON)
        self.restart()

    def _table(self, ratio):
        """For each level, from none: the least interval of each bag that it allows, what the next one looks like."""
        plan = self.plan
        levels = self.levels = [k for k in range(plan.count) if plan.counts[k]]
        self._least_us, self._next_us, self._flows_ms = array("I"), array("I"), array("I")
        for level in range(-1, len(levels)):
            after = levels[min(level + 1, len(levels) - 1)]
            for us in self._intervals_us(levels[max(0, level)]):
                self._least_us.append(min(_MAX, us * 10_000 // ((100 if level < 0 else ratio) * MARGIN)))
            for us in self._intervals_us(after):
                self._next_us.append(min(_MAX, us * 5 // 4))
            self._flows_ms.append(plan.pulses[after] * plan.interval_us[after] // 1_000 // 2)

    def _intervals_us(self, k):
        """Microseconds between pulses of each bag at the dose rate of a step."""
        up, down = self.plan.dose_rate(k)
        scale = self.plan.pl_pulse * US_RATE * down
        return [scale * bag.drug_pg // (up * bag.volume_nl) for bag in self.plan.protocol.solutions]

    def restart(self):
        """A new session: full bags, nothing tolerated."""
        self.drawn, self._bag, self.broken = [0] * len(self.fills), -1, False
        self._free = self._seen_ms = self._reached = self._span_ms = self._pulses = self._long_ms = self._long = 0

    def rest(self):
        """Nothing flows: what is measured begins anew, what was seen of a stretch counts."""
        if self._pulses:
            self._see(self._bag)
        self._span_ms = self._pulses = self._long_ms = self._long = 0

    @micropython.native
    def count(self, pulses, dt_ms):
        """So many pulses since the last scan."""
        self._span_ms += dt_ms
        if not pulses:
            return
        bag = self.hanging.bag if self.hanging.bag >= 0 else self.strongest
        if bag != self._bag:
            self._bag = bag
            self._free = max(0, self.fills[bag] - self.drawn[bag])
        self.drawn[bag] += pulses
        if self._free > 0:
            self._free -= pulses  # a line-fill pushes on what was in the line (PRO-3)
        else:
            self._pulses += pulses
            if self._span_ms < STRETCH_MS or self._span_ms < 5 * dt_ms:
                return
            self._stretch(bag, dt_ms)
        self._span_ms = self._pulses = 0

    @micropython.native
    def _stretch(self, bag, dt_ms):
        """From pulse to pulse: how fast, and for how long it has been as fast as the next level."""
        span_ms, pulses = min(self._span_ms, SPAN_MAX_MS), self._pulses
        at = self._reached * len(self.fills) + bag
        self._long_ms = min(self._long_ms + span_ms, SPAN_MAX_MS)
        self._long += pulses
        if self._long >= WINDOW:
            if (self._long_ms + dt_ms) * 1_000 // self._long < self._least_us[at] or self._too_much(bag):
                self.broken = True
            self._long_ms = self._long = 0
        self._see(bag)

    @micropython.native
    def _see(self, bag):
        """What was as fast as the next level counts towards its being tolerated."""
        span_ms = min(self._span_ms, SPAN_MAX_MS)
        if span_ms * 1_000 // self._pulses <= self._next_us[self._reached * len(self.fills) + bag]:
            self._seen_ms = min(self._seen_ms + span_ms, _MAX)
            if self._seen_ms >= self._flows_ms[self._reached] and self._reached < len(self.levels):
                self._reached += 1
                self._seen_ms = 0

    @micropython.native
    def _too_much(self, bag):
        rest_ppm = self._most_ppm
        for other in range(len(self.drawn)):
            rest_ppm -= self.plan.ppm_of(other, self.drawn[other])
        return rest_ppm < 0 or self.drawn[bag] > self.plan.holds[bag] + WINDOW

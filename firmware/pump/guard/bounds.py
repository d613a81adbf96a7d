"""The last line: how fast and how much, whatever control and the rest of the guard believe.

It sees pulses that moved the motor, time, and which bag hangs (pump.guard.hanging; an unknown one counts as the
strongest); no course, no claim. Rate times strength never passes the highest dose rate seen for all but a twentieth of
the time that its step flows, times the class's factor (PRO-2), nor before that the first step's; what comes never
passes the full dose of the order, nor what each bag holds.
"""

from pump.base.compat import micropython
from pump.guard.levels import Levels

WINDOW = 16  # pulses over which a rate is judged: to within a sixteenth, and to within a scan
STRETCH_MS, STRETCH_SCANS = 100, 5  # over which it is seen how long a rate lasts: one scan is a fifth of it
SPAN_MAX_MS = 500_000  # what is longer has a hold in it
SLACK_PPM = 500  # of the full dose: what ppm_of cannot tell, and the pulse that completes it


class Bounds:
    """`count` pulses of the bag that hangs (`hanging.bag`); `broken` once a bound was passed."""

    def __init__(self, plan, hanging):
        self.plan, self.hanging = plan, hanging
        bags = range(len(plan.holds))
        self.strongest = 0
        for bag in bags:
            self.strongest = plan.stronger(bag, self.strongest)
        fills = [(plan.solution[k], plan.pulses[k]) for k in range(plan.count) if not plan.counts[k]]
        self.fills = [sum([pulses for other, pulses in fills if other == bag]) for bag in bags]
        self._most_ppm = 1_000_000 + SLACK_PPM + sum([plan.ppm_of(bag, self.fills[bag]) for bag in bags])
        self.levels = Levels(plan)
        self.restart()

    def restart(self):
        """A new session: full bags, nothing tolerated."""
        self.drawn = [0] * len(self.fills)
        self.broken = False
        self._bag = -1
        self._others_ppm = 0
        self._free = self.seen_ms = self.reached = 0  # levels that were tolerated: so many
        self._span_ms = self._pulses = self._long_ms = self._long = 0
        self._stretch_ms = STRETCH_MS
        self._flowed = False  # since it last rested

    def rest(self):
        """Nothing flows: what is measured begins anew; what was seen of a stretch counts, and what a hold hides."""
        if self._pulses:
            self._see(self._bag)
        if self._flowed:
            self._flowed = False
            self.seen_ms += self._stretch_ms
        self._span_ms = self._pulses = self._long_ms = self._long = 0

    @micropython.native
    def count(self, pulses, dt_ms):
        """So many pulses since the last scan; True once a bound was passed."""
        self._span_ms += dt_ms
        if not pulses:
            return self.broken
        self._flowed = True
        self._stretch_ms = STRETCH_MS if STRETCH_MS > STRETCH_SCANS * dt_ms else STRETCH_SCANS * dt_ms
        bag = self.hanging.bag if self.hanging.bag >= 0 else self.strongest
        if bag != self._bag:
            self._change(bag)
        self.drawn[bag] += pulses
        if self._free > 0:
            self._free -= pulses  # pushes on what was in the line
        else:
            self._pulses += pulses
            if self._span_ms < self._stretch_ms:
                return self.broken
            self._stretch(bag, dt_ms)
        self._span_ms = self._pulses = 0
        return self.broken

    @micropython.native
    def _change(self, bag):
        """Another bag flows: what the others gave is settled, what it may fill the line with is free (PRO-3)."""
        self._bag, drawn = bag, self.drawn
        self._free = max(0, self.fills[bag] - drawn[bag])
        self._others_ppm = -self.plan.ppm_of(bag, drawn[bag])
        for other in range(len(drawn)):
            self._others_ppm += self.plan.ppm_of(other, drawn[other])

    @micropython.native
    def _stretch(self, bag, dt_ms):
        """From pulse to pulse: how fast, and for how long it has been as fast as the next level."""
        span_ms, pulses = min(self._span_ms, SPAN_MAX_MS), self._pulses
        at = self.reached * len(self.fills) + bag
        self._long_ms = min(self._long_ms + span_ms, SPAN_MAX_MS)
        self._long += pulses
        if self._long >= WINDOW:
            if (self._long_ms + dt_ms) * 1_000 // self._long < self.levels.least_us[at] or self._too_much(bag):
                self.broken = True
            self._long_ms = self._long = 0
        self._see(bag)

    @micropython.native
    def _see(self, bag):
        """What was as fast as the next level counts towards its being tolerated."""
        levels, span_ms = self.levels, min(self._span_ms, SPAN_MAX_MS)
        if span_ms * 1_000 // self._pulses <= levels.next_us[self.reached * len(self.fills) + bag]:
            self.seen_ms += span_ms
            if self.seen_ms + 2 * self._stretch_ms >= levels.needs_ms[self.reached] and self.reached < levels.top:
                self.reached += 1
                self.seen_ms = 0

    @micropython.native
    def _too_much(self, bag):
        drawn, plan = self.drawn[bag], self.plan
        return self._others_ppm + plan.ppm_of(bag, drawn) > self._most_ppm or drawn > plan.holds[bag] + WINDOW

    def pack(self, to):
        """Appends what decides from here on; with all levels reached nothing more is seen."""
        to.extend(self.drawn)
        seen_ms = self.seen_ms if self.reached < self.levels.top else 0
        for value in (
            self.broken, self._bag, self._others_ppm, self._free, seen_ms, self.reached,
            min(self._span_ms, SPAN_MAX_MS), self._pulses, self._long_ms, self._long, self._stretch_ms, self._flowed,
        ):  # fmt: skip
            to.append(value)

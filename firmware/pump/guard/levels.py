"""The dose rates of a ladder as the guard's bounds see them: intervals between pulses, for each bag that may hang.

Level 0: nothing is tolerated yet; level n: the first n infusion steps are. For each level and bag there is the shortest
interval that it allows (the dose rate tolerated times the class's factor, PRO-2; at level 0 the first step's own), and
the longest at which the next step can be said to flow.
"""

from array import array

from pump.base.compat import collect
from pump.base.units import US_RATE
from pump.protocol.protocol import WIDE_STEP
from pump.protocol.rules import RATIO_TWO_PERSON, RATIO_WIDE

AT_ONCE = 8  # levels worked out before what they were worked out with is freed
MARGIN = 112  # hundredths: what a window of pulses cannot tell
_MAX = 1 << 29


class Levels:
    """`least_us`, `next_us`: flat, at level * bags + bag; `needs_ms`: how long the next step is seen to flow; `top`."""

    def __init__(self, plan):
        self.least_us, self.next_us, self.needs_ms = array("I"), array("I"), array("I")
        steps = [k for k in range(plan.count) if plan.counts[k]]
        self.top = len(steps)
        ratio = RATIO_WIDE if plan.protocol.kind == WIDE_STEP else RATIO_TWO_PERSON
        following = _intervals_us(plan, steps[0])
        for level in range(self.top + 1):
            if level % AT_ONCE == AT_ONCE - 1:
                collect()
            after, tolerated = steps[min(level, self.top - 1)], following
            if 0 < level < self.top:
                following = _intervals_us(plan, after)
            for us in tolerated:
                self.least_us.append(min(_MAX, us * 10_000 // ((ratio if level else 100) * MARGIN)))
            for us in following:
                self.next_us.append(min(_MAX, us * 5 // 4))
            self.needs_ms.append(_needs_ms(plan, after))


def _needs_ms(plan, k):
    """The whole time that a step flows but a twentieth, and what its first and last pulse and a hold in it may hide."""
    interval_us = plan.interval_us[k]
    flows_us = plan.pulses[k] * interval_us
    return max(flows_us // 2, flows_us * 19 // 20 - 3 * interval_us) // 1_000


def _intervals_us(plan, k):
    """Microseconds between pulses of each bag at the dose rate of a step."""
    up, down = plan.dose_rate(k)
    scale = plan.pl_pulse * US_RATE * down
    return [scale * bag.drug_pg // (up * bag.volume_nl) for bag in plan.protocol.solutions]

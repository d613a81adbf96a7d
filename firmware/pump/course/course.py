"""The way that a session goes: as planned, or from a chosen step on after a reaction (PRO-4, SES-3, SES-5).

A leg is a stretch of a step at one rate. As planned every step is one leg. From a decision on, a step runs no faster
than gives its own dose rate with what leaves the line at the vein: while the line still holds a stronger bag's
solution, that is slower than the step's own rate. A step may also run on the stronger bag that hangs, at the rate that
gives its dose rate from there. Control and guard each work their course out for themselves, while nothing flows.
"""

from array import array

from pump.base.compat import micropython
from pump.base.units import RATE_MIN_E4, interval_parts
from pump.course.line import PARTS, Line
from pump.protocol.vein import SALINE


class Tally:
    """What was counted: pulses drawn from each bag, those that count as dose, those of each line-fill, the line."""

    def __init__(self, plan):
        self.plan = plan
        self.by_bag = [0] * len(plan.protocol.solutions)
        self.drawn = [0] * len(plan.protocol.solutions)
        self.filled = array("I", bytes(4 * plan.count))
        self.line = Line(plan.stronger)
        self.restart()

    @micropython.native
    def restart(self):
        """A new session, its bags full; the line holds what it was primed with."""
        for i in range(len(self.by_bag)):
            self.by_bag[i] = self.drawn[i] = 0
        for k in range(self.plan.count):
            self.filled[k] = 0
        self.line.fill(self.plan.line_pulses, self.plan.primed_with)

    @micropython.native
    def settle(self, k, bag, pulses):
        """Pulses of step k came from a bag. A line-fill counts as no dose up to its planned volume, once (PRO-3)."""
        free = 0
        if not self.plan.counts[k]:
            free = min(pulses, self.plan.pulses[k] - self.filled[k])
            self.filled[k] += free
        self.drawn[bag] += pulses
        self.by_bag[bag] += pulses - free
        self.line.push(bag, pulses)

    def left(self, bag):
        """Pulses that a bag still holds (PRO-3)."""
        return self.plan.holds[bag] - self.drawn[bag]

    def pack(self, to):
        """Appends what was counted."""
        for counted in (self.by_bag, self.drawn, self.filled):
            to.extend(counted)
        self.line.pack(to)


class Course:
    """For each step: its bag, pulses and first leg; for each leg: where it ends (pulses in the step) and its rate.

    `last` is the step with which the dose is complete, `cut` says that it is shorter than planned.
    """

    def __init__(self, plan):
        self.plan = plan
        self.bag = bytearray(plan.count)
        self.pulses = array("I", plan.pulses)
        self.first = bytearray(plan.count)
        self.restart()

    @micropython.native
    def restart(self):
        """As planned, for a new session."""
        plan = self.plan
        for k in range(plan.count):
            self.bag[k] = plan.solution[k]
            self.pulses[k] = plan.pulses[k]
        self._plain(plan.count)

    def leave(self, tally, step, bag):
        """Goes on from `step`, on `bag` (the one that hangs) up to the first step planned on it; -1: each on its own.

        The steps before only keep their places.
        """
        plan = self.plan
        self._plain(step)
        line, last = tally.line.copy(), step
        for k, on, pulses, self.cut in ahead(plan, tally, step, bag):
            self.bag[k] = on
            self.pulses[k] = pulses
            self._legs(k, line)
            last = k
        self._end_at(last)

    def _end_at(self, last):
        """The dose is complete with this step: those after it give nothing."""
        self.last = last
        for k in range(last + 1, self.plan.count):
            self.pulses[k] = 0
            self.first[k] = self.first[last]

    def _plain(self, count):
        """The legs anew: the first `count` steps as planned."""
        self.last = self.plan.count - 1
        self.cut = False
        self.end, self.rate_e4 = array("I"), array("I")
        self.interval_us, self.remainder = array("I"), array("I")
        plan = self.plan
        for k in range(count):
            self.first[k] = k
            self._leg(plan.pulses[k], plan.rate_e4[k], plan.interval_us[k], plan.remainder[k])

    def _legs(self, k, line):
        self.first[k] = len(self.end)
        for end, rate_e4 in legs_of(self.plan, k, self.bag[k], self.pulses[k], line):
            interval_us, remainder = interval_parts(self.plan.pl_pulse, rate_e4)
            self._leg(end, rate_e4, interval_us, remainder)

    def _leg(self, end, rate_e4, interval_us, remainder):
        self.end.append(end)
        self.rate_e4.append(rate_e4)
        self.interval_us.append(interval_us)
        self.remainder.append(remainder)

    def pack(self, to):
        """Appends how the session goes; what follows from a leg's rate is left out."""
        to.append(self.last)
        to.append(self.cut)
        for row in (self.bag, self.pulses, self.first, self.end, self.rate_e4):
            to.extend(row)


def ahead(plan, tally, step, bag):
    """How a session goes on, as in `Course.leave`: yields (step, its bag, its pulses, are they fewer than planned).

    It ends with the step with which the full dose is complete (PRO-4). Works at rest: makes numbers of any size.
    """
    given, line = list(tally.by_bag), tally.line.copy()
    for k in range(step, plan.count):
        if plan.solution[k] == bag:
            bag = -1
        on = plan.solution[k] if bag < 0 else bag
        planned = planned_pulses(plan, k, on, line)
        free = 0 if plan.counts[k] else plan.pulses[k] - tally.filled[k]
        room = free + plan.final_pulses(given, k, on)
        if not room and k > step:
            return  # nobody hangs a bag for nothing
        pulses = room if k == plan.count - 1 else min(planned, room)
        yield k, on, pulses, pulses < planned
        if pulses < planned:
            return
        given[on] += max(0, pulses - free)
        line.push(on, pulses)


def bags_hold(plan, tally, step, bag):
    """True when each bag still holds what the session draws from it when it goes on like that (PRO-3)."""
    wanted = [0] * len(plan.holds)
    for _, on, pulses, _ in ahead(plan, tally, step, bag):
        wanted[on] += pulses
    for k in range(len(wanted)):
        if wanted[k] > max(0, tally.left(k)):
            return False
    return True


def planned_pulses(plan, k, bag, line):
    """Pulses of step k when it runs on a bag: its own volume, or the volume that gives its dose from another.

    A line-fill of another bag, or of a line that already holds nothing else, has nothing to fill.
    """
    own = plan.solution[k]
    if not plan.counts[k] and (bag != own or line.holds_only(own)):
        return 0
    return plan.pulses[k] if bag == own else plan.equal_pulses(k, bag)


def legs_of(plan, k, bag, pulses, line):
    """[end in pulses, rate] of each leg of step k on a bag; `line` is left as the step leaves it."""
    own = plan.rate_e4[k] if bag == plan.solution[k] else plan.equal_rate(k, bag)
    legs = []
    done = 0
    for _ in range(PARTS + 1):  # each time a stretch leaves the line, and one enters it at the most
        if done >= pulses:
            break
        content, run = bag, pulses - done
        if not line.holds_only(bag):
            content, run = line.bag[0], min(line.pulses[0], run)
        rate_e4 = own if content == SALINE else min(own, plan.equal_rate(k, content))
        done += run
        line.push(bag, run)
        if legs and legs[-1][1] == rate_e4:
            legs[-1][0] = done
        else:
            legs.append([done, rate_e4])
    return legs or [[0, own]]


def runs(plan, tally, k, bag):
    """True when step k can run on a bag over the line as it is: no leg is slower than the mechanism's least rate."""
    line = tally.line.copy()
    for _, rate_e4 in legs_of(plan, k, bag, planned_pulses(plan, k, bag, line), line):
        if rate_e4 < RATE_MIN_E4:
            return False
    return True

"""What the situations of a session share: the plan and its course, the progress, the question, the patient's signs."""

from pump.base.compat import micropython
from pump.course.course import Course, Tally
from pump.session.progress import Progress
from pump.session.question import Question
from pump.tables.states import ARMED, GROUP, HOLDS, ON, OVER, SUPERVISED

MIN_MS = 60_000
SEEN_MS = 100  # in which a bag's question is composed, and the guard has read it


def _nothing():
    """Nobody wants to know."""


class Case:
    """One protocol on this pump. `log(event, code, arg)` appends a record; `vitals` judges the oximeter."""

    def __init__(self, vitals, log):
        self.vitals = vitals
        self.log = log
        self.progress = Progress()
        self.question = Question()
        self.waits = False  # a part is lost without which no step may begin (tables.parts)
        self.on_named = _nothing  # called when the bag of a start was named: one press from the first pulse
        self.unproved = False  # that the order has begun is not in the memory yet: its first step does not begin
        self.plan = None
        self.course = None
        self.tally = None
        self._ppm = 0
        self._ppm_of = -1  # the pulses at which that was worked out

    def adopt(self, plan):
        """Takes the plan of an accepted protocol."""
        self.plan = plan
        self.course = Course(plan)
        self.tally = Tally(plan)
        self.progress.restart()
        self._ppm_of = -1

    @micropython.native
    def restart(self):
        """A new session: as planned, nothing given."""
        self.tally.restart()
        self.course.restart()
        self.progress.restart()
        self.progress.session += 1
        self.progress.turn = 0
        self._ppm_of = -1

    def may_begin(self):
        """True with a good reading, and every part there without which no step begins."""
        return not self.waits and self.vitals.good()

    @micropython.native
    def solution(self):
        """Index of the bag that the present step runs on."""
        return self.course.bag[self.progress.step] if self.plan is not None else 0

    def reached(self):
        """The step that a reaction is put to, and the highest that can be chosen after it (SES-3).

        The last that flowed, never one that was only asked for; nor one above a step to which people went back.
        """
        progress = self.progress
        return max(0, min(progress.flowed, progress.step))

    def held_too_long(self):
        """True when the drug has stood still for longer than the protocol allows: no resume any more (SES-6)."""
        return self.progress.flowed >= 0 and self.progress.still_ms > self.plan.protocol.max_hold_min * MIN_MS

    def waited_too_long(self):
        """True when a bag or a reading has been waited for longer than the protocol allows (SES-2)."""
        return self.progress.wait_ms > self.plan.protocol.max_wait_min * MIN_MS

    def dose_ppm(self):
        """What was pumped of the full dose, in millionths, to within 80: for records. Tools work it out exactly."""
        progress, plan = self.progress, self.plan
        if progress.total == self._ppm_of:  # the next record of a scan says the same
            return self._ppm
        self._ppm_of = progress.total
        self._ppm = self._ppm_now(progress, plan) if plan else 0
        return self._ppm

    def _ppm_now(self, progress, plan):
        ppm = plan.ppm_of(self.solution(), progress.loose) if plan.counts[progress.step] else 0
        for bag in range(len(self.tally.by_bag)):
            ppm += plan.ppm_of(bag, self.tally.by_bag[bag])
        return ppm

    def settle(self):
        """Books the pulses counted in this step to its bag and to the line."""
        progress = self.progress
        self.tally.settle(progress.step, self.solution(), progress.loose)
        progress.loose = 0

    def pack(self, to, state):
        """Appends what decides from here on in a state: ages up to the protocol's limit for them, no session's number.

        Of a session that is over, or has not begun, nothing is left that decides.
        """
        group = GROUP[state]
        self.question.pack(to, self.question.second or state == ARMED)
        to.append(self.waits)
        to.append(self.unproved)
        if group & ON and not group & OVER:
            self._pack_progress(to, self.progress, group)
            self.course.pack(to)
            self.tally.pack(to)

    def _pack_progress(self, to, p, group):
        protocol = self.plan.protocol
        wait_most_ms = protocol.max_wait_min * MIN_MS + 1 if group & SUPERVISED else SEEN_MS
        for value in (
            p.step, p.leg, p.leg_end, p.target, p.done, p.total, p.entered, p.reactions, p.reacted, p.hung, p.cause,
            p.by_vitals, p.back_bag, p.back_step, p.loose, p.resume_step, p.flowed, p.wrong_bags, p.whole(),
            min(p.step_ms, self.plan.duration_ms[p.step] + protocol.max_wait_min * MIN_MS + 1),
            min(p.held_ms, protocol.min_hold_min * MIN_MS) if group & HOLDS else 0,
            min(p.still_ms, protocol.max_hold_min * MIN_MS + 1) if p.flowed >= 0 else 0,
            0 if group & HOLDS else min(p.wait_ms, wait_most_ms),
        ):  # fmt: skip
            to.append(value)

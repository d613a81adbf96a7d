"""What a person decides while the pump holds: what it was, where to go on, and the two presses that let it flow.

The part of pump.session.session that runs at rest only. The device proposes and checks; it never chooses (SES-3).
"""

from pump.base.units import ticks_diff
from pump.course.course import runs
from pump.io import CONFIRM, DOWN, START, UP
from pump.tables import events
from pump.tables import messages as m

TECHNICAL, MILD, SEVERE, END = m.HOLD["technical"], m.HOLD["mild"], m.HOLD["severe"], m.HOLD["end"]
CLASSIFY = (TECHNICAL, MILD, SEVERE, END)
BY_OXIMETER = (m.HOLD["spo2-stop"], m.HOLD["pulse-stop"])


class Decisions:
    """Held, decision, boundary and resumable: states of a Session, which keeps all fields used here."""

    def _nothing_decided(self):
        self.choice = 0  # index into CLASSIFY, the step or bag of a decision, or BagCheck's choice
        self.reactions = 0
        self.lowest = False  # no step below the chosen one can be had over the line as it is
        self.resume_step = 0  # chosen, while the bag for it is not
        self.offer_e4 = 0  # its rate (0.0001 mL/h) on the bag that is offered
        self.held_ms = 0
        self._reacted = False  # a reaction was reported and the step to resume at is not yet chosen
        self._by_vitals = False  # the oximeter held: resume waits until it has recovered

    def _held(self, snap, presses):
        if presses & UP:
            self.choice = (self.choice + 1) % len(CLASSIFY)
        elif presses & DOWN:
            self.choice = (self.choice - 1) % len(CLASSIFY)
        elif presses & CONFIRM:
            self._classify(CLASSIFY[self.choice])

    def _classify(self, word):
        if word == TECHNICAL:
            if self._reacted:  # stopped while the step was being chosen: the reaction still stands
                self._choose()
            else:
                self.log(events.DECISION, TECHNICAL, self.step + 1)
                self._to(m.RESUMABLE)
        elif word == END:
            self._end(m.STOPPED, events.STOPPED, END)
        elif word == SEVERE:
            self.log(events.REACTION, SEVERE, self.step + 1)
            self._end(m.LOCKED, events.LOCKED, SEVERE)
        else:
            self._mild()

    def _mild(self):
        self.reactions += 1
        self.log(events.REACTION, MILD, self.step + 1)
        if self.reactions >= self.plan.protocol.decision_after_count:
            self._end(m.LOCKED, events.LOCKED, MILD)  # a clinician decides, not a resume (SES-6)
            return
        self.hold_code = MILD
        self._reacted = True
        self._choose()

    def _choose(self):
        self._settle()
        self.choice = self.step
        if not self.ways(self.step):
            self._move(-1)
        self.lowest = False
        self._to(m.DECISION)

    def _decision(self, presses):
        """UP and DOWN move the step to resume at, CONFIRM takes it; none beyond the present one."""
        self.lowest = False
        if presses & UP:
            self._move(1)
        elif presses & DOWN:
            self._move(-1)
        elif presses & CONFIRM:
            self._step_chosen(self.choice)

    def _move(self, by):
        step = self.choice + by
        while 0 <= step <= self.step:
            if self.ways(step):
                self.choice = step
                return
            step += by
        self.lowest = by < 0

    def _allowed(self, step):
        """Whether the protocol lets people go back that far: the same step, one back, two, any (SES-3).

        More steps back than there are is step 1.
        """
        back = min(self.step - step, 3)
        choices = self.plan.protocol.resume_choices >> back
        return choices & 1 or (not step and choices > 1)

    def ways(self, step):
        """The bags on which a step can run over the line as it is, as they are offered; none: it cannot.

        First the stronger bag that hangs, at the rate of equal dose; then the step's own, which must be hung again
        and starts as slowly as the line's content demands (SES-5); the other way round where the protocol says so.
        """
        plan, hung = self.plan, self._hung
        own = plan.solution[step]
        found = []
        if not self._allowed(step):
            return found
        if hung >= 0 and hung != own and plan.equal_rate(step, hung) < plan.rate_e4[step]:
            if runs(plan, self.tally, step, hung):
                found.append(hung)
        if runs(plan, self.tally, step, own):
            found.insert(0 if plan.protocol.rehang_first else len(found), own)
        return found

    def _step_chosen(self, step):
        """On the bag that hangs it goes on; where there is a bag to choose, that is asked next."""
        ways = self.ways(step)
        own = self.plan.solution[step]
        if len(ways) == 1 and ways[0] == own:
            self._go_back(step, own)
        elif ways:
            self.resume_step = step
            self._offer(ways[0])
            self._to(m.BOUNDARY)

    def _offer(self, bag):
        step, plan = self.resume_step, self.plan
        self.choice = bag
        self.offer_e4 = plan.rate_e4[step] if bag == plan.solution[step] else plan.equal_rate(step, bag)

    def _boundary(self, presses):
        """UP and DOWN change between the bag that hangs and the step's own, CONFIRM takes it."""
        if presses & CONFIRM:
            self._go_back(self.resume_step, self.choice)
        elif presses & (UP | DOWN):
            ways = self.ways(self.resume_step)
            self._offer(ways[-1] if self.choice == ways[0] else ways[0])

    def _go_back(self, step, bag):
        self._settle()
        self.step = step
        self._entered = self._reacted = False
        self.done = self.target = 0
        claim = self.claim
        claim.bag = -1 if bag == self.plan.solution[step] else bag
        claim.turn += 1
        self.course.leave(self.tally, step, claim.bag)
        self.log(events.DECISION, MILD, step + 1)
        self._to(m.RESUMABLE)

    def may_resume(self, snap, vitals):
        """True when nothing but a person's two presses is missing."""
        protocol = self.plan.protocol
        held_ms = ticks_diff(snap.now_ms, self.held_ms)
        if held_ms < protocol.min_hold_min * 60_000 or held_ms > protocol.max_hold_min * 60_000:
            return False
        return vitals.recovered if self._by_vitals or vitals.hold in BY_OXIMETER else vitals.good()

    def _resumable(self, snap, presses, vitals):
        if not self.may_resume(snap, vitals):
            self.want_confirm = False
        elif presses & START:
            self._ask(snap)
        elif presses & CONFIRM and self.want_confirm:
            vitals.restart()
            self.log(events.RESUMED, self.hold_code, self.step + 1)
            self.hold_code = 0
            self._begin()

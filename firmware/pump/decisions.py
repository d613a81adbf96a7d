"""What a person decides while the pump holds: what it was, where to go on, and the two presses that let it flow.

The part of pump.session that runs at rest only. The device proposes and checks; it never chooses (SES-3).
"""

from pump import messages as m
from pump.io import CONFIRM, DOWN, START, UP
from pump.units import ticks_diff

TECHNICAL, MILD, SEVERE, END = m.HOLD["technical"], m.HOLD["mild"], m.HOLD["severe"], m.HOLD["end"]
CLASSIFY = (TECHNICAL, MILD, SEVERE, END)
BY_OXIMETER = (m.HOLD["spo2-stop"], m.HOLD["pulse-stop"])


class Decisions:
    """Held, decision and resumable: three states of a Session, which keeps all fields used here."""

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
                self.log("decision", TECHNICAL, self.step + 1)
                self._to(m.RESUMABLE)
        elif word == END:
            self._end(m.STOPPED, "stopped", END)
        elif word == SEVERE:
            self.log("reaction", SEVERE, self.step + 1)
            self._end(m.LOCKED, "locked", SEVERE)
        else:
            self._mild()

    def _mild(self):
        self.reactions += 1
        self.log("reaction", MILD, self.step + 1)
        if self.reactions >= self.plan.protocol.decision_after_count:
            self._end(m.LOCKED, "locked", MILD)  # a clinician decides, not a resume (SES-6)
            return
        self.hold_code = MILD
        self._reacted = True
        self._choose()

    def _choose(self):
        self.choice = self.step
        self._to(m.DECISION)

    def _decision(self, presses):
        """UP and DOWN move the step to resume at, CONFIRM takes it; none beyond the present one."""
        if presses & UP:
            self.choice = min(self.choice + 1, self.step)
        elif presses & DOWN:
            self.choice = max(self.choice - 1, 0)
        elif presses & CONFIRM:
            self._go_back(self.choice)

    def _go_back(self, step):
        self._settle()
        self.step = step
        self._entered = self._reacted = False
        self.done = self.target = 0
        self.claim.final = self._final(step)
        self.log("decision", MILD, step + 1)
        self._to(m.RESUMABLE)

    def _final(self, step):
        """Pulses of the last step when the session goes on with the full volume of `step` (PRO-4)."""
        planned = list(self.by_bag)
        for k in range(step, self.plan.count - 1):
            if self.plan.counts[k]:
                planned[self.plan.solution[k]] += self.plan.pulses[k]
        return self.plan.final_pulses(planned)

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
            self.log("resumed", self.hold_code, self.step + 1)
            self.hold_code = 0
            self._begin()

"""All is decided: START, then CONFIRM, let the drug flow again, when the patient and the protocol's times allow it."""

from pump.io import CONFIRM, START
from pump.session.bags import CONFIRM_MS
from pump.session.case import MIN_MS
from pump.tables import events, questions
from pump.tables.causes import RECOVERED, WAITS
from pump.tables.states import RESUMABLE, RUNNING


class Resuming:
    """The situation of the state resumable."""

    state = RESUMABLE

    def __init__(self, case):
        self.case = case

    def enter(self):
        """START is asked for, then CONFIRM."""
        self.case.question.ask(questions.RESUME, 0, 0)
        return 0

    def least_s(self):
        """Seconds that are left of the least time of a hold."""
        case = self.case
        return max(0, case.plan.protocol.min_hold_min * MIN_MS - case.progress.held_ms + 999) // 1000

    def may(self):
        """True when nothing but a person's two presses is missing."""
        case = self.case
        progress, vitals = case.progress, case.vitals
        if self.least_s() or case.held_too_long() or not case.may_begin():
            return False
        return vitals.recovered or not (progress.by_vitals or WAITS[vitals.hold] == RECOVERED)

    def press(self, presses):
        """START, then CONFIRM."""
        case = self.case
        question = case.question
        if not self.may():
            question.second = False
        elif presses & START:
            question.second = True
            question.age_ms = 0
        elif presses & CONFIRM and question.second:
            return self._resume()
        else:
            question.second = False  # another key between the two: they are no pair
        return 0

    def _resume(self):
        case = self.case
        case.vitals.restart()
        case.log(events.RESUMED, case.progress.cause, case.progress.step + 1)
        case.progress.cause = 0
        return RUNNING

    def tick(self, dt_ms):
        """The second press did not come in time: as if the first had not been made."""
        question = self.case.question
        if question.second and question.age(dt_ms) > CONFIRM_MS:
            question.second = False
        return 0

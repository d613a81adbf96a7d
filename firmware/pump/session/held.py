"""The pump holds: a person says what it was. The device proposes and checks; it never chooses (SES-3)."""

from pump.io import CONFIRM
from pump.session.question import any_choice
from pump.tables import events, questions
from pump.tables.causes import END, GRADES, MILD, SEVERE, TECHNICAL
from pump.tables.states import DECISION, HELD, LOCKED, RESUMABLE, STOPPED


class Held:
    """The situation of the state held."""

    state = HELD

    def __init__(self, case):
        self.case = case

    def enter(self):
        """The cause is asked for."""
        self.case.question.ask(questions.CAUSE, len(GRADES), 0)
        return 0

    def press(self, presses):
        """UP and DOWN go through the grades, CONFIRM takes the one shown."""
        question = self.case.question
        if question.move(presses, any_choice) or not presses & CONFIRM:
            return 0
        return self._classify(GRADES[question.shown])

    def tick(self, dt_ms):
        """It waits for a person."""
        return 0

    def _classify(self, grade):
        case = self.case
        if grade == TECHNICAL:
            return self._technical()
        if grade == END:
            return STOPPED | END << 8
        case.log(events.REACTION, grade, case.reached() + 1)
        if grade == SEVERE:
            return LOCKED | SEVERE << 8
        return self._mild()

    def _technical(self):
        case = self.case
        if case.progress.reacted:  # stopped while the step was being chosen: the reaction still stands
            return DECISION
        case.log(events.DECISION, TECHNICAL, case.progress.step + 1)
        return RESUMABLE

    def _mild(self):
        progress = self.case.progress
        progress.reactions += 1
        if progress.reactions >= self.case.plan.protocol.decision_after_count:
            return LOCKED | MILD << 8  # a clinician decides, not a resume (SES-6)
        progress.cause = MILD
        progress.reacted = True
        return DECISION

"""The pump holds: a person says what it was. The device proposes and checks; it never chooses (SES-3)."""

from pump.base.compat import micropython
from pump.io import CONFIRM
from pump.session.bags import CONFIRM_MS
from pump.session.question import any_choice
from pump.tables import events, questions
from pump.tables.causes import END, GRADES, MILD, SEVERE, TECHNICAL, TWICE
from pump.tables.states import DECISION, HELD, LOCKED, RESUMABLE, STOPPED

CHOOSE = 0  # the choice when nothing is chosen
LOCK_MS = 20_000


class Held:
    """The situation of the state held."""

    state = HELD

    def __init__(self, case):
        self.case = case

    def enter(self):
        """The cause is asked for; none is preselected (SES-16)."""
        self.case.question.ask(questions.CAUSE, len(GRADES) + 1, CHOOSE)
        return 0

    def press(self, presses):
        """UP and DOWN go through the grades, CONFIRM takes the one shown; what ends the session is pressed twice."""
        question = self.case.question
        if question.move(presses, any_choice):
            question.second = False
            return 0
        if not presses & CONFIRM or question.shown == CHOOSE:
            return 0
        grade = GRADES[question.shown - 1]
        if TWICE[grade] and not question.second:
            question.second = True
            question.age_ms = 0
            return 0
        return self._classify(grade)

    @micropython.native
    def calls(self):
        """True from the first press of a severe reaction on: the emergency screen stands, the alarm sounds."""
        question = self.case.question
        return question.kind == questions.CAUSE and question.second and GRADES[question.shown - 1] == SEVERE

    def tick(self, dt_ms):
        """It waits for a person. A severe reaction locks by itself; what else was pressed once counts no more."""
        question = self.case.question
        if not question.second:
            return 0
        age_ms = question.age(dt_ms)
        if self.calls():
            return self._classify(SEVERE) if age_ms >= LOCK_MS else 0
        question.second = age_ms < CONFIRM_MS
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
        progress.react()
        if progress.reactions >= self.case.plan.protocol.decision_after_count:
            return LOCKED | MILD << 8  # a clinician decides, not a resume (SES-6)
        progress.cause = MILD
        progress.reacted = True
        return DECISION

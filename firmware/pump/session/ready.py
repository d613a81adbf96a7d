"""A protocol is loaded, nothing runs: START begins a session, from its first step, when there is a good reading."""

from pump.io import START
from pump.tables import events, questions
from pump.tables.states import ARMED, READY


class Ready:
    """The situation of the state ready."""

    state = READY

    def __init__(self, case):
        self.case = case

    def enter(self):
        """The fingerprint stands on the screen; START is asked for."""
        self.case.question.ask(questions.START, 0, 0)
        return 0

    def press(self, presses):
        """START, with a good reading."""
        case = self.case
        if not presses & START or not case.may_begin():
            return 0
        case.restart()
        own = case.vitals.take_baseline()
        case.log(events.BASELINE, 0, own)
        return ARMED

    def tick(self, dt_ms):
        """It may wait for ever."""
        return 0

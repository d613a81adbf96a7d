"""A protocol is loaded, nothing runs: START begins a session, from its first step, when there is a good reading and the
patient's own SpO2 is known."""

from pump.base.compat import micropython
from pump.io import START
from pump.tables import events, questions
from pump.tables.states import ARMED, READY


class Ready:
    """The situation of the state ready."""

    state = READY

    def __init__(self, case):
        self.case = case
        self._started = self._taken = False

    def enter(self):
        """The fingerprint stands on the screen; START is asked for."""
        self._started = self._taken = False
        self.case.question.ask(questions.START, 0, 0)
        return 0

    def _may_begin(self):
        return self.case.may_begin() and self.case.vitals.settled()

    @micropython.native
    def press(self, presses):
        """START, with a good reading: all is as planned. The rest comes in the next scans: one has no room for all."""
        if presses & START and self._may_begin():
            self.case.restart()
            self._started = True
        return 0

    @micropython.native
    def tick(self, dt_ms):
        """It may wait for ever; after START the patient's own SpO2 is taken, then the first bag is asked for."""
        case = self.case
        if not self._started or not self._may_begin():
            self._started = self._taken = False
        elif self._taken:
            return ARMED
        else:
            case.log(events.BASELINE, 0, case.vitals.take_baseline())
            self._taken = True
        return 0

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self._started)
        to.append(self._taken)

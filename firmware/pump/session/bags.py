"""Which bag hangs (PRO-8): its code is read from the label and picked on the screen, or scanned; a press confirms it.

The ratio rule cannot see a wrong bag. The screen therefore never shows the code that is wanted by itself: it starts
with none, and UP and DOWN go through the codes of the protocol's bags and "another". Then CONFIRM again lets it run.
"""

from pump.io import CONFIRM
from pump.protocol.protocol import CODE_SHOWN
from pump.session.question import any_choice
from pump.tables import events, questions
from pump.tables.states import ARMED, BAG, READY, RUNNING

CONFIRM_MS = 30_000  # the second press, and the bag of a start, must come within this
NO_CODE = 0  # the choice when nothing is chosen; 1 to n are the protocol's bags in their order, n + 1 another


class Bags:
    """The situation of the state bag."""

    state = BAG
    lapses = 0  # the state that follows when no bag is named in time; 0: it waits

    def __init__(self, case):
        self.case = case
        self.codes = []  # whole codes, bytes
        self.shown = []  # what of them the screen has room for

    def adopt(self, protocol):
        """Takes the bags of an accepted protocol."""
        self.codes = [bag.code.encode() for bag in protocol.solutions]
        self.shown = [code[-CODE_SHOWN:] for code in self.codes]

    def enter(self):
        """The bag of the present step is asked for; nothing is chosen yet."""
        case = self.case
        case.question.ask(questions.BAG, len(self.codes) + 2, NO_CODE)
        case.log(events.BAG_REQUESTED, 0, case.solution())
        return 0

    def press(self, presses):
        """The bag's code is picked and confirmed, then CONFIRM again lets it run."""
        question = self.case.question
        question.age_ms = 0
        if question.move(presses, any_choice):
            question.second = False
        elif presses & CONFIRM and question.second:
            return self._confirmed()
        elif presses & CONFIRM and question.shown != NO_CODE:
            if not self._judge():
                self.case.log(events.BAG_REJECTED, 0, self.case.solution())
        return 0

    def scanned(self, code):
        """A whole code as scanned: True when it is that of the bag asked for; a press still confirms it.

        It allocates nothing and writes no record: who sends codes without end is counted by who hands them on.
        """
        question = self.case.question
        question.age_ms = 0
        question.shown = len(self.codes) + 1
        for bag in range(len(self.codes)):
            if code == self.codes[bag]:
                question.shown = bag + 1
        return self._judge()

    def _judge(self):
        case = self.case
        question = case.question
        question.second = question.shown == case.solution() + 1
        if not question.second:
            question.shown = NO_CODE
        return question.second

    def _confirmed(self):
        """The right bag hangs; with a good reading the step begins."""
        case = self.case
        if not case.may_begin():
            return 0
        bag = case.progress.hung = case.solution()
        case.tally.hang(bag)
        case.log(events.BAG_CONFIRMED, 0, bag)
        case.vitals.restart()
        return RUNNING

    def tick(self, dt_ms):
        """The second press, or the bag of a start, did not come in time: as if the first had not been made."""
        question = self.case.question
        if not question.second and not self.lapses:
            return 0
        if question.age(dt_ms) <= CONFIRM_MS:
            return 0
        question.second = False
        question.shown = NO_CODE
        return self.lapses


class FirstBag(Bags):
    """The situation of the state armed: a start that is no session yet, and lapses."""

    state = ARMED
    lapses = READY

    def enter(self):
        """START was pressed; the first bag is asked for."""
        self.case.log(events.ARMED, 0, 0)
        return Bags.enter(self)

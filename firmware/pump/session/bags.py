"""Which bag hangs (PRO-8): its code is read from the label and picked on the screen, or scanned; a press confirms it.

The ratio rule cannot see a wrong bag. The screen therefore never shows the code that is wanted by itself: it starts
with none, and UP and DOWN go through the codes of the protocol's bags and "another". Then CONFIRM again lets it run.
"""

from pump.base.compat import micropython
from pump.io import CONFIRM, DOWN, UP
from pump.protocol.codes import folded, looks_like
from pump.protocol.protocol import CODE_SHOWN
from pump.session.case import SEEN_MS
from pump.session.progress import AGE_MAX_MS
from pump.session.question import HEARD_MS
from pump.tables import events, questions
from pump.tables.causes import STEP_WAIT, WRONG_BAG
from pump.tables.states import ARMED, BAG, HELD, READY, RUNNING

CONFIRM_MS = 30_000  # the second press, and the bag of a start, must come within this
WRONG_MAX = 3  # so many wrong codes are a person's decision, not a fourth try
_VARIES = 16  # so many wrong codes have an order of the choices of their own; before a session more may come
ANOTHER = b"another"
_SIXTEEN = 0xFFFF
NO_CODE = 0  # the choice when nothing is chosen; 1 to n are the protocol's bags in their order, n + 1 another


class Bags:
    """The situation of the state bag."""

    state = BAG
    lapses = 0  # the state that follows when no bag is named in time; 0: it waits

    def __init__(self, case):
        self.case = case
        self.codes = []  # whole codes as eyes see them, bytes
        self.shown = []  # what of them the screen has room for
        self._salt = 0
        self._heard = False  # the line has named the right bag once: that counts as an act of people, more do not
        self._order = bytearray(1)  # in which the choices come: another one each time, so that fingers learn nothing

    def adopt(self, protocol):
        """Takes the bags of an accepted protocol."""
        codes = [bag.code.encode() for bag in protocol.solutions]
        self.codes = [folded(code) for code in codes]
        self.shown = [code[-CODE_SHOWN:] for code in codes]
        self._salt = sum([(at + 1) * byte for code in self.codes for at, byte in enumerate(code)]) & _SIXTEEN
        self._order = bytearray(len(self.codes) + 2)

    @micropython.native
    def enter(self):
        """The bag of the present step is asked for; nothing is chosen yet, and what hangs is known no longer."""
        case = self.case
        case.progress.hung = -1
        case.progress.wait_ms = 0
        self._heard = False
        self._shuffle()
        case.question.ask(questions.BAG, len(self.codes) + 2, NO_CODE)
        case.log(events.BAG_REQUESTED, 0, case.solution())
        return 0

    @micropython.native
    def press(self, presses):
        """The bag's code is picked and confirmed, then CONFIRM again lets it run."""
        question = self.case.question
        question.age_ms = 0
        if not self.case.vitals.good():
            return 0  # the screen says so, and shows no code that could be meant
        if presses & (UP | DOWN):
            self._turn(1 if presses & UP else -1)
        elif question.heard_ms < HEARD_MS:
            return 0  # meant for what stood there before
        elif presses & CONFIRM and question.second:
            return self._confirmed()
        elif presses & CONFIRM and question.shown != NO_CODE:
            picked = question.shown
            if not self._judge():
                code = self.codes[picked - 1] if picked <= len(self.codes) else ANOTHER
                self.case.log(events.BAG_REJECTED, 0, self.case.solution(), code)
        return 0

    @micropython.native
    def _shuffle(self):
        """The bags and "another" in an order that nobody can guess from the step: it depends on the codes themselves,
        which are each patient's own, and on how the session went. In place: wrong codes may come without end."""
        order, progress = self._order, self.case.progress
        for i in range(len(order)):
            order[i] = i
        seed = self._salt + 7919 * ((progress.entries + progress.wrong_bags) & _SIXTEEN)
        seed = (seed + 39_193 * (progress.session & 0x3FFF)) & _SIXTEEN  # each product within 30 bits
        for i in range(1, len(order)):
            seed = (seed * 1_103 + 12_345) & _SIXTEEN
            at = i + seed % (len(order) - i)
            chosen = order[at]
            while at > i:
                order[at] = order[at - 1]
                at -= 1
            order[i] = chosen

    def _turn(self, by):
        question = self.case.question
        at, order = 0, self._order
        while order[at] != question.shown:
            at += 1
        question.shown = order[(at + by) % len(order)]
        question.second = question.refused = False
        question.heard_ms = HEARD_MS

    def scanned(self, code):
        """A whole code as scanned: True when it is that of the bag asked for; a press still confirms it.

        It allocates nothing and writes no record: who sends codes without end is counted by who hands them on.
        """
        question = self.case.question
        question.hear()
        question.shown = len(self.codes) + 1
        for bag in range(len(self.codes)):
            if looks_like(code, self.codes[bag]):
                question.shown = bag + 1
        right = self._judge()
        if right and not (self._heard and self.lapses):  # no line keeps a start alive that people have left
            self._heard = True
            question.age_ms = 0
        return right

    def hears(self):
        """True when its question stands on the screen: before that nobody can have scanned a bag for it."""
        return self.case.progress.wait_ms >= SEEN_MS

    def _judge(self):
        """Whether it is the bag asked for; else the screen says so, and it is counted."""
        case = self.case
        question = case.question
        question.second = question.shown == case.solution() + 1
        question.refused = not question.second
        if question.second and self.lapses:
            case.on_named()
        if question.refused:
            question.shown = NO_CODE
            wrong = case.progress.wrong_bags + 1
            case.progress.wrong_bags = wrong if wrong < _VARIES else WRONG_MAX
            self._shuffle()
        return question.second

    @micropython.native
    def _confirmed(self):
        """The right bag hangs; with a good reading the step begins."""
        case = self.case
        if not case.may_begin() or case.held_too_long() or (self.lapses and case.unproved):
            return 0
        bag = case.progress.hung = case.solution()
        if self.lapses:
            case.progress.wrong_bags = 0  # what was refused before the session began is no reason to hold it
        case.log(events.BAG_CONFIRMED, 0, bag)
        case.vitals.restart()
        return RUNNING

    def tick(self, dt_ms):
        """The second press, or the bag of a start, did not come in time: as if the first had not been made.

        A bag that does not come for longer than the protocol lets people wait is a person's decision (SES-2, SES-6).
        """
        case, question = self.case, self.case.question
        age_ms = question.age(dt_ms)
        case.progress.wait_ms = min(case.progress.wait_ms + dt_ms, AGE_MAX_MS)
        if not self.lapses and case.progress.wrong_bags >= WRONG_MAX:
            case.progress.wrong_bags = 0
            return HELD | WRONG_BAG << 8
        if not self.lapses and (case.waited_too_long() or case.held_too_long()):
            return HELD | STEP_WAIT << 8
        if not question.second and not self.lapses:
            return 0
        if age_ms <= CONFIRM_MS:
            return 0
        question.second = False
        question.shown = NO_CODE
        return self.lapses

    def pack(self, to):
        """Appends what decides from here on: whether the line was heard, and the order of the choices."""
        to.append(self._heard)
        to.extend(self._order)


class FirstBag(Bags):
    """The situation of the state armed: a start that is no session yet, and lapses."""

    state = ARMED
    lapses = READY

    def enter(self):
        """START was pressed; the first bag is asked for."""
        self.case.log(events.ARMED, 0, 0)
        return Bags.enter(self)

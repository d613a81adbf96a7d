"""What the screen says in each state: four lines of 16 characters, 16 pixels high; the board draws them.

Line 1 where we are, line 2 the rate that runs or what to press, line 3 the oximeter (pump.panel.reading), line 4
the alarm, or by turns the progress and the trend of SpO2. One line is composed a scan, and at most one cell of four
characters is handed to the board a scan, changed ones first: the bus carries 64 bytes at the most. A byte above 127 is
shown inverted.
"""

from pump.base.compat import micropython, ptr8
from pump.base.copying import copy
from pump.panel.reading import SHORT, reading, trend, trends
from pump.panel.text import BLANK, WIDTH, clear, number, rate, share, words
from pump.tables import checks
from pump.tables.alarms import LOW, WHAT
from pump.tables.causes import ASKED, BIT, GRADES, LOG_LOST, WORDS
from pump.tables.questions import CODE_LINE
from pump.tables.states import FIRST_ENDS, FIRST_LINE, FLOWS, GROUP, OVER, SECOND_LINE

LINES = 4
CELL = 4  # characters of a cell
CELLS = LINES * WIDTH // CELL
INVERT = 128
_LOG_BIT = BIT[LOG_LOST]

_BAR = b"\x7f" * 10  # the board draws byte 127 as a solid bar


@micropython.viper
def _changed_from(lines: ptr8, shown: ptr8, cell: int) -> int:
    """The first of 16 cells, from `cell` on, whose four bytes differ; they are taken over into `shown`."""
    for _ in range(16):
        at = cell * 4
        different = 0
        for i in range(at, at + 4):
            different |= int(lines[i]) ^ int(shown[i])
        if different:
            for i in range(at, at + 4):
                shown[i] = lines[i]
            return cell
        cell = (cell + 1) & 15
    return -1


@micropython.native
def _take_changed(lines, shown, cell):
    """As `_changed_from`; most of the time nothing has changed, which is seen in one comparison."""
    return -1 if lines == shown else int(_changed_from(lines, shown, cell))


# -- line 1, after the words of the state's row


def _letter(line, at, session, bag):
    line[at] = ord(session.case.plan.protocol.solutions[bag].id)


def _where_running(line, at, session):
    at = number(line, at, session.progress.step + 1)
    at = number(line, words(line, at, b"/"), session.case.plan.count)
    _letter(line, words(line, at, b" BAG "), session, session.case.solution())


def _where_hanging(line, at, session):
    _letter(line, at, session, session.case.solution())


def _where_cause(line, at, session):
    words(line, at, WORDS[session.progress.cause])


def _where_step(line, at, session):
    if session.question.shown:
        number(line, at, session.question.shown)
    else:
        words(line, at, b"?")


def _where_boundary(line, at, session):
    at = words(line, number(line, at, session.progress.resume_step + 1), b" ON BAG ")
    _letter(line, at, session, session.question.shown)


def _where_resumable(line, at, session):
    number(line, at, session.progress.step + 1)


def _where_power_off(line, at, session):
    """By turns: for how long the power was off, what was given and how surely that is known."""
    recovered = session.recovered
    face = recovered.face()
    if face == 1:
        at = words(line, rate(line, 0, recovered.given_e4), b" mL")
        rate(line, words(line, at, b"+-"), recovered.unsure_e4)
    elif recovered.reset:
        words(line, 0, b"RESET: UNSURE")
    elif recovered.off_s < 0:
        words(line, 0, b"TIME OFF UNKNOWN")
    else:
        words(line, number(line, words(line, 0, b"OFF "), (recovered.off_s + 59) // 60), b" MIN")


def _where_check(line, at, session):
    words(line, at, checks.WORDS[session.check])


# -- line 2


def _what_idle(line, session, pump):
    if pump.act:
        words(line, 0, b"BENCH? CONFIRM")
    elif pump.lost.step:
        number(line, words(line, 0, b"LOST IN STEP "), pump.lost.step)
    elif pump.conditions.monitoring.on:
        _what_over(line, session, pump)
    elif not pump.bench and not pump.keyring.there:
        words(line, 0, b"NO KEYS IN PUMP")


def _waits(line, vitals, needed, seconds):
    """Which reading is missing: none at all, a low one, or one that recovers, and the value that it waits for."""
    if not vitals.sure:
        words(line, 0, b"WAIT: NO SPO2")
    elif vitals.low():
        words(line, number(line, words(line, 0, b"WAIT: O2 "), vitals.spo2), b" LOW")
    elif vitals.strayed():
        number(line, words(line, 0, b"WAIT: PULSE "), vitals.pulse)
    else:
        at = number(line, words(line, 0, b"WAIT: O2 "), needed)
        if seconds:
            words(line, number(line, words(line, at, b" "), seconds), b" s")


def _what_ready(line, session, pump):
    vitals = pump.vitals
    at = words(line, 0, pump.fingerprint)
    if pump.conditions.monitoring.second:
        clear(line)
        words(line, 0, b"END MONITORING?")
    elif pump.checks.pending:
        words(line, at, b" TESTING")
    elif vitals.good():
        words(line, at, b" START?" if vitals.settled() else b" O2 WAIT")
    elif vitals.low():
        words(line, at, b" O2 LOW")
    else:
        words(line, at, b" PULSE" if vitals.strayed() else b" NO O2")


def _what_over(line, session, pump):
    """The session is over, the patient is still watched, until a person ends that by two presses (ALM-7)."""
    monitoring = pump.conditions.monitoring
    if monitoring.on:
        words(line, 0, b"CONFIRM TO END" if monitoring.second else b"END MONITORING?")


def _what_running(line, session, pump):
    words(line, rate(line, 0, session.rate_e4()), b" mL/h")


def _what_hanging(line, session, pump):
    """The code of the bag that hangs is picked; the wanted one never stands here by itself (PRO-8)."""
    question, shown = session.question, session.bags.shown
    if not pump.vitals.good():
        _waits(line, pump.vitals, pump.vitals.stop + 1, pump.vitals.clear_s())
    elif session.case.unproved and pump.parts.bits & _LOG_BIT:
        words(line, 0, b"WAIT: LOG LOST")  # that the order begins cannot be kept (SES-15): a press does nothing
    elif question.second:
        words(line, 0, b"PRESS CONFIRM")
    elif question.refused:
        words(line, 0, b"WRONG BAG")
    elif not question.shown:
        words(line, 0, b"CODE? UP/DOWN")
    elif question.shown > len(shown):
        words(line, 0, b"CODE: ANOTHER")
    else:
        words(line, words(line, 0, CODE_LINE), shown[question.shown - 1])


def _what_held(line, session, pump):
    question = session.question
    if not question.shown:
        words(line, 0, b"WHAT? UP/DOWN")
    else:
        words(line, 0, b"CONFIRM AGAIN" if question.second else ASKED[GRADES[question.shown - 1]])


def _what_step(line, session, pump):
    question = session.question
    if not question.choices:
        words(line, 0, b"NONE GOES: END")
    else:
        words(line, 0, b"NO LOWER STEP" if question.stuck else b"UP DOWN CONFIRM")


def _what_boundary(line, session, pump):
    words(line, rate(line, 0, session.ways.offer_e4), b" mL/h?")


def _what_resumable(line, session, pump):
    least_s = session.resuming.least_s()
    if session.case.held_too_long():
        words(line, 0, b"TOO LONG: END IT")
    elif least_s and pump.vitals.good():
        words(line, number(line, words(line, 0, b"WAIT "), least_s), b" S")
    elif not session.may_resume():
        _waits(line, pump.vitals, pump.vitals.resume, pump.vitals.wait_s())
    else:
        words(line, 0, b"PRESS CONFIRM" if session.question.second else b"PRESS START")


def _what_recovered(line, session, pump):
    """What a person is to do, and that it can only end."""
    if session.recovered.face() == 2 and session.case.held_too_long():
        words(line, 0, b"TOO LONG: END IT")
    else:
        words(line, 0, b"LOOKED? CONFIRM")


def _what_locked(line, session, pump):
    words(line, 0, b"CLAMP DISCONNECT")


def _what_remedy(line, session, pump):
    """After a check of the self-test that failed: what to do, in a session which it was."""
    if GROUP[session.state] & OVER:
        words(line, 0, checks.WORDS[session.check])
    else:
        words(line, 0, checks.TO_DO[session.check])


# In the order of the numbers in tables.states; None draws nothing.
_FIRST = (
    None, _where_running, _where_hanging, _where_cause, _where_step, _where_boundary, _where_resumable,
    _where_power_off, _where_check,
)  # fmt: skip
_SECOND = (
    _what_over, _what_idle, _what_ready, _what_hanging, _what_running, _what_held, _what_step, _what_boundary,
    _what_resumable, _what_locked, _what_recovered, _what_remedy,
)  # fmt: skip


class Display:
    """`compose` one line a scan, `next_cell` the cell to draw; `lines` is what should stand on the screen."""

    def __init__(self):
        self.lines = bytearray(b" " * (LINES * WIDTH))
        self.shown = bytearray(LINES * WIDTH)  # zeros: everything is to be drawn at first
        self._line = bytearray(WIDTH)
        self._turn = 0
        self._cell = 0

    @micropython.native
    def compose(self, pump):
        """Composes the next of the four lines from the controller's modules."""
        turn = self._turn
        clear(self._line)
        if turn == 0:
            self._where(self._line, pump.session)
        elif turn == 1:
            self._what(self._line, pump)
        elif turn == 2:
            self._oximeter(self._line, pump)
        else:
            self._bottom(self._line, pump)
        copy(self.lines, turn * WIDTH, self._line, 0, WIDTH)
        self._turn = (turn + 1) & 3

    @micropython.native
    def _where(self, line, session):
        state = session.face()
        at = words(line, 0, FIRST_LINE[state])
        draw = _FIRST[FIRST_ENDS[state]]
        if draw:
            draw(line, at, session)

    @micropython.native
    def _what(self, line, pump):
        session = pump.session
        draw = _SECOND[SECOND_LINE[session.face()]]
        if draw:
            draw(line, session, pump)

    @micropython.native
    def _oximeter(self, line, pump):
        """The reading, or that the probe is off on purpose; short beside bench mode's word."""
        probe_s = pump.conditions.monitoring.probe_s
        if pump.bench:
            words(line, SHORT, b"BENCH")
        if probe_s:
            number(line, words(line, 0, b"NO PROBE "), (probe_s + 59) // 60)
        else:
            reading(line, pump, pump.bench, self._alarmed(pump))

    @micropython.native
    def _alarmed(self, pump):
        """True while line 4 is an alarm's: one of low priority leaves it to what flows."""
        if pump.alarms.priority == LOW and GROUP[pump.session.state] & FLOWS:
            return False
        return pump.alarms.top

    @micropython.native
    def _bottom(self, line, pump):
        session = pump.session
        group = GROUP[session.state]
        if self._alarmed(pump):
            words(line, 0, WHAT[pump.alarms.shown])
            for i in range(WIDTH):
                line[i] |= INVERT
            return
        progress = session.progress
        if group & (FLOWS | OVER) and trends(pump):
            trend(line, pump.vitals, False)
        elif group & FLOWS and progress.target:
            for i in range(min(len(_BAR), share(progress.done, progress.target, 10))):
                line[i] = _BAR[i]
            at = number(line, 11, min(99, share(progress.done, progress.target, 100)))
            words(line, at, b"%")

    def forget(self):
        """Nothing is on the screen any more: all is to be drawn."""
        for i in range(len(self.shown)):
            self.shown[i] = 0

    @micropython.native
    def next_cell(self):
        """The next cell that differs from what was drawn, as its number; -1 when all is drawn."""
        cell = _take_changed(self.lines, self.shown, self._cell)
        if cell >= 0:
            self._cell = (cell + 1) % CELLS
        return cell


assert BLANK < INVERT

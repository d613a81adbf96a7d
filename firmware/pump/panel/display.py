"""What the screen says in each state: four lines of 16 characters, 16 pixels high; the board draws them.

Line 1 where we are, line 2 the rate that runs or what to press, line 3 the oximeter, line 4 the alarm or the progress.
One line is composed a scan, and at most one cell of four characters is handed to the board a scan, changed ones first:
the bus carries 64 bytes at the most. A byte above 127 is shown inverted.
"""

from pump.base.compat import micropython, ptr8
from pump.panel.text import BLANK, WIDTH, clear, number, rate, words
from pump.session.decisions import CLASSIFY, END, MILD, SEVERE, TECHNICAL
from pump.tables import messages as m
from pump.tables.alarms import WHAT

LINES = 4
CELL = 4  # characters of a cell
CELLS = LINES * WIDTH // CELL
INVERT = 128

_STATE = (
    b"NO PROTOCOL", b"READY ", b"HANG BAG ", b"HANG BAG ", b"", b"HELD ", b"RESUME AT STEP ", b"STEP ", b"RESUME ",
    b"EMERGENCY", b"STOPPED", b"COMPLETED", b"FAULT",
)  # fmt: skip
_WORD = {TECHNICAL: b"TECHNICAL?", MILD: b"MILD REACTION?", SEVERE: b"SEVERE REACTION", END: b"END SESSION?"}
_CHOICES = tuple(_WORD[code] for code in CLASSIFY)
_HOLDS = tuple(name.upper().replace("-", " ").encode() for name in m.HOLD_CODES)
_BAR = b"\x7f" * 10  # the board draws byte 127 as a solid bar


@micropython.viper
def _take_changed(lines: ptr8, shown: ptr8, cell: int) -> int:
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
            self._oximeter(self._line, pump.vitals, pump.bench)
        else:
            self._bottom(self._line, pump)
        at = turn * WIDTH
        lines, line = self.lines, self._line
        for i in range(WIDTH):
            lines[at + i] = line[i]
        self._turn = (turn + 1) & 3

    @micropython.native
    def _where(self, line, session):
        state = session.state
        if state == m.RUNNING:
            at = number(line, words(line, 0, b"STEP "), session.step + 1)
            at = number(line, words(line, at, b"/"), session.plan.count)
            line[words(line, at, b" BAG ")] = ord(session.plan.protocol.solutions[session.solution()].id)
            return
        at = words(line, 0, _STATE[state])
        if state == m.ARMED or state == m.BAG:
            line[at] = ord(session.plan.protocol.solutions[session.solution()].id)
        elif state == m.HELD:
            words(line, at, _HOLDS[session.hold_code])
        elif state == m.DECISION:
            number(line, at, session.choice + 1)
        elif state == m.BOUNDARY:
            at = words(line, number(line, at, session.resume_step + 1), b" ON BAG ")
            line[at] = ord(session.plan.protocol.solutions[session.choice].id)
        elif state == m.RESUMABLE:
            number(line, words(line, at, b"STEP "), session.step + 1)
        elif state == m.STOPPED or state == m.FAULT or state == m.LOCKED:
            words(line, at + 1, _HOLDS[session.hold_code])

    @micropython.native
    def _what(self, line, pump):
        session = pump.session
        state = session.state
        if state == m.RUNNING:
            words(line, rate(line, 0, session.rate_e4()), b" mL/h")
        elif state == m.READY:
            words(line, words(line, 0, pump.fingerprint), b" START?" if pump.vitals.good() else b" NO O2")
        elif state == m.ARMED or state == m.BAG:
            self._bag(line, session.bags, pump.vitals.good())
        elif state == m.IDLE and not pump.bench and not pump.keys:
            words(line, 0, b"NO KEYS IN PUMP")
        elif state == m.HELD:
            words(line, 0, _CHOICES[session.choice])
        elif state == m.DECISION:
            words(line, 0, b"NO LOWER STEP" if session.lowest else b"UP DOWN CONFIRM")
        elif state == m.BOUNDARY:
            words(line, rate(line, 0, session.offer_e4), b" mL/h?")
        elif state == m.RESUMABLE:
            if not pump.may_resume():
                words(line, 0, b"WAIT: SPO2 60 S" if pump.vitals.good() else b"WAIT: NO SPO2")
            else:
                words(line, 0, b"PRESS CONFIRM" if session.want_confirm else b"PRESS START")
        elif state == m.LOCKED:
            words(line, 0, b"CLAMP DISCONNECT")

    def _bag(self, line, bags, good):
        """The code of the bag that hangs is picked; the wanted one never stands here by itself (PRO-8)."""
        if not good:
            words(line, 0, b"WAIT: NO SPO2")
        elif bags.known:
            words(line, 0, b"PRESS CONFIRM")
        elif not bags.choice:
            words(line, 0, b"CODE? UP/DOWN")
        elif bags.choice > len(bags.shown):
            words(line, 0, b"CODE: ANOTHER")
        else:
            words(line, words(line, 0, b"CODE "), bags.shown[bags.choice - 1])

    @micropython.native
    def _oximeter(self, line, vitals, bench):
        """SpO2 and pulse; in bench mode, which is never off the screen, in short."""
        at = words(line, 0, b"O2 " if bench else b"SpO2 ")
        at = words(line, at, b"--") if vitals.spo2 == m.NONE8 else number(line, at, vitals.spo2)
        at = words(line, at, b" P" if bench else b" PR ")
        if vitals.pulse == m.NONE16:
            words(line, at, b"--")
        else:
            number(line, at, vitals.pulse)
        if bench:
            words(line, 11, b"BENCH")

    @micropython.native
    def _bottom(self, line, pump):
        alarm = pump.alarms.top
        if alarm and not (pump.alarms.priority < 2 and pump.session.state == m.RUNNING):
            words(line, 0, WHAT[alarm])
            for i in range(WIDTH):
                line[i] |= INVERT
            return
        session = pump.session
        if session.state == m.RUNNING and session.target:
            tenths = min(len(_BAR), session.done * 10 // session.target)
            for i in range(tenths):
                line[i] = _BAR[i]
            at = number(line, 11, min(99, session.done * 100 // session.target))
            words(line, at, b"%")

    @micropython.native
    def next_cell(self):
        """The next cell that differs from what was drawn, as its number; -1 when all is drawn."""
        cell = int(_take_changed(self.lines, self.shown, self._cell))
        if cell >= 0:
            self._cell = (cell + 1) % CELLS
        return cell


assert BLANK < INVERT

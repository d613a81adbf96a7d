"""Which bag hangs, as the guard learns it: from what the screen asks and shows, from raw presses and scanned codes.

The screen asks for a bag: from then on none is known. It shows a code, or one is scanned, and CONFIRM is pressed, and
again: then that bag hangs. Control is not asked.
"""

from pump.io import CONFIRM
from pump.protocol.codes import folded, looks_like
from pump.protocol.protocol import CODE_SHOWN
from pump.tables.questions import CODE_LINE
from pump.tables.states import BAG, FIRST_LINE, READY

_SECOND_LINE = 16
_WIDTH = 16
_BLANK = 32
HEARD_MS = 900  # a scanned code counts when it has stood so long: a little sooner than for control (SES-16)
STABLE = (
    3  # samples for which a key is down when it counts (INT-6); what stands on the screen then is what is confirmed
)


class Hanging:
    """`bag`: its index, -1 while none is known. `lines`: the screen's text, four lines of 16."""

    def __init__(self, protocol, lines):
        self._lines = lines
        codes = [bag.code.encode() for bag in protocol.solutions]
        self._codes = [folded(code) for code in codes]
        self._shown = [code[-CODE_SHOWN:] for code in codes]
        self._down = 0  # samples for which CONFIRM has been down
        self._raw = 0
        self._heard_ms = HEARD_MS  # since a code was scanned
        self.forget()

    def forget(self):
        """A new session: nothing is known."""
        self.bag = self._picked = -1
        self._asked = 0

    def look(self, raw, dt_ms):
        """A scan at rest with these keys down.

        A request is new when its line was gone before, or names another bag: in flow the old one stands for a while.
        """
        self._raw = raw
        self._down = min(self._down + 1, STABLE + 1) if raw & CONFIRM else 0
        self._heard_ms = min(self._heard_ms + dt_ms, HEARD_MS)
        asked = self._asked_now()
        if asked and asked != self._asked:
            self.bag = self._picked = -1
        self._asked = asked
        if not asked or self._down != STABLE or self._heard_ms < HEARD_MS:
            return
        named = self._named()
        if named >= 0 and named != self._picked:
            self.bag, self._picked = -1, named
        elif self._picked >= 0:
            self.bag = self._picked

    def _asked_now(self):
        """The letter of the bag that the screen asks for, 0: none."""
        return self._lines[len(FIRST_LINE[BAG])] if self.stands(0, FIRST_LINE[BAG]) else 0

    def _named(self):
        """The bag whose code stands on the screen, -1: none."""
        if self.stands(_SECOND_LINE, CODE_LINE):
            for bag in range(len(self._shown)):
                if self._is(_SECOND_LINE + len(CODE_LINE), self._shown[bag]):
                    return bag
        return -1

    def scanned(self, code):
        """A code came from the scanner while a bag is asked for and no key is down; CONFIRM makes it the bag that
        hangs."""
        if self._asked and not self._raw:
            self.bag = self._picked = -1
            self._heard_ms = 0
            for bag in range(len(self._codes)):
                if looks_like(code, self._codes[bag]):
                    self._picked = bag

    def _is(self, at, text):
        """True when that text stands there and nothing behind it: one code may begin another."""
        end = at + len(text)
        return self.stands(at, text) and (end % _WIDTH == 0 or self._lines[end] == _BLANK)

    def stands(self, at, text):
        """True when that text stands there on the screen."""
        lines = self._lines
        for i in range(len(text)):
            if lines[at + i] != text[i]:
                return False
        return True

    def pack(self, to):
        """Appends what decides from here on; of the screen what it reads there."""
        picked = self._picked if self._asked else -1  # the next request begins anew
        for value in (self.bag, picked, self._asked, self._down, self._raw, self._heard_ms, self._named()):
            to.append(value)
        to.append(self._asked_now())
        to.append(self.stands(0, FIRST_LINE[READY]))

"""Which bag hangs, as the guard learns it: from what the screen asks and shows, from raw presses and scanned codes.

The screen asks for a bag: from then on none is known. It shows a code, or one is scanned, and CONFIRM is pressed, and
again: then that bag hangs. Control is not asked.
"""

from pump.io import CONFIRM
from pump.protocol.codes import folded, looks_like
from pump.protocol.protocol import CODE_SHOWN
from pump.tables.questions import CODE_LINE
from pump.tables.states import BAG, FIRST_LINE

_SECOND_LINE = 16
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
        self.forget()

    def forget(self):
        """A new session: nothing is known."""
        self.bag = self._picked = -1
        self._asked = False

    def flows(self):
        """The drug flows: when a bag is asked for next, that is another request."""
        self._asked = False

    def look(self, raw):
        """A scan at rest with these keys down."""
        self._down = min(self._down + 1, STABLE + 1) if raw & CONFIRM else 0
        asked, before = self.stands(0, FIRST_LINE[BAG]), self._asked
        self._asked = asked
        if asked and not before:
            self.bag = self._picked = -1
        if not asked or self._down != STABLE:
            return
        named = self._named()
        if named >= 0 and named != self._picked:
            self.bag, self._picked = -1, named
        elif self._picked >= 0:
            self.bag = self._picked

    def _named(self):
        """The bag whose code stands on the screen, -1: none."""
        if self.stands(_SECOND_LINE, CODE_LINE):
            for bag in range(len(self._shown)):
                if self.stands(_SECOND_LINE + len(CODE_LINE), self._shown[bag]):
                    return bag
        return -1

    def scanned(self, code):
        """A code came from the scanner while a bag is asked for; CONFIRM makes it the bag that hangs."""
        if self._asked:
            self.bag = self._picked = -1
            for bag in range(len(self._codes)):
                if looks_like(code, self._codes[bag]):
                    self._picked = bag

    def stands(self, at, text):
        """True when that text stands there on the screen."""
        lines = self._lines
        for i in range(len(text)):
            if lines[at + i] != text[i]:
                return False
        return True

"""Which bag hangs (PRO-8): its code is read from the label and picked on the screen, or scanned; a press confirms it.

The ratio rule cannot see a wrong bag. The screen therefore never shows the code that is wanted by itself: it starts
with none, and UP and DOWN go through the codes of the protocol's bags and "another".
"""

from pump.io import CONFIRM, DOWN, UP
from pump.protocol.protocol import CODE_SHOWN

KNOWN, REJECTED, CONFIRMED = 1, 2, 3
NONE = 0


class BagCheck:
    """`choice`: 0 none, 1 to n the protocol's bags in their order, n + 1 another; `known`: it is the wanted one."""

    def __init__(self):
        self.codes = []  # whole codes, bytes
        self.shown = []  # what of them the screen has room for
        self.wanted = 0
        self.choice = NONE
        self.known = False

    def adopt(self, protocol):
        """Takes the bags of an accepted protocol."""
        self.codes = [bag.code.encode() for bag in protocol.solutions]
        self.shown = [code[-CODE_SHOWN:] for code in self.codes]

    def ask(self, solution):
        """A bag is to be hung: index of the solution; nothing is chosen yet."""
        self.wanted = solution
        self.forget()

    def forget(self):
        """Nothing is chosen."""
        self.choice = NONE
        self.known = False

    def press(self, presses):
        """UP, DOWN and CONFIRM of this scan: KNOWN, REJECTED, CONFIRMED (the second press), else 0."""
        if presses & UP:
            self._move(1)
        elif presses & DOWN:
            self._move(-1)
        elif presses & CONFIRM and self.known:
            return CONFIRMED
        elif presses & CONFIRM and self.choice:
            return self._judge()
        return 0

    def _move(self, by):
        self.known = False
        self.choice = (self.choice + by) % (len(self.codes) + 2)

    def scanned(self, code):
        """A whole code as scanned (bytes): KNOWN or REJECTED."""
        self.choice = self.codes.index(code) + 1 if code in self.codes else len(self.codes) + 1
        return self._judge()

    def _judge(self):
        self.known = self.choice == self.wanted + 1
        if self.known:
            return KNOWN
        self.choice = NONE
        return REJECTED

"""The bag of a step is asked for, named by its code, and let run by a second press (PRO-8): a part of session.py."""

from pump.session.bags import CONFIRMED, REJECTED
from pump.tables import events
from pump.tables import messages as m

_HANGING = (m.ARMED, m.BAG)


class Hanging:
    """Armed and bag: two states of a Session, which keeps all fields used here."""

    def _request_bag(self):
        self.bags.ask(self.solution())
        self.choice = 0
        self.log(events.BAG_REQUESTED, 0, self.solution())

    def _bag(self, snap, presses, vitals):
        """The bag's code is picked and confirmed, then CONFIRM again lets it run."""
        self._bag_said(self.bags.press(presses), snap, vitals)

    def scanned(self, code, snap, vitals):
        """A bag's code as scanned (bytes): True when it is that of the bag asked for; a press still confirms it."""
        self._bag_said(self.bags.scanned(code), snap, vitals)
        return self.bags.known

    def asks_bag(self):
        """True while a bag is to be hung."""
        return self.state in _HANGING

    def _bag_said(self, answer, snap, vitals):
        self._pressed_ms = snap.now_ms
        if answer == CONFIRMED and vitals.good():
            self._hung = self.solution()
            self.tally.hang(self._hung)
            self.log(events.BAG_CONFIRMED, 0, self._hung)
            vitals.restart()
            self._begin()
            return
        if answer == REJECTED:
            self.log(events.BAG_REJECTED, 0, self.solution())
        self.want_confirm = self.bags.known
        self.choice = self.bags.choice

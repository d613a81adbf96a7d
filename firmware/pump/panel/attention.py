"""Which presses count: those that answer a question which people have had before their eyes (SES-16, SES-1)."""

from pump.base.compat import micropython
from pump.io import CONFIRM, START
from pump.tables import questions

SEEN_MS = 1_000  # a protocol's start must have been asked so long, with all keys up, before START counts
NEW_MS = 300  # a press so soon after a question was meant for the one before; STOP and SILENCE answer none


class Attention:
    """`counts` what is pressed while `awaits`; `seen_ms`: so long the question has stood there, with all keys up."""

    def __init__(self):
        self.awaits = True
        self.seen_ms = 0
        self._new_ms = NEW_MS  # since the question changed, or its second press was asked for

    def anew(self):
        """Another question stands now."""
        self.awaits = True
        self.seen_ms = self._new_ms = 0

    def second(self):
        """The question asks for its second press."""
        self.awaits = True
        self._new_ms = 0

    @micropython.native
    def counts(self, presses, snap, drawn, kind):
        """Of these presses those that count; `drawn`: the screen shows what it should, `kind` of question."""
        if self._new_ms < NEW_MS:
            self._new_ms += snap.dt_ms
            presses &= ~(START | CONFIRM)
        if self.seen_ms < SEEN_MS:
            if drawn and not snap.buttons:
                self.seen_ms += snap.dt_ms
            if kind == questions.START:
                presses &= ~START
        self.awaits = self._new_ms < NEW_MS or self.seen_ms < SEEN_MS
        return presses

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.awaits)
        to.append(min(self.seen_ms, SEEN_MS))
        to.append(min(self._new_ms, NEW_MS))

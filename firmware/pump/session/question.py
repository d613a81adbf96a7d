"""What the pump asks: a kind, a range of choices, the one that is shown, and whether a second press is awaited.

UP and DOWN go through the choices, CONFIRM answers; the situation that asks says which of them there are. The display
draws it, the status carries it, people and the bench's nurse answer it by its kind (tables.questions).
"""

from pump.base.compat import micropython
from pump.io import DOWN, UP
from pump.tables.questions import NONE, WRAPS

AGE_MAX_MS = 1 << 29
HEARD_MS = 1_000  # what the line proposes must have stood so long before a press answers it


class Question:
    """`kind`, `shown` (its meaning is the kind's), `choices` (how many), `second`, `age_ms` since the last press.

    `heard_ms`: since the line proposed what is shown, HEARD_MS at the most.
    """

    def __init__(self):
        self.ask(NONE, 0, 0)

    @micropython.native
    def ask(self, kind, choices, shown):
        """Asks anew: `choices` values from 0, of which `shown` stands first; nothing is pressed yet."""
        self.kind = kind
        self.choices = choices
        self.shown = shown
        self.second = False
        self.age_ms = 0
        self.stuck = False  # the last press found no other choice
        self.refused = False  # the last answer was wrong
        self.heard_ms = HEARD_MS

    def hear(self):
        """The line has proposed an answer: a press counts when people have had it before their eyes (SES-16)."""
        self.heard_ms = 0

    def age(self, dt_ms):
        """So much time without a press; returns the age in ms, which stops growing at AGE_MAX_MS."""
        self.heard_ms = min(self.heard_ms + dt_ms, HEARD_MS)
        self.age_ms = min(self.age_ms + dt_ms, AGE_MAX_MS)
        return self.age_ms

    def move(self, presses, may):
        """UP or DOWN: shows the next choice for which `may(choice)` holds; True when one of the two was pressed."""
        if not presses & (UP | DOWN):
            self.stuck = False
            return False
        self.refused = False
        by = 1 if presses & UP else -1
        found = self._next(by, may)
        self.stuck = found < 0 and by < 0
        if found >= 0:
            self.shown = found
        return True

    def _next(self, by, may):
        """The next choice in that direction, once round at the most; -1: none."""
        choice = self.shown
        for _ in range(self.choices):
            choice += by
            if WRAPS[self.kind]:
                choice %= self.choices
            elif not 0 <= choice < self.choices:
                return -1
            if may(choice):
                return choice
        return -1

    def pack(self, to, ages):
        """Appends what decides from here on; `ages`: so does the time since the last press."""
        for value in (
            self.kind, self.choices, self.shown, self.second, self.age_ms if ages else 0, self.stuck, self.refused,
            self.heard_ms,
        ):  # fmt: skip
            to.append(value)


def any_choice(choice):
    """Every choice may be shown."""
    return True

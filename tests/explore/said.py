"""What people have said to the explored pump, by the keys that went down and what stood on the screen then.

What the pump has recorded of it is never asked: a grade that it takes for another one would be so in its records, too.
"""

from __future__ import annotations

from typing import Any

from pump.io import CONFIRM, DOWN, START, UP
from pump.tables import causes
from pump.tables.questions import CAUSE
from pump.tables.states import FAULT, GROUP, HELD, ON, RESUMABLE, RUNNING

AGE_MOST_MS = 11_000  # of a press that waits for a second one


def _older(age_ms: int, ms: int) -> int:
    return min(age_ms + ms, AGE_MOST_MS) if age_ms >= 0 else -1


class Said:
    """`before`: the session's state before the scan; `chosen`, `start_before` as they were before it."""

    def __init__(self) -> None:
        self.watched = False  # the patient: from START to two presses of CONFIRM when all is over
        self.ends = 0  # of those
        self.begin()
        self.chosen, self.start_before = False, -1
        self.word, self.twice = 0, False  # what a hold was, as named in this scan (0: nothing), and by a second press
        self._asked = (0, 0, False)  # the question before the scan: kind, shown, second press

    def begin(self) -> None:
        """A new session."""
        self.chose = False  # UP or DOWN went down since this question of a hold was asked
        self.severe = False  # severe, by two presses
        self.severe_ms = -1  # since the first of them
        self.start_ms = -1  # since START was pressed for a resume

    def look(self, question: Any) -> None:
        """Before a scan: what stands on the screen."""
        self._asked = (question.kind, question.shown, question.second)

    def book(self, session: Any, before: int, keys: int, pressed: int, ms: int) -> None:
        """After it: `keys` are down, `pressed` went down with it."""
        self.chosen, self.start_before = self.chose, self.start_ms
        if GROUP[session.state] & ON:
            self.watched, self.ends = True, 0
        elif pressed & CONFIRM:
            self.ends = min(self.ends + 1, 2)
            self.watched = self.watched and self.ends < 2
        if before != session.state or session.state == RUNNING:
            self.chose, self.severe_ms, self.start_ms = False, -1, -1
        self.severe_ms = _older(self.severe_ms, ms)
        self.start_ms = _older(self.start_ms, ms)
        if keys & (UP | DOWN):  # down already as the question came, it counts for that
            self.chose, self.severe_ms = True, -1
        if pressed & START and session.state == RESUMABLE:
            self.start_ms = 0
        self._book_word(session, keys)

    def _book_word(self, session: Any, keys: int) -> None:
        """A press counts when the screen answers it: another question stands there, or the emergency."""
        kind, shown, second = self._asked
        self.word = 0
        if keys != CONFIRM or kind != CAUSE or not shown or session.state == FAULT:
            return
        grade = causes.GRADES[shown - 1]
        if session.state != HELD:
            self.word, self.twice = grade, second
            self.severe = self.severe or (second and grade == causes.SEVERE)
        elif grade == causes.SEVERE and not second and session.question.second:
            self.severe_ms = 0

    def row(self) -> list[int]:
        """All that the invariants ask for later."""
        return [self.watched, self.ends, self.chose, self.severe, self.severe_ms, self.start_ms]

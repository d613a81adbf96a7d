"""People at the pump in a scenario: `staff = "prompt"` answers each prompt rightly, a fixed time after it came.

They act on what the pump's records and its screen say, at times that follow from the records alone, so that the same
scenario gives the same presses at the same device times on every target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pump.io import CONFIRM, DOWN, START, UP
from pump.session.decisions import CLASSIFY
from toleramp_bench.people.nurse import Seen

_PROMPTS = ("loaded", "armed", "bag_requested", "bag_rejected", "paused", "reaction", "decision")
_ON_GRID_MS = 5_000  # the first press comes at a whole multiple of this: loading takes another time on each target
POLL_MS = 1_000


@dataclass
class Staff:
    """`due_ms`: when they look at the pump next; `act(seen, now_ms)`: the button they press then, 0 for none."""

    delay_ms: int
    gap_ms: int
    due_ms: int | None = None
    wrong_bag: int | None = None  # choice (from 1) of the label on the bag that is hung by mistake next
    word: int = 0  # code of the grade that they enter at the next hold
    step: int = 0  # the step that they choose at the next decision; 0: the one that the pump proposes
    back: int = 0  # or so many steps back
    bag: int | None = None  # the bag (from 0) that they choose where one is to choose; None: the first offered
    asleep: bool = False
    on_hang: Callable[[int], None] = field(default=lambda bag: None)

    def told(self, record: dict[str, Any]) -> None:
        """A record of the pump: a prompt is answered after the delay."""
        if self.asleep or record["event"] not in _PROMPTS:
            return
        due = record["t_ms"] + self.delay_ms
        if record["event"] == "loaded":
            due = -(-due // _ON_GRID_MS) * _ON_GRID_MS
        self.due_ms = due if self.due_ms is None else min(self.due_ms, due) if due > record["t_ms"] else due

    def act(self, seen: Seen, now_ms: int) -> int:
        """Looks at the screen and presses."""
        button = self._answer(seen)
        if button:
            self.due_ms = now_ms + self.gap_ms
        else:
            self.due_ms = now_ms + POLL_MS if seen.state in ("resumable", "ready", "armed", "bag") else None
        return button

    def _answer(self, seen: Seen) -> int:
        if seen.state == "ready":
            return START
        if seen.state in ("armed", "bag"):
            return self._bag(seen)
        if seen.state == "held":
            return _towards(seen.choice, CLASSIFY.index(self.word) if self.word in CLASSIFY else 0)
        if seen.state == "decision":
            return self._choose(seen)
        if seen.state == "boundary":
            return self._choose_bag(seen)
        if seen.state == "resumable" and seen.may_resume:
            return CONFIRM if seen.want_confirm else START
        return 0

    def _bag(self, seen: Seen) -> int:
        """Hangs the bag, reads its label, picks the code; a wrong one is taken off when the pump has refused it."""
        hung = self.wrong_bag or seen.bag
        if seen.choice == 0:
            self.on_hang(hung - 1)
        if seen.want_confirm:
            return CONFIRM
        if seen.choice == hung and self.wrong_bag:
            self.wrong_bag = None
        return _towards(seen.choice, hung)

    def _choose(self, seen: Seen) -> int:
        """The step that was decided; `back` counts from the one that the pump proposes first."""
        if not self.step:
            self.step = max(1, seen.choice + 1 - self.back)
        button = _towards(seen.choice, self.step - 1)
        if button == CONFIRM:
            self.step = self.back = 0
            self.word = 0
        return button

    def _choose_bag(self, seen: Seen) -> int:
        """The bag that was decided, where the step can run on two."""
        if self.bag is None or seen.choice == self.bag:
            self.bag = None
            return CONFIRM
        return DOWN


@dataclass
class Errand(Staff):
    """Nobody attends (`staff = "none"`), but an event of the file says that something is entered: just this is done.

    Wakes for what it was told to enter, at the first screen that asks for it; every other prompt is left alone.
    """

    asleep: bool = True
    chooses: bool = False  # the step to go on at was told

    def told(self, record: dict[str, Any]) -> None:
        """A record of the pump: looks at the screen a while later, where something is left to enter."""
        if record["event"] in _PROMPTS and (self.word or self.chooses or self.bag is not None):
            self.look_at(record["t_ms"] + self.delay_ms)

    def look_at(self, t_ms: int) -> None:
        """Looks at the screen at that time, or sooner."""
        self.due_ms = t_ms if self.due_ms is None else min(self.due_ms, t_ms)

    def act(self, seen: Seen, now_ms: int) -> int:
        """Looks at the screen and presses."""
        button = self._answer(seen)
        self.due_ms = now_ms + self.gap_ms if button else None
        return button

    def _answer(self, seen: Seen) -> int:
        if seen.state == "held" and self.word:
            button = _towards(seen.choice, CLASSIFY.index(self.word))
            self.word = 0 if button == CONFIRM else self.word
            return button
        if seen.state == "decision" and self.chooses:
            button = self._choose(seen)
            self.chooses = button != CONFIRM
            return button
        if seen.state == "boundary" and self.bag is not None:
            return self._choose_bag(seen)
        return 0


def _towards(shown: int, wanted: int) -> int:
    if shown == wanted:
        return CONFIRM
    return UP if shown < wanted else DOWN

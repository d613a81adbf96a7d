"""People who answer the pump's prompts rightly: a nurse at the buttons, for any target that tells the state.

`staff = "prompt"` of a scenario. She starts, confirms bags, classifies a hold, chooses a step and resumes with two
presses; she does nothing else. What she sees is the pump's status (or, on the core target, the session's state).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pump.io import CONFIRM, DOWN, START, UP
from pump.session.decisions import CLASSIFY


@dataclass
class Seen:
    """What stands on the screen: state name, choice shown, whether the second press is awaited, resume possible.

    `bag` is the choice (from 1) that names the bag which hangs: its code is read from the label.
    """

    state: str
    choice: int
    want_confirm: bool
    may_resume: bool
    bag: int = 1


@dataclass
class Nurse:
    """`press(seen, t_ms)` returns a button (bits of pump.io) or 0. `mild_at` maps a step to the step to resume at."""

    delay_ms: int = 1_000
    classify: int = 0  # hold code that she enters at the next hold
    resume_step: int = 0  # step (from 1) that she chooses after a mild reaction
    bag: int | None = None  # bag (from 0) that she chooses for it, where the pump offers two; None: the first offered
    _next_ms: int = field(default=0)
    _last: str = field(default="")

    def press(self, seen: Seen, t_ms: int) -> int:
        """The button that she presses now, 0 for none; she waits `delay_ms` before each."""
        if seen.state != self._last:
            self._last = seen.state
            self._next_ms = t_ms + self.delay_ms
        if t_ms < self._next_ms:
            return 0
        button = self._answer(seen)
        if button:
            self._next_ms = t_ms + self.delay_ms
        return button

    def _answer(self, seen: Seen) -> int:
        if seen.state == "ready":
            return START
        if seen.state in ("armed", "bag"):
            return CONFIRM if seen.want_confirm else self._towards(seen.choice, seen.bag)
        if seen.state == "held":
            return self._towards(seen.choice, self._word())
        if seen.state == "decision" and self.resume_step:
            return self._towards(seen.choice, self.resume_step - 1)
        if seen.state == "boundary":
            return CONFIRM if self.bag is None or seen.choice == self.bag else DOWN
        if seen.state == "resumable" and seen.may_resume:
            return CONFIRM if seen.want_confirm else START
        return 0

    def _word(self) -> int:
        return CLASSIFY.index(self.classify) if self.classify in CLASSIFY else 0

    @staticmethod
    def _towards(shown: int, wanted: int) -> int:
        if shown == wanted:
            return CONFIRM
        return UP if shown < wanted else DOWN

"""The people of a campaign: as a scenario's staff, but each with their own pace, and with eyes for the patient."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pump.io import CONFIRM, DOWN, STOP
from pump.session.decisions import CLASSIFY
from pump.tables import messages as m
from toleramp_bench.campaign.model import Span, StaffDraws
from toleramp_bench.people.body import Body
from toleramp_bench.people.nurse import Seen
from toleramp_bench.people.staff import Staff

TECHNICAL, MILD, SEVERE, END = (m.HOLD[word] for word in ("technical", "mild", "severe", "end"))
REACT_MS = 3_000  # from the decision to press STOP to the press
REHANGS = 0.5  # share of those who hang the step's own bag again, where the one that hangs could go on
_FLOWS = ("running", "bag")


@dataclass
class Nurse(Staff):
    """Grades a hold by the patient, waits until the signs are gone, gives up when the hold lasts too long.

    `entered`: (ms, code) of each grade that was entered with CONFIRM. All draws come in the order of the events.
    """

    body: Body = None  # type: ignore[assignment]
    draws: StaffDraws = field(default_factory=StaffDraws)
    rng: random.Random = field(default_factory=random.Random)
    max_hold_ms: int = 0
    entered: list[tuple[int, int]] = field(default_factory=list)
    _held_ms: int = -1
    _rest_ms: float = 0.0
    _now_ms: int = 0
    _noticed: bool = False
    _leaving: bool = False
    _rehangs: bool = False

    def _drawn_ms(self, span: Span) -> int:
        return round(self.rng.uniform(*span) * 1000)

    # -- prompts

    def told(self, record: dict[str, Any]) -> None:
        """A record of the pump; how soon it is answered depends on what it asks for."""
        event, draws = record["event"], self.draws
        if event == "paused" and self._held_ms < 0:
            self._held_ms = record["t_ms"]
            self.word = 0
            self.back = self.rng.choices((0, 1, 2), draws.back)[0]
            self._rehangs = self.rng.random() < REHANGS
            self._rest_ms = 60_000 * self.rng.uniform(*draws.rest_min)
            self.delay_ms = self._drawn_ms(draws.hold_s)
        elif event == "bag_requested" and record["state"] == "bag":
            self.delay_ms = self._drawn_ms(draws.bag_change_s)
        elif event != "paused":
            self.delay_ms = self._drawn_ms(draws.answer_s)
        if event in ("resumed", "boot", "stopped", "locked"):
            self._held_ms = -1
            self._noticed = False
            self.body.examined()
        super().told(record)

    def act(self, seen: Seen, now_ms: int) -> int:
        """Looks at screen and patient, and presses."""
        self._now_ms = now_ms
        button = super().act(seen, now_ms)
        if seen.state == "held" and button == CONFIRM:
            self.entered.append((now_ms, CLASSIFY[seen.choice]))
        return button

    def _answer(self, seen: Seen) -> int:
        if seen.state == "held":
            self.word = self._word()
        elif seen.state == "boundary" and self._rehangs:
            self._rehangs = False
            return DOWN
        elif seen.state == "resumable" and not self._wants_on():
            return STOP if self._leaving else 0
        return super()._answer(seen)

    def _word(self) -> int:
        """What the hold was, by the patient; once said it stands until the hold is over."""
        if self._leaving:
            return END
        grade = self.body.examined()
        if grade:
            self.body.treat(grade)
        word = TECHNICAL if not grade else MILD if grade == 1 else SEVERE
        return max(word, self.word, key=(0, TECHNICAL, MILD, SEVERE).index)

    def _wants_on(self) -> bool:
        """Whether people want the drug to flow again: the signs are gone, for long enough after a reaction."""
        held_ms = self._now_ms - self._held_ms
        if held_ms > self.max_hold_ms + 60_000:
            self._leaving = True
            return False
        if self.body.grade:
            return False
        return not self.body.worst or self._now_ms - self.body.well_us / 1000 >= self._rest_ms

    # -- the patient

    def look(self, state: str, later: Callable[[float, Callable[[], None]], None], react: Callable[[], None]) -> None:
        """Each tick: a sign is noticed after a while, and then STOP is pressed by `react`."""
        if not self.body.grade:
            self._noticed = False
        elif not self._noticed and state in _FLOWS:
            self._noticed = True
            later(self._drawn_ms(self.draws.notice_s), react)

    @property
    def signs(self) -> list[str]:
        """What the patient shows, in the words of a scenario."""
        return ["hives"] if self.body.grade <= 1 else ["hives", "wheeze"]

"""The people of a campaign: each with their own pace, and with eyes for the patient.

They grade a hold by the patient, wait until the signs are gone, and give up when the hold lasts too long. All draws
come in the order of the events, from one stream.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pump.tables import causes, events, states
from pump.tables import questions as q
from toleramp_bench.campaign.model import Span, StaffDraws
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.people.body import Body
from toleramp_bench.people.nurse import ALL, HALT, Nurse, Want, Wishes, choice_of, the_step, to_resume
from toleramp_bench.people.pace import RecordPace
from toleramp_bench.people.seen import Seen

REACT_MS = 3_000  # from the decision to press STOP to the press
REHANGS = 0.5  # share of those who hang the step's own bag again, where the one that hangs could go on
_SUPERVISED = STATES.of(states.SUPERVISED)
_OVER = EVENTS.of(events.ENDS | events.STARTS)


class Eyes:
    """Looks at the patient; `wants` are the answers that depend on what is seen."""

    def __init__(self, body: Body, draws: StaffDraws, rng: random.Random, max_hold_ms: int) -> None:
        self.body, self.draws, self.rng, self.max_hold_ms = body, draws, rng, max_hold_ms
        self.held_ms = -1  # since when the pump holds; -1: it does not
        self._cause = 0  # what the hold was, as it is offered, the worse the later; it stands until the hold is over
        self._rest_ms = 0.0
        self._noticed = self._leaving = self._rehangs = False

    @property
    def wants(self) -> dict[int, Want]:
        """For `Nurse`."""
        wants = dict(ALL)
        for question, choice in self._depends():
            wants[question] = replace(ALL[question], choice=choice)
        return wants

    def _depends(self) -> Iterator[tuple[int, Callable[[Nurse, Seen], int | None]]]:
        yield q.CAUSE, self._the_cause
        yield q.STEP, self._the_step
        yield q.BOUNDARY, self._the_way
        yield q.RESUME, self._to_resume

    def drawn_ms(self, span: Span) -> int:
        """A time from a span in seconds."""
        return round(self.rng.uniform(*span) * 1000)

    def hold_began(self, t_ms: int, wishes: Wishes) -> None:
        """The pump stands: how far back people would go, and how long they would wait, is decided now."""
        self.held_ms, self._cause = t_ms, 0
        wishes.back = self.rng.choices((0, 1, 2), self.draws.back)[0]
        self._rehangs = self.rng.random() < REHANGS
        self._rest_ms = 60_000 * self.rng.uniform(*self.draws.rest_min)

    def step_chosen(self) -> None:
        """What comes next is another hold's cause."""
        self._cause = 0

    def hold_over(self) -> None:
        """It flows again, or never will."""
        self.held_ms, self._noticed = -1, False
        self.body.examined()

    # -- answers

    def _the_cause(self, nurse: Nurse, seen: Seen) -> int:
        """What the hold was, by the patient."""
        grade = 0 if self._leaving else self.body.examined()
        if grade:
            self.body.treat(grade)
        self._cause = max(self._cause, choice_of(causes.END) if self._leaving else _choice(grade))
        return self._cause

    def _the_step(self, nurse: Nurse, seen: Seen) -> int:
        """Where no step goes any more they leave."""
        choice = the_step(nurse, seen)
        self._leaving = self._leaving or choice == HALT
        return choice

    def _the_way(self, nurse: Nurse, seen: Seen) -> int:
        """The bag that is offered first; those who hang again take the other."""
        rehangs, self._rehangs = self._rehangs, False
        return seen.choice - rehangs

    def _to_resume(self, nurse: Nurse, seen: Seen) -> int | None:
        if not self._wants_on(nurse.now_ms):
            return HALT if self._leaving else None
        return to_resume(nurse, seen)

    def _wants_on(self, now_ms: int) -> bool:
        """Whether people want the drug to flow again: the signs are gone, for long enough after a reaction."""
        if now_ms - self.held_ms > self.max_hold_ms + 60_000:
            self._leaving = True
            return False
        if self.body.grade:
            return False
        return not self.body.worst or now_ms - self.body.well_us / 1000 >= self._rest_ms

    # -- the patient

    def look(self, state: str, later: Callable[[float, Callable[[], None]], None], react: Callable[[], None]) -> None:
        """Each tick: a sign is noticed after a while, and then STOP is pressed by `react`."""
        if not self.body.grade:
            self._noticed = False
        elif not self._noticed and state in _SUPERVISED:
            self._noticed = True
            later(self.drawn_ms(self.draws.notice_s), react)

    @property
    def signs(self) -> list[str]:
        """What the patient shows, in the words of a scenario."""
        return ["hives"] if self.body.grade <= 1 else ["hives", "wheeze"]


def _choice(grade: int) -> int:
    """Where the word for a grade of the patient's signs stands among those that are offered."""
    word = causes.REACTIONS[min(grade, len(causes.REACTIONS)) - 1] if grade else causes.TECHNICAL
    return choice_of(word)


@dataclass
class DrawnPace(RecordPace):
    """How soon a record is answered is drawn, by what it asks for."""

    eyes: Eyes = None  # type: ignore[assignment]
    wishes: Wishes = None  # type: ignore[assignment]

    def told(self, record: dict[str, Any]) -> None:
        """A record of the pump."""
        event, draws = record["event"], self.eyes.draws
        if event == EVENTS.PAUSED and self.eyes.held_ms < 0:
            self.eyes.hold_began(record["t_ms"], self.wishes)
            self.delay_ms = self.eyes.drawn_ms(draws.hold_s)
        elif event == EVENTS.BAG_REQUESTED and record["state"] == STATES.BAG:
            self.delay_ms = self.eyes.drawn_ms(draws.bag_change_s)
        elif event != EVENTS.PAUSED:
            self.delay_ms = self.eyes.drawn_ms(draws.answer_s)
        if event in _OVER or event == EVENTS.RESUMED:
            self.eyes.hold_over()
        elif event == EVENTS.DECISION:
            self.eyes.step_chosen()
        super().told(record)

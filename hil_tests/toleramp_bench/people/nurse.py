"""The nurse: answers what the pump asks, by the kind of the question, on any target that tells what is on its screen.

A table says what she wants to choose at each kind of question. She presses UP or DOWN until that is shown, then the
key that answers, then CONFIRM where a second press is awaited. Her pace, what she sees of the patient and her mistakes
are parameters: see pace.py, eyes.py and `Wishes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from pump.io import CONFIRM, DOWN, START, STOP, UP
from pump.tables import causes
from pump.tables import questions as q
from toleramp_bench.people.pace import Pace
from toleramp_bench.people.seen import Seen

ANY = 1 << 8  # whatever comes first: she presses UP
TRIES = 2  # a press may not have been taken; after the second one there is nothing to choose
HALT = -1  # instead of a choice: she presses STOP


def _entered(question: int, default: Any = None) -> Any:
    """A field for what is entered at a kind of question."""
    return field(default=default, metadata={"question": question})


@dataclass
class Wishes:
    """What is entered at the next question that asks for it, and forgotten then. Defaults: what the pump proposes."""

    cause: int = _entered(q.CAUSE, 0)  # row of the causes; 0: the first choice
    step: int = _entered(q.STEP, 0)  # from 1; 0: the one that the pump proposes
    back: int | None = _entered(q.STEP)  # or so many steps back from it
    bag: int | None = _entered(q.BOUNDARY)  # from 0, where the step can run on two; None: the one offered first
    wrong_bag: int | None = _entered(q.BAG)  # choice (from 1) of the label on the bag that is hung by mistake

    @property
    def chooses(self) -> bool:
        """Whether the step was said."""
        return bool(self.step) or self.back is not None

    def forget(self, question: int) -> None:
        """What was entered at a question of that kind."""
        for each in fields(self):
            if each.metadata["question"] == question:
                setattr(self, each.name, each.default)


class Answer(NamedTuple):
    """A choice that was entered: when, at which kind of question."""

    t_ms: int
    question: int
    choice: int


@dataclass(frozen=True)
class Want:
    """How a kind of question is answered: the choice that is wanted (None: left alone) and the key that enters it.

    `waits`: it is asked before it can be answered, so that no answer now may be one a while later.
    """

    choice: Callable[[Nurse, Seen], int | None]
    key: int = CONFIRM
    waits: bool = False


@dataclass
class Nurse:
    """`press(seen, t_ms)` returns a button (bits of pump.io), 0 for none.

    `wants`: how she answers a kind of question; one without a row she leaves alone. `on_hang` hears the bag (from 0)
    that she hangs when its code is asked for.
    """

    pace: Pace
    wants: Mapping[int, Want] = field(default_factory=lambda: ALL)
    wishes: Wishes = field(default_factory=Wishes)
    on_hang: Callable[[int], None] = field(default=lambda bag: None)
    answers: list[Answer] = field(default_factory=list)
    now_ms: int = 0
    turned: int = 0  # so often in a row UP was pressed where no step stood

    def press(self, seen: Seen, t_ms: int) -> int:
        """The button that she presses now, if it is time to look."""
        if not self.pace.looks(seen.question, t_ms):
            return 0
        self.now_ms = t_ms
        button = self.answer(seen)
        looks_for_one = button == UP and seen.question == q.STEP and not seen.choice
        self.turned = self.turned + 1 if looks_for_one else 0
        self.pace.looked(button, seen.question in self.wants and self.wants[seen.question].waits, t_ms)
        return button

    @property
    def attends(self) -> bool:
        """Whether she carries a session through; otherwise she only enters what she was told to."""
        return q.START in self.wants

    def answer(self, seen: Seen) -> int:
        """The button that brings the question nearer to what she wants; 0: none."""
        want = self.wants.get(seen.question)
        if want and seen.want_confirm and self.answers and self.answers[-1].question == seen.question:
            return CONFIRM
        choice = want.choice(self, seen) if want else None
        if want is None or choice is None:
            return 0
        if choice == HALT:
            return STOP
        if seen.want_confirm:
            return CONFIRM
        if seen.choice != choice:
            return UP if q.WRAPS[seen.question] or seen.choice < choice else DOWN
        self.wishes.forget(seen.question)
        self.answers.append(Answer(self.now_ms, seen.question, seen.choice))
        return want.key

    def causes(self) -> list[tuple[int, int]]:
        """(ms, row of the causes) of each that she entered."""
        return [(each.t_ms, causes.GRADES[each.choice - 1]) for each in self.answers if each.question == q.CAUSE]


# -- what is wanted, by the kind of question


def shown(nurse: Nurse, seen: Seen) -> int:
    """What the pump proposes."""
    return seen.choice


def the_bag(nurse: Nurse, seen: Seen) -> int:
    """Hangs the bag and reads its label; a wrong one is taken off when the pump has refused it."""
    hung = nurse.wishes.wrong_bag or seen.bag
    if seen.choice == 0:
        nurse.on_hang(hung - 1)
    return hung


def the_cause(nurse: Nurse, seen: Seen) -> int:
    """Where the choice stands that names a cause."""
    return choice_of(nurse.wishes.cause) if nurse.wishes.cause in causes.GRADES else 1


def choice_of(cause: int) -> int:
    """Where a word for a hold stands among the choices; 0 is none of them."""
    return 1 + causes.GRADES.index(cause)


def the_step(nurse: Nurse, seen: Seen) -> int:
    """The step that was decided; `back` counts from the one that the pump proposes first. Where none goes, it ends."""
    wishes = nurse.wishes
    if not seen.choice and nurse.turned >= TRIES:
        wishes.cause = causes.END
        return HALT
    if not wishes.step:
        if not seen.choice:
            return ANY
        wishes.step = max(1, seen.choice - (wishes.back or 0))
    return wishes.step


def the_way(nurse: Nurse, seen: Seen) -> int:
    """The bag to go on with."""
    return seen.choice if nurse.wishes.bag is None else nurse.wishes.bag


def to_resume(nurse: Nurse, seen: Seen) -> int | None:
    """To go on, as soon as the pump would."""
    return seen.choice if seen.may_resume else None


ALL: dict[int, Want] = {}
ALL[q.START] = Want(shown, START, waits=True)
ALL[q.BAG] = Want(the_bag, waits=True)
ALL[q.CAUSE] = Want(the_cause)
ALL[q.STEP] = Want(the_step)
ALL[q.BOUNDARY] = Want(the_way)
ALL[q.RESUME] = Want(to_resume, START, waits=True)
ALL[q.LOOKED] = Want(shown)

# Nobody attends, but somebody comes to enter what was told: every other question is left alone.
TOLD: dict[int, Want] = {}
TOLD[q.CAUSE] = Want(lambda nurse, seen: the_cause(nurse, seen) if nurse.wishes.cause else None)
TOLD[q.STEP] = Want(lambda nurse, seen: the_step(nurse, seen) if nurse.wishes.chooses else None)
TOLD[q.BOUNDARY] = Want(lambda nurse, seen: nurse.wishes.bag)

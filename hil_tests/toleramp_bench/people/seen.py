"""What a person sees: the question on the pump's screen, and what is chosen there.

A question has a kind, choices of which one is shown, and a second press. Its kinds are those of the pump.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pump.tables import messages as m
from pump.tables import questions as q
from pump.tables import states

OFF_STATE = "off"


@dataclass(frozen=True)
class Seen:
    """What stands on the screen: state name, choice shown, whether the second press is awaited, resume possible.

    `bag` is the choice (from 1) that names the bag which hangs: its code is read from the label.
    """

    state: str
    choice: int
    want_confirm: bool
    may_resume: bool
    bag: int = 1
    question: int = q.NONE  # the kind of what is asked: a row of pump.tables.questions


OFF = Seen(OFF_STATE, 0, False, False)


def seen_in(status: dict[str, Any]) -> Seen:
    """What the newest status says (the fields of a STATUS; none yet: a pump that asks nothing)."""
    flags, question = status.get("flags", 0), status.get("question", q.NONE)
    if flags & m.FLAG_TESTING and question == q.START:
        question = q.NONE  # TESTING stands in its place
    return Seen(
        states.NAMES[status.get("state", 0)],
        status.get("choice", 0),
        bool(flags & m.FLAG_CONFIRM),
        bool(flags & m.FLAG_RESUMABLE),
        status.get("solution", 0) + 1,
        question,
    )


def is_tested(status: dict[str, Any]) -> bool:
    """Whether the self-test at power-up lets a protocol be loaded, or has failed; by the newest status, {}: none."""
    group = states.GROUP[status["state"]] if status else states.UNTESTED
    return not group & states.UNTESTED or bool(group & states.FAULTY)


def seen_at(controller: Any) -> Seen:
    """What the screen of a core in this process shows."""
    s = controller.session
    question = s.question
    bag = s.case.solution() + 1
    return Seen(states.NAMES[s.state], question.shown, question.second, s.may_resume(), bag, question.kind)

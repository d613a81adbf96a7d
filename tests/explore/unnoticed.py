"""Wrong firmware that people planted beside the explorer's own, and that no invariant noticed once.

Each is a small slip in how people are heard or how long they wait; by a name of its own, with the invariants that it
breaks now. The walks are short, so that each is seen without a search.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.explore.wrong import Wrong, answers, around

from pump.delivery.delivery import Delivery
from pump.io import START
from pump.panel.alarms import Alarms
from pump.session.bags import Bags
from pump.session.held import Held
from pump.session.resuming import Resuming
from pump.session.running import Running
from pump.session.session import Session
from pump.tables import causes, states
from pump.tables.states import SUPERVISED

_AT_ONCE_US = 100


def _takes_for_technical(grade: int) -> Callable[..., int]:
    def classify(sound: Any, held: Held, said: int) -> int:
        return int(held._technical() if said == grade and held.case.progress.by_vitals else sound(held, said))

    return classify


def _counts_one_at_a_time(sound: Any, held: Held, grade: int) -> int:
    return states.DECISION if grade == causes.MILD and held.case.progress.reacted else int(sound(held, grade))


def _forgets_in_mid_step(sound: Any, held: Held) -> int:
    progress = held.case.progress
    if progress.reacted and progress.entered:
        progress.reacted = False
    return int(sound(held))


def _none_for_another_bag(sound: Any, resuming: Resuming) -> int:
    progress = resuming.case.progress
    return 0 if resuming.case.course.bag[progress.step] != progress.hung else int(sound(resuming))


def _waiting_is_holding(sound: Any, session: Session, cause: int, first: int) -> None:
    waited = session.state == states.BAG
    sound(session, cause, first)
    if waited:
        session.progress.held_ms = session.progress.still_ms
        session.progress.pair()


def _waits_anew(sound: Any, bags: Bags, presses: int) -> int:
    bags.case.progress.wait_ms = 101
    return int(sound(bags, presses))


def _needs_no_reading(sound: Any, running: Running, dt_ms: int) -> int:
    case: Any = running.case
    case.may_begin = lambda: True
    try:
        return int(sound(running, dt_ms))
    finally:
        del case.may_begin


def _deaf_in_questions(sound: Any, session: Session, cause: int, group: int) -> bool:
    deaf = not group & SUPERVISED and session.state != states.ARMED
    return False if deaf else bool(sound(session, cause, group))


def _comes_at_once(sound: Any, delivery: Delivery, pulses: int) -> None:
    rests = not delivery.flowing
    sound(delivery, pulses)
    if rests:
        delivery._wait = _AT_ONCE_US


def _not_at_a_bag(sound: Any, session: Session, stop: bool, request: int, hold: int, trip: int) -> bool:
    return bool(sound(session, stop, request, 0 if session.state == states.BAG else hold, trip))


def _pause_goes_on(sound: Any, alarms: Alarms, alarm: int) -> None:
    paused_ms, others = alarms.paused_ms, any(alarms.active)
    sound(alarms, alarm)
    if others:
        alarms.paused_ms = paused_ms


def _either_press(sound: Any, resuming: Resuming, presses: int) -> int:
    return int(resuming._resume() if resuming.may() and presses & START else sound(resuming, presses))


_MILD, _TECHNICAL, _END = ("UP", "UP", "CONFIRM"), ("UP", "CONFIRM"), ("UP",) * 4 + ("CONFIRM", "CONFIRM")
_ON = ("START", "CONFIRM")
_LOW = ("low", "wait", "wait", "good")
_WORD = "a-word-leads-where-it-says"

# By what it does: which invariants it breaks, and how.
UNNOTICED: dict[str, tuple[set[str], Wrong]] = {
    "MILD after a hold by the oximeter is taken for TECHNICAL": (
        {_WORD, "reactions-are-kept"},
        Wrong(around(Held, "_classify", _takes_for_technical(causes.MILD)), "low in step 3", (*_LOW[1:], *_MILD)),
    ),
    "END after a hold by the oximeter is taken for TECHNICAL": (
        {_WORD},
        Wrong(around(Held, "_classify", _takes_for_technical(causes.END)), "low in step 3", (*_LOW[1:], *_END)),
    ),
    "a reaction while the step is chosen is not counted": (
        {"reactions-are-kept"},
        Wrong(around(Held, "_classify", _counts_one_at_a_time), "reaction in step 4", ("STOP", *_MILD)),
    ),
    "STOP in the choice makes a reaction of a step a technical hold": (
        {_WORD, "a-reacting-step-begins-anew"},
        Wrong(around(Held, "_technical", _forgets_in_mid_step), "reaction in step 4", ("STOP", *_TECHNICAL, *_ON)),
    ),
    "no least hold where another bag is needed": (
        {"least-hold-after-a-reaction"},
        Wrong(
            around(Resuming, "least_s", _none_for_another_bag), "bag B asked", ("STOP", *_TECHNICAL, *_ON), "line-fill"
        ),
    ),
    "what was waited for a bag counts as hold": (
        {"least-hold-after-a-reaction"},
        Wrong(
            around(Session, "_hold", _waiting_is_holding), "bag B asked",
            ("wait", "STOP", *_TECHNICAL, *_ON), "line-fill",
        ),
    ),
    "START alone resumes": (
        {"a-resume-is-two-presses"},
        Wrong(around(Resuming, "press", _either_press), "bag B asked", ("STOP", *_TECHNICAL, "START")),
    ),
    "each key begins the longest wait for a bag anew": (
        {"no-bag-is-waited-for-without-end"},
        Wrong(around(Bags, "press", _waits_anew), "bag B asked", ("wait", "UP", "wait", "UP", "wait")),
    ),
    "the next step on the same bag needs no reading": (
        {"a-step-begins-with-a-reading"},
        Wrong(around(Running, "tick", _needs_no_reading), "step 1", ("low", "tick", "tick")),
    ),
    "STOP is not heard at a question": (
        {"stop-is-obeyed"},
        Wrong(around(Session, "_hold_for", _deaf_in_questions), "reaction in step 4", ("STOP",)),
    ),
    "STOP takes no start back": (
        {"what-starts-was-seen"},
        Wrong(answers(Session, "_take_back", False), "power-on", ("START taken", "wait")),
    ),
    "the first pulse comes at once": (
        {"the-first-pulse-waits"},
        Wrong(around(Delivery, "start", _comes_at_once), "bag B asked", ("hang B", "scan", "CONFIRM")),
    ),
    "low SpO2 at a bag holds nothing": (
        {"low-holds"},
        Wrong(around(Session, "_urgent", _not_at_a_bag), "bag B asked", ("low", "wait", "wait")),
    ),
    "no reading at a bag holds nothing": (
        {"blind-holds"},
        Wrong(around(Session, "_urgent", _not_at_a_bag), "bag B asked", ("silent", "wait", "wait", "wait")),
    ),
    "a pause goes on when another alarm comes": (
        {"a-new-high-alarm-sounds"},
        Wrong(around(Alarms, "_begin", _pause_goes_on), "held in step 4", ("wait", "SILENCE", "low", "wait", "wait")),
    ),
}  # fmt: skip

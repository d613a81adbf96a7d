"""The one nurse: what she answers at each kind of question, at what pace, and what she leaves alone."""

from __future__ import annotations

import pytest

from pump.io import CONFIRM, DOWN, START, STOP, UP
from pump.tables import messages as m
from pump.tables import questions as q
from pump.tables.causes import GRADES
from toleramp_bench.people.nurse import ALL, HALT, TOLD, Nurse, Want, Wishes
from toleramp_bench.people.pace import RecordPace, ScreenPace
from toleramp_bench.people.seen import OFF, Seen

HELD, DECISION, BOUNDARY = "held", "decision", "boundary"
MILD = m.HOLD["mild"]


def asks(state: str, choice: int = 0, second: bool = False, may_resume: bool = False, bag: int = 1) -> Seen:
    """A screen."""
    return Seen(state, choice, second, may_resume, bag)


def test_every_kind_of_question_has_an_answer() -> None:
    """Else a pump asks, and waits for ever."""
    kinds = {Seen(state, 0, False, False).question for state in m.STATES} - {q.NONE}
    assert kinds == set(ALL) and OFF.question == q.NONE


@pytest.mark.parametrize(
    ("seen", "wishes", "button"),
    [
        (asks("ready"), {}, START),
        (asks("bag", 0, bag=2), {}, UP),
        (asks("bag", 3, bag=2), {}, DOWN),
        (asks("bag", 2, bag=2), {}, CONFIRM),
        (asks("bag", 2, second=True, bag=2), {"wrong_bag": 3}, CONFIRM),
        (asks("armed", 2, bag=2), {"wrong_bag": 3}, UP),
        (asks(HELD), {}, CONFIRM),
        (asks(HELD), {"cause": MILD}, UP),
        (asks(HELD, GRADES.index(MILD)), {"cause": MILD}, CONFIRM),
        (asks(DECISION, 6), {}, CONFIRM),
        (asks(DECISION, 6), {"back": 2}, DOWN),
        (asks(DECISION, 0), {"back": 2}, CONFIRM),
        (asks(DECISION, 6), {"step": 7}, CONFIRM),
        (asks(BOUNDARY, 2), {}, CONFIRM),
        (asks(BOUNDARY, 2), {"bag": 1}, DOWN),
        (asks("resumable"), {}, 0),
        (asks("resumable", may_resume=True), {}, START),
        (asks("resumable", second=True, may_resume=True), {}, CONFIRM),
        (asks("running"), {"cause": MILD, "step": 3}, 0),
        (OFF, {"cause": MILD}, 0),
    ],
)
def test_she_chooses_what_she_wants_and_enters_it(seen: Seen, wishes: dict[str, int], button: int) -> None:
    """Else scenarios run another course than they tell."""
    assert Nurse(ScreenPace(), wishes=Wishes(**wishes)).answer(seen) == button


def test_what_was_entered_is_forgotten_and_kept_as_an_answer() -> None:
    """Else the next hold is graded by the last one."""
    nurse = Nurse(ScreenPace(0), wishes=Wishes(cause=MILD, back=1))
    for choice in range(GRADES.index(MILD) + 1):
        nurse.press(asks(HELD, choice), 100)
    assert nurse.wishes == Wishes(back=1) and nurse.causes() == [(100, MILD)]
    for choice in (4, 3):
        nurse.press(asks(DECISION, choice), 200)
    assert nurse.wishes == Wishes() and len(nurse.answers) == 2


def test_who_only_enters_what_was_told_leaves_the_rest_alone() -> None:
    """Else `staff = "none"` has staff."""
    somebody = Nurse(RecordPace(0, 0), TOLD)
    screens = [asks(state, may_resume=True) for state in m.STATES]
    assert not somebody.attends and not any(somebody.answer(screen) for screen in screens)
    somebody.wishes.cause = somebody.wishes.step = 1
    somebody.wishes.bag = 0
    assert [screen.state for screen in screens if somebody.answer(screen)] == [HELD, DECISION, BOUNDARY]


def test_who_gives_up_presses_stop() -> None:
    """Else a hold that nobody wants to end lasts for ever."""
    nurse = Nurse(ScreenPace(), {**ALL, q.RESUME: Want(lambda nurse, seen: HALT)})
    assert nurse.answer(asks("resumable", may_resume=True)) == STOP


def test_each_press_waits_for_the_pace() -> None:
    """Else a key goes down before the last one has come up."""
    nurse = Nurse(ScreenPace(500))
    pressed = [t_ms for t_ms in range(0, 2000, 100) if nurse.press(asks(BOUNDARY), t_ms)]
    assert pressed == [500, 1000, 1500]
    pace = RecordPace(5_000, 600)
    nurse = Nurse(pace)
    assert not nurse.press(asks("ready"), 0)
    pace.told({"event": "loaded", "t_ms": 700})
    assert pace.due_ms == 10_000, "on the grid: loading takes another time on each target"
    assert not nurse.press(asks("ready"), 9_999) and nurse.press(asks("ready"), 10_000) == START
    assert pace.due_ms == 10_600
    assert not nurse.press(asks("running"), 10_600) and pace.due_ms is None

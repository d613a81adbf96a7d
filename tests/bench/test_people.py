"""The one nurse: what she answers at each kind of question, at what pace, and what she leaves alone."""

from __future__ import annotations

import pytest

from pump.io import CONFIRM, DOWN, START, STOP, UP
from pump.tables import questions as q
from pump.tables.causes import GRADES, MILD
from toleramp_bench.people.nurse import ALL, HALT, TOLD, Nurse, Want, Wishes
from toleramp_bench.people.pace import RecordPace, ScreenPace
from toleramp_bench.people.seen import OFF, Seen


def asks(question: int, choice: int = 0, second: bool = False, may_resume: bool = False, bag: int = 1) -> Seen:
    """A screen with a question."""
    return Seen("", choice, second, may_resume, bag, question)


def test_every_kind_of_question_has_an_answer() -> None:
    """Else a pump asks, and waits for ever."""
    assert set(ALL) == set(range(len(q.NAMES))) - {q.NONE} and OFF.question == q.NONE


@pytest.mark.parametrize(
    ("seen", "wishes", "button"),
    [
        (asks(q.START), {}, START),
        (asks(q.BAG, 0, bag=2), {}, UP),
        (asks(q.BAG, 3, bag=2), {}, UP),
        (asks(q.BAG, 2, bag=2), {}, CONFIRM),
        (asks(q.BAG, 2, second=True, bag=2), {"wrong_bag": 3}, CONFIRM),
        (asks(q.BAG, 2, bag=2), {"wrong_bag": 3}, UP),
        (asks(q.CAUSE), {}, UP),
        (asks(q.CAUSE), {"cause": MILD}, UP),
        (asks(q.CAUSE, GRADES.index(MILD) + 1), {"cause": MILD}, CONFIRM),
        (asks(q.STEP, 6), {}, CONFIRM),
        (asks(q.STEP, 6), {"back": 2}, DOWN),
        (asks(q.STEP, 0), {"back": 2}, UP),
        (asks(q.STEP, 7), {"step": 7}, CONFIRM),
        (asks(q.BOUNDARY, 2), {}, CONFIRM),
        (asks(q.BOUNDARY, 2), {"bag": 1}, UP),
        (asks(q.RESUME), {}, 0),
        (asks(q.RESUME, may_resume=True), {}, START),
        (asks(q.RESUME, second=True, may_resume=True), {}, CONFIRM),
        (asks(q.NONE), {"cause": MILD, "step": 3}, 0),
        (OFF, {"cause": MILD}, 0),
    ],
)
def test_she_chooses_what_she_wants_and_enters_it(seen: Seen, wishes: dict[str, int], button: int) -> None:
    """Else scenarios run another course than they tell."""
    assert Nurse(ScreenPace(), wishes=Wishes(**wishes)).answer(seen) == button


def test_what_was_entered_is_forgotten_and_kept_as_an_answer() -> None:
    """Else the next hold is graded by the last one."""
    nurse = Nurse(ScreenPace(0), wishes=Wishes(cause=MILD, back=1))
    for choice in range(GRADES.index(MILD) + 2):
        nurse.press(asks(q.CAUSE, choice), 100)
    assert nurse.wishes == Wishes(back=1) and nurse.causes() == [(100, MILD)]
    for choice in (4, 3):
        nurse.press(asks(q.STEP, choice), 200)
    assert nurse.wishes == Wishes() and len(nurse.answers) == 2


def test_who_only_enters_what_was_told_leaves_the_rest_alone() -> None:
    """Else `staff = "none"` has staff."""
    somebody = Nurse(RecordPace(0, 0), TOLD)
    screens = [asks(question, may_resume=True) for question in range(len(q.NAMES))]
    assert not somebody.attends and not any(somebody.answer(screen) for screen in screens)
    somebody.wishes.cause = somebody.wishes.step = 1
    somebody.wishes.bag = 0
    assert [q.NAMES[screen.question] for screen in screens if somebody.answer(screen)] == ["cause", "step", "boundary"]


def test_who_gives_up_presses_stop() -> None:
    """Else a hold that nobody wants to end lasts for ever."""
    nurse = Nurse(ScreenPace(), {**ALL, q.RESUME: Want(lambda nurse, seen: HALT)})
    assert nurse.answer(asks(q.RESUME, may_resume=True)) == STOP


def test_each_press_waits_for_the_pace() -> None:
    """Else a key goes down before the last one has come up."""
    nurse = Nurse(ScreenPace(500))
    pressed = [t_ms for t_ms in range(0, 2000, 100) if nurse.press(asks(q.BOUNDARY), t_ms)]
    assert pressed == [500, 1000, 1500]
    pace = RecordPace(5_000, 600)
    nurse = Nurse(pace)
    assert not nurse.press(asks(q.START), 0)
    pace.told({"event": "loaded", "t_ms": 700})
    assert pace.due_ms == 10_000, "on the grid: loading takes another time on each target"
    assert not nurse.press(asks(q.START), 9_999) and nurse.press(asks(q.START), 10_000) == START
    assert pace.due_ms == 10_600
    assert not nurse.press(asks(q.NONE), 10_600) and pace.due_ms is None

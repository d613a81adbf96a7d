"""What is asked: choices that go round or end, an age that stops growing, a proposal that must be seen (SES-16)."""

from __future__ import annotations

import pytest

from pump.io import CONFIRM, DOWN, START, UP
from pump.session.question import AGE_MAX_MS, HEARD_MS, Question, any_choice
from pump.tables import questions

pytestmark = pytest.mark.req("SES-16")

ROUND = next(kind for kind in range(len(questions.WRAPS)) if questions.WRAPS[kind])
ENDS = next(kind for kind in range(1, len(questions.WRAPS)) if not questions.WRAPS[kind])


def asked(kind: int, choices: int, shown: int) -> Question:
    """A question as it is put."""
    question = Question()
    question.ask(kind, choices, shown)
    return question


def test_at_first_nothing_is_asked() -> None:
    """Else the laptop shows a question that nobody put."""
    question = Question()
    assert (question.kind, question.choices, question.shown) == (questions.NONE, 0, 0)
    assert (question.second, question.age_ms, question.stuck, question.refused) == (False, 0, False, False)


def test_a_question_anew_knows_nothing_of_the_one_before() -> None:
    """Else its second press, or its error, counts for another."""
    question = asked(ROUND, 4, 1)
    question.second = question.stuck = question.refused = True
    question.age(5_000)
    question.hear()
    question.ask(ENDS, 3, 2)
    assert (question.kind, question.choices, question.shown) == (ENDS, 3, 2)
    assert (question.second, question.stuck, question.refused) == (False, False, False)
    assert (question.age_ms, question.heard_ms) == (0, HEARD_MS)


def test_where_choices_go_round_both_keys_reach_all() -> None:
    """Else one choice cannot be had, or two keys do the same."""
    question = asked(ROUND, 4, 0)
    up = [question.move(UP, any_choice) and question.shown for _ in range(4)]
    down = [question.move(DOWN, any_choice) and question.shown for _ in range(4)]
    assert (up, down) == ([1, 2, 3, 0], [3, 2, 1, 0]) and not question.stuck


def test_where_choices_end_the_last_one_stays_and_only_the_lower_end_says_so() -> None:
    """Else a person believes that the key did something; the lowest choice itself is no end yet."""
    question = asked(ENDS, 3, 1)
    assert question.move(UP, any_choice) and question.shown == 2
    assert question.move(UP, any_choice) and (question.shown, question.stuck) == (2, False)
    for shown, stuck in ((1, False), (0, False), (0, True)):
        assert question.move(DOWN, any_choice)
        assert (question.shown, question.stuck) == (shown, stuck)
    assert question.move(UP, any_choice) and (question.shown, question.stuck) == (1, False)


def test_what_may_not_be_chosen_is_passed_over() -> None:
    """Else a step is shown that cannot be had."""
    question = asked(ENDS, 6, 1)
    assert question.move(UP, lambda choice: choice in (1, 4)) and question.shown == 4
    assert question.move(UP, lambda choice: choice in (1, 4)) and question.shown == 4
    assert question.move(DOWN, lambda choice: choice in (1, 4)) and question.shown == 1
    around = asked(ROUND, 4, 2)
    assert around.move(UP, lambda choice: choice == 2) and around.shown == 2
    assert around.move(UP, lambda choice: False) and around.shown == 2


def test_other_keys_move_nothing_and_a_move_takes_an_error_back() -> None:
    """Else CONFIRM goes on by itself, or WRONG BAG stands over the next code."""
    question = asked(ENDS, 3, 0)
    question.move(DOWN, any_choice)
    question.refused = True
    assert question.stuck
    assert not question.move(CONFIRM | START, any_choice)
    assert (question.shown, question.stuck, question.refused) == (0, False, True)
    assert question.move(UP, any_choice) and not question.refused


@pytest.mark.req("INT-10")
def test_ages_add_up_and_stop() -> None:
    """Else an answer of an hour ago is a fresh one, or a number grows beyond 31 bits."""
    question = asked(ENDS, 3, 0)
    question.hear()
    assert question.heard_ms == 0
    assert (question.age(400), question.age(500)) == (400, 900)
    assert (question.heard_ms, question.age(200), question.heard_ms) == (900, 1_100, 1_000)
    question.age_ms = AGE_MAX_MS - 1
    assert question.age(50) == AGE_MAX_MS and question.age(50) == AGE_MAX_MS
    assert HEARD_MS == 1_000

"""What is asked after a mild reaction, and what the pump says of the way that was chosen (SES-3, SES-5)."""

from __future__ import annotations

import pytest
from core_kit import MILD, answer, classify, finish, resume, running_at, scan_s, short, state, tap

from pump.course.plan import Plan
from pump.io import STOP, UP
from pump.senses.vitals import Vitals
from pump.session.case import Case
from pump.session.going_back import Ways
from pump.tables import causes, events
from pump.tables.states import RESUMABLE
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump

PLAN = Plan(short(), PL_PULSE)


def decided(at: int, seconds: float = 5) -> CorePump:
    """A mild reaction in a step; the step to resume at is asked for."""
    pump = running_at(at, seconds)
    tap(pump, STOP)
    classify(pump, MILD)
    assert state(pump) == "decision"
    return pump


@pytest.mark.req("SES-3")
@pytest.mark.parametrize(("at", "step"), [(6, 6), (6, 5), (8, 5), (3, 1), (12, 9)])
def test_on_the_bag_that_hangs_nothing_more_is_asked(at: int, step: int) -> None:
    """Else a person is asked for a bag where there is none to choose, and may hang another."""
    pump = decided(at)
    answer(pump, step=step)
    assert state(pump) == "resumable"
    resume(pump)
    assert state(pump) == "running" and pump.controller.session.progress.step == step - 1


@pytest.mark.req("SES-5")
@pytest.mark.parametrize(("at", "step"), [(9, 8), (9, 7), (5, 4), (10, 8)])
def test_over_a_change_of_bags_the_equal_rate_of_the_bag_that_hangs_is_offered_first(at: int, step: int) -> None:
    """Else a person confirms a rate that nobody has shown, or hangs a bag without knowing of the other way."""
    pump = decided(at)
    answer(pump, step=step)
    assert state(pump) == "boundary"
    session, hung = pump.controller.session, PLAN.solution[at - 1]
    equal_e4 = PLAN.equal_rate(step - 1, hung)
    assert session.question.shown == hung and session.ways.offer_e4 == equal_e4
    tap(pump, UP)
    assert session.question.shown == PLAN.solution[step - 1]
    assert session.ways.offer_e4 == PLAN.rate_e4[step - 1]


@pytest.mark.req("SES-5", "PRO-4")
@pytest.mark.parametrize("own", [False, True])
def test_what_was_chosen_is_what_flows(own: bool) -> None:
    """Else another bag runs than the one that was agreed on, or at its rate from the other."""
    pump = decided(9)
    answer(pump, step=8)
    answer(pump, bag=PLAN.solution[7] if own else PLAN.solution[8])
    session = pump.controller.session
    assert state(pump) == "resumable"
    assert session.progress.back_bag == (-1 if own else PLAN.solution[8])
    resume(pump)
    if own:
        assert state(pump) == "bag" and session.case.solution() == PLAN.solution[7]
        return
    assert state(pump) == "running" and session.rate_e4() == PLAN.equal_rate(7, PLAN.solution[8])
    assert finish(pump) == "completed"


@pytest.mark.req("SES-3", "PRO-4")
def test_the_step_that_was_chosen_has_given_nothing_yet() -> None:
    """Else the laptop shows a repeated step as half given before it begins."""
    pump = decided(6, 9)
    progress, claim = pump.controller.session.progress, pump.controller.session.claim
    assert progress.done > 0
    answer(pump, step=5)
    assert (progress.done, progress.target, progress.step, progress.entered) == (0, 0, 4, False)
    pump.scan()
    assert (claim.step, claim.target, claim.bag, claim.turn, claim.flow) == (4, 0, -1, 1, False)


@pytest.mark.req("SES-3", "INT-5")
def test_the_decision_is_recorded_with_its_step() -> None:
    """Else the chart says that the session went on elsewhere."""
    pump = decided(6)
    answer(pump, step=5)
    scan_s(pump, 1)
    (said,) = [event for event in pump.events if event["event"] == "decision"]
    assert (said["code"], said["arg"]) == ("mild", 5)


@pytest.mark.req("SES-3")
def test_a_second_reaction_in_a_repeated_step_asks_again() -> None:
    """Else the pump still goes the way of the reaction before."""
    pump = decided(6)
    answer(pump, step=5)
    resume(pump)
    scan_s(pump, 3)
    tap(pump, STOP)
    classify(pump, MILD)
    assert state(pump) == "decision" and pump.controller.session.question.shown == 0
    assert pump.controller.session.progress.reactions == 2
    answer(pump, step=5)
    assert state(pump) == "resumable" and pump.controller.session.claim.turn == 2


@pytest.mark.req("SES-5", "INT-5")
@pytest.mark.parametrize(("bag", "back_bag"), [(PLAN.solution[7], -1), (PLAN.solution[8], PLAN.solution[8])])
def test_a_way_is_kept_with_its_bag_and_recorded_with_its_step(bag: int, back_bag: int) -> None:
    """Else the guard is told another way than the course that control goes."""
    told: list[tuple[int, ...]] = []
    case = Case(Vitals(), lambda *said: told.append(said))
    case.adopt(PLAN)
    progress = case.progress
    progress.step, progress.hung, progress.entered, progress.reacted = 8, PLAN.solution[8], True, True
    progress.back_bag = 5
    assert Ways(case).go(7, bag) == RESUMABLE
    assert (progress.step, progress.back_step, progress.back_bag, progress.turn) == (7, 7, back_bag, 1)
    assert not progress.entered and not progress.reacted and case.course.bag[7] == bag
    assert told == [(events.DECISION, causes.MILD, 8)]


@pytest.mark.req("SES-5", "PRO-8")
@pytest.mark.parametrize(("own_left", "other_left"), [(1, 1), (0, 1), (1, 0), (0, 0)])
def test_a_bag_is_offered_only_with_enough_in_it_for_all_that_follows(own_left: int, other_left: int) -> None:
    """Else a bag runs dry in the step that it was chosen for; each is judged by its own content."""
    pump = decided(5)
    case = pump.controller.session.case
    own, hung = case.plan.solution[3], case.progress.hung
    assert own != hung
    for bag, left in ((own, own_left), (hung, other_left)):
        if not left:
            case.tally.drawn[bag] = case.plan.holds[bag] - 1
    found = pump.controller.session.ways.of(3)
    if own_left and other_left:
        assert found == [hung, own]
    elif not other_left:
        assert hung not in found, "it is needed for all that follows as well"
    else:
        assert found == [hung]


@pytest.mark.req("SES-3")
@pytest.mark.parametrize(("choices", "ways"), [(1, (5,)), (2, (4,)), (3, (4, 5)), (4, (3,)), (8, (0, 1, 2))])
def test_a_step_that_the_protocol_does_not_allow_has_no_way(choices: int, ways: tuple[int, ...]) -> None:
    """Else a step is offered that whoever wrote the protocol has left out."""
    pump = decided(6)
    session = pump.controller.session
    session.case.plan.protocol.resume_choices = choices
    found = {step: session.ways.of(step) for step in range(6)}
    assert all(isinstance(bags, list) for bags in found.values())
    assert {step for step, bags in found.items() if bags} >= set(ways)
    assert not any(found[step] for step in range(1, 6) if not choices >> min(5 - step, 3) & 1)

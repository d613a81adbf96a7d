"""A course's numbers by hand: accounts, legs, the way that the session goes on (PRO-3, PRO-4, SES-5)."""

from __future__ import annotations

import pytest
from test_plan_numbers import FILL, LADDER, plan

from pump.course.course import Course, Tally, ahead, bags_hold, legs_of, planned_pulses, runs
from pump.course.line import PARTS, Line
from pump.course.plan import Plan
from pump.protocol.vein import SALINE

FILLED = (0, 0, 2, 100), (1, FILL, 2, 30), (1, 0, 2, 100), (1, 0, 5, 100), (2, 0, 5, 10)


def tally(made: Plan, *given: tuple[int, int, int]) -> Tally:
    """An account of (step, bag, pulses)."""
    told = Tally(made)
    for step, bag, pulses in given:
        told.settle(step, bag, pulses)
    return told


def way(made: Plan, told: Tally, step: int, bag: int = -1) -> list[tuple[int, int, int, bool]]:
    """How the session goes on."""
    return list(ahead(made, told, step, bag))


def legs(course: Course) -> list[tuple[int, int]]:
    """(first leg of each step, ...) flattened: end and rate of every leg."""
    return list(zip(course.end, course.rate_e4, strict=True))


# -- the account


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize(
    ("fills", "dose", "filled"), [([29], 0, 29), ([30], 0, 30), ([31], 1, 30), ([20, 20], 10, 30), ([30, 5], 5, 30)]
)
def test_a_line_fill_counts_as_no_dose_up_to_its_volume_once(fills: list[int], dose: int, filled: int) -> None:
    """Else a repeated fill is a dose that nobody counts, or a fill is missing from the order."""
    made = plan(*FILLED, line_dead_nl=3_000)
    told = tally(made, *[(1, 1, pulses) for pulses in fills])
    assert told.by_bag == [0, dose, 0] and told.filled[1] == filled and told.drawn == [0, sum(fills), 0]
    assert told.left(1) == made.holds[1] - sum(fills)


@pytest.mark.req("PRO-3", "SES-7")
def test_a_new_session_has_full_bags_and_a_primed_line() -> None:
    """Else the next patient's account begins with the last one's."""
    made = plan(*FILLED, line_dead_nl=3_000, primed_with_solution=1)
    told = tally(made, (0, 0, 100), (1, 1, 20), (2, 1, 5))
    assert told.line.count == 2
    told.restart()
    assert told.by_bag == told.drawn == [0, 0, 0] and not any(told.filled)
    assert told.line.count == 1 and told.line.pulses[0] == 30 and told.line.bag[0] == 0


# -- the way on


@pytest.mark.req("PRO-4", "SES-3")
def test_as_planned_the_way_is_the_plan() -> None:
    """Else a technical hold changes what follows."""
    made = plan(*LADDER, dose=5_000)
    assert list(made.pulses) == [100, 200, 300, 850]
    rows = [(0, 0, 100, False), (1, 0, 200, False), (2, 1, 300, False), (3, 2, 850, False)]
    assert way(made, tally(made), 0) == rows
    assert way(made, tally(made, (0, 0, 100)), 1) == rows[1:]
    assert way(made, tally(made, (0, 0, 100)), 0) == [*rows[:3], (3, 2, 800, True)], "a repeat is given once"


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize(
    ("given", "rows"),
    [
        (700, [(1, 0, 200, False), (2, 1, 10, True)]),
        (799, [(1, 0, 200, False), (2, 1, 0, True)][:1]),
        (800, [(1, 0, 200, False)]),
        (801, [(1, 0, 199, True)]),
        (999, [(1, 0, 1, True)]),
        (1_000, [(1, 0, 0, True)]),
        (1_500, [(1, 0, 0, True)]),
    ],
)
def test_the_way_ends_with_the_step_that_completes_the_dose(given: int, rows: list[tuple[int, int, int, bool]]) -> None:
    """Else a bag is hung for nothing, or the order is exceeded after repeats."""
    made = plan(*LADDER, dose=1_000)
    assert way(made, tally(made, (0, 0, given)), 1) == rows


@pytest.mark.req("PRO-4", "SES-5")
def test_on_the_stronger_bag_up_to_the_first_step_planned_on_it() -> None:
    """Else later steps run on a bag that has been taken down, or the bag is changed twice more."""
    made = plan(*LADDER, dose=5_000)
    told = tally(made, (0, 0, 100), (1, 0, 200), (2, 1, 50))
    assert way(made, told, 0, 1)[:3] == [(0, 1, 10, False), (1, 1, 20, False), (2, 1, 300, False)]
    assert [row[1] for row in way(made, told, 0, 1)] == [1, 1, 1, 2]
    assert [row[1] for row in way(made, told, 0)] == [0, 0, 1, 2]


@pytest.mark.req("PRO-3", "SES-5")
def test_a_line_fill_has_nothing_to_fill_with_its_bag_in_the_line_or_on_another_bag() -> None:
    """Else a repeat pumps the line's volume twice."""
    made = plan(*FILLED, dose=5_000, line_dead_nl=3_000)
    fresh, full = tally(made), tally(made, (1, 1, 30))
    assert planned_pulses(made, 1, 1, fresh.line) == 30
    assert planned_pulses(made, 1, 1, full.line) == 0
    assert planned_pulses(made, 1, 2, fresh.line) == 0
    assert planned_pulses(made, 2, 2, fresh.line) == 500
    assert planned_pulses(made, 2, 1, full.line) == 100
    assert [row[:3] for row in way(made, full, 1, 1)][:2] == [(1, 1, 0), (2, 1, 100)]


@pytest.mark.req("PRO-3", "PRO-4")
@pytest.mark.parametrize(("filled", "free"), [(0, 30), (12, 18)])
def test_what_is_free_of_a_fill_comes_on_top_of_the_dose(filled: int, free: int) -> None:
    """Else the fill is taken from the last step, or the rest of a fill is free twice."""
    made = plan(*FILLED, dose=1_400, line_dead_nl=3_000)
    told = tally(made, (0, 0, 100), (1, 1, filled))
    rows = way(made, told, 1)
    assert rows[0] == (1, 1, 30, False), "its whole volume anew"
    counted = 30 - free
    assert rows[1:] == [(2, 1, 100, False), (3, 1, 30 - counted, True)]


@pytest.mark.req("PRO-3", "ALM-5")
@pytest.mark.parametrize(("holds", "enough"), [(299, False), (300, True), (301, True)])
def test_a_bag_holds_what_the_way_draws(holds: int, enough: bool) -> None:
    """Else the motor runs on an empty bag, or a way that can be gone is refused."""
    made = plan(*LADDER, dose=5_000)
    made.holds[0] = holds
    assert bags_hold(made, tally(made), 0, -1) is enough
    assert bags_hold(made, tally(made, (0, 0, holds - 199)), 1, -1) is False
    assert bags_hold(made, tally(made, (0, 0, holds - 200)), 1, -1) is True


@pytest.mark.req("PRO-3")
def test_an_overdrawn_bag_is_none_where_nothing_is_drawn_from_it() -> None:
    """Else a bag that gave its last pulse forbids every step of the others."""
    made = plan(*LADDER, dose=5_000)
    made.holds[0] = 90
    told = tally(made, (0, 0, 100))
    assert told.left(0) == -10
    assert bags_hold(made, told, 2, -1) and not bags_hold(made, told, 0, -1)
    made.holds[2] = 1
    assert not bags_hold(made, told, 2, -1), "the last bag is looked at too"


# -- legs


@pytest.mark.req("SES-5")
@pytest.mark.parametrize(
    ("stretches", "told"),
    [
        ([(30, 0)], [[100, 20_000]]),
        ([(30, 1)], [[30, 2_000], [100, 20_000]]),
        ([(20, 1), (10, 2)], [[20, 2_000], [30, 10_000], [100, 20_000]]),
        ([(20, 2), (10, 0)], [[20, 10_000], [100, 20_000]]),
        ([(30, SALINE)], [[100, 20_000]]),
        ([(10, SALINE), (20, 1)], [[10, 20_000], [30, 2_000], [100, 20_000]]),
        ([(99, 1)], [[99, 2_000], [100, 20_000]]),
        ([(100, 1)], [[100, 2_000]]),
        ([(101, 1)], [[100, 2_000]]),
    ],
)
def test_a_step_s_legs_follow_what_leaves_the_line(stretches: list[tuple[int, int]], told: list[list[int]]) -> None:
    """Else what a stronger bag left in the line comes at ten times the step's dose rate."""
    line = Line(max)
    line.fill(sum(pulses for pulses, _ in stretches), SALINE)
    for pulses, bag in stretches:
        line.push(bag, pulses)
    assert legs_of(plan(*LADDER), 0, 0, 100, line) == told


@pytest.mark.req("SES-5")
def test_a_weaker_bag_in_the_line_makes_no_step_quicker() -> None:
    """Else the mechanism runs at ten times the step's rate until the stronger bag arrives."""
    line = Line(max)
    line.fill(30, 0)
    assert legs_of(plan(*LADDER), 2, 1, 300, line) == [[300, 10_000]]
    line.fill(30, 0)
    assert legs_of(plan(*LADDER), 0, 1, 10, line) == [[10, 2_000]]


@pytest.mark.req("SES-5", "PRO-4")
def test_a_step_of_no_pulses_has_one_leg_at_its_rate() -> None:
    """Else a step that gives nothing has no rate to show."""
    line = Line(max)
    line.fill(30, 1)
    assert legs_of(plan(*LADDER), 0, 0, 0, line) == [[0, 20_000]] and line.bag[0] == 1
    assert legs_of(plan(*LADDER), 0, 2, 0, line) == [[0, 10_000]]


@pytest.mark.req("SES-5")
@pytest.mark.parametrize("stretches", [PARTS - 1, PARTS])
def test_a_line_of_as_many_stretches_as_there_are_is_passed_on_to_its_end(stretches: int) -> None:
    """Else the rest of a step has no leg, and is never given."""
    line = Line(max)
    for i in range(stretches):
        line.pulses[i], line.bag[i] = 2, 1 + i % 2
    line.count = stretches
    told = legs_of(plan(*LADDER), 0, 0, 100, line)
    assert told[0] == [2, 2_000] and told[1] == [4, 10_000]
    assert told[-1] == [100, 20_000] and len(told) == stretches + 1 and line.holds_only(0)
    assert [end for end, _ in told[:-1]][:-1] == list(range(2, 2 * stretches, 2))


@pytest.mark.req("SES-5", "FLO-1")
@pytest.mark.parametrize("rate_mlh", [1, 2])
def test_no_leg_may_be_slower_than_a_tenth_of_a_millilitre_an_hour(rate_mlh: int) -> None:
    """Else the mechanism is asked for a rate that it cannot hold."""
    made = plan((0, 0, rate_mlh, 100), *LADDER[1:])
    told = tally(made)
    told.line.fill(30, 1)
    assert runs(made, told, 0, 0)  # 0.1 mL/h is the least
    made = plan((0, 0, rate_mlh, 100), *LADDER[1:], bags=(1000, 10_001 * rate_mlh, 2))
    told = tally(made)
    told.line.fill(30, 1)
    assert not runs(made, told, 0, 0)
    assert told.line.bag[0] == 1, "the line itself is only reckoned"


# -- the course


@pytest.mark.req("SES-3", "SES-5")
def test_a_course_from_a_step_on_keeps_the_places_of_those_before() -> None:
    """Else the legs of another step are judged by."""
    made = plan(*LADDER, dose=5_000, line_dead_nl=3_000)
    course = Course(made)
    assert legs(course) == [(100, 20_000), (200, 50_000), (300, 10_000), (850, 100_000)]
    assert list(course.first) == [0, 1, 2, 3] and course.last == 3 and not course.cut
    told = tally(made, (0, 0, 100), (1, 0, 200), (2, 1, 50))
    course.leave(told, 1, -1)
    assert legs(course) == [
        (100, 20_000), (30, 5_000), (200, 50_000), (300, 10_000), (30, 20_000), (500, 100_000)
    ]  # fmt: skip
    assert list(course.first) == [0, 1, 3, 4] and list(course.bag) == [0, 0, 1, 2]
    assert list(course.interval_us[:3]) == [180_000, 720_000, 72_000] and not any(course.remainder)
    assert course.last == 3 and course.cut and list(course.pulses) == [100, 200, 300, 500]


@pytest.mark.req("SES-5", "PRO-4")
def test_a_course_on_the_stronger_bag_and_back_to_the_plan() -> None:
    """Else a new session goes the way of the last one's reaction."""
    made = plan(*LADDER, dose=5_000, line_dead_nl=3_000)
    course = Course(made)
    told = tally(made, (0, 0, 100), (1, 0, 200), (2, 1, 50))
    course.leave(told, 0, 1)
    assert list(course.bag) == [1, 1, 1, 2] and list(course.pulses[:3]) == [10, 20, 300]
    course.restart()
    assert list(course.bag) == [0, 0, 1, 2] and list(course.pulses) == list(made.pulses)
    assert list(course.first) == [0, 1, 2, 3] and course.last == 3 and not course.cut


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize(("given", "last", "cut"), [(800, 1, False), (801, 1, True), (700, 2, True)])
def test_after_the_last_step_of_a_course_nothing_is_left(given: int, last: int, cut: bool) -> None:
    """Else the guard would let control go on beyond the order."""
    made = plan(*LADDER, dose=1_000)
    course = Course(made)
    course.leave(tally(made, (0, 0, given)), 1, -1)
    assert course.last == last and course.cut is cut
    assert not any(course.pulses[last + 1 :]) and course.pulses[last] > 0
    assert all(course.first[k] == course.first[last] for k in range(last, 4))


@pytest.mark.req("FLO-2")
def test_what_an_interval_leaves_over_is_kept_with_the_leg() -> None:
    """Else a slow leg drifts by a microsecond a pulse."""
    made = plan((0, 0, 7, 100), *LADDER[1:], dose=5_000)
    course = Course(made)
    for _ in range(2):
        assert (course.interval_us[0], course.remainder[0]) == divmod(100_000 * 36_000, 70_000)
        course.leave(tally(made), 0, -1)

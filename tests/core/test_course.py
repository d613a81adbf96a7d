"""The course after a decision and what it is worked out from: bags, line, legs, the full dose once (PRO-4, SES-5)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import BAG_MG, BAG_ML, PL_PULSE, RATES, build, dose_pg, standard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pump.course.course import Course, Tally, runs
from pump.course.line import PARTS, Line
from pump.course.plan import Plan
from pump.protocol import protocol as p
from pump.protocol.vein import SALINE

LINE_ML = Fraction(3, 10)
BAGS = st.integers(0, 2)
STRENGTH = [mg * 1000 / BAG_ML for mg in BAG_MG]  # pg/nL
PULSE_PG = [strength * PL_PULSE / 1000 for strength in STRENGTH]


def plan_with(line_ml: Fraction = LINE_ML, fills: bool = False) -> Plan:
    """The standard ladder with a shared line; with `fills` each bag after the first fills it before its first step."""
    if not fills:
        protocol = standard()
    else:
        rows = [(bag, Fraction(rate), Fraction(15)) for bag, rate in RATES]
        rows.insert(8, (2, Fraction(40), line_ml / 40 * 60))
        rows.insert(4, (1, Fraction(20), line_ml / 20 * 60))
        protocol = build(500, [(Fraction(BAG_ML), mg) for mg in BAG_MG], rows)
        protocol.steps[4].flags = protocol.steps[9].flags = p.LINE_FILL
    protocol.line_dead_nl = int(line_ml * 10**6)
    return Plan(protocol, PL_PULSE)


class Vein:
    """A line of single pulses, the slow and plain way."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.tally = plan, Tally(plan)
        self.line = [SALINE] * plan.line_pulses

    def give(self, k: int, bag: int, pulses: int) -> list[int]:
        """Pulses of step k from a bag; what leaves the line at the vein."""
        self.line += [bag] * pulses
        out = self.line[:pulses]
        self.line = self.line[pulses:]
        self.tally.settle(k, bag, pulses)
        return out

    def up_to(self, step: int, part: Fraction = Fraction(0)) -> None:
        """The plan as far as a step (from 1), and a part of that."""
        for k in range(step - 1):
            self.give(k, self.plan.solution[k], self.plan.pulses[k])
        self.give(step - 1, self.plan.solution[step - 1], int(self.plan.pulses[step - 1] * part))


def legs(course: Course, k: int) -> list[tuple[int, int]]:
    """(pulses in the step at its end, rate) of each leg of step k."""
    after = len(course.end) if k == course.last else course.first[k + 1]
    return [(course.end[i], course.rate_e4[i]) for i in range(course.first[k], after)]


def content(line: Line) -> list[int]:
    """The line pulse by pulse."""
    return [line.bag[i] for i in range(line.count) for _ in range(line.pulses[i])]


@pytest.mark.req("SES-5")
@given(st.lists(st.tuples(BAGS, st.integers(0, 40)), max_size=14), st.integers(0, 25))
def test_the_line_holds_what_was_pushed_last(pushes: list[tuple[int, int]], volume: int) -> None:
    """Else the pump takes what leaves the line for another bag's solution."""
    line = Line(max)
    line.fill(volume, SALINE)
    plain = [SALINE] * volume
    for bag, pulses in pushes:
        line.push(bag, pulses)
        plain = (plain + [bag] * pulses)[pulses:] if volume else []
        assert all(line.pulses[i] for i in range(line.count)), "no stretch is ever empty"
    assert content(line) == plain


@pytest.mark.req("SES-5")
@given(st.lists(st.tuples(BAGS, st.integers(0, 3)), max_size=200), st.integers(1, 400))
def test_a_line_of_more_stretches_than_there_is_room_for_errs_to_the_stronger(
    pushes: list[tuple[int, int]], volume: int
) -> None:
    """Else a line of many short stretches takes memory in flow, or passes for a weaker bag's."""
    line = Line(max)
    line.fill(volume, SALINE)
    plain = [SALINE] * volume
    for bag, pulses in pushes:
        line.push(bag, pulses)
        plain = (plain + [bag] * pulses)[pulses:]
    told = content(line)
    assert line.count <= PARTS and len(told) == volume
    assert all(said >= real for said, real in zip(told, plain, strict=True))


@pytest.mark.req("SES-5")
def test_the_reference_rates_of_a_step_on_a_stronger_bag() -> None:
    """Else the patient gets another dose rate than the step's from the bag that hangs."""
    plan = plan_with()
    assert plan.equal_rate(7, 2) == 40_317 and plan.equal_rate(6, 2) == 20_158  # mL/h: 4.03 and 2.02
    assert plan.equal_rate(3, 1) == 20_000  # step 4 is 2.00 mL/h of the second bag


@pytest.mark.req("SES-5")
def test_back_from_step_9_to_8_on_its_own_bag() -> None:
    """Else the line's 0.3 mL of bag C go in at ten times the dose rate of step 8."""
    vein = Vein(plan_with())
    vein.up_to(9, Fraction(1, 2))  # 1.25 mL of bag C: the line holds nothing else
    course = Course(vein.plan)
    course.leave(vein.tally, 7, -1)
    assert legs(course, 7) == [(3_000, 40_317), (100_000, 400_000)]
    assert legs(course, 8) == [(25_000, 100_000)] and course.bag[8] == 2


@pytest.mark.req("SES-5", "SES-3")
def test_back_from_step_9_to_7_on_the_bag_that_hangs() -> None:
    """Else steps 7 and 8 give ten times their dose, or the bag is changed twice more for two steps."""
    vein = Vein(plan_with())
    vein.up_to(9, Fraction(1, 2))
    course = Course(vein.plan)
    course.leave(vein.tally, 6, 2)
    assert list(course.bag[6:9]) == [2, 2, 2]
    assert legs(course, 6) == [(5_040, 20_158)] and legs(course, 7) == [(10_079, 40_317)]
    assert legs(course, 8) == [(25_000, 100_000)]


@pytest.mark.req("SES-5")
def test_the_line_is_passed_on_over_several_steps() -> None:
    """Else the second of two short steps runs at its own rate with the stronger bag still in the line."""
    vein = Vein(plan_with(Fraction(3)))
    vein.up_to(10, Fraction(1, 2))
    course = Course(vein.plan)
    course.leave(vein.tally, 4, -1)  # step 5 has 1.25 mL, step 6 2.5 mL, the line 3 mL
    assert legs(course, 4) == [(12_500, 5_039)]
    assert legs(course, 5) == [(17_500, 10_079), (25_000, 100_000)]


@pytest.mark.req("SES-5", "FLO-1")
@pytest.mark.parametrize(
    ("step", "bag", "can"), [(4, 0, True), (3, 0, True), (2, 0, False), (1, 2, False), (3, 2, True)]
)
def test_what_would_take_less_than_a_tenth_of_a_millilitre_an_hour_cannot_be_chosen(
    step: int, bag: int, can: bool
) -> None:
    """Else the mechanism is asked for a rate that it cannot hold, or the step runs at twice its dose rate."""
    vein = Vein(plan_with())
    vein.up_to(9, Fraction(1, 2))
    assert runs(vein.plan, vein.tally, step - 1, bag) is can


@pytest.mark.req("PRO-4")
def test_after_the_step_that_completes_the_dose_nothing_is_left_to_give() -> None:
    """Else the guard would let control go on beyond the order."""
    vein = Vein(plan_with())
    vein.up_to(12, Fraction(98, 100))
    course = Course(vein.plan)
    course.leave(vein.tally, 8, -1)
    assert course.last == 9 and course.cut and 0 < course.pulses[9] < vein.plan.pulses[9]
    assert list(course.pulses[10:]) == [0, 0]
    course.restart()
    assert course.last == 11 and list(course.pulses) == list(vein.plan.pulses)


# Before bag B's line-fill begins, back to the step before it on bag B, which hangs: then the line holds nothing else.
BACK_TO_A_FILL = [*[(0, Fraction(0), 0, False)] * 3, (4, Fraction(0), 0, False), (0, Fraction(0), 1, True)]
MOVES = st.lists(
    st.tuples(st.integers(0, 13), st.fractions(0, 1, max_denominator=50), st.integers(0, 4), st.booleans()),
    min_size=1,
    max_size=5,
)


@pytest.mark.req("PRO-4", "PRO-3", "SES-3", "SES-5")
@settings(max_examples=60, deadline=None)
@example(BACK_TO_A_FILL, Fraction(1, 10), True)
@given(MOVES, st.sampled_from((Fraction(0), Fraction(1, 10), LINE_ML, Fraction(1))), st.booleans())
def test_whatever_is_decided_the_vein_never_gets_more_than_the_steps_dose_rate(
    moves: list[tuple[int, Fraction, int, bool]], line_ml: Fraction, fills: bool
) -> None:
    """Else some order of reactions is an overdose; the full dose comes once, line-fills come on top of it once."""
    fills = fills and bool(line_ml)
    plan = plan_with(line_ml, fills)
    vein, course = Vein(plan), Course(plan)
    k, pumped, hung = 0, [0, 0, 0], 0
    given_in = [0] * plan.count
    for ahead, part, back, present in [*moves, (99, Fraction(0), 0, False)]:
        last = min(course.last, k + ahead)
        for at in range(k, last + 1):
            share = part if at == last and ahead < 99 else Fraction(1)
            before = sum(pumped)
            check_step(vein, course, at, int(course.pulses[at] * share), pumped)
            given_in[at] += sum(pumped) - before
        k, hung = last, course.bag[last]
        if k == course.last and part == 1:
            break  # over
        if ahead < 99:
            k = max(0, k - back)
            ways = [bag for bag in {hung, plan.solution[k]} if bag >= plan.solution[k]]
            ways = [bag for bag in ways if runs(plan, vein.tally, k, bag)]
            if not ways:
                return  # no such step can be chosen on the device
            bag = hung if present and hung in ways else ways[0]
            course.leave(vein.tally, k, -1 if bag == plan.solution[k] else bag)
    fills = [at for at in range(plan.count) if not plan.counts[at]]
    free = sum(min(given_in[at], plan.pulses[at]) * PULSE_PG[plan.solution[at]] for at in fills)
    assert -PULSE_PG[2] < dose_pg(plan.protocol, pumped) - free - plan.protocol.full_dose_pg <= 0


def check_step(vein: Vein, course: Course, k: int, pulses: int, pumped: list[int]) -> None:
    """So many pulses of step k, leg by leg: no dose rate above the step's at either end of the line."""
    done, bag = 0, course.bag[k]
    most = Fraction(*course.plan.dose_rate(k))
    for end, rate_e4 in legs(course, k):
        run = min(end, pulses) - done
        if run <= 0:
            return
        out = vein.give(k, bag, run)
        strongest = max((STRENGTH[content] for content in set(out) if content != SALINE), default=Fraction(0))
        assert rate_e4 * strongest <= most
        pumped[bag] += run
        done += run

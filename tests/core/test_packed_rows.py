"""What single rooms put into the row of what decides, from both sides of each limit that it stops at (INT-4)."""

from __future__ import annotations

import pytest
from core_kit import short
from guard_kit import Bench, steady
from test_bounds_limits import ladder, watching

from pump.course.line import Line
from pump.course.plan import Plan
from pump.delivery.delivery import Delivery
from pump.guard.bounds import SPAN_MAX_MS
from pump.guard.guard import QUIET_MS
from pump.panel.alarms import Alarms
from pump.senses.conditions import Conditions
from pump.senses.parts import Parts
from pump.senses.vitals import LEASE_MS, Vitals
from pump.session.case import MIN_MS, SEEN_MS, Case
from pump.session.question import Question
from pump.session.recovered import FACE_MS, KNOWN_MS, Recovered
from pump.session.session import Session
from pump.tables import states
from pump.tables.causes import BIT, SIGNAL_LOST, SPO2_EARLY
from pump.tables.parts import BIT as PART_BIT
from pump.tables.parts import COUNT
from toleramp_bench.boards.core_pump import PL_PULSE

pytestmark = pytest.mark.req("INT-4")

BEFORE = 10  # numbers of the question, of what is waited for and of the order, that stand before the progress
AGES = BEFORE + 19  # step, hold, standing still, waiting
MOST = {"max_wait_min": 30, "min_hold_min": 5, "max_hold_min": 90}
WAIT_MS, HOLD_MS, STILL_MS = (MOST[name] * MIN_MS for name in MOST)


def case() -> Case:
    """A case that nothing was given in."""
    protocol = short()
    for name, minutes in MOST.items():
        setattr(protocol, name, minutes)
    made = Case(Vitals(), lambda *said: None)
    made.adopt(Plan(protocol, PL_PULSE))
    return made


def ages(told: Case, state: int) -> list[int]:
    """The four that stop growing."""
    to: list[int] = []
    told.pack(to, state)
    return to[AGES : AGES + 4]


@pytest.mark.parametrize(
    ("state", "at", "name", "most_ms"),
    [
        (states.BAG, 3, "wait_ms", WAIT_MS + 1),
        (states.RUNNING, 3, "wait_ms", WAIT_MS + 1),
        (states.ARMED, 3, "wait_ms", SEEN_MS),
        (states.HELD, 3, "wait_ms", 0),
        (states.RESUMABLE, 3, "wait_ms", 0),
        (states.HELD, 1, "held_ms", HOLD_MS),
        (states.RUNNING, 1, "held_ms", 0),
        (states.HELD, 2, "still_ms", STILL_MS + 1),
        (states.BAG, 2, "still_ms", STILL_MS + 1),
    ],
)
def test_an_age_is_told_up_to_its_limit(state: int, at: int, name: str, most_ms: int) -> None:
    """Else two pumps with equal rows part at a limit, or one pump has a row for each millisecond."""
    told = case()
    told.progress.flowed = 0
    for value in (0, 1, 70, most_ms - 1, most_ms, most_ms + 1, 1 << 28):
        if value >= 0:
            setattr(told.progress, name, value)
            assert ages(told, state)[at] == min(value, most_ms), value


PROGRESS = (
    "step", "leg", "leg_end", "target", "done", "total", "entered", "reactions", "reacted", "hung", "cause",
    "by_vitals", "back_bag", "back_step", "loose", "resume_step", "flowed", "wrong_bags",
)  # fmt: skip


def test_a_session_s_progress_in_its_order() -> None:
    """Else a pump on which nobody has reacted and one with two reactions have equal rows."""
    told = case()
    for number, name in enumerate(PROGRESS):
        setattr(told.progress, name, 11 - number if name == "step" else number + 20)
    told.progress.pair()
    to: list[int] = []
    told.pack(to, states.BAG)
    assert to[BEFORE:AGES] == [11, *range(21, 20 + len(PROGRESS)), True]
    assert set(vars(told.progress)) - set(PROGRESS) == {
        "_twins", "session", "entries", "turn", "step_ms", "held_ms", "still_ms", "wait_ms"
    }  # fmt: skip


@pytest.mark.parametrize("twin", range(3))
def test_a_second_count_that_differs_stands_in_the_row(twin: int) -> None:
    """Else a pump that will stop for a changed bit and one that is sound have equal rows."""
    told = case()
    told.progress._twins[twin] ^= 1
    to: list[int] = []
    told.pack(to, states.BAG)
    assert to[AGES - 1] is False


def test_a_step_s_time_is_told_up_to_its_own_and_the_longest_wait() -> None:
    """Else a step that takes too long decides by what is not in the row."""
    told = case()
    most_ms = told.plan.duration_ms[0] + WAIT_MS + 1
    for value in (0, 1, most_ms - 1, most_ms, most_ms + 1):
        told.progress.step_ms = value
        assert ages(told, states.RUNNING)[0] == min(value, most_ms)


def test_before_the_first_pulse_no_standing_still_is_told() -> None:
    """Else the time before a session makes rows that nothing tells apart."""
    told = case()
    told.progress.still_ms = 500
    assert ages(told, states.BAG)[2] == 0
    told.progress.flowed = 0
    assert ages(told, states.BAG)[2] == 500


@pytest.mark.parametrize("state", [states.READY, states.LOCKED, states.COMPLETED])
def test_without_a_session_its_progress_is_not_told(state: int) -> None:
    """Else what decides no more makes rows that nothing tells apart."""
    to: list[int] = []
    case().pack(to, state)
    assert len(to) == BEFORE


@pytest.mark.parametrize(
    ("state", "second", "age_ms"),
    [(states.ARMED, False, 70), (states.BAG, True, 70), (states.BAG, False, 0), (states.HELD, False, 0)],
)
def test_a_question_s_age_is_told_where_it_lapses(state: int, second: bool, age_ms: int) -> None:
    """Else a start of long ago is as good as a fresh one."""
    told = case()
    told.question.second, told.question.age_ms = second, 70
    to: list[int] = []
    told.pack(to, state)
    assert to[4] == age_ms


def test_a_question_s_numbers_in_their_order() -> None:
    """Else two of them are told as one."""
    question = Question()
    question.ask(3, 5, 2)
    question.age_ms, question.heard_ms = 40, 900
    to: list[int] = []
    question.pack(to, True)
    question.pack(to, False)
    assert to == [3, 5, 2, False, 40, False, False, 900, 3, 5, 2, False, 0, False, False, 900]


def test_a_session_s_numbers_are_told_as_they_stand_to_its_claim() -> None:
    """Else each session of a day makes rows of its own, or a claim that is late is not seen."""
    session = Session(Delivery(20_000), Vitals(), lambda *said: None)
    for name, at, of in (("entry", 7, "entries"), ("turn", 8, "turn"), ("session", 9, "session")):
        for told, claimed in ((5, 5), (6, 5), (9, 2)):
            setattr(session.progress, of, told)
            setattr(session.claim, name, claimed)
            to: list[int] = []
            session.pack(to)
            assert to[at] == told - claimed


def test_an_account_s_numbers_in_their_order() -> None:
    """Else pumps that have given different doses have equal rows."""
    told = case().tally
    told.settle(0, 0, 7)
    told.settle(4, 1, 9)
    bags, steps = len(told.by_bag), len(told.filled)
    to: list[int] = []
    told.pack(to)
    assert to[:bags] == to[bags : 2 * bags] == [7, 9, *[0] * (bags - 2)]
    assert to[2 * bags : 2 * bags + steps] == [0] * steps
    line: list[int] = []
    told.line.pack(line)
    assert to[2 * bags + steps :] == line and len(line) == 1 + 2 * told.line.count


def test_a_line_s_stretches_in_their_order() -> None:
    """Else pumps whose lines hold different drugs have equal rows."""
    line = Line(max)
    line.fill(20, 0)
    line.push(1, 7)
    line.push(2, 4)
    to: list[int] = []
    line.pack(to)
    assert to == [3, 9, 0, 7, 1, 4, 2]


def test_the_share_of_the_dose_adds_up_over_the_bags() -> None:
    """Else a record tells one bag's share as the whole."""
    told = case()
    assert told.dose_ppm() == 0
    bags = len(told.tally.by_bag)
    given = [1_000 * (bag + 1) for bag in range(bags)]
    for bag, pulses in enumerate(given):
        told.tally.by_bag[bag] = pulses
    told.progress.loose = 500
    told.progress.total = sum(given) + 500
    expected = sum(told.plan.ppm_of(bag, pulses) for bag, pulses in enumerate(given))
    assert told.dose_ppm() == expected + told.plan.ppm_of(told.solution(), 500) > 0


# -- the senses'


@pytest.mark.parametrize(("name", "at", "bit"), [("_early_ms", 13, SPO2_EARLY), ("_signal_ms", 14, SIGNAL_LOST)])
def test_the_time_of_an_early_alarm_and_of_a_signal_is_told_while_it_counts(name: str, at: int, bit: int) -> None:
    """Else what decides no more makes rows that nothing tells apart, or an alarm ends early in one of two pumps."""
    vitals = Vitals()
    setattr(vitals, name, 33)
    for bits, told in ((0, 0), (BIT[bit], 33)):
        vitals.bits = bits
        to: list[int] = []
        vitals.pack(to, 0)
        assert to[at] == told


def test_what_has_just_gone_is_told_by_its_age() -> None:
    """Else a device's alarm ends earlier in one of two pumps with equal rows."""
    alarms = Alarms(lambda *said: None)
    conditions = Conditions([], alarms)
    alarms.now_s = 5
    for at, gone_s in enumerate((-1, 0, 1, 5)):
        conditions._gone_s[at] = gone_s
    rows = []
    for conditions._lingering in (False, True):
        to: list[int] = []
        conditions.pack(to)
        rows.append(to)
    count, begin = len(conditions._gone_s), 7 + len(conditions._up)
    assert len(rows[1]) == len(rows[0]) + count
    assert rows[1][begin : begin + count] == [-1, 5, 4, 0, *[-1] * (count - 4)]


@pytest.mark.parametrize("part", range(1, COUNT))
def test_how_long_a_part_is_lost_is_told_of_that_part_alone(part: int) -> None:
    """Else a screen that is gone for a minute holds in one of two pumps with equal rows."""
    parts = Parts(lambda *said: None)
    for ages_ms in (parts._lost_ms, parts._back_ms):
        ages_ms[part] = 40
    sound: list[int] = []
    parts.pack(sound)
    parts._lost = PART_BIT[part]
    to: list[int] = []
    parts.pack(to)
    assert [at for at in range(3, len(to)) if to[at] != sound[at]] == [3 + 2 * part, 4 + 2 * part]
    assert to[3 + 2 * part : 5 + 2 * part] == [40, 40]


# -- the guard's


def guarded(bench: Bench) -> list[int]:
    """The guard's row."""
    to: list[int] = []
    bench.guard.pack(to, bench.claim)
    return to


def test_the_quiet_after_a_flow_is_told_to_its_last_millisecond() -> None:
    """Else a pulse is a runaway in one of two pumps with equal rows."""
    bench = Bench(steady(100))
    bench.begin()
    bench.claim.flow = False
    bench.scan()
    rows = []
    for quiet_ms in (QUIET_MS, 2, 1, 0):
        bench.guard._quiet_ms = quiet_ms
        assert guarded(bench)[3] == quiet_ms
        rows.append(guarded(bench))
    bench.guard._quiet_ms = -15
    assert guarded(bench) == rows[-1]


@pytest.mark.parametrize(("flow", "quiet_ms", "told"), [(False, 20, 2), (False, 0, 0), (True, 20, 0)])
def test_what_came_after_a_flow_is_told_while_it_is_counted(flow: bool, quiet_ms: int, told: int) -> None:
    """Else the third pulse is a runaway in one of two pumps with equal rows."""
    bench = Bench(steady(100))
    bench.guard._flow, bench.guard._quiet_ms, bench.guard._after = flow, quiet_ms, 2
    assert guarded(bench)[13] == told


def test_what_is_due_is_told_in_flow() -> None:
    """Else two guards with equal rows trip at different times."""
    bench = Bench(steady(100))
    bench.begin()
    before = guarded(bench)
    for name in ("_due", "_due_us", "_missing_ms", "_since_ms"):
        setattr(bench.guard, name, getattr(bench.guard, name) + 1)
        assert sum(guarded(bench)) == sum(before) + 1
        before = guarded(bench)
    bench.stop()
    rest = guarded(bench)
    bench.guard._due += 1
    assert guarded(bench) == rest and len(rest) == len(before) - 4


def test_entries_turns_and_sessions_are_told_as_they_stand_to_the_claim() -> None:
    """Else each session of a day makes rows of its own."""
    bench = Bench(steady(100))
    bench.give(0, 7)
    assert guarded(bench)[15:18] == [0, 0, 0]
    bench.claim.entry, bench.claim.turn, bench.claim.session = 9, 3, 5
    assert guarded(bench)[15:18] == [2, 3, 4]
    bench.guard._entry = -1
    assert guarded(bench)[15] == 1 << 29


def test_the_last_line_s_levels_are_told_until_all_are_reached() -> None:
    """Else what was seen of the next rate is forgotten, or counts where there is none."""
    bounds = watching(ladder(3.6, 9, 20))
    assert bounds.levels.top > 1
    for reached in range(bounds.levels.top + 1):
        bounds.reached, bounds.seen_ms, bounds._span_ms = reached, 33, SPAN_MAX_MS + 1
        to: list[int] = []
        bounds.pack(to)
        assert to[5:8] == [33 if reached < bounds.levels.top else 0, reached, SPAN_MAX_MS]


@pytest.mark.req("VIT-1")
def test_a_lease_is_told_to_a_millisecond_beyond_its_end_and_one_of_tick_0_is_one() -> None:
    """Else states that go on alike are two, or a lease that runs and none are one."""

    def row(leased_ms: int, looked_ms: int, now_ms: int) -> list[int]:
        vitals, to = Vitals(), list[int]()
        vitals.leased_ms, vitals._looked_ms = leased_ms, looked_ms
        vitals.pack(to, now_ms)
        return to

    assert row(0, 0, 5) != row(-1, 0, 5) != row(-1, -1, 5)
    assert row(0, 0, 5) != row(0, -1, 5)
    assert row(100, 100, 100 + LEASE_MS) != row(100, 100, 101 + LEASE_MS)
    assert row(100, 100, 101 + LEASE_MS) == row(100, 100, 102 + LEASE_MS) == row(100, 100, 9_000 + LEASE_MS)


@pytest.mark.req("FLO-1")
def test_a_delivery_that_flows_and_one_at_rest_are_two() -> None:
    """Else the explorer takes a flow for a rest; at rest nothing else of it counts."""

    def row(delivery: Delivery) -> list[int]:
        to: list[int] = []
        delivery.pack(to)
        return to

    delivery = Delivery(20_000)
    rest = row(delivery)
    delivery.set_rate(10_000, 0, 1)
    assert row(delivery) == rest
    delivery.start(9)
    flowing = row(delivery)
    assert len(flowing) > len(rest) and flowing[: len(rest)] != rest
    delivery.left = 8
    assert row(delivery) != flowing
    delivery.stop()
    assert row(delivery) == rest


@pytest.mark.req("SES-14")
@pytest.mark.parametrize(("is_open", "most_ms"), [(True, KNOWN_MS), (False, 2 * FACE_MS)])
def test_the_age_of_a_recovery_counts_as_long_as_something_hangs_on_it(is_open: bool, most_ms: int) -> None:
    """Else states that go on differently are one: until the clock tells nothing any more, until people have seen it."""
    recovered = Recovered(case())

    def row(age_ms: int) -> list[int]:
        recovered.open, recovered._age_ms = is_open, age_ms
        to: list[int] = []
        recovered.pack(to)
        return to

    assert row(most_ms - 2) != row(most_ms - 1) != row(most_ms)
    assert row(most_ms) == row(most_ms + 1) == row(2 * most_ms)

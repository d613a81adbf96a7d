"""The choices of a bag's code: how keys go through them, what a wrong one costs, how long an answer stands (PRO-8)."""

from __future__ import annotations

import pytest
from core_kit import answer, bag_question, hang, names, pump_with, scan_s, short, state, tap, until

from pump.io import CONFIRM, DOWN, START, UP
from pump.session.bags import Bags, FirstBag
from pump.tables import alarms, events
from pump.tables.causes import WRONG_BAG
from pump.tables.states import HELD, RUNNING
from toleramp_bench.boards.core_pump import CorePump

pytestmark = pytest.mark.req("PRO-8")

WANTED = 1  # the bag asked for, from 0


def choices(bags: Bags, shown: list[int]) -> list[int]:
    """What UP shows, once round."""
    bags.enter()
    for _ in range(len(bags.codes) + 2):
        bags.press(UP)
        shown.append(bags.case.question.shown)
    return shown


def armed() -> CorePump:
    """A pump that asks for its first bag."""
    pump = pump_with(short())
    tap(pump, START)
    assert state(pump) == "armed"
    return pump


def test_up_and_down_go_through_every_choice_in_turn_and_back() -> None:
    """Else one of the labels cannot be picked, or the key back goes on."""
    bags, question, _ = bag_question(short(), WANTED)
    there = choices(bags, [])
    assert sorted(there) == [0, 1, 2, 3, 4] and there[-1] == 0
    back = []
    for _ in there:
        bags.press(DOWN)
        back.append(question.shown)
    assert back == [*there[-2::-1], 0]


def test_the_choices_come_in_another_order_in_each_session_and_after_each_wrong_one() -> None:
    """Else fingers learn it: the third wrong pick, or the next session, is made without reading the label."""
    bags, question, _ = bag_question(short(), WANTED)
    sessions, tries = set(), set()
    for session in range(30):
        bags.case.progress.session = session
        sessions.add(tuple(choices(bags, [])))
    for wrong in range(10):
        bags.case.progress.wrong_bags = wrong
        tries.add(tuple(choices(bags, [])))
    assert len(sessions) > 5 and len(tries) > 3


def test_a_press_keeps_a_start_alive_and_half_a_minute_without_one_ends_it() -> None:
    """Else who reads a long label is thrown out, or a start stands for ever."""
    pump = armed()
    for _ in range(3):
        scan_s(pump, 25)
        tap(pump, UP)
        assert state(pump) == "armed"
    scan_s(pump, 31)
    assert state(pump) == "ready"


def test_a_wrong_bag_before_the_start_costs_no_try_in_the_session() -> None:
    """Else a session is held at its first wrong code for what happened before it; and each bag has its own tries."""
    pump = armed()
    for _ in range(2):
        answer(pump, wrong_bag=2)
    hang(pump)
    assert until(pump, "bag")
    for _ in range(2):
        answer(pump, wrong_bag=1)
        assert state(pump) == "bag"
    answer(pump, wrong_bag=1)
    scan_s(pump, 1)
    assert state(pump) == "held" and pump.controller.alarms.active[alarms.WRONG_BAG]


def test_a_wrong_bag_counts_on_when_the_right_one_hangs() -> None:
    """Else the third wrong code of a session is never the third."""
    bags, question, _ = bag_question(short(), WANTED)
    for _ in range(2):
        assert not bags.scanned(b"T-3")
    assert bags.scanned(b"T-2")
    question.age(1_000)
    assert bags.press(CONFIRM) == RUNNING
    assert bags.case.progress.wrong_bags == 2


def test_each_bag_is_waited_for_anew() -> None:
    """Else the wait of the bag before counts against this one."""
    bags, _, _ = bag_question(short(), WANTED)
    limit_ms = bags.case.plan.protocol.max_wait_min * 60_000
    assert not bags.tick(limit_ms)
    bags.enter()
    assert not bags.tick(limit_ms)
    assert bags.tick(1)


def test_what_is_asked_for_is_recorded_with_its_bag() -> None:
    """Else the log cannot tell which bag was asked for, or from when the session was prepared."""
    pump = armed()
    first = [(event["event"], event["arg"]) for event in pump.events if event["event"] in ("armed", "bag_requested")]
    assert first == [("armed", 0), ("bag_requested", 0)]
    assert names(pump, "bag_confirmed") == []
    bags, _, said = bag_question(short(), 2)
    records: list[tuple[int, ...]] = []
    bags.case.log = lambda *record: records.append(record)
    bags.enter()
    assert records == [(events.BAG_REQUESTED, 0, 2)] and said == []


def test_no_code_can_be_picked_without_a_good_reading() -> None:
    """Else a bag is named that cannot run, and hangs when the reading is back."""
    bags, question, _ = bag_question(short(), WANTED)
    bags.case.waits = False
    bags.case.vitals.watch(20_000)
    assert not bags.case.vitals.good()
    assert bags.press(UP) == 0 and question.shown == 0


@pytest.mark.parametrize(("wrong", "held"), [(2, 0), (3, HELD | WRONG_BAG << 8), (4, HELD | WRONG_BAG << 8)])
def test_three_wrong_codes_are_a_hold_in_a_session_and_none_before_it(wrong: int, held: int) -> None:
    """Else a fourth try is made, or a start that is no session is held."""
    bags, _, _ = bag_question(short(), WANTED)
    bags.case.progress.wrong_bags = wrong
    assert bags.tick(20) == held and bags.case.progress.wrong_bags == (0 if held else wrong)
    first = FirstBag(bags.case)
    first.adopt(short())
    first.enter()
    first.case.progress.wrong_bags = wrong
    assert first.tick(20) == 0 and first.case.progress.wrong_bags == wrong


@pytest.mark.parametrize("key", [UP, DOWN, CONFIRM])
def test_each_press_begins_the_time_of_an_answer_anew(key: int) -> None:
    """Else a code lapses under the fingers of who still looks for it."""
    bags, question, _ = bag_question(short(), WANTED)
    question.age_ms = 29_000
    bags.press(key)
    assert question.age_ms == 0


def test_what_a_bag_s_question_packs_is_what_was_heard_and_the_order() -> None:
    """Else two pumps with equal rows show other codes at the next press."""
    bags, _, _ = bag_question(short(), WANTED)
    to: list[int] = []
    bags.pack(to)
    assert to == [False, *bags._order] and sorted(to[1:]) == [0, 1, 2, 3, 4]


@pytest.mark.req("SES-2", "SES-6")
@pytest.mark.parametrize("key", [UP, START, CONFIRM])
def test_keys_make_the_longest_wait_for_a_bag_no_longer(key: int) -> None:
    """Else a hand on the pump keeps a session waiting for ever, and no clinician decides."""
    protocol = short()
    protocol.max_wait_min = 1
    pump = pump_with(protocol)
    tap(pump, START)
    hang(pump)
    assert until(pump, "bag", 120)
    for _ in range(5):
        scan_s(pump, 10)
        assert state(pump) == "bag"
        tap(pump, key)
    assert until(pump, "held", 12)
    assert [event["code"] for event in pump.events if event["event"] == "paused"] == ["step-wait"]

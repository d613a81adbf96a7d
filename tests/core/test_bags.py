"""Which bag hangs: picked on the screen or scanned, confirmed by a second press; a wrong one never runs (PRO-8)."""

from __future__ import annotations

import pytest
from core_kit import (
    answer,
    bag_question,
    hang,
    host,
    name_bag,
    names,
    pump_with,
    scan_s,
    short,
    start,
    state,
    tap,
    until,
)
from hypothesis import given
from hypothesis import strategies as st

from pump.io import CONFIRM, DOWN, START, UP
from pump.tables import alarms, events
from pump.tables import messages as m
from pump.tables.states import RUNNING
from toleramp_bench.boards.core_pump import CorePump

CODES = ("T-1", "T-2", "T-3")


def armed() -> CorePump:
    """A pump that asks for its first bag."""
    pump = pump_with(short())
    tap(pump, START)
    assert state(pump) == "armed"
    return pump


def line(pump: CorePump, number: int) -> str:
    """A line of the screen (from 1)."""
    scan_s(pump, 5)
    return bytes(pump.controller.display.lines[16 * (number - 1) : 16 * number]).decode().rstrip()


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("bag", [1, 2, 3])
def test_another_bag_than_the_one_asked_for_never_runs(bag: int) -> None:
    """Else a bag ten or a hundred times too strong runs with a perfectly normal programme."""
    pump = armed()
    name_bag(pump, bag)
    tap(pump, CONFIRM)
    scan_s(pump, 5)
    assert state(pump) == "armed" and pump.stepper.pulses == 0
    assert len(names(pump, "bag_rejected")) == 1 and not names(pump, "bag_confirmed")
    hang(pump)
    assert state(pump) == "running"


@pytest.mark.req("PRO-8", "INT-6")
@given(st.lists(st.sampled_from((UP, DOWN, CONFIRM)), max_size=30), st.integers(0, 2))
def test_no_row_of_presses_confirms_but_by_the_wanted_code_and_two_presses(keys: list[int], wanted: int) -> None:
    """Else presses made without reading a label let a bag run."""
    bags, question, said = bag_question(short(), wanted)
    choice, known = 0, False
    for key in keys:
        said.clear()
        order = list(bags._order)
        answer = bags.press(key)
        if key != CONFIRM:
            choice, known = order[(order.index(choice) + (1 if key == UP else -1)) % 5], False
            assert answer == 0 and sorted(order) == [0, 1, 2, 3, 4]
        elif known:
            assert answer == RUNNING
            return
        elif choice == 0:
            assert answer == 0
        else:
            known = choice == wanted + 1
            assert answer == 0 and said == ([] if known else [events.BAG_REJECTED])
            choice = choice if known else 0
        assert (question.shown, question.second) == (choice, known)


@pytest.mark.req("PRO-8", "PRO-5")
def test_the_screen_does_not_give_the_code_away() -> None:
    """Else CONFIRM, CONFIRM without a look at the label is the habit."""
    pump = armed()
    assert line(pump, 2) == "CODE? UP/DOWN"
    seen = []
    for _ in range(4):
        tap(pump, UP)
        seen.append(line(pump, 2))
    assert sorted(seen) == sorted([*(f"CODE {code}" for code in CODES), "CODE: ANOTHER"])
    hang_key = name_bag(pump)
    assert hang_key is None and line(pump, 2) == "PRESS CONFIRM"


@pytest.mark.req("PRO-8", "SEC-1")
def test_a_scanned_code_still_wants_a_press() -> None:
    """Else a laptop alone lets a bag run."""
    pump = armed()
    assert host(pump, m.HANG[0], b"T-2") == m.REFUSED[0]
    assert names(pump, "bag_rejected")
    assert host(pump, m.HANG[0], b"T-1") == m.ACK[0]
    scan_s(pump, 5)
    assert state(pump) == "armed" and pump.stepper.pulses == 0
    tap(pump, CONFIRM)
    assert state(pump) == "running"


@pytest.mark.req("PRO-8", "PRO-5")
def test_a_code_when_no_bag_is_asked_for_is_refused() -> None:
    """Else a scan ahead of time counts for the next bag."""
    pump = pump_with(short())
    assert host(pump, m.HANG[0], b"T-1") == m.REFUSED[0]
    start(pump)
    assert host(pump, m.HANG[0], b"T-2") == m.REFUSED[0]
    assert state(pump) == "running" and until(pump, "bag")
    tap(pump, CONFIRM)
    tap(pump, CONFIRM)
    assert state(pump) == "bag"


@pytest.mark.req("PRO-8")
def test_a_code_that_nobody_confirms_is_forgotten_after_half_a_minute() -> None:
    """Else a bag named before a break counts after it, whatever hangs by then."""
    pump = pump_with(short())
    start(pump)
    assert until(pump, "bag")
    name_bag(pump)
    scan_s(pump, 31)
    tap(pump, CONFIRM)
    scan_s(pump, 2)
    assert state(pump) == "bag" and pump.controller.session.question.shown == 0


@pytest.mark.req("PRO-8")
def test_the_order_of_the_codes_cannot_be_learnt() -> None:
    """Else fingers know how often UP leads to the right one, and nobody reads the label."""
    orders = set()
    for patient in range(1, 100):
        protocol = short()
        for number, bag in enumerate(protocol.solutions):
            bag.code = f"TLR-{patient:04}-{number}"
        bags, _, _ = bag_question(protocol, 1)
        bags.enter()
        orders.add(tuple(bags._order))
    places = {order.index(2) for order in orders}
    assert len(orders) > 8 and places == {1, 2, 3, 4}


@pytest.mark.req("PRO-8", "ALM-2")
@pytest.mark.parametrize("scanned", [False, True])
def test_a_wrong_bag_says_so_and_its_code_is_kept(scanned: bool) -> None:
    """Else the screen goes back without a word, and nobody can tell later what hung."""
    pump = pump_with(short())
    start(pump)
    assert until(pump, "bag")
    scan_s(pump, 0.5)  # what nobody can read yet, nobody has scanned a bag for
    if scanned:
        assert host(pump, m.HANG[0], b"T-3") == m.REFUSED[0]
    else:
        answer(pump, wrong_bag=3)
    scan_s(pump, 1)
    assert line(pump, 2) == "WRONG BAG" and pump.controller.alarms.active[alarms.WRONG_BAG]
    kept = bytes(pump.controller.journal._ring)
    assert b"T-3" in kept
    tap(pump, UP)
    assert line(pump, 2).startswith("CODE")


@pytest.mark.req("PRO-8", "SES-2")
def test_the_third_wrong_bag_is_a_decision() -> None:
    """Else the right code is found by trying."""
    pump = pump_with(short())
    start(pump)
    assert until(pump, "bag")
    for _ in range(3):
        assert state(pump) == "bag"
        answer(pump, wrong_bag=3)
    scan_s(pump, 1)
    assert state(pump) == "held"

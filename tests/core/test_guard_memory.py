"""Every row that the guard compares or has sealed, one after the other, and how soon each has its turn (INT-4)."""

from __future__ import annotations

from array import array

import pytest
from core_kit import PL_PULSE, mini, pump_with, run_to_step, short, start, until
from test_mirror import flip

from pump.course.plan import Plan
from pump.guard import mirror, sealed
from pump.guard.bounds import Bounds
from pump.guard.hanging import Hanging
from pump.guard.mirror import Mirror
from pump.guard.sealed import Sealed, folded
from pump.protocol import protocol as p
from pump.senses.vitals import Vitals
from pump.tables.causes import MEMORY

pytestmark = pytest.mark.req("INT-4")

LIMIT_LOOKS = -(-len(mirror.LIMITS) // mirror.AT_ONCE)  # after which one row of a bag or a step has its turn


class Twins:
    """The guard's protocol, control's and the vital signs' judge, all alike."""

    def __init__(self) -> None:
        self.own, self.other, self.vitals = mini(), mini(), Vitals()
        self.vitals.adopt(self.other, False)
        self.mirror = Mirror(self.own, self.other, self.vitals)
        self.others = 3 * len(mirror.BAG) + 12 * len(mirror.STEP)

    def looks(self, most: int) -> int:
        """Looks until something differs; beyond `most` when nothing did."""
        return next((n for n in range(1, most + 1) if not self.mirror.next()), most + 1)


@pytest.mark.parametrize("name", mirror.LIMITS)
@pytest.mark.parametrize("after", range(5))
def test_a_limit_has_its_turn_within_five_looks(name: str, after: int) -> None:
    """Else the round is slower than the ladder."""
    twins = Twins()
    assert twins.looks(after) > after
    flip(twins.other, name)
    assert twins.looks(5) <= 5


def test_the_limits_of_the_vital_signs_have_theirs_in_every_round() -> None:
    """Else 92 % becomes 28 %, and nothing holds."""
    twins = Twins()
    for name in ("_stop", "_early", "_delay_ms", "_pulse_min", "_pulse_max", "_stop_fall", "_early_fall"):
        value = getattr(twins.vitals, name)
        setattr(twins.vitals, name, value + 1)
        assert twins.looks(5) <= 5, name
        setattr(twins.vitals, name, value)
        twins = Twins()


def rows(protocol: p.Protocol) -> list[tuple[object, str]]:
    """All rows of bags and steps."""
    found = [(bag, name) for bag in protocol.solutions for name in mirror.BAG]
    return found + [(step, name) for step in protocol.steps for name in mirror.STEP]


@pytest.mark.parametrize("side", ["own", "other"])
def test_each_row_of_a_bag_or_a_step_has_its_turn_once_a_round(side: str) -> None:
    """Else a bit of the last step's rate, or of the first bag's code, is never looked at."""
    count = len(rows(mini()))
    assert count == Twins().others
    for at in range(count):
        twins = Twins()
        flip(*rows(getattr(twins, side))[at])
        looks = twins.looks((LIMIT_LOOKS + 1) * count)
        assert looks == (LIMIT_LOOKS + 1) * (at + 1), at


def test_three_rounds_find_nothing_where_nothing_has_changed() -> None:
    """Else the check ends sessions."""
    twins = Twins()
    most = 3 * (LIMIT_LOOKS + 1) * twins.others
    assert twins.looks(most) > most


# -- what is sealed


@pytest.mark.parametrize(("begin", "end", "bits"), [(0, 4, 1 ^ 2 ^ 4 ^ 8), (1, 3, 6), (2, 2, 0), (3, 4, 8)])
def test_folded(begin: int, end: int, bits: int) -> None:
    """Else an end of each part is left out."""
    assert folded(array("I", (1, 2, 4, 8)), begin, end) == bits


def long_plan() -> Plan:
    """A plan of more steps than are folded at a time."""
    protocol = mini()
    protocol.steps += [p.Step(2, 0, 800_000, 1_000, 20_000 + k) for k in range(20)]
    return Plan(protocol, PL_PULSE)


def bounds_of(plan: Plan) -> Bounds:
    """Bounds for it, no bag known."""
    return Bounds(plan, Hanging(plan.protocol, bytearray(64)))


def parts_of(plan: Plan, bounds: Bounds | None) -> list[tuple[str, array | bytearray | list[int]]]:
    """The rows that are sealed, with their names."""
    told = [(name, getattr(plan, name)) for name in sealed.PLAN]
    if bounds:
        told += [(name, getattr(bounds.levels, name)) for name in sealed.LEVELS] + [("fills", bounds.fills)]
    return told


@pytest.mark.parametrize("with_bounds", [False, True])
def test_each_number_of_each_row_is_found_in_its_turn(with_bounds: bool) -> None:
    """Else the first, the last or the twenty-fifth number of a row may be any."""
    plan = long_plan()
    bounds = bounds_of(plan) if with_bounds else None
    turns = 0
    for name, row in parts_of(plan, bounds):
        for begin in range(0, len(row), sealed.AT_ONCE):
            turns += 1
            for at in range(begin, min(begin + sealed.AT_ONCE, len(row))):
                watch = Sealed(plan, bounds)
                row[at] ^= 1
                found = [watch.next() for _ in range(turns)]
                row[at] ^= 1
                assert found == [True] * (turns - 1) + [False], (name, at)
    watch = Sealed(plan, bounds)
    names = [(plan, name) for name in sealed.OF_PLAN]
    if bounds:
        names += [(bounds, name) for name in sealed.OF_BOUNDS] + [(bounds.levels, "top")]
    for owner, name in names:
        setattr(owner, name, getattr(owner, name) ^ 4)
        assert [watch.next() for _ in range(turns + 1)] == [True] * turns + [False], name
        setattr(owner, name, getattr(owner, name) ^ 4)


def test_nothing_changed_is_found_in_no_round() -> None:
    """Else a sound session is stopped by its own supervisor."""
    plan = long_plan()
    watch = Sealed(plan, bounds_of(plan))
    assert all(watch.next() for _ in range(200))


# -- in the pump


@pytest.mark.parametrize("name", ["pulses", "interval_us", "solution"])
def test_a_changed_number_of_controls_own_plan_stops_the_flow(name: str) -> None:
    """Else the next step has another volume, rate or bag than the protocol that people approved."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 2)
    getattr(pump.controller.session.case.plan, name)[7] ^= 1
    assert until(pump, "fault", 10) and pump.controller.guard.trip == MEMORY


@pytest.mark.parametrize("name", ["baseline", "spo2", "alert", "hold"])
def test_a_changed_bit_of_what_is_known_of_the_patient_stops_the_flow(name: str) -> None:
    """Else a saturation that nobody measured is judged."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 2)
    vitals = pump.controller.vitals
    setattr(vitals, name, getattr(vitals, name) ^ 1)
    assert until(pump, "fault", 2) and pump.controller.guard.trip == MEMORY


@pytest.mark.parametrize("name", ["_interval", "_again"])
@pytest.mark.parametrize("bit", [0, 3, 9, 14, 20])
def test_a_changed_bit_of_the_rate_stops_before_it_is_queued(name: str, bit: int) -> None:
    """Else it flows eleven times as fast until the guard's tolerance is used up; or slower, and nobody knows."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 2)
    delivery, before = pump.controller.delivery, pump.snap.moved
    queued = delivery.left
    setattr(delivery, name, getattr(delivery, name) ^ 1 << bit)
    assert until(pump, "fault", 10) and pump.controller.session.progress.cause == MEMORY
    assert pump.snap.moved - before <= 64  # what the queue held: 60 ms
    assert queued >= delivery.left


@pytest.mark.parametrize("name", ["_rest", "_share", "_burst_max"])
@pytest.mark.parametrize("bit", [0, 3, 6, 9])
def test_what_else_a_rate_has_moves_no_pulse_by_more_than_a_scan(name: str, bit: int) -> None:
    """Else these are compared, too: they spread a remainder of less than a microsecond a pulse."""
    pumps = []
    for changed in (False, True):
        pump = pump_with(short(), 20_000)
        start(pump)
        run_to_step(pump, 4)
        if changed:
            delivery = pump.controller.delivery
            setattr(delivery, name, getattr(delivery, name) ^ 1 << bit)
        before = pump.snap.moved
        for _ in range(250):
            pump.scan()
        pumps.append(pump.snap.moved - before)
    assert abs(pumps[0] - pumps[1]) <= 2, pumps

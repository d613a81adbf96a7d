"""All that decides is compared or sealed by the guard: the lists of it are held against what there is (INT-4).

Each attribute of a protocol, a plan, its bounds and levels stands in one of the guard's lists, or here with the reason
why it is in none. An attribute that is new, or a row taken out of a list, fails.
"""

from __future__ import annotations

from array import array
from typing import Any

import pytest
from core_kit import MILD, PL_PULSE, choose_step, classify, finish, resume, running_at, short, tap

from pump.course.plan import Plan
from pump.guard import mirror, sealed
from pump.guard.bounds import Bounds
from pump.guard.hanging import Hanging
from pump.io import STOP
from pump.protocol import protocol as p
from pump.senses.vitals import Vitals

pytestmark = pytest.mark.req("INT-4")

_LOADING = "read as a protocol is judged, and by nothing after it"
_ROWS = "its rows have their turn one by one"
# Each channel has its own: a target above the guard's is a trip. One below it, in the last step, is not seen yet.
_MADE_OF = "what the rows were made of, and after a step back the last step"
_ONCE = "read where a session begins; the line then differs from the other channel's"
PROTOCOL = {
    "name": "for people", "drug": "for people", "order": _LOADING, "doses": _LOADING, "approval": _LOADING,
    "tolerance_gap_h": _LOADING, "insert_allowed": "no step can be inserted yet", "solutions": _ROWS, "steps": _ROWS,
}  # fmt: skip
PLAN = {"protocol": "compared field by field", "_whole": _MADE_OF, "_units": _MADE_OF, "primed_with": _ONCE}
BOUNDS = {"plan": _ROWS, "hanging": "what hangs changes", "levels": _ROWS}
# Beside the lists: a row and a number of their own.
FILLS, TOP = "fills", "top"


def bounds() -> Bounds:
    """Of a plan, no bag known."""
    plan = Plan(short(), PL_PULSE)
    return Bounds(plan, Hanging(plan.protocol, bytearray(64)))


def rows(thing: Any) -> set[str]:
    """Its attributes that are rows of numbers."""
    return {name for name, value in vars(thing).items() if isinstance(value, (array, bytearray, list))}


def changing(made: Bounds) -> set[str]:
    """What a new session sets anew: it changes with each pulse."""
    fresh: Any = Bounds.__new__(Bounds)
    fresh.fills = made.fills
    fresh.restart()
    return set(vars(fresh)) - {FILLS}


def left(thing: Any, exempt: dict[str, str]) -> set[str]:
    """Its attributes but for those with a reason; each of these is there."""
    assert set(exempt) <= set(vars(thing))
    return set(vars(thing)) - set(exempt)


def test_each_field_of_a_protocol_is_compared() -> None:
    """Else a limit that two people signed changes by one bit, and nobody sees it."""
    protocol = short()
    assert left(p.Protocol(), PROTOCOL) == set(mirror.LIMITS)
    assert left(protocol.solutions[0], {}) == set(mirror.BAG)
    assert left(protocol.steps[0], {}) == set(mirror.STEP)
    for names in (mirror.LIMITS, mirror.BAG, mirror.STEP):
        assert len(names) == len(set(names))
    turns = mirror.Mirror(protocol, short(), Vitals())._rows
    bag, step = protocol.solutions[0], protocol.steps[0]
    assert turns == len(vars(bag)) * len(protocol.solutions) + len(vars(step)) * len(protocol.steps)


def test_each_number_that_was_worked_out_from_it_is_sealed() -> None:
    """Else what the guard judges by for hours may be any."""
    made = bounds()
    assert sealed.Sealed(made.plan, made).next()
    plan = left(made.plan, PLAN)
    assert plan & rows(made.plan) == set(sealed.PLAN)
    assert plan - rows(made.plan) == set(sealed.OF_PLAN)
    assert left(made.levels, {}) - {TOP} == rows(made.levels) == set(sealed.LEVELS)
    rest = left(made, BOUNDS) - changing(made)
    assert rest & rows(made) == {FILLS} and rest - rows(made) == set(sealed.OF_BOUNDS)


def test_what_was_sealed_beside_the_lists_is_there() -> None:
    """Else the row of fills, or the number of levels, is left out where the rows are put together."""
    made = bounds()
    watch = sealed.Sealed(made.plan, made)
    assert any(row is made.fills for row in watch._rows)
    assert {name for owner, name in watch._names if owner is made.levels} == {TOP}
    assert {name for owner, name in watch._names if owner is made} == set(sealed.OF_BOUNDS)
    assert {name for owner, name in watch._names if owner is made.plan} == set(sealed.OF_PLAN)


@pytest.mark.parametrize("name", ["_whole", "_units"])
def test_a_changed_bit_of_the_order_s_dose_gives_no_more_after_a_step_back(name: str) -> None:
    """Else what no row has is believed when the last step is worked out anew."""
    pump = running_at(9)
    tap(pump, STOP)
    classify(pump, MILD)
    plan = pump.controller.session.case.plan
    plan._whole ^= 1 << plan._whole.bit_length() - 2 if name == "_whole" else 0
    plan._units[2] ^= 1 << plan._units[2].bit_length() - 2 if name == "_units" else 0
    choose_step(pump, 9)
    resume(pump)
    assert plan.final_pulses([0, 0, 0]) != pump.controller.guard.plan.final_pulses([0, 0, 0])
    assert finish(pump) == "fault"
    assert [event["code"] for event in pump.events if event["event"] == "fault"] == ["claim"]

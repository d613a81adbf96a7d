"""Bits that change by themselves, drawn over all that judges and all that is stored, in short (INT-4)."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from pump.tables import alarms
from toleramp_bench.cuts import fields, flips
from toleramp_bench.cuts.flips import Trace, campaign, facts, judge
from toleramp_bench.runs.forked import crew

pytestmark = pytest.mark.req("INT-4")

BITS, SEED = 96, 12
ROOMS = {"guard", "vitals", "delivery", "session", "alarms", "inputs", "conditions", "buttons", "parts"}


def test_every_room_that_judges_is_walked() -> None:
    """Else a room that is new is never flipped."""
    found = fields.fields(flips.at_moment(flips.MOMENTS[1]).pump.controller)
    assert {field.room for field in found} >= ROOMS and len(found) > 400
    places = {str(field) for field in found}
    assert {"guard.trip", "vitals._low.ms", "session.progress.step", "alarms.active"} <= places


def test_a_flip_is_one_bit_and_found_or_harmless() -> None:
    """Else one bit makes more flow, or a warning never comes, and nobody knows."""
    told = facts(campaign(BITS, SEED, 2), SEED, 0.0)
    assert told["bits"] == BITS
    assert told["findings"] == []
    assert told["verdicts"]["found"] > BITS // 8


def test_a_dose_that_a_decision_works_out_from_a_changed_bit_is_no_complete_one() -> None:
    """Else a session that was sent back ends with half of the dose, and says that it is complete."""
    session = flips.at_moment(flips.SENT_BACK)
    places = [
        pair
        for pair in fields.fields(session.pump.controller).items()
        if pair[0].name in ("_whole", "_units", "line_pulses")
    ]
    twin = flips._in_child(session, "well", flips.TO_THE_END_S)
    assert twin.state == "completed" and len(places) == 6
    with crew(2) as hands:
        for (place, item), seed in product(places, range(3)):
            one = flips.Flip(flips.SENT_BACK, "well", place.room, str(place), "")
            branch = hands.branch()
            if branch.child:
                branch.deliver(lambda: flips.flipped(session, twin, place, item, one, Random(seed), flips.TO_THE_END_S))  # noqa: B023
    wrong = [one for one in hands.outcomes if one.verdict not in ("found", "stops")]
    assert not wrong and len(hands.outcomes) == 18


def line(moved: list[int], up: dict[int, int], state: str = "running", stopped: set[int] | None = None) -> Trace:
    """What left a pump in ten scans."""
    return Trace(moved, up, -1, stopped or set(), set(range(10)), state)


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        (line(list(range(10)), {alarms.SPO2_STOP: 2}), "nothing"),
        (line([2 * k for k in range(10)], {alarms.SPO2_STOP: 2}), "wrong"),
        (line(list(range(10)), {}), "wrong"),
        (line(list(range(10)), {alarms.SPO2_STOP: 5}), "wrong"),
        (line([0, 1, 2, *[3] * 7], {alarms.SPO2_STOP: 2}), "wrong"),
        (line([0, 1, 2, *[3] * 7], {alarms.SPO2_STOP: 2}, "held", set(range(3, 10))), "stops"),
        (line([0, 1, 2, *[3] * 7], {alarms.SPO2_STOP: 2}, "completed", set(range(3, 10))), "wrong"),
        (line([0, 1, 2, *[3] * 7], {}, "fault", set(range(3, 10))), "found"),
        (line([2 * k for k in range(10)], {}, "fault"), "wrong"),
    ],
)
def test_the_judge(own: Trace, verdict: str) -> None:
    """Else the campaign finds nothing whatever happens."""
    twin = line(list(range(10)), {alarms.SPO2_STOP: 2})
    assert judge(twin, own, 1_000_000)[0] == verdict

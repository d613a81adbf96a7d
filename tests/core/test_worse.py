"""What is plainly worse than when people were told, number by number (ALM-7)."""

from __future__ import annotations

import pytest

from pump.senses.worse import WORSE_PULSE, WORSE_SPO2, Worse
from pump.tables.causes import BIT, PULSE_STOP, SPO2_EARLY, SPO2_STOP

pytestmark = pytest.mark.req("ALM-7")
LOW = BIT[SPO2_STOP] | BIT[PULSE_STOP]


@pytest.mark.parametrize("bit", [BIT[SPO2_STOP], BIT[SPO2_EARLY]])
@pytest.mark.parametrize(
    ("told", "now", "worse"),
    [
        (92, 92 - WORSE_SPO2, True),
        (92, 93 - WORSE_SPO2, False),
        (86, 85, False),
        (85, 84, True),
        (84, 84, False),
        (84, 83, False),
        (84, 80, True),
    ],
)
def test_four_points_or_the_next_limit(told: int, now: int, worse: bool, bit: int) -> None:
    """Else a pause of the sound hides the fall, or one that has not changed breaks it again and again."""
    judge = Worse()
    assert not judge.take(bit, told, -10)
    assert judge.take(bit, now, -10) == worse
    assert not judge.take(bit, now, -10), "once"
    assert not judge.take(0, 70, -10) and not judge.take(bit, 70, -10), "a new condition begins anew"


@pytest.mark.parametrize(("now", "worse"), [(WORSE_PULSE - 1, False), (WORSE_PULSE, True)])
def test_a_pulse_so_much_further_outside(now: int, worse: bool) -> None:
    """Else a heart that races on is silent for two minutes."""
    judge = Worse()
    judge.mark(97, 10)
    assert judge.take(LOW, 97, 10 + now) == worse
    assert judge.take(LOW, 97, 10 + 2 * WORSE_PULSE), "and again, by what was told"


def test_the_first_time_outside_is_the_condition_itself() -> None:
    """Else its own alarm is told twice."""
    judge = Worse()
    assert not judge.take(LOW, 97, WORSE_PULSE)
    assert judge.take(LOW, 97, 2 * WORSE_PULSE)


def test_both_stand_in_the_row_of_what_decides() -> None:
    """Else two states that go on differently count as one."""
    rows = []
    for spo2, outside in ((90, 3), (91, 3), (90, 4)):
        judge, row = Worse(), list[int]()
        judge.mark(spo2, outside)
        judge.pack(row)
        rows.append(row)
    assert len({tuple(row) for row in rows}) == len(rows)

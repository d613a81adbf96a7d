"""What senses see becomes alarms and holds by the tables' rows alone (ALM-1, ALM-2, ALM-4, ALM-5)."""

from __future__ import annotations

import pytest

from pump.senses.conditions import Conditions
from pump.tables import causes, states
from pump.tables.causes import BIT, CONDITIONS


class Bits:
    """A sense with what a test gives it."""

    def __init__(self) -> None:
        self.bits = 0


class Board:
    """Which alarms are up."""

    def __init__(self) -> None:
        self.up: set[int] = set()

    def set_all(self, wanted: bytearray) -> None:
        """Raised or cleared."""
        self.up = {alarm for alarm in range(1, len(wanted)) if wanted[alarm]}

    def confirm(self) -> None:
        """A person has seen them."""


def judged(bits: int, state: int, cause: int = 0) -> tuple[Conditions, set[int]]:
    """The conditions with these bits in that state, and the alarms that are up."""
    sense, board = Bits(), Board()
    sense.bits = bits
    made = Conditions([sense], board)
    made.gather()
    made.judge(state, cause)
    return made, board.up


@pytest.mark.req("ALM-2")
@pytest.mark.parametrize("cause", list(CONDITIONS), ids=lambda k: causes.NAMES[k])
@pytest.mark.parametrize("state", range(len(states.NAMES)), ids=lambda k: states.NAMES[k])
def test_a_condition_alarms_or_holds_as_its_row_says(cause: int, state: int) -> None:
    """Else a sense is wired by hand, and the next one is forgotten."""
    made, up = judged(BIT[cause], state)
    alone = {alarm for alarm in (states.ALARM[state],) if alarm}
    group = states.GROUP[state] | (causes.MONITORED if states.GROUP[state] & states.ON else 0)
    seen = group & causes.WHERE[cause] and causes.ALARM[cause]
    assert up == alone | ({causes.ALARM[cause]} if seen else set())
    assert made.hold == (0 if causes.DOES[cause] == causes.ALERTS else cause)


@pytest.mark.req("ALM-4")
def test_bits_are_one_a_condition_and_small_integers() -> None:
    """Else two senses are taken for one another, or the scan allocates."""
    bits = [BIT[cause] for cause in CONDITIONS]
    assert len(set(bits)) == len(bits) and all(bit and not bit & (bit - 1) and bit < 1 << 30 for bit in bits)
    assert sum(BIT) == sum(bits)


@pytest.mark.req("ALM-1")
def test_the_first_of_two_holds_is_the_session_s() -> None:
    """Else a hold has the words of another."""
    made, _ = judged(BIT[causes.SPO2_STOP] | BIT[causes.SIGNAL_LOST], states.RUNNING)
    assert made.hold == causes.SPO2_STOP


@pytest.mark.req("ALM-2")
@pytest.mark.parametrize("cause", list(CONDITIONS), ids=lambda k: causes.NAMES[k])
def test_a_condition_that_comes_or_goes_is_told_in_the_next_look(cause: int) -> None:
    """Else one of them waits until all alarms are told anew, four seconds later."""
    sense, board = Bits(), Board()
    made = Conditions([sense], board)
    state = states.NAMES.index("running")
    made.gather()
    made.judge(state, 0, 1)
    before = set(board.up)
    sense.bits = BIT[cause]
    made.gather()
    made.judge(state, 0, 1)
    seen = (states.GROUP[state] | causes.MONITORED) & causes.WHERE[cause] and causes.ALARM[cause]
    assert board.up == before | ({causes.ALARM[cause]} if seen else set())
    sense.bits = 0
    made.gather()
    made.judge(state, 0, 1)
    lingers = causes.DOES[cause] == causes.ALERTS and causes.KIND[cause] != causes.VITALS
    assert board.up == (before | {causes.ALARM[cause]} if seen and lingers else before)
    made.judge(state, 0, 12)
    assert board.up == before

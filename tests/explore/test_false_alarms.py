"""What the shipped core does and once was called wrong: the ways stay, so that no invariant calls it so again."""

from __future__ import annotations

import pytest
from tests.explore.account import Account
from tests.explore.spaces import SPACES, shortened

# By what was wrong with the invariant: the space, and the inputs from power-on.
ONCE_CALLED_WRONG = {
    # The stray pulse has filled the line already, so the fill's own pulse brings the new bag to the vein.
    "a stray pulse in a line-fill": ("line-fill", (
        "START", "hang A", "scan", "CONFIRM", *("tick",) * 3, "hang B", "scan", "CONFIRM", *("tick",) * 16, "hang C",
        "scan", "CONFIRM", "pulse+", "tick", "tick",
    )),
}  # fmt: skip


@pytest.mark.req("PRO-2", "PRO-7", "FLO-7")
@pytest.mark.parametrize("what", ONCE_CALLED_WRONG)
def test_what_the_shipped_core_does_breaks_nothing(what: str) -> None:
    """Else a finding is the world's own doing, and the next one is not believed."""
    space, words = ONCE_CALLED_WRONG[what]
    with shortened():
        world = SPACES[space].world()
        for word in words:
            world.apply(word)
        assert world.account.faults == 1


@pytest.mark.req("PRO-7", "FLO-7")
@pytest.mark.parametrize(("faults", "believed"), [(0, [1]), (1, [1, 0]), (2, [1, 0, 0])])
def test_a_fault_moves_the_line_on_by_one_pulse_and_by_no_more(faults: int, believed: list[int]) -> None:
    """Else one stray pulse would excuse any rate at the vein from then on."""
    with shortened():
        account = Account(SPACES["line-fill"].world().plan)
    account.faults = faults
    account.line[:] = [0]
    for bag in (0, 0, 1):
        assert account.enters(bag)[0] == 0
    assert account.enters(1) == (1, believed)
    assert account.enters(1)[1] == [1, *believed][: faults + 1]


@pytest.mark.req("PRO-7")
def test_without_a_shared_line_what_comes_is_what_hangs() -> None:
    with shortened():
        account = Account(SPACES["three-bags"].world().plan)
    account.faults = 1
    assert [account.enters(bag) for bag in (0, 1)] == [(0, [0]), (1, [1])]

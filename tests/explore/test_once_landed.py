"""Faults that once landed, put back one at a time: the explorer finds each by itself, in few inputs."""

from __future__ import annotations

import pytest
from tests.explore.explorer import Found
from tests.explore.people import reach
from tests.explore.spaces import Space, explorer, shortened
from tests.explore.wrong import ONCE_LANDED, planted

MOST_INPUTS = 15
MOST_STATES = 6_000


def found_with(fault: str) -> tuple[list[Found], int]:
    """What the explorer finds with that fault, and how many inputs lead to the milestone."""
    landed = ONCE_LANDED[fault]
    with shortened(), planted(landed.plant):
        space = Space(landed.protocol, landed.words, 1, "dead-volume")
        way = reach(space.world(), landed.milestone)
        return explorer(space, (landed.milestone,)).run(most=MOST_STATES, stop_at_first=True).found, len(way)


@pytest.mark.req("PRO-8", "ALM-7", "SES-6", "INT-4", "VIT-2", "PRO-2", "SES-1", "FLO-10")
@pytest.mark.parametrize("fault", sorted(ONCE_LANDED))
def test_the_explorer_finds_it(fault: str) -> None:
    landed = ONCE_LANDED[fault]
    found, way = found_with(fault)
    assert [one.invariant for one in found] == [landed.invariant]
    path = found[0].path[way:]
    print(f"{fault}: {landed.invariant} after {len(path)} inputs from {landed.milestone!r}: {', '.join(path)}")
    assert 0 < len(path) <= MOST_INPUTS

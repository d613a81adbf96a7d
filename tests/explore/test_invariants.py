"""Each invariant finds what breaks it: none is dead."""

from __future__ import annotations

import pytest
from tests.explore.invariants import ALL
from tests.explore.people import reach
from tests.explore.protocols import ALL as PROTOCOLS
from tests.explore.spaces import WHOLE, shortened
from tests.explore.world import World
from tests.explore.wrong import BY_INVARIANT, Wrong, answers, planted

from pump.session.progress import Progress
from pump.session.resuming import Resuming

_TECHNICAL, _ON = ("UP", "CONFIRM"), ("START", "CONFIRM")
_FIRST = ("hang A", "scan", "CONFIRM", "STOP early", *_TECHNICAL)  # a hold before the session's first pulse
# A hold that people leave too soon: before the first pulse too, and the second of two between which nothing flowed.
TOO_SHORT = {
    "after the first pulse": BY_INVARIANT["least-hold-after-a-reaction"],
    "before it": Wrong(answers(Resuming, "least_s", 0), "first bag asked", (*_FIRST, *_ON), "line-fill"),
    "a second one before it": Wrong(
        answers(Progress, "hold", None), "first bag asked",
        (*_FIRST, "wait", "wait", *_ON, "STOP early", *_TECHNICAL, *_ON), "line-fill",
    ),
}  # fmt: skip


def broken(wrong: Wrong, with_defect: bool) -> set[str]:
    """The names of the invariants that the inputs after the milestone break."""
    names: set[str] = set()

    def judge(world: World) -> None:
        names.update(name for name, one in ALL.items() if (world.fresh or not one.begins) and one.broken(world))

    with shortened():
        protocols = [PROTOCOLS[wrong.protocol](), PROTOCOLS["dead-volume"]()]
        if not with_defect:
            return _walked(World(protocols, judge, 1, WHOLE), wrong, names)
        with planted(wrong.plant):
            return _walked(World(protocols, judge, 1, WHOLE), wrong, names)


def _walked(world: World, wrong: Wrong, names: set[str]) -> set[str]:
    reach(world, wrong.milestone)
    for word in wrong.words:
        world.apply(word)
    return names


@pytest.mark.req("FLO-10", "PRO-4", "SES-6", "VIT-1", "ALM-7")
@pytest.mark.parametrize("name", sorted(ALL))
def test_what_breaks_it_is_found_and_nothing_else_breaks_it(name: str) -> None:
    """A check that is replaced by "all is well" fails here."""
    wrong = BY_INVARIANT[name]
    assert name in broken(wrong, True)
    assert not broken(wrong, False)


@pytest.mark.req("FLO-10")
def test_each_invariant_names_its_requirements_and_its_defect() -> None:
    assert set(ALL) == set(BY_INVARIANT)
    assert all(one.ids and one.says for one in ALL.values())


@pytest.mark.req("SES-3")
@pytest.mark.parametrize("when", TOO_SHORT)
def test_a_resume_after_too_short_a_hold_is_found_before_the_first_pulse_too(when: str) -> None:
    """Else who stops a pump as it starts may go on at once, and nobody notices."""
    wrong = TOO_SHORT[when]
    assert broken(wrong, True) == {"least-hold-after-a-reaction"}
    assert not broken(wrong, False)

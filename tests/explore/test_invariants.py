"""Each invariant finds what breaks it: none is dead."""

from __future__ import annotations

import pytest
from tests.explore.invariants import ALL, judge
from tests.explore.judging import ALWAYS, AS_IT_BEGINS, WITH_RECORDS, Check
from tests.explore.people import reach
from tests.explore.protocols import ALL as PROTOCOLS
from tests.explore.spaces import WHOLE, shortened
from tests.explore.unnoticed import UNNOTICED
from tests.explore.world import Violation, World
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
    """The names that the explorer's own judge raises at the inputs after the milestone, the first of each scan."""
    names: set[str] = set()

    def judge_on(world: World) -> None:
        try:
            judge(world)
        except Violation as violation:
            names.add(str(violation.args[0]))

    with shortened():
        protocols = [PROTOCOLS[wrong.protocol](), PROTOCOLS["dead-volume"]()]
        if not with_defect:
            return _walked(World(protocols, judge_on, 1, WHOLE), wrong, names)
        with planted(wrong.plant):
            return _walked(World(protocols, judge_on, 1, WHOLE), wrong, names)


def _walked(world: World, wrong: Wrong, names: set[str]) -> set[str]:
    reach(world, wrong.milestone)
    for word in wrong.words:
        world.apply(word)
    return names


@pytest.mark.req("FLO-10", "PRO-4", "SES-6", "VIT-1", "ALM-7")
@pytest.mark.parametrize("name", sorted(BY_INVARIANT))
def test_what_breaks_it_is_found_and_nothing_else_breaks_it(name: str) -> None:
    """A check that is replaced by "all is well" fails here."""
    wrong = BY_INVARIANT[name]
    assert name in broken(wrong, True)
    assert not broken(wrong, False)


@pytest.mark.req("SES-2", "SES-3", "SES-4", "SES-6", "SES-11", "SES-16", "VIT-1", "VIT-2", "ALM-3", "FLO-2")
@pytest.mark.parametrize("what", UNNOTICED)
def test_what_went_by_unnoticed_is_found(what: str) -> None:
    """Else people are heard wrongly, and all of these states are called sound."""
    invariants, wrong = UNNOTICED[what]
    assert broken(wrong, True) == invariants
    assert not broken(wrong, False)


@pytest.mark.req("FLO-10")
def test_each_invariant_names_its_requirements_and_its_defect() -> None:
    assert set(ALL) == set(BY_INVARIANT).union(*(found for found, _ in UNNOTICED.values()))
    assert all(one.ids and one.says for one in ALL.values())


@pytest.mark.req("FLO-10")
@pytest.mark.parametrize("checks", [ALWAYS, AS_IT_BEGINS, WITH_RECORDS], ids=["always", "begins", "records"])
def test_the_judge_asks_each_invariant_in_its_scans(checks: list[tuple[str, Check]]) -> None:
    """Else one may be dead in the explorer, and alive in its own test."""
    with shortened():
        world = World([PROTOCOLS["three-bags"]()], lambda _: None)
    world.fresh, world.came = checks is AS_IT_BEGINS, [(0, 0, 0)] * (checks is WITH_RECORDS)
    sound = {id(each): list(each) for each in (ALWAYS, AS_IT_BEGINS, WITH_RECORDS)}
    try:
        for each in (ALWAYS, AS_IT_BEGINS, WITH_RECORDS):
            each[:] = [(name, lambda _: "") for name, _ in each]
        for at, (name, _) in enumerate(list(checks)):
            checks[at] = (name, lambda _: "broken")
            with pytest.raises(Violation, match=name):
                judge(world)
            checks[at] = (name, lambda _: "")
        judge(world)
    finally:
        for each in (ALWAYS, AS_IT_BEGINS, WITH_RECORDS):
            each[:] = sound[id(each)]


@pytest.mark.req("SES-3")
@pytest.mark.parametrize("when", TOO_SHORT)
def test_a_resume_after_too_short_a_hold_is_found_before_the_first_pulse_too(when: str) -> None:
    """Else who stops a pump as it starts may go on at once, and nobody notices."""
    wrong = TOO_SHORT[when]
    assert broken(wrong, True) == {"least-hold-after-a-reaction"}
    assert not broken(wrong, False)

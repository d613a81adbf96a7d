"""The row by which a state is known holds all that decides, and nothing else: two runs that meet in it go on alike."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.explore.explorer import Explorer, key_of
from tests.explore.people import reach
from tests.explore.saving import Saver
from tests.explore.spaces import WHOLE, Space, explorer, shortened
from tests.explore.world import FIXED, Violation, World
from tests.explore.wrong import planted

from pump.panel.alarms import Alarms
from pump.session.case import Case

SPACE = Space("dead-volume", WHOLE, 1, "three-bags")
STATES, PAIRS, WORDS = 1_500, 150, 5


class Meetings:
    """Pairs of ways into one state: what the world was when it came there first, and what it was another time."""

    def __init__(self, explorer: Explorer, every: int) -> None:
        self.firsts: dict[int, Any] = {}
        self.pairs: list[tuple[Any, Any]] = []
        self._explorer, self._every, self._count = explorer, every, 0
        self._arrive = explorer._arrive
        explorer._arrive = self._keep  # type: ignore[method-assign]
        explorer.on_meeting = self._meet

    def _keep(self, *what: Any) -> None:
        before = len(self._explorer._numbers)
        self._arrive(*what)
        if len(self._explorer._numbers) > before:
            self.firsts[before] = self._explorer.saver.save(self._explorer.world)

    def _meet(self, number: int) -> None:
        self._count += 1
        if self._count % self._every == 0 and number in self.firsts:
            self.pairs.append((self.firsts[number], self._explorer.saver.save(self._explorer.world)))


def met(every: int = 2, most: int = PAIRS) -> tuple[Explorer, list[tuple[Any, Any]]]:
    """An explorer that has explored, and pairs of ways that have met."""
    made = explorer(SPACE)
    meetings = Meetings(made, every)
    made.run(most=STATES, balanced=True)
    return made, meetings.pairs[:most]


def goes_on(explorer: Explorer, saved: Any, seed: int) -> list[Any]:
    """What comes of it with inputs drawn from that seed: states, outputs and records after each."""
    world, rng = explorer.world, random.Random(seed)
    explorer.saver.restore(saved)
    told: list[Any] = []
    for _ in range(WORDS):
        words = list(world.open())
        word = rng.choice(words)
        try:
            world.apply(word)
        except Violation as violation:
            return [*told, violation.args]
        told.append((words, word, key_of(world), *seen(world)))
    return told


def seen(world: World) -> tuple[Any, ...]:
    """What leaves the pump, but for the moment of a light's or a tone's pattern."""
    out = world.out
    words = [(out.word_count[i], out.word_us[i]) for i in range(out.words)]
    alarms = world.pump.alarms
    return words, out.permit, out.abort, alarms.priority, bytes(alarms.active), list(world.came), list(world.vein)


def part(explorer: Explorer, pairs: list[tuple[Any, Any]]) -> bool:
    """Whether any of the pairs does not go on alike."""
    return any(
        any(goes_on(explorer, one, seed) != goes_on(explorer, other, seed) for seed in (number, number + 1))
        for number, (one, other) in enumerate(pairs)
    )


@pytest.mark.req("INT-2", "INT-4")
def test_runs_that_meet_go_on_alike() -> None:
    with shortened():
        made, pairs = met()
        assert len(pairs) >= 120
        assert not part(made, pairs)


@pytest.mark.req("INT-2", "INT-4")
@pytest.mark.parametrize("room", [Case, Alarms])
def test_a_room_that_packs_nothing_is_found(room: type) -> None:
    """Else the test above could not fail."""
    with shortened(), planted(lambda put: put(room, "pack", lambda *_: None)):
        made, pairs = met(1, 3 * PAIRS)
        assert part(made, pairs)


@dataclass(frozen=True)
class Apart:
    """Two worlds that differ in one number of the session's progress alone, and the inputs that tell them apart."""

    milestone: str
    before: tuple[str, ...]
    value: int
    after: tuple[str, ...]
    protocol: str = "three-bags"


_MILD, _TECHNICAL, _ON = ("UP", "UP", "CONFIRM"), ("UP", "CONFIRM"), ("START", "CONFIRM")
# By the number. The world's own account knows most of them too, so ways through the explorer never differ in one alone.
APART = {
    "reactions": Apart("held in step 4", (), 2, _MILD),
    "reacted": Apart("reaction in step 4", ("STOP",), 0, _TECHNICAL),
    "still_ms": Apart("held in step 4", (), 10_000_000, (*_TECHNICAL, *_ON)),
    "held_ms": Apart("held in step 2", (), 10_000_000, (*_TECHNICAL, *_ON), "line-fill"),
    "wait_ms": Apart("bag B asked", (), 10_000_000, ("wait",)),
    "wrong_bags": Apart("bag B asked", (), 2, ("hang C", "scan")),
    "flowed": Apart("held in step 4", (), 0, (*_MILD, "UP")),
}


@pytest.mark.req("INT-2", "INT-4")
@pytest.mark.parametrize("name", APART)
def test_a_number_that_decides_alone_makes_another_state(name: str) -> None:
    """Else two ways that will part are taken for one, and what only one of them does is never seen."""
    apart = APART[name]
    with shortened():
        world = replace(SPACE, protocol=apart.protocol).world()
        world._judge = lambda _: None  # a number that changes by itself is no sound pump's
        reach(world, apart.milestone)
        for word in apart.before:
            world.apply(word)
        saver = Saver(world, FIXED)
        saved, sound = saver.save(world), key_of(world)
        faces = [_face_after(world, apart.after)]
        saver.restore(saved)
        setattr(world.pump.session.progress, name, apart.value)
        world.pump.session.progress.pair()
        world.pump.session._seal.close()
        assert key_of(world) != sound
        faces.append(_face_after(world, apart.after))
    assert faces[0] != faces[1]


def _face_after(world: World, words: tuple[str, ...]) -> tuple[int, int, int]:
    for word in words:
        world.apply(word)
    session = world.pump.session
    return session.state, session.question.shown, session.progress.step


@pytest.mark.req("INT-3", "INT-10")
def test_time_that_decides_nothing_is_not_in_it() -> None:
    """A pump that stands ready for a day is the same pump."""
    with shortened():
        world = SPACE.world()
        for _ in range(60):
            world.scan(0)
        row = world.row()
        for _ in range(2_000):
            world.scan(0)
        assert world.row() == row

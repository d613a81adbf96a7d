"""The row by which a state is known holds all that decides, and nothing else: two runs that meet in it go on alike."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.explore.explorer import Explorer, key_of
from tests.explore.spaces import WHOLE, Space, explorer, shortened
from tests.explore.world import Violation, World
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

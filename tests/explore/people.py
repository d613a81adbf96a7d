"""What a nurse would do next in the explored world: the way to milestones, from where faults are looked for."""

from __future__ import annotations

from collections.abc import Callable

from tests.explore.world import World

from pump.tables import states
from pump.tables.states import FLOWS, GROUP

Until = Callable[[World], bool]
MOST_WORDS = 200


def next_word(world: World) -> str:
    """She hangs what is asked for, scans it, confirms it, starts, and waits."""
    session = world.pump.session
    if session.state == states.READY:
        return "wait" if world.pump.session._situation[states.READY]._started else "START"
    if session.asks_bag():
        wanted = session.case.solution()
        if world.hung != wanted:
            return f"hang {chr(65 + wanted)}"
        return "CONFIRM" if session.question.second else "scan"
    return "tick" if GROUP[session.state] & FLOWS else "wait"


def nurse(world: World, until: Until) -> tuple[str, ...]:
    """Her inputs until that holds; the world is then there. Raises AssertionError when it never comes."""
    path: list[str] = []
    while not until(world):
        assert len(path) < MOST_WORDS, "the milestone never came"
        path.append(next_word(world))
        world.apply(path[-1])
    return tuple(path)


def at(state: int, step: int) -> Until:
    """In that state of the session, in that step (from 1)."""
    return lambda world: world.pump.session.state == state and world.pump.session.progress.step == step - 1


# By their names: how far the nurse goes, and what is done then.
MILESTONES: dict[str, tuple[Until, tuple[str, ...]]] = {
    "power-on": (lambda world: True, ()),
    "first bag asked": (at(states.ARMED, 1), ()),
    "step 1": (at(states.RUNNING, 1), ()),
    "step 2": (at(states.RUNNING, 2), ()),
    "bag B asked": (at(states.BAG, 3), ()),
    "step 3": (at(states.RUNNING, 3), ()),
    "step 4": (at(states.RUNNING, 4), ()),
    "bag C asked": (at(states.BAG, 5), ()),
    "step 5": (at(states.RUNNING, 5), ()),
    "step 6": (at(states.RUNNING, 6), ()),
    "held in step 2": (at(states.RUNNING, 2), ("STOP",)),
    "held in step 4": (at(states.RUNNING, 4), ("STOP",)),
    "reaction in step 4": (at(states.RUNNING, 4), ("STOP", "UP", "UP", "CONFIRM")),
    "reaction at bag C": (at(states.BAG, 5), ("STOP", "UP", "UP", "CONFIRM")),
    "reaction at bag C, which hangs": (at(states.BAG, 5), ("hang C", "STOP", "UP", "UP", "CONFIRM")),
    "bag C confirmed, held": (at(states.BAG, 5), ("hang C", "scan", "CONFIRM", "STOP")),
    "bag B asked again after a hold": (
        at(states.BAG, 3), ("wait", "wait", "STOP", "UP", "CONFIRM", "START", "CONFIRM"),
    ),
    "low in step 3, recovered": (
        at(states.RUNNING, 3), ("low", "wait", "wait", "good", "wait", "wait", "UP", "CONFIRM"),
    ),
    "low in step 3": (at(states.RUNNING, 3), ("low",)),
    "over": (at(states.RUNNING, 2), ("stop",)),
}  # fmt: skip


def reach(world: World, name: str) -> tuple[str, ...]:
    """Takes the world from power-on to a milestone; the inputs of the way."""
    until, words = MILESTONES[name]
    path = nurse(world, until)
    for word in words:
        world.apply(word)
    return path + words

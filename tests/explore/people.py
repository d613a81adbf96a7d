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


def runs(number: int) -> Until:
    """In that infusion step (from 1)."""

    def now(world: World) -> bool:
        infusions = [k for k in range(world.plan.count) if world.plan.counts[k]]
        session = world.pump.session
        return session.state == states.RUNNING and session.progress.step == infusions[number - 1]

    return now


def asks(letter: str) -> Until:
    """That bag is asked for."""
    return lambda world: world.pump.session.asks_bag() and world.pump.session.case.solution() == ord(letter) - 65


# By their names: how far the nurse goes, and what is done then.
MILESTONES: dict[str, tuple[Until, tuple[str, ...]]] = {
    "power-on": (lambda world: True, ()),
    "first bag asked": (asks("A"), ()),
    "step 1": (runs(1), ()),
    "step 2": (runs(2), ()),
    "bag B asked": (asks("B"), ()),
    "step 3": (runs(3), ()),
    "step 4": (runs(4), ()),
    "bag C asked": (asks("C"), ()),
    "step 5": (runs(5), ()),
    "step 6": (runs(6), ()),
    "held in step 2": (runs(2), ("STOP",)),
    "held in step 4": (runs(4), ("STOP",)),
    "reaction in step 4": (runs(4), ("STOP", "UP", "UP", "CONFIRM")),
    "reaction at bag C": (asks("C"), ("STOP", "UP", "UP", "CONFIRM")),
    "reaction at bag C, which hangs": (asks("C"), ("hang C", "STOP", "UP", "UP", "CONFIRM")),
    "reaction in step 5, step 4 chosen": (runs(5), ("STOP", "UP", "UP", "CONFIRM", "UP", "DOWN", "CONFIRM")),
    "bag C confirmed, held": (asks("C"), ("hang C", "scan", "CONFIRM", "STOP")),
    "bag B asked again after a hold": (
        asks("B"), ("wait", "STOP", "wait", "UP", "CONFIRM", "START", "CONFIRM"),
    ),
    "low in step 3, recovered": (
        runs(3), ("low", "wait", "wait", "good", "wait", "wait", "UP", "CONFIRM"),
    ),
    "bag B asked, waited, technical": (asks("B"), ("wait", "STOP", "UP", "CONFIRM")),
    "low in step 3": (runs(3), ("low",)),
    "low in step 3, mild chosen": (runs(3), ("low", "wait", "wait", "UP", "UP")),
    "low in step 3, the end said once": (runs(3), ("low", "wait", "wait", *("UP",) * 4, "CONFIRM")),
    "severe said once": (runs(4), ("STOP", "UP", "UP", "UP", "CONFIRM")),
    "technical chosen, a reaction stands": (runs(4), ("STOP", "UP", "UP", "CONFIRM", "STOP", "UP")),
    "third reaction chosen": (runs(2), (*("STOP", "UP", "UP", "CONFIRM") * 2, "STOP", "UP", "UP")),
    "over": (runs(2), ("stop",)),
}  # fmt: skip


# Of a protocol of one bag.
IN_ONE_BAG = tuple(name for name in MILESTONES if not {"B", "C", "5", "6"} & set(name.replace(",", "").split()))


def reach(world: World, name: str) -> tuple[str, ...]:
    """Takes the world from power-on to a milestone; the inputs of the way."""
    until, words = MILESTONES[name]
    path = nurse(world, until)
    for word in words:
        world.apply(word)
    return path + words

"""The spaces that are explored: a protocol, the inputs that are open, the milestones beside power-on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.explore import abstractions
from tests.explore.explorer import Explorer
from tests.explore.invariants import judge
from tests.explore.people import IN_ONE_BAG, MILESTONES, reach
from tests.explore.protocols import ALL
from tests.explore.saving import Saver
from tests.explore.world import FIXED, World

KEYS = ("START", "CONFIRM", "UP", "DOWN", "STOP")
TIME = ("tick", "wait")
PATIENT = ("good", "low", "silent")
BAGS = ("hang A", "hang B", "hang C", "scan")
SMALL = (*TIME, *KEYS, *BAGS, *PATIENT, "stop")
WHOLE = (
    *SMALL, "STOP early", "SILENCE", "unsure", "pause", "CONFIRM silent", "CONFIRM low", "START silent",
    "START+CONFIRM", "START taken", "load", "START load", "pulse+", "pulse-", "fall",
)  # fmt: skip


@dataclass(frozen=True)
class Space:
    """`protocol` of tests.explore.protocols, `other`: the second one that a laptop may load; `faults` of pulses;
    `idle_keys`: also keys are pressed that mean nothing."""

    protocol: str
    words: tuple[str, ...]
    faults: int = 0
    other: str = ""
    idle_keys: bool = True
    milestones: tuple[str, ...] = tuple(MILESTONES)

    def world(self) -> World:
        """At power-on, with the protocol loaded."""
        loaded = [ALL[name]() for name in (self.protocol, self.other or self.protocol)]
        return World(loaded, judge, self.faults, self.words, self.idle_keys)


def _of_one_bag(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in ("hang B", "hang C"))


# By their names: what `make test` explores, and `make evidence` to the end.
SPACES = {
    "three-bags": Space("three-bags", WHOLE, 1, "dead-volume"),
    "dead-volume": Space("dead-volume", WHOLE, 1, "three-bags"),
    "line-fill": Space("line-fill", WHOLE, 1, "three-bags"),
    "one-bag": Space("one-bag", _of_one_bag(WHOLE), 1, milestones=IN_ONE_BAG),
}

# To the end: hands, bags and time, whoever does what in whatever order; no reading changes, no fault, no key that means
# nothing; of the protocols whose holds and waits are brief, for each second of them is a state of its own.
HANDS = ("wait", "START", "CONFIRM", "UP", "DOWN", "STOP", *BAGS)
COMPLETE = {
    name: Space(f"{name}-brief", tuple(word for word in HANDS if word in space.words), idle_keys=False)
    for name, space in SPACES.items()
}


def explorer(space: Space, milestones: tuple[str, ...] | None = None) -> Explorer:
    """Beginning at these milestones (None: all that its protocol has), all of one space."""
    world = space.world()
    judge_of_it, world._judge = world._judge, _looks_away  # what is broken on the way is found as it is explored
    saver = Saver(world, FIXED)
    power_on = saver.save(world)
    begins = []
    for name in space.milestones if milestones is None else milestones:
        saver.restore(power_on)
        begins.append(reach(world, name))
    saver.restore(power_on)
    world._judge = judge_of_it
    return Explorer(world, begins)


def _looks_away(world: World) -> None:
    """No judge."""


@contextmanager
def shortened() -> Iterator[None]:
    """The core with the abstractions of the explorer, and afterwards as shipped."""
    undo = abstractions.shorten()
    try:
        yield
    finally:
        abstractions.lengthen(undo)

"""Which inputs the explored world has now: those that can happen, and of those that mean nothing a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pump.tables.questions import BAG, NAMES
from pump.tables.states import GROUP, ON, OVER, READY

if TYPE_CHECKING:
    from tests.explore.world import World

READINGS = {"good": 98, "low": 88, "unsure": 98, "silent": 98}  # percent SpO2
LASTS_MS = 5_000  # for which a reading lasts at least
FALLS = 3  # pulses by which a counter falls back
OVER_WORDS = ("CONFIRM", "wait", "load", *READINGS)  # of what is over
_ALWAYS = ("STOP", "SILENCE")
_EVERY = ("START", "CONFIRM", "UP", "DOWN")
# The keys that mean something at a question, by its kind; of a list that is round those that go one way. At a question
# that is not here all do.
_MEANT = {
    "none": (),
    "start": ("START",),
    "bag": ("UP", "CONFIRM"),
    "cause": ("UP", "CONFIRM"),
    "step": ("UP", "DOWN", "CONFIRM"),
    "boundary": ("UP", "CONFIRM"),
    "resume": ("START", "CONFIRM"),
}
# Those that mean nothing there, or go the other way.
_IDLE = {"none": ("CONFIRM",), "start": ("CONFIRM",), "bag": ("START",), "cause": ("DOWN", "START")}
MEANT = tuple(_MEANT.get(name, _EVERY) + _ALWAYS for name in NAMES)
PRESSED = tuple(keys + _IDLE.get(name, ()) for name, keys in zip(NAMES, MEANT, strict=True))


class Openings:
    """`words`: the inputs of the space; `idle_keys`: also keys are pressed that mean nothing."""

    def __init__(self, world: World, words: tuple[str, ...], idle_keys: bool) -> None:
        self._world, self._words = world, words
        self._keys = PRESSED if idle_keys else MEANT
        self._mays = self._when()

    def now(self) -> Iterator[str]:
        """Those of this moment."""
        over = GROUP[self._world.pump.session.state] & OVER
        for word in self._words:
            if self._may(word) and not (over and word not in OVER_WORDS):
                yield word

    def _may(self, word: str) -> bool:
        name, _, beside = word.partition(" ")
        if name in READINGS:
            return self._may_read(name)
        if beside in READINGS:
            return self._may(name) and self._may_read(beside)
        if beside == "taken" and self._world.pump.session.state != READY:
            return False
        may = self._mays.get(name)
        return may(word) if may else name in self._keys[self._world.pump.session.question.kind] or "+" in name

    def _when(self) -> dict[str, Callable[[str], bool]]:
        """When what is no key and no reading can happen."""
        world = self._world
        session, delivery = world.pump.session, world.pump.delivery
        return {
            "CONFIRM": lambda _: "CONFIRM" in self._keys[session.question.kind] and not self._would_lie(),
            "hang": lambda word: self._may_hang(ord(word[5]) - 65),
            "scan": lambda _: session.asks_bag() and world.hung >= 0,
            "tick": lambda _: delivery.flowing,
            "wait": lambda _: True,
            "load": lambda _: True,
            "pause": lambda _: GROUP[session.state] & ON != 0,
            "stop": lambda _: GROUP[session.state] & ON != 0,
            "pulse+": lambda _: world.faults_left > 0,
            "pulse-": lambda _: world.faults_left > 0 and delivery.flowing,
            "fall": lambda _: self._may_fall(),
        }

    def _may_read(self, reading: str) -> bool:
        return reading != self._world.reading and self._world.same_ms >= LASTS_MS

    def _may_hang(self, bag: int) -> bool:
        session = self._world.pump.session
        return session.asks_bag() and not session.question.second and self._world.hung != bag

    def _may_fall(self) -> bool:
        """At rest: in flow what fell is hidden by what came, and is a pulse that was lost."""
        world = self._world
        on = GROUP[world.pump.session.state] & ON
        given = sum(world.account.own)
        return world.faults_left > 0 and on != 0 and not world.pump.delivery.flowing and given >= FALLS

    def _would_lie(self) -> bool:
        """People read the code from the bag that hangs, and name no other; what was named is what hangs."""
        session = self._world.pump.session
        question = session.question
        if question.kind != BAG or not question.shown or question.second:
            return False
        return question.shown - 1 != self._world.hung and question.shown <= len(session.bags.codes)

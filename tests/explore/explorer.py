"""Breadth first from a beginning: every input in every state, each state once; shortest paths to what is broken."""

from __future__ import annotations

import gc
import signal
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from tests.explore.saving import Saver
from tests.explore.world import FIXED, Violation, World

from pump.tables import states
from pump.tables.states import GROUP, OVER

HUNG_CPU_S = 2  # a scan takes a tenth of a millisecond
PROGRESS_STATES = 10_000  # so often a long run says how far it is
NO_END = "every-scan-ends"


class Hung(Exception):
    """What should have ended goes on."""


@dataclass
class Found:
    """What was found: the invariant's name, what was seen, the inputs from the beginning on."""

    invariant: str
    seen: str
    path: tuple[str, ...]

    def told(self) -> str:
        """In one line."""
        return f"{self.invariant}: {self.seen}; after {len(self.path)} inputs: {', '.join(self.path)}"


@dataclass
class Explored:
    """How far it came: `complete`: no state was left unseen; `by_state` non-terminal ones by the session's state."""

    states: int = 0
    transitions: int = 0
    frontier: int = 0
    complete: bool = False
    cpu_s: float = 0.0
    by_state: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)

    def told(self) -> str:
        """In one line."""
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.by_state.items()))
        ends = ", ".join(f"{name} {count}" for name, count in sorted(self.ends.items()))
        how = "complete" if self.complete else f"cut, {self.frontier} not yet left"
        seen = f"{self.states} states, {self.transitions} transitions, {how}, {self.cpu_s:.0f} CPU s"
        return f"{seen}; {counts}; ends: {ends}"


def _hung(*_: Any) -> None:
    raise Hung


@contextmanager
def hung_is_noticed() -> Iterator[None]:
    """Within it a virtual timer (ITIMER_VIRTUAL) that runs out raises Hung: `applied` ends a scan that does not end."""
    before = signal.signal(signal.SIGVTALRM, _hung)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def cycles_not_looked_for() -> Iterator[None]:
    """Within it Python's collector rests: states make no cycles, and to look through all of them takes a third of the
    time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def applied(world: World, word: str) -> tuple[str, str] | None:
    """Carries an input out; what it breaks: an invariant's name, what was seen."""
    signal.setitimer(signal.ITIMER_VIRTUAL, HUNG_CPU_S)
    try:
        world.apply(word)
    except Violation as violation:
        return str(violation.args[0]), str(violation.args[1])
    except Hung:
        return NO_END, f"no end of a scan within {HUNG_CPU_S} CPU s"
    except Exception as error:
        return "no-exception", repr(error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


class Frontier:
    """What has been seen and not yet left; `balanced`: a queue for each state of the session, taken in turn."""

    def __init__(self, balanced: bool) -> None:
        self.size = 0
        self._balanced = balanced
        self._queues: dict[str, deque[tuple[int, int, Any]]] = {}
        self._turns: deque[str] = deque()

    def add(self, state: str, what: tuple[int, int, Any]) -> None:
        """The last in its queue."""
        state = state if self._balanced else ""
        if state not in self._queues:
            self._queues[state] = deque()
            self._turns.append(state)
        self._queues[state].append(what)
        self.size += 1

    def next(self) -> tuple[int, int, Any]:
        """The first of the next queue that has one."""
        self._turns.rotate(-1)
        while not self._queues[self._turns[0]]:
            self._turns.rotate(-1)
        self.size -= 1
        return self._queues[self._turns[0]].popleft()


class Explorer:
    """`milestones`: inputs from power-on to further beginnings, explored beside it; all states are of one space."""

    def __init__(self, world: World, milestones: Iterable[tuple[str, ...]] = ((),)) -> None:
        self.world = world
        self.saver = Saver(world, FIXED)
        self._power_on = self.saver.save(world)
        self._milestones = list(milestones)
        self.on_meeting: Callable[[int], None] | None = None  # the world is in a state that was known; its number
        self.on_progress: Callable[[int, int, int], None] | None = (
            None  # states, not yet left, inputs from the beginning
        )
        self._numbers: dict[bytes, int] = {}
        self._parents = array("q")
        self._words: list[str | tuple[str, ...]] = []

    def run(
        self,
        most: int = 1 << 60,
        cpu_s: float = 1e9,
        stop_at_first: bool = False,
        depth: int = 1 << 30,
        balanced: bool = False,
    ) -> Explored:
        """Explores until all is seen, so many states, so much CPU time, or so many inputs from the beginning.

        `balanced`: one of each state of the session in turn, so that no state of it has all the time; paths are then
        not the shortest.
        """
        done = Explored()
        began = time.process_time()
        todo = Frontier(balanced)
        with hung_is_noticed(), cycles_not_looked_for():
            for begin in self._milestones:
                self._begin(begin, todo, done)
            while todo.size and done.states < most and time.process_time() - began < cpu_s:
                if stop_at_first and done.found:
                    break
                number, deep, saved = todo.next()
                if deep < depth:
                    self._leave(number, deep, saved, todo, done)
                if self.on_progress and not number % PROGRESS_STATES:
                    self.on_progress(done.states, todo.size, deep)
        done.frontier, done.complete = todo.size, not todo.size and depth == 1 << 30
        done.cpu_s = time.process_time() - began
        return done

    def _begin(self, begin: tuple[str, ...], todo: Any, done: Explored) -> None:
        """Goes to a beginning; one whose way breaks something is none."""
        self.saver.restore(self._power_on)
        for count, word in enumerate(begin, 1):
            wrong = applied(self.world, word)
            if wrong:
                self._note(wrong, begin[:count], done)
                return
        self._arrive(-1, begin, 0, todo, done)

    def _note(self, wrong: tuple[str, str], path: tuple[str, ...], done: Explored) -> None:
        """The first way to each invariant that is broken."""
        if not any(found.invariant == wrong[0] for found in done.found):
            done.found.append(Found(*wrong, path))

    def _leave(self, number: int, deep: int, saved: Any, todo: Any, done: Explored) -> None:
        """Each input that is open there."""
        world, restore = self.world, self.saver.restore
        restore(saved)
        for word in list(world.open()):
            restore(saved)
            done.transitions += 1
            wrong = applied(world, word)
            if wrong is None:
                self._arrive(number, word, deep + 1, todo, done)
            else:
                self._note(wrong, (*self.path(number), word), done)

    def _arrive(self, parent: int, word: str | tuple[str, ...], deep: int, todo: Any, done: Explored) -> None:
        world = self.world
        key = key_of(world)
        if key in self._numbers:
            if self.on_meeting:
                self.on_meeting(self._numbers[key])
            return
        number = self._numbers[key] = len(self._numbers)
        self._parents.append(parent)
        self._words.append(word)
        state = world.pump.session.state
        if GROUP[state] & OVER:
            done.ends[states.NAMES[state]] += 1
        else:
            done.states += 1
            done.by_state[states.NAMES[state]] += 1
        todo.add(states.NAMES[state], (number, deep, self.saver.save(world)))

    def path(self, number: int) -> tuple[str, ...]:
        """The inputs from power-on to a state, those to its milestone included."""
        words: list[str] = []
        while self._parents[number] >= 0:
            words.append(str(self._words[number]))
            number = self._parents[number]
        return (*self._words[number], *reversed(words))


def key_of(world: World) -> bytes:
    """By which a state is known: 12 bytes of BLAKE2b over all that decides (a thousand million states share none)."""
    return blake2b(array("q", world.row()).tobytes(), digest_size=12).digest()

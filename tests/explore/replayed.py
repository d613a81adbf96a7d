"""A path of the explorer, gone again with the shipped times: when each of its inputs comes, and what the pump records.

The explorer's times are shortened, each by its own share. What an input waited for is therefore looked for anew: a
wait ends with the change that it ended with in the explorer, and the time without flow stays in proportion.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.explore import abstractions
from tests.explore.abstractions import TICK_MS
from tests.explore.explorer import NO_END, Found, applied, hung_is_noticed
from tests.explore.invariants import ALL as ALL_INVARIANTS
from tests.explore.invariants import Invariant
from tests.explore.protocols import ALL, OTHERS
from tests.explore.spaces import shortened
from tests.explore.world import DOWN_SCANS, Violation, World

from pump.session import case
from pump.tables import events, questions
from pump.tables.states import FLOWS, GROUP, NAMES, ON, RUNNING
from toleramp.errors import UserError
from toleramp_bench.records import code_name

RATIOS = (12, 13, 15, 18)  # of times without flow, shipped over shortened: a hold's is 12, and so is a recovery's
MOST_S = 900  # of one wait: nothing that a pump at rest waits for by itself takes longer
SETTLED_S = 70  # after power-on: good readings have been good for long enough, as they soon have in the explorer
CLEAR_S = 2  # after a change that leaves no record people let so long pass: a target may be later than the model
HAIR_S = 10
HOLDING = ("STOP", "STOP early", "pause")
LOOK_S = 60  # a wait that breaks an invariant is looked at for so long


@dataclass(frozen=True)
class Mark:
    """A record of the pump: `t_s` after power-on, event and code by their names, step from 1."""

    t_s: int
    event: str
    code: str | None
    step: int


@dataclass(frozen=True)
class Input:
    """A word of the path, when it takes effect, the bag that hangs then (from 0, -1: none); `at_once`: it flows, and
    no pulse has come yet: on a target, whose pulses are smaller, that is soon over."""

    t_s: int
    word: str
    bag: int
    at_once: bool = False


@dataclass
class Replay:
    """`breaks`: the firmware of this process breaks the invariant; what it did in the last input is then left out of
    `marks` and `state`. `reacted`: the highest step that may flow after the reaction, from 1; 0: none."""

    inputs: list[Input] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    waits: set[int] = field(default_factory=set)  # when each wait was over
    begun_s: int = 0  # the first input may come
    end_s: int = 0
    state: int = 0
    breaks: bool = False
    reacted: int = 0
    reactions: int = 0


class Watched(World):
    """The explored world with a clock and a memory of its records."""

    def __init__(self, *arguments: Any) -> None:
        self.t_ms = 0
        self.marks: list[Mark] = []
        self._pulses = 0  # that had moved when the flow began
        super().__init__(*arguments)

    def _longest_still_ms(self) -> int:
        return 1 << 30

    @property
    def t_s(self) -> int:
        """Whole seconds since power-on."""
        return self.t_ms // TICK_MS

    def scan(self, keys: int, contact_open: bool = False, ms: int = TICK_MS) -> None:
        """One scan, and its records."""
        self.t_ms += ms
        super().scan(keys, contact_open, ms)
        if not self.pump.delivery.flowing:
            self._pulses = sum(self.account.own)
        for kind, code, _ in self.came:
            step = self.step_before if kind == events.STEP_COMPLETED else self.pump.session.progress.step
            self.marks.append(Mark(self.t_s, events.NAMES[kind], code_name(kind, code), step + 1))

    def begins(self) -> bool:
        """It flows, and no pulse has come yet."""
        return bool(self.pump.delivery.flowing) and sum(self.account.own) == self._pulses

    def bare(self) -> bool:
        """It flows from one step into the next, of which no pulse has come, nor surely comes in the next scan."""
        session, at = self.pump.session, self.pump.session.progress.step
        if session.state != RUNNING or self.account.flowed == at or sum(self.account.own) == self._pulses:
            return False
        return bool(self.plan.protocol.steps[at].duration_ms > TICK_MS // 2 * self.plan.pulses[at])

    def lapses(self) -> bool:
        """What was pressed waits for a second press, or a start for its bag: time would take it back."""
        session = self.pump.session
        return bool(session.question.second) or not GROUP[session.state] & ON or session.progress.flowed < 0

    def stands(self) -> tuple[int, int, int]:
        """By what the way is known: state, step, question."""
        session = self.pump.session
        return session.state, session.progress.step, session.question.kind

    def face(self) -> tuple[Any, ...]:
        """What a wait looks at; a sound that was paused comes back."""
        return (*self._face(), self.pump.alarms.paused_ms > 0)


class Shipped(Watched):
    """Each scan is a second, also while keys go down and up. `effect_s`: when the newest input took effect."""

    effect_s = 0

    def apply(self, word: str) -> None:
        """Carries an input out. Raises Violation."""
        self.effect_s = 0
        try:
            super().apply(word)
        finally:
            self.effect_s = self.effect_s or self.t_s

    def _shares(self, scans: int) -> list[int]:
        return [TICK_MS] * scans

    def _let_go(self) -> None:
        self.effect_s = self.t_s
        super()._let_go()


@dataclass(frozen=True)
class Passed:
    """What an input did in the explorer: the changes that a wait ended with, the time without flow before it and after
    it in ms, how the pump stood then; `words`: what people do on a target; `scans` it took."""

    word: str
    words: tuple[str, ...]
    scans: int
    changed: dict[int, Any]
    still_before_ms: int
    still_ms: int
    stands: tuple[int, int, int]


def replayed(found: Found, protocol: str) -> Replay:
    """The path with the shipped times. UserError, one line, when it cannot be gone with them."""
    if sys.modules["pump.session.case"].MIN_MS != case.MIN_MS or case.MIN_MS != 60_000:
        raise UserError("the core's times are shortened", "scenario", "write it with the core as shipped")
    with hung_is_noticed():
        passed, breaks = _in_the_explorer(found, protocol)
        wrong = ""
        for strict in (True, False):
            for ratio in RATIOS:
                replay, wrong = _shipped(found, passed, protocol, ratio, breaks, strict)
                if not wrong:
                    return replay
    raise UserError(wrong, f"path to {found.invariant}", "it shows in the explorer alone")


def _no_judge(world: World) -> None:
    """Nothing is looked at."""


def _judge_of(name: str, broken: Callable[[Invariant], bool]) -> Callable[[World], None]:
    """Judges by that invariant alone; one that is none of the table ("no-exception") shows by itself."""

    def judge_it(world: World) -> None:
        invariant = ALL_INVARIANTS.get(name)
        if invariant and (world.fresh or not invariant.begins) and broken(invariant):
            raise Violation(name, "")

    return judge_it


# -- in the explorer


def _in_the_explorer(found: Found, protocol: str) -> tuple[list[Passed], bool]:
    """What each input did, and whether the last one breaks an invariant here too."""
    passed: list[Passed] = []
    with shortened():
        world = Watched([ALL[name]() for name in (protocol, OTHERS[protocol])], _no_judge, 1)
        world._judge = _judge_of(found.invariant, lambda invariant: bool(invariant.broken(world)))
        for number, word in enumerate(found.path, 1):
            before, still_ms, began_s = world.face(), world.pump.session.progress.still_ms, world.t_s
            words = _on_a_target(world, word)
            wrong = applied(world, word)
            if wrong and number < len(found.path):
                raise UserError(f"input {number} breaks {wrong[0]}", "path", "give the path of one violation")
            after = world.face()
            changed = {at: new for at, new in enumerate(after) if new != before[at]}
            now_ms = world.pump.session.progress.still_ms
            passed.append(Passed(word, words, world.t_s - began_s, changed, still_ms, now_ms, world.stands()))
    return passed, wrong is not None


def _on_a_target(world: World, word: str) -> tuple[str, ...]:
    """The order in which codes are offered is each session's own: there people scan the bag instead of picking it."""
    question = world.pump.session.question
    if question.kind != questions.BAG:
        return (word,)
    if word in ("UP", "DOWN"):
        return ()
    if word == "CONFIRM" and question.shown and not question.second:
        if question.shown > len(world.pump.session.bags.codes):
            raise UserError("another code than the bags' is picked", "path", "no scenario can say which")
        return ("scan",)
    return (word,)


# -- with the shipped times


@contextmanager
def _codes_in_order() -> Iterator[None]:
    undo = abstractions.codes_in_order()
    try:
        yield
    finally:
        abstractions.lengthen(undo)


def _shipped(
    found: Found, passed: list[Passed], protocol: str, ratio: int, breaks: bool, strict: bool
) -> tuple[Replay, str]:
    """The replay, and where it goes another way than in the explorer, "" for nowhere."""
    with _codes_in_order():
        world = Shipped([ALL[name]() for name in (protocol, OTHERS[protocol])], _no_judge, 1)
        _settle(world)
        replay = Replay(begun_s=world.t_s, breaks=breaks)
        for number, one in enumerate(passed, 1):
            last = number == len(passed)
            if last and breaks:
                _keep(replay, world)
                if not _breaks(world, one, ratio, found.invariant, replay) and strict:
                    return replay, f"input {number} ({one.word}): it breaks nothing with the shipped times"
                break
            if not _go(world, one, ratio, replay) and strict:
                return replay, f"input {number} ({one.word}): what it waits for does not come with the shipped times"
            if world.stands() != one.stands and (strict or last):
                state, step, _ = world.stands()
                pump = f"{NAMES[state]}, step {step + 1}"
                return replay, f"input {number} ({one.word}): the pump is elsewhere with shipped times: {pump}"
        if not breaks:
            _keep(replay, world)
        replay.end_s = world.t_s
    return replay, ""


def _settle(world: Watched) -> None:
    while world.t_s < SETTLED_S:
        world.scan(0)


def _keep(replay: Replay, world: Watched) -> None:
    """What holds of the pump now."""
    replay.marks, replay.state = list(world.marks), world.pump.session.state
    replay.reacted, replay.reactions = world.account.reacted_at + 1, world.account.reactions


def _go(world: Shipped, one: Passed, ratio: int, replay: Replay) -> bool:
    """Carries an input out; false when what it waits for does not come."""
    if one.word == "wait":
        return _wait(world, one, ratio, replay)
    if one.word != "tick":
        _stand_still(world, one.still_before_ms * ratio)
    while _too_soon(world, one.word):
        world.scan(0)
    for word in one.words:
        begins = world.begins()
        world.apply(word)
        _note(world, word, replay, begins)
    return True


def _too_soon(world: Shipped, word: str) -> bool:
    """A hold would come before the step's first pulse: a target's pulses are smaller, and its first one is out."""
    several = world.plan.pulses[world.pump.session.progress.step] > 1  # a single one would end the step
    return several and ((word in HOLDING and world.bare()) or (word == "low" and world.begins()))


def _note(world: Shipped, word: str, replay: Replay, begins: bool = False) -> None:
    if word not in ("tick", "wait"):
        replay.inputs.append(Input(world.effect_s - (word == "scan"), word, world.hung, begins))


def _breaks(world: Shipped, one: Passed, ratio: int, name: str, replay: Replay) -> bool:
    """The last input, after which this firmware is wrong: whether it breaks that invariant here too."""
    _stand_still(world, one.still_before_ms * ratio)
    if name == NO_END:  # it would not end here either
        world.t_ms += max(one.scans, DOWN_SCANS) * TICK_MS
        world.effect_s = world.t_s
        for word in one.words:
            _note(world, word, replay)
        return True
    world._judge = _judge_of(name, lambda invariant: _clearly(world, invariant))
    for word in one.words if one.word not in ("wait", "tick") else ("tick",) * LOOK_S:
        begins = world.begins()
        wrong = applied(world, word)
        _note(world, word, replay, begins)
        if wrong:
            return wrong[0] == name
    return False


def _clearly(world: World, invariant: Invariant) -> bool:
    """Not by a hair: a target stands still for some seconds more or less than the model."""
    account = world.account
    still_ms, held_ms, waited_ms, broken = world.still_before, account.held_ms, account.waited_ms, True
    for by_ms in (-HAIR_S * TICK_MS, HAIR_S * TICK_MS):
        world.still_before = still_ms + by_ms
        account.held_ms, account.waited_ms = held_ms + by_ms, waited_ms + by_ms
        broken = broken and bool(invariant.broken(world))
    world.still_before, account.held_ms, account.waited_ms = still_ms, held_ms, waited_ms
    return broken


def _wait(world: Watched, one: Passed, ratio: int, replay: Replay) -> bool:
    """Until what changed in the explorer has changed here; where nothing did, as long as there, in proportion."""
    flows, began = world.pump.delivery.flowing, world.stands()
    for scans in range(1, MOST_S):
        world.scan(0)
        if world.stands() not in (began, one.stands):
            return False
        if _is_over(world, one, scans, flows, ratio):
            break
    else:
        return False
    replay.waits.add(world.t_s)
    if not flows and not world.came and not world.lapses():
        for _ in range(CLEAR_S):
            world.scan(0)
    return True


def _is_over(world: Watched, one: Passed, scans: int, flows: bool, ratio: int) -> bool:
    now = world.face()
    if one.changed:
        return all(now[at] == new for at, new in one.changed.items())
    return scans >= one.scans and (flows or world.pump.session.progress.still_ms >= one.still_ms * ratio)


def _stand_still(world: Watched, still_ms: int) -> None:
    """People take their time, where time takes back nothing that they have pressed."""
    for _ in range(MOST_S):
        flows = GROUP[world.pump.session.state] & FLOWS
        if flows or world.lapses() or world.pump.session.progress.still_ms >= still_ms:
            return
        world.scan(0)

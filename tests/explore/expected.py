"""What must be the case at the end of a path, in the words of a scenario: an invariant, and the way up to there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile

from tests.explore.replayed import Mark, Replay

from pump.protocol.protocol import Protocol
from pump.tables import events, states
from toleramp.errors import UserError
from toleramp_bench.names import ALARMS, CAUSES, EVENTS, STATES
from toleramp_bench.places import mechanism_pl_pulse
from toleramp_bench.runs.result import final_state

Expected = dict[str, object]
# What is counted: each of them is a decision of people or of the pump, and comes as often on every target.
COUNTED = EVENTS.of(events.BEGINS | events.STEPS | events.HOLDS | events.ENDS) | {
    EVENTS.ARMED, EVENTS.BAG_REQUESTED, EVENTS.BAG_CONFIRMED, EVENTS.DECISION, EVENTS.LOADED,
}  # fmt: skip
_HOLDS = EVENTS.of(events.HOLDS)
NO_STEP = {EVENTS.LOADED, EVENTS.ARMED}  # whose step means nothing
HALF_PULSE_ML = Fraction(mechanism_pl_pulse(), 2 * 10**9)
AT_ONCE_MS = 50  # after STOP no pulse comes any more
SOON_S = 3  # an alarm so late before the end may come after it on a target


@dataclass(frozen=True)
class Ending:
    """What the last inputs were: `ids` of the actions by word, the newest of each; `last`: the last of all."""

    replay: Replay
    protocol: Protocol
    ids: dict[str, str]
    last: str

    def of(self, *words: str) -> str:
        """The action of one of these words, else the last."""
        return next((self.ids[word] for word in words if word in self.ids), self.last)


def expected(invariant: str, ending: Ending, longer: bool) -> list[Expected]:
    """The expectations; `longer`: the run goes on for longer than the replay did."""
    own = BY_INVARIANT.get(invariant, _WAY_ALONE)[1]
    return [*own(ending), *_way(ending.replay, longer)]


def least_s(invariant: str) -> int:
    """For so long after the last input it must be looked at."""
    return BY_INVARIANT.get(invariant, _WAY_ALONE)[0]


# -- the way


def _way(replay: Replay, longer: bool) -> Iterator[Expected]:
    """What the pump records up to the end, each as often; of firmware that is wrong only what comes before a hold: what
    it makes of one may be wrong already."""
    size = "at_least" if replay.breaks or (longer and states.GROUP[replay.state] & states.FLOWS) else "equals"
    marks = list(takewhile(lambda mark: mark.event not in _HOLDS, replay.marks)) if replay.breaks else replay.marks
    counted = [_pick(mark) for mark in marks if mark.event in COUNTED]
    for (event, step, code), count in Counter(counted).items():
        picks = {key: value for key, value in (("step", step), ("code", code)) if value}
        yield {"count": event, **picks, size: count}
    raised = [m for m in marks if m.event == EVENTS.ALARM_RAISED and m.t_s + SOON_S < replay.end_s]
    for alarm in dict.fromkeys(mark.code for mark in raised):
        yield {"event": EVENTS.ALARM_RAISED, "code": alarm}
    if size == "equals":
        yield {"value": "final_state", "equals": final_state(states.NAMES[replay.state])}


def _pick(mark: Mark) -> tuple[str, int, str | None]:
    return mark.event, 0 if mark.event in NO_STEP else mark.step, mark.code


# -- the invariants


def _still(ending: Ending) -> Iterator[Expected]:
    yield {"event": ending.last, "last_pulse_within_ms": AT_ONCE_MS}


def _nothing_begins(ending: Ending) -> Iterator[Expected]:
    for event in (EVENTS.RESUMED, EVENTS.STEP_STARTED):
        yield {"never": event, "of": ending.last}
    yield from _still(ending)


def _never(event: str) -> Callable[[Ending], Iterator[Expected]]:
    def expect(ending: Ending) -> Iterator[Expected]:
        yield {"never": event, "of": ending.last}

    return expect


def _comes(event: str, *words: str, within_s: int = 1, **keys: object) -> Callable[[Ending], Iterator[Expected]]:
    """It follows the newest action of one of those words."""

    def expect(ending: Ending) -> Iterator[Expected]:
        yield {"event": event, **keys, "of": ending.of(*words), "within_s": within_s}

    return expect


def _ends(state: int) -> Callable[[Ending], Iterator[Expected]]:
    def expect(ending: Ending) -> Iterator[Expected]:
        yield {"value": "final_state", "equals": states.NAMES[state]}

    return expect


def _stop_holds(ending: Ending) -> Iterator[Expected]:
    if states.GROUP[ending.replay.state] & states.HOLDABLE:
        yield from _comes(EVENTS.PAUSED, "STOP", code=CAUSES.STOP_BUTTON)(ending)
    yield from _nothing_begins(ending)


def _full_ml(ending: Ending) -> Iterator[Expected]:
    """Of each step all of its volume, and no more: to half a pulse."""
    for number in _begun(ending):
        volume_ml = Fraction(ending.protocol.steps[number - 1].volume_nl, 10**6)
        yield {"value": f"steps.{number}.delivered_ml", "equals": volume_ml, "tolerance": HALF_PULSE_ML}


def _begun(ending: Ending) -> list[int]:
    """Steps that have begun once only; each is over at the end."""
    started = Counter(mark.step for mark in ending.replay.marks if mark.event == EVENTS.STEP_STARTED)
    return [step for step, count in started.items() if count == 1]


def _dose(key: str) -> Callable[[Ending], Iterator[Expected]]:
    def expect(ending: Ending) -> Iterator[Expected]:
        dose_mg, last = Fraction(ending.protocol.full_dose_pg, 10**9), ending.protocol.solutions[-1]
        slack_mg = HALF_PULSE_ML * Fraction(last.drug_pg, last.volume_nl * 1000)
        if key == "equals":
            yield {"value": "delivered_mg", "equals": dose_mg, "tolerance": slack_mg}
        else:
            yield {"value": "delivered_mg", key: dose_mg + slack_mg}

    return expect


def _rates(ending: Ending) -> Iterator[Expected]:
    for number in _begun(ending):
        yield {"value": f"steps.{number}.rate_error_percent", "at_most": 2}


def _not_above(ending: Ending) -> Iterator[Expected]:
    for step in range(ending.replay.reacted + 1, len(ending.protocol.steps) + 1):
        yield {"never": EVENTS.STEP_STARTED, "step": step, "of": ending.last}


def _in_order(ending: Ending) -> Iterator[Expected]:
    """The step whose bag was asked for begins, else the next one at the most."""
    now = ending.replay.marks[-1].step
    if states.GROUP[ending.replay.state] & states.HANGING:
        yield {"event": EVENTS.STEP_STARTED, "step": now, "of": ending.last}
    for step in range(now + 2, len(ending.protocol.steps) + 1):
        yield {"never": EVENTS.STEP_STARTED, "step": step, "of": ending.last, "within_s": 1}


def _kept(ending: Ending) -> Iterator[Expected]:
    if ending.replay.reactions + 1 < ending.protocol.decision_after_count:
        raise UserError("how many reactions are kept shows with the last one alone", "path", "give a longer one")
    yield {"event": EVENTS.LOCKED, "code": CAUSES.MILD}


def _sounds_again(ending: Ending) -> Iterator[Expected]:
    yield {"sound": True, "of": ending.of("SILENCE"), "not_before_s": 119, "within_s": 129}


def _sounds_at_once(ending: Ending) -> Iterator[Expected]:
    yield {"sound": True, "of": ending.of(*_LOW), "within_s": 20}


def _alive(ending: Ending) -> Iterator[Expected]:
    yield {"count": EVENTS.BOOT, "equals": 1}
    yield {"never": EVENTS.EXCEPTION}


def _seen(ending: Ending) -> Iterator[Expected]:
    yield {"never": EVENTS.ARMED, "of": ending.last}


_PAUSED, _ALARM = EVENTS.PAUSED, EVENTS.ALARM_RAISED
_LOW, _SILENT = ("low", "CONFIRM low"), ("silent", "START silent", "CONFIRM silent")

# What no target shows, and why.
UNSEEN = {
    "nothing-queued-at-rest": "what is asked of a motor without a permit moves nothing",
    "permit-only-in-flow": "a permit without pulses moves nothing",
    "a-trip-ends-it": "on a sound pump no input trips the guard",
    "a-fault-stays": "on a sound pump no input leads to a fault",
    "a-fallen-count-ends-it": "no target lets its count of pulses fall back by itself",
}
# By the invariants' names: for how many seconds after the last input it is looked at, and what is expected then.
BY_INVARIANT: dict[str, tuple[int, Callable[[Ending], Iterator[Expected]]]] = {
    "no-pulse-at-rest": (5, _still),
    "stop-is-obeyed": (2, _stop_holds),
    "line-stop-is-obeyed": (2, _comes(EVENTS.STOPPED, "stop", code=CAUSES.HOST_STOP)),
    "line-pause-is-obeyed": (2, _comes(_PAUSED, "pause", code=CAUSES.HOST_PAUSE)),
    "flow-needs-a-press": (30, _nothing_begins),
    "no-false-fault": (2, _never(EVENTS.FAULT)),
    "one-account": (2, _full_ml),
    "never-above-the-order": (5, _dose("at_most")),
    "complete-is-the-whole-dose": (2, _dose("equals")),
    "no-step-before-the-last": (2, _in_order),
    "a-step-is-whole": (2, _full_ml),
    "the-bag-that-hangs": (2, _never(EVENTS.STEP_STARTED)),
    "vein-rate-within-the-step": (2, _rates),
    "never-above-what-reacted": (2, _not_above),
    "rate-used-is-rate-shown": (2, _rates),
    "low-holds": (15, _comes(_PAUSED, *_LOW, within_s=15, code=CAUSES.SPO2_STOP)),
    "blind-holds": (25, _comes(_PAUSED, *_SILENT, within_s=25, code=CAUSES.SIGNAL_LOST)),
    "begins-with-a-reading": (2, _nothing_begins),
    "resumes-after-recovery": (2, _nothing_begins),
    "a-step-begins-with-a-reading": (2, _never(EVENTS.STEP_STARTED)),
    "a-reacting-step-begins-anew": (2, _comes(EVENTS.STEP_STARTED, "CONFIRM")),
    "a-resume-is-two-presses": (2, _nothing_begins),
    "low-alarms-everywhere": (15, _comes(_ALARM, *_LOW, within_s=15, priority="high", code=ALARMS.SPO2_STOP)),
    "blind-alarms": (30, _comes(_ALARM, *_SILENT, within_s=30)),
    "silence-ends": (130, _sounds_again),
    "a-new-high-alarm-sounds": (15, _sounds_at_once),
    "reactions-are-kept": (2, _kept),
    "no-resume-after-too-long": (2, _nothing_begins),
    "least-hold-after-a-reaction": (2, _nothing_begins),
    "what-starts-was-seen": (5, _seen),
    "a-lock-stays": (2, _ends(states.LOCKED)),
    "a-hold-is-told": (5, _comes(_ALARM, within_s=5, code=STATES.HELD)),
    "every-scan-ends": (5, _alive),
    "no-exception": (5, _alive),
}

# Of what has no words of its own the way of a sound pump is said.
_WAY_ALONE: tuple[int, Callable[[Ending], Iterator[Expected]]] = (20, lambda _: iter(()))

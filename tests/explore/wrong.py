"""Wrong firmware for the explorer: for each invariant a defect that breaks it, and the eight faults that once landed.

A defect is a change of what an object does (toleramp_bench.defects.kit); `planted` takes it back afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pump.controller import Controller
from pump.course import course
from pump.course.course import legs_of
from pump.course.line import Line
from pump.course.plan import Plan
from pump.delivery.delivery import Delivery
from pump.guard.guard import Guard
from pump.io import STOP
from pump.panel.alarms import Alarms
from pump.panel.attention import Attention
from pump.senses.conditions import Conditions
from pump.senses.vitals import Vitals
from pump.session.bags import Bags
from pump.session.case import Case
from pump.session.held import Held
from pump.session.progress import Progress
from pump.session.resuming import Resuming
from pump.session.running import Running
from pump.session.session import Session
from pump.tables import causes, messages, states
from pump.tables.alarms import GROUP as ALARM_GROUP
from pump.tables.alarms import PATIENT

Put = Callable[[Any, str, Any], None]


@dataclass(frozen=True)
class Wrong:
    """`plant(put)` changes objects by put(owner, name, instead); `words` after the milestone show it."""

    plant: Callable[[Put], None]
    milestone: str
    words: tuple[str, ...]
    protocol: str = "three-bags"


@contextmanager
def planted(plant: Callable[[Put], None]) -> Iterator[None]:
    """The firmware of this process is wrong like that, for a while."""
    before: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, instead: Any) -> None:
        before.append((owner, name, getattr(owner, name)))
        setattr(owner, name, instead)

    try:
        plant(put)
        yield
    finally:
        for owner, name, sound in reversed(before):
            setattr(owner, name, sound)


def around(owner: Any, name: str, instead: Callable[..., Any]) -> Callable[[Put], None]:
    """`instead(sound, *arguments)` in the place of a method."""
    sound = getattr(owner, name)
    return lambda put: put(owner, name, lambda *arguments: instead(sound, *arguments))


def answers(owner: Any, name: str, value: Any) -> Callable[[Put], None]:
    """A method that only answers that."""
    return lambda put: put(owner, name, lambda *_: value)


def both(*plants: Callable[[Put], None]) -> Callable[[Put], None]:
    """Several at once."""

    def plant(put: Put) -> None:
        for one in plants:
            one(put)

    return plant


# -- what the defects do


def _queue_stays(sound: Any, session: Session) -> None:
    session.delivery.stop()


def _permit_stays(sound: Any, guard: Guard, claim: Any, snap: Any) -> None:
    sound(guard, claim, snap)
    guard.permit = True


def _deaf_to(request: int) -> Callable[..., Any]:
    return lambda sound, session, snap, presses, asked, hold, trip: sound(
        session, snap, presses, 0 if asked == request else asked, hold, trip
    )


def _blind_to_stop(sound: Any, session: Session, snap: Any, presses: int, *rest: Any) -> Any:
    down = snap.buttons
    snap.buttons &= ~STOP
    answer = sound(session, snap, presses & ~STOP, *rest)
    snap.buttons = down
    return answer


def _deaf_to_trips(sound: Any, session: Session, snap: Any, presses: int, request: int, hold: int, trip: int) -> Any:
    return sound(session, snap, presses, request, hold, 0)


def _trips_in_step_5(sound: Any, guard: Guard, claim: Any, seamless: bool) -> None:
    sound(guard, claim, seamless)
    if claim.step == 4:
        guard._latch(causes.CLAIM)


def _back_from(state: int) -> Callable[..., Any]:
    def update(sound: Any, session: Session, snap: Any, presses: int, request: int, hold: int, trip: int) -> Any:
        if session.state == state and presses:
            session.state = states.READY
            return False
        return sound(session, snap, presses, request, hold, trip)

    return update


def _one_more(sound: Any, session: Session, snap: Any) -> Any:
    lost = sound(session, snap)
    session.progress.total += session.state == states.RUNNING
    return lost


def _fell_unseen(sound: Any, session: Session, snap: Any) -> Any:
    lost = sound(session, snap)
    session._fell = False
    return lost


def _latches_but(reason: int) -> Callable[..., Any]:
    return lambda sound, guard, why: None if why == reason else sound(guard, why)


def _skips(sound: Any, bags: Bags) -> int:
    bags.case.progress.step = max(1, bags.case.progress.step)
    return int(sound(bags))


def _short_step(sound: Any, running: Running, way: Any, progress: Progress) -> None:
    sound(running, way, progress)
    progress.target = max(1, progress.target - 1)


def _bag_believed(sound: Any, bags: Bags) -> int:
    hung = bags.case.progress.hung
    answer = int(sound(bags))
    bags.case.progress.hung = hung
    return answer


def _interval(times: float) -> Callable[..., Any]:
    return lambda sound, delivery, us, remainder, share: sound(delivery, int(us * times), remainder, share)


def _alarms_without(which: Callable[[int, int, int], bool]) -> Callable[..., Any]:
    def want(sound: Any, conditions: Conditions, state: int, cause: int, bits: int) -> None:
        sound(conditions, state, cause, bits)
        for alarm in range(len(conditions._wanted)):
            if which(alarm, state, cause):
                conditions._wanted[alarm] = 0

    return want


def _patients_only_where_it_held(alarm: int, state: int, cause: int) -> bool:
    return bool(ALARM_GROUP[alarm] & PATIENT) and state == states.HELD and causes.KIND[cause] != causes.VITALS


def _confirms_by_itself(sound: Any, bags: Bags, dt_ms: int) -> int:
    last = bags.case.solution() == 2  # at an earlier one the guard would end it before the milestone
    return bags._confirmed() if bags.case.question.second and last else int(sound(bags, dt_ms))


def _still_forgotten(sound: Any, progress: Progress) -> None:
    sound(progress)
    progress.move()


def _reached_as_asked(sound: Any, case: Case) -> int:
    return max(0, case.progress.step)


def _probe_not_asked(sound: Any, resuming: Resuming) -> bool:
    case = resuming.case
    return (
        not resuming.least_s() and not case.held_too_long() and (case.vitals.recovered or not case.progress.by_vitals)
    )


def _stays_recovered(sound: Any, vitals: Vitals) -> None:
    recovered = vitals.recovered
    sound(vitals)
    vitals.recovered = recovered


def _press_kept(sound: Any, pump: Controller, snap: Any, out: Any, presses: int) -> int:
    sound(pump, snap, out, presses)
    return presses


def _push_nothing(sound: Any, line: Line, bag: int, pulses: int) -> None:
    """What enters may be empty, and an empty stretch leaves with nothing."""
    if not line.count:
        return
    line._enter(bag, pulses)
    gone = 0
    while pulses and line.pulses[gone] <= pulses:
        pulses -= line.pulses[gone]
        gone += 1
    line.pulses[gone] -= pulses
    if gone:
        line._forward(gone)


def _legs_without_end(plan: Plan, k: int, bag: int, pulses: int, line: Line) -> Any:
    done, content = 0, line.copy()
    while done < pulses:
        run = pulses - done
        if not content.holds_only(bag):
            run = min(content.pulses[0], run)
        done += run
        content.push(bag, run)
    return legs_of(plan, k, bag, pulses, line)


def _severe_is_technical(sound: Any, held: Held, grade: int) -> int:
    return int(held._technical() if grade == causes.SEVERE else sound(held, grade))


def _preselected(sound: Any, held: Held) -> int:
    answer = int(sound(held))
    held.case.question.shown = 1
    return answer


_no_patient_alarm = around(Conditions, "_want", _alarms_without(_patients_only_where_it_held))
_bag_is_believed = around(Bags, "enter", _bag_believed)
_count_may_fall = both(
    around(Session, "_count_pulses", _fell_unseen), around(Guard, "_latch", _latches_but(causes.COUNT))
)
_seen_or_not = both(
    around(Controller, "_listen", _press_kept),
    lambda put: put(Attention, "counts", lambda attention, presses, *_: presses),
)
_reacted_there = around(Case, "reached", _reached_as_asked)
_held_anew = around(Progress, "hold", _still_forgotten)
_endless = both(around(Line, "push", _push_nothing), lambda put: put(course, "legs_of", _legs_without_end))
_probe_off = both(around(Resuming, "may", _probe_not_asked), around(Vitals, "_unknown", _stays_recovered))
_mild = ("UP", "UP", "CONFIRM")
_technical = ("UP", "CONFIRM")
_severe = ("UP", "UP", "UP", "CONFIRM", "CONFIRM")
_on = ("START", "CONFIRM")

# Most invariants, and how each is broken; of the others UNNOTICED (tests.explore.unnoticed) has what breaks them.
BY_INVARIANT: dict[str, Wrong] = {
    "no-pulse-at-rest": Wrong(
        both(around(Session, "_stop_flow", _queue_stays), around(Guard, "judge", _permit_stays)),
        "step 4", ("STOP", "wait", "wait"),
    ),
    "nothing-queued-at-rest": Wrong(around(Session, "_stop_flow", _queue_stays), "step 4", ("STOP",)),
    "permit-only-in-flow": Wrong(around(Guard, "judge", _permit_stays), "step 4", ("STOP",)),
    "stop-is-obeyed": Wrong(around(Session, "update", _blind_to_stop), "step 4", ("STOP",)),
    "line-stop-is-obeyed": Wrong(around(Session, "update", _deaf_to(messages.STOP[0])), "step 4", ("stop",)),
    "line-pause-is-obeyed": Wrong(around(Session, "update", _deaf_to(messages.PAUSE[0])), "step 4", ("pause",)),
    "flow-needs-a-press": Wrong(
        around(Bags, "tick", _confirms_by_itself), "bag C asked", ("hang C", "scan", "wait")
    ),
    "a-trip-ends-it": Wrong(
        both(around(Guard, "_enter", _trips_in_step_5), around(Session, "update", _deaf_to_trips)),
        "bag C asked", ("hang C", "scan", "CONFIRM", "tick", "tick"),
    ),
    "a-fault-stays": Wrong(
        both(around(Guard, "_enter", _trips_in_step_5), around(Session, "update", _back_from(states.FAULT))),
        "bag C asked", ("hang C", "scan", "CONFIRM", "tick", "CONFIRM"),
    ),
    "no-false-fault": Wrong(
        around(Guard, "_enter", _trips_in_step_5), "bag C asked", ("hang C", "scan", "CONFIRM", "tick")
    ),
    "a-fallen-count-ends-it": Wrong(_count_may_fall, "held in step 4", ("fall", *_technical, *_on)),
    "one-account": Wrong(around(Session, "_count_pulses", _one_more), "step 4", ("wait",)),
    "never-above-the-order": Wrong(
        around(Plan, "final_pulses", lambda sound, *rest: sound(*rest) + 1), "step 6", ("wait", "wait")
    ),
    "complete-is-the-whole-dose": Wrong(
        around(Plan, "final_pulses", lambda sound, *rest: sound(*rest) - 1), "step 6", ("wait", "wait")
    ),
    "no-step-before-the-last": Wrong(
        around(Bags, "_confirmed", _skips), "first bag asked", ("hang A", "scan", "CONFIRM")
    ),
    "a-step-is-whole": Wrong(
        both(around(Running, "_begin", _short_step), around(Guard, "_latch", _latches_but(causes.CLAIM))),
        "step 1", ("wait", "wait"),
    ),
    "the-bag-that-hangs": Wrong(
        _bag_is_believed, "bag C asked", ("hang C", "STOP", *_mild, "DOWN", "CONFIRM", *_on)
    ),
    "vein-rate-within-the-step": Wrong(around(Delivery, "set_rate", _interval(0.5)), "bag B asked", (
        "hang B", "scan", "CONFIRM", "wait", "wait"
    )),
    "never-above-what-reacted": Wrong(
        _reacted_there, "reaction at bag C", ("UP", "CONFIRM", *_on, "hang C", "scan", "CONFIRM")
    ),
    "rate-used-is-rate-shown": Wrong(around(Delivery, "set_rate", _interval(2)), "bag B asked", (
        "hang B", "scan", "CONFIRM"
    )),
    "low-holds": Wrong(answers(Vitals, "_judge", None), "step 5", ("low", "tick", "tick", "tick", "tick")),
    "blind-holds": Wrong(answers(Vitals, "_miss", None), "step 5", ("silent", *("tick",) * 7)),
    "begins-with-a-reading": Wrong(
        both(answers(Vitals, "good", True)), "bag B asked", ("hang B", "scan", "silent", "START", "CONFIRM")
    ),
    "resumes-after-recovery": Wrong(
        both(answers(Resuming, "may", True)), "low in step 3", ("wait", *_technical, "START", "good", "CONFIRM")
    ),
    "low-alarms-everywhere": Wrong(_no_patient_alarm, "held in step 4", ("low", "wait", "wait")),
    "blind-alarms": Wrong(
        around(Conditions, "_want", _alarms_without(lambda alarm, *_: bool(ALARM_GROUP[alarm] & PATIENT))),
        "over", ("silent", "wait", "wait", "wait", "wait"),
    ),
    "silence-ends": Wrong(
        around(Alarms, "update", lambda sound, alarms, dt_ms: None), "held in step 4", ("SILENCE", "wait", "wait")
    ),
    "reactions-are-kept": Wrong(answers(Progress, "react", None), "held in step 4", _mild),
    "no-resume-after-too-long": Wrong(
        answers(Case, "held_too_long", False), "held in step 4", (*("wait",) * 5, *_technical, *_on)
    ),
    "least-hold-after-a-reaction": Wrong(
        answers(Resuming, "least_s", 0), "held in step 2", (*_technical, *_on), "line-fill"
    ),
    "what-starts-was-seen": Wrong(_seen_or_not, "power-on", ("START load", "wait")),
    "a-lock-stays": Wrong(
        around(Session, "update", _back_from(states.LOCKED)), "held in step 4", (*_severe, "CONFIRM")
    ),
    "severe-locks": Wrong(around(Held, "_classify", _severe_is_technical), "held in step 4", _severe),
    "nothing-is-preselected": Wrong(around(Held, "enter", _preselected), "step 4", ("STOP", "CONFIRM")),
    "a-resume-is-two-presses": Wrong(
        answers(Resuming, "tick", 0), "held in step 4", (*_technical, "START", "wait", "CONFIRM")
    ),
    "what-is-committed-is-within-the-order": Wrong(
        around(Plan, "final_pulses", lambda sound, *rest: sound(*rest) + 1), "step 6", ("wait", "wait")
    ),
    "a-hold-is-told": Wrong(
        around(Conditions, "_want", _alarms_without(lambda *_: True)), "held in step 4", ("wait", "wait")
    ),
}  # fmt: skip

_HANDS = ("wait", "START", "CONFIRM", "UP", "DOWN", "STOP")
_BAGS = ("hang A", "hang B", "hang C", "scan")


@dataclass(frozen=True)
class Landed:
    """A fault that once landed: the `invariant` that finds it, from which milestone, with which inputs open."""

    invariant: str
    plant: Callable[[Put], None]
    milestone: str
    words: tuple[str, ...]
    protocol: str = "three-bags"


# By the numbers that the project has given them.
ONCE_LANDED: dict[str, Landed] = {
    "h1": Landed("the-bag-that-hangs", _bag_is_believed, "reaction at bag C, which hangs", (*_HANDS, *_BAGS)),
    "h2": Landed("low-alarms-everywhere", _no_patient_alarm, "held in step 4", (*_HANDS, "low", "good", "silent")),
    "h3": Landed("every-scan-ends", _endless, "bag C confirmed, held", (*_HANDS, *_BAGS), "dead-volume"),
    "h5": Landed("no-resume-after-too-long", _held_anew, "bag B asked again after a hold", (*_HANDS, *_BAGS)),
    "h7": Landed("a-fallen-count-ends-it", _count_may_fall, "held in step 4", (*_HANDS, "fall")),
    "h8": Landed("begins-with-a-reading", _probe_off, "low in step 3, recovered", (*_HANDS, "silent", "START silent")),
    "h15": Landed("never-above-what-reacted", _reacted_there, "reaction at bag C", (*_HANDS, "hang C", "scan")),
    "h18": Landed("what-starts-was-seen", _seen_or_not, "power-on", (*_HANDS, "load", "START load")),
}

"""What has to hold in every reachable state, a function each, with its requirements: judged after each scan.

Each sees the world (tests.explore.world) as it was before the scan and as it is now, and answers what is wrong, or "".
What the pump believes stands on one side, what really happened on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.explore.abstractions import TICK_MS
from tests.explore.protocols import PULSE_NL, STRENGTHS
from tests.explore.world import FRESH_MS, LOW_MS, RECOVER_MS, UNSEEN_MS, Violation, World

from pump.io import CONFIRM, STOP
from pump.panel import alarms
from pump.session import bags, case, held
from pump.tables import causes, events, messages, states
from pump.tables.alarms import HIGH
from pump.tables.states import FLOWS, GROUP, HOLDS, ON, RUNNING, SUPERVISED

Check = Callable[[World], str]


@dataclass(frozen=True)
class Invariant:
    """`ids`: the requirements that it is about; `broken(world)`: what is wrong, "" for nothing; `begins`: it is about
    the scan in which a flow begins."""

    name: str
    ids: tuple[str, ...]
    says: str
    broken: Check
    begins: bool = False


ALL: dict[str, Invariant] = {}
_ALWAYS: list[Invariant] = []
_AS_IT_BEGINS: list[Invariant] = []
_WITH_RECORDS: list[Invariant] = []


def holds(*ids: str, when: list[Invariant] = _ALWAYS) -> Callable[[Check], Check]:
    """Registers an invariant under its function's name; `when`: only those scans can break it."""

    def put(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        ALL[name] = Invariant(name, ids, (check.__doc__ or "").strip(), check, when is _AS_IT_BEGINS)
        when.append(ALL[name])
        return check

    return put


def judge(world: World) -> None:
    """All of them; raises Violation with the first that is broken."""
    _demand(world, _ALWAYS)
    if world.fresh:
        _demand(world, _AS_IT_BEGINS)
    if world.came:
        _demand(world, _WITH_RECORDS)


def _demand(world: World, invariants: list[Invariant]) -> None:
    for invariant in invariants:
        wrong = invariant.broken(world)
        if wrong:
            raise Violation(invariant.name, wrong)


def _state(world: World) -> Any:
    return world.pump.session.state


# -- flow


@holds("FLO-10")
def no_pulse_at_rest(w: World) -> str:
    """Held, paused, stopped or waiting: zero flow on the drug line."""
    return f"{w.new} pulses at rest in {states.NAMES[w.before]}" if w.vein and not GROUP[w.before] & FLOWS else ""


@holds("FLO-10")
def nothing_queued_at_rest(w: World) -> str:
    """What is asked of the motor outside a running step is nothing."""
    pulses = sum(word[0] for word in w.motor.queue)
    return f"{pulses} pulses queued in {states.NAMES[_state(w)]}" if pulses and _state(w) != RUNNING else ""


@holds("INT-4", "FLO-6")
def permit_only_in_flow(w: World) -> str:
    """No permit outside a running step, with STOP down, or with a trip."""
    if not w.out.permit or (_state(w) == RUNNING and not w.pump.guard.trip and not w.keys & STOP):
        return ""
    return f"permit in {states.NAMES[_state(w)]}, trip {causes.NAMES[w.pump.guard.trip]}"


@holds("FLO-6", "SES-11")
def stop_is_obeyed(w: World) -> str:
    """With STOP down nothing runs, and no bag is asked for that would run."""
    return "STOP is down" if w.keys & STOP and _state(w) in (RUNNING, states.BAG, states.ARMED) else ""


@holds("SEC-1")
def line_stop_is_obeyed(w: World) -> str:
    """The laptop's stop ends every session that is on."""
    if w.request != messages.STOP[0] or not GROUP[w.before] & ON or w.before == states.LOCKED:
        return ""
    if w.pump.session.held.calls() or _state(w) in (states.STOPPED, states.FAULT, states.LOCKED, states.READY):
        return ""
    return f"a stop from the line leads to {states.NAMES[_state(w)]}"


@holds("SEC-1")
def line_pause_is_obeyed(w: World) -> str:
    """The laptop's pause holds a flow, and what would flow with the next bag."""
    if w.request != messages.PAUSE[0] or not GROUP[w.before] & SUPERVISED or not GROUP[_state(w)] & SUPERVISED:
        return ""
    return f"after a pause from the line: {states.NAMES[_state(w)]}"


@holds("SEC-1", "SES-16", when=_AS_IT_BEGINS)
def flow_needs_a_press(w: World) -> str:
    """From rest nothing flows but in the scan of a press of CONFIRM."""
    return "" if w.keys & CONFIRM else "the flow begins without a press"


@holds("FLO-5", "INT-4")
def a_trip_ends_it(w: World) -> str:
    """What the guard has seen stays, and ends the session."""
    if w.trip_before and (w.pump.guard.trip != w.trip_before or (GROUP[w.before] & ON and _state(w) != states.FAULT)):
        return f"after {causes.NAMES[w.trip_before]}: {states.NAMES[_state(w)]}"
    return ""


@holds("INT-4")
def a_fault_stays(w: World) -> str:
    """A fault is left by power alone."""
    return f"from fault to {states.NAMES[_state(w)]}" if w.before == states.FAULT and _state(w) != states.FAULT else ""


@holds("ALM-6")
def no_false_fault(w: World) -> str:
    """Without a fault of the world there is none of the pump."""
    clean = not w.account.faults and not w.account.fell
    return causes.NAMES[w.pump.session.progress.cause] if clean and _state(w) == states.FAULT else ""


@holds("INT-4", "FLO-12")
def a_fallen_count_ends_it(w: World) -> str:
    """A counter that fell back ends the session: what was given is no longer known."""
    return "the counter fell back, and it runs" if w.account.fell and _state(w) == RUNNING else ""


@holds("FLO-12")
def one_account(w: World) -> str:
    """The pump's count of pulses is what moved the drug."""
    if w.account.fell or not GROUP[_state(w)] & ON or _state(w) == states.ARMED:
        return ""
    total, real = w.pump.session.progress.total, sum(w.account.own)
    return f"{total} booked, {real} moved" if abs(total - real) > w.account.faults else ""


# -- dose


@holds("PRO-4", "SES-15")
def never_above_the_order(w: World) -> str:
    """The dose of what really hung and moved never passes the order's."""
    if w.account.fell or not w.new:
        return ""
    given, ordered = dose(w), ordered_dose(w) + w.account.faults * max(STRENGTHS)
    return f"{given} of {ordered} units given" if given > ordered else ""


def dose(w: World) -> int:
    """Units given; what line-fills draw counts as none."""
    return sum(pulses * STRENGTHS[bag] for bag, pulses in enumerate(w.account.own)) - w.account.free


def ordered_dose(w: World) -> int:
    """Units of the full dose."""
    return int(w.plan.protocol.full_dose_pg // PULSE_NL)


@holds("PRO-4")
def complete_is_the_whole_dose(w: World) -> str:
    """Completed: less than a pulse of the last bag is missing."""
    if w.account.fell or _state(w) != states.COMPLETED or w.before == states.COMPLETED:
        return ""
    missing, wrong = ordered_dose(w) - dose(w), w.account.faults * max(STRENGTHS)
    last = w.pump.session.case.course.bag[w.pump.session.progress.step]
    return "" if -wrong <= missing < STRENGTHS[last] + wrong else f"{missing} units missing"


@holds("SES-2", when=_WITH_RECORDS)
def no_step_before_the_last(w: World) -> str:
    """No step begins before the one below it has given its volume."""
    for kind, _, _ in w.came:
        if kind == events.STEP_STARTED:
            step = w.pump.session.progress.step
            if step and not w.account.completed[step - 1]:
                return f"step {step + 1} begins, step {step} is not complete"
    return ""


@holds("SES-2", "SES-3", when=_WITH_RECORDS)
def a_step_is_whole(w: World) -> str:
    """A step completes with its own volume: no pulse twice, none left out."""
    if w.account.fell:
        return ""
    for kind, _, _ in w.came:
        if kind == events.STEP_COMPLETED:
            step, course = w.ended_step, w.pump.session.case.course
            if abs(w.ended_pulses - course.pulses[step]) > w.account.faults:
                return f"step {step + 1}: {w.ended_pulses} of {course.pulses[step]} pulses"
    return ""


@holds("PRO-8")
def the_bag_that_hangs(w: World) -> str:
    """It flows from the bag that really hangs, and only after that was confirmed."""
    if not w.pump.delivery.flowing:
        return ""
    if w.account.asked:
        return "a bag was asked for, none confirmed"
    bag = w.pump.session.case.course.bag[w.pump.session.progress.step]
    return f"bag {w.hung} hangs, it runs as from {bag}" if bag != w.hung else ""


@holds("PRO-4")
def what_is_committed_is_within_the_order(w: World) -> str:
    """What was given and what is queued together never pass the order's dose."""
    if w.account.fell or not w.motor.queue or not w.plan.counts[w.pump.session.claim.step]:
        return ""
    queued = sum(word[0] for word in w.motor.queue) * STRENGTHS[w.hung]
    most = ordered_dose(w) + w.account.faults * max(STRENGTHS)
    return f"{dose(w)} units given, {queued} queued, {most} at the most" if dose(w) + queued > most else ""


@holds("PRO-2", "PRO-7", "SES-5")
def vein_rate_within_the_step(w: World) -> str:
    """At the vein the dose rate is the step's at the most, whatever the line still holds."""
    for strength, interval_us, step in w.vein:
        if strength > w.vein_limit(step) * interval_us:
            return f"step {step + 1}: strength {strength} each {interval_us} us"
    return ""


@holds("PRO-2", "SES-3", when=_AS_IT_BEGINS)
def never_above_what_reacted(w: World) -> str:
    """After a reaction it goes on at the step that flowed, or below."""
    account = w.account
    if account.reacted_at < 0:
        return ""
    step = w.pump.session.progress.step
    return f"reaction in step {account.reacted_at + 1}, goes on at {step + 1}" if step > account.reacted_at else ""


@holds("PRO-5")
def rate_used_is_rate_shown(w: World) -> str:
    """The rate that runs is the rate shown is the course's, and no more than the step's."""
    session, delivery = w.pump.session, w.pump.delivery
    if not delivery.flowing or _state(w) != RUNNING:
        return ""
    course, leg = session.case.course, session.progress.leg
    if delivery._interval != course.interval_us[leg]:
        return f"interval {delivery._interval} us, the course's is {course.interval_us[leg]}"
    shown = session.rate_e4()
    if shown > session.case.plan.rate_e4[session.progress.step]:
        return f"{shown} said"
    told = bytes(w.pump.display.lines[16:32]).decode().split()
    steady = w.flow_before and shown == w.rate_before and told[1:] == ["mL/h"]
    return f"{told[0]} mL/h on the screen, {shown} e4" if steady and round(float(told[0]) * 10_000) != shown else ""


# -- patient


@holds("VIT-1")
def low_holds(w: World) -> str:
    """SpO2 at the stop limit for its delay holds."""
    return f"runs at low SpO2 for {w.low_ms} ms" if _state(w) == RUNNING and w.low_ms > LOW_MS else ""


@holds("VIT-2")
def blind_holds(w: World) -> str:
    """Without a sure reading for its time it holds."""
    return f"runs without a reading for {w.bad_ms} ms" if _state(w) == RUNNING and w.bad_ms > UNSEEN_MS else ""


@holds("VIT-2", "SES-1", when=_AS_IT_BEGINS)
def begins_with_a_reading(w: World) -> str:
    """What begins to flow has a sure reading of now, above the limit."""
    if w.reading == "good" or (w.reading != "low" and w.bad_ms <= FRESH_MS):
        return ""
    return f"begins with the reading {w.reading} for {max(w.bad_ms, w.low_ms)} ms"


@holds("SES-4", when=_AS_IT_BEGINS)
def resumes_after_recovery(w: World) -> str:
    """After a hold for the patient it goes on when the readings have been good for their time."""
    if w.account.unwell and w.good_ms < RECOVER_MS:
        return f"goes on after {w.good_ms} ms of good readings"
    return ""


@holds("ALM-7")
def low_alarms_everywhere(w: World) -> str:
    """A patient who is low has a high alarm, whatever the pump does."""
    return "low, no high alarm" if w.watched and w.low_ms > LOW_MS and w.pump.alarms.priority < HIGH else ""


@holds("VIT-2", "ALM-7")
def blind_alarms(w: World) -> str:
    """Nobody sees the patient: there is an alarm."""
    return "no reading, no alarm" if w.watched and w.bad_ms > UNSEEN_MS and not w.pump.alarms.priority else ""


@holds("ALM-3")
def silence_ends(w: World) -> str:
    """No silence is longer than its time."""
    return f"silent for {w.quiet_ms} ms" if w.quiet_ms > alarms.PAUSE_MS + TICK_MS else ""


# -- people


@holds("SES-6")
def reactions_are_kept(w: World) -> str:
    """No reaction is forgotten while the session lasts; the third one ends it."""
    now = w.pump.session.progress.reactions
    if GROUP[_state(w)] & ON and _state(w) != states.ARMED and now != w.account.reactions:
        return f"{w.account.reactions} reactions, {now} kept"
    most = w.plan.protocol.decision_after_count
    return f"it goes on after {now} reactions" if w.pump.delivery.flowing and w.account.reactions >= most else ""


@holds("SES-6", "SES-7", when=_AS_IT_BEGINS)
def no_resume_after_too_long(w: World) -> str:
    """After longer without flow than the protocol allows it does not go on."""
    most_ms = w.plan.protocol.max_hold_min * case.MIN_MS + TICK_MS
    return f"goes on after {w.still_before} ms without flow" if w.still_before > most_ms else ""


@holds("SES-3", when=_AS_IT_BEGINS)
def least_hold_after_a_reaction(w: World) -> str:
    """It does not go on before the least time of a hold is over."""
    least_ms = w.plan.protocol.min_hold_min * case.MIN_MS
    early = w.before == states.RESUMABLE and w.still_before + TICK_MS < least_ms
    return f"goes on after {w.still_before} ms" if early else ""


@holds("SES-1", "SES-16")
def what_starts_was_seen(w: World) -> str:
    """A start is of the protocol whose fingerprint has been on the screen."""
    starts = _state(w) == states.ARMED and w.before == states.READY
    return "START of a protocol that nobody saw" if starts and not w.saw else ""


@holds("SES-4")
def a_lock_stays(w: World) -> str:
    """An emergency is left by nobody."""
    left = w.before == states.LOCKED and _state(w) not in (states.LOCKED, states.FAULT)
    return f"from the emergency to {states.NAMES[_state(w)]}" if left else ""


@holds("SES-8", "ALM-2")
def a_hold_is_told(w: World) -> str:
    """What waits for a person, an emergency and a fault have an alarm."""
    told = (states.LOCKED, states.FAULT)
    waits = GROUP[_state(w)] & HOLDS and GROUP[w.before] & HOLDS or (_state(w) in told and w.before in told)
    return f"{states.NAMES[_state(w)]} without an alarm" if waits and not w.pump.alarms.priority else ""


@holds("SES-4", "SES-16")
def severe_locks(w: World) -> str:
    """Severe, said by two presses, or by one and the time after it, is the end."""
    state, account = _state(w), w.account
    if account.severe and GROUP[state] & ON and state != states.LOCKED:
        return f"severe was said: {states.NAMES[state]}"
    # The pump counts no time in a scan that has a press; here that is half of it when people go on pressing.
    late = state == states.HELD and account.severe_ms > 2 * held.LOCK_MS + 2 * TICK_MS
    return "severe was said once, and nothing comes of it" if late else ""


@holds("SES-16", "SES-3")
def nothing_is_preselected(w: World) -> str:
    """What a hold was, and where to go on, nobody answers by CONFIRM alone."""
    asked = w.before in (states.HELD, states.DECISION) and GROUP[_state(w)] & HOLDS and _state(w) != w.before
    return f"{states.NAMES[w.before]} answered, nothing chosen" if asked and w.keys & CONFIRM and not w.chosen else ""


@holds("SES-16", when=_AS_IT_BEGINS)
def a_resume_is_two_presses(w: World) -> str:
    """START and CONFIRM of a resume belong together: within the time of a second press."""
    if w.before != states.RESUMABLE:
        return ""
    apart_ms = w.start_before
    most_ms = bags.CONFIRM_MS + 2 * TICK_MS
    return "" if 0 <= apart_ms <= most_ms else f"START was {apart_ms} ms before"

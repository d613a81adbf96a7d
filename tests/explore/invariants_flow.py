"""What has to hold of the flow and of the dose in every reachable state, a function each."""

from __future__ import annotations

from tests.explore.judging import AS_IT_BEGINS, WITH_RECORDS, holds, state_of
from tests.explore.protocols import PULSE_NL, STRENGTHS
from tests.explore.world import World

from pump.io import CONFIRM, STOP
from pump.tables import causes, events, messages, states
from pump.tables.states import FLOWS, GROUP, HOLDABLE, ON, RUNNING, SUPERVISED


@holds("FLO-10")
def no_pulse_at_rest(w: World) -> str:
    """Held, paused, stopped or waiting: zero flow on the drug line."""
    return f"{w.new} pulses at rest in {states.NAMES[w.before]}" if w.vein and not GROUP[w.before] & FLOWS else ""


@holds("FLO-10")
def nothing_queued_at_rest(w: World) -> str:
    """What is asked of the motor outside a running step is nothing."""
    pulses = sum(word[0] for word in w.motor.queue)
    return f"{pulses} pulses queued in {states.NAMES[state_of(w)]}" if pulses and state_of(w) != RUNNING else ""


@holds("INT-4", "FLO-6")
def permit_only_in_flow(w: World) -> str:
    """No permit outside a running step, with STOP down, or with a trip."""
    if not w.out.permit or (state_of(w) == RUNNING and not w.pump.guard.trip and not w.keys & STOP):
        return ""
    return f"permit in {states.NAMES[state_of(w)]}, trip {causes.NAMES[w.pump.guard.trip]}"


@holds("FLO-6", "SES-11")
def stop_is_obeyed(w: World) -> str:
    """With STOP down nothing runs, no bag is asked for that would run, and no question leads on: it holds."""
    state = state_of(w)
    goes_on = w.keys & STOP and (GROUP[state] & HOLDABLE or state == states.ARMED)
    return f"STOP is down: {states.NAMES[state]}" if goes_on else ""


@holds("SEC-1")
def line_stop_is_obeyed(w: World) -> str:
    """The laptop's stop ends every session that is on."""
    if w.request != messages.STOP[0] or not GROUP[w.before] & ON or w.before == states.LOCKED:
        return ""
    if w.pump.session.held.calls() or state_of(w) in (states.STOPPED, states.FAULT, states.LOCKED, states.READY):
        return ""
    return f"a stop from the line leads to {states.NAMES[state_of(w)]}"


@holds("SEC-1")
def line_pause_is_obeyed(w: World) -> str:
    """The laptop's pause holds a flow, and what would flow with the next bag."""
    if w.request != messages.PAUSE[0] or not GROUP[w.before] & SUPERVISED or not GROUP[state_of(w)] & SUPERVISED:
        return ""
    return f"after a pause from the line: {states.NAMES[state_of(w)]}"


@holds("SEC-1", "SES-16", when=AS_IT_BEGINS)
def flow_needs_a_press(w: World) -> str:
    """From rest nothing flows but in the scan of a press of CONFIRM."""
    return "" if w.keys & CONFIRM else "the flow begins without a press"


@holds("FLO-5", "INT-4")
def a_trip_ends_it(w: World) -> str:
    """What the guard has seen stays, and ends the session."""
    if w.trip_before and (w.pump.guard.trip != w.trip_before or (GROUP[w.before] & ON and state_of(w) != states.FAULT)):
        return f"after {causes.NAMES[w.trip_before]}: {states.NAMES[state_of(w)]}"
    return ""


@holds("INT-4")
def a_fault_stays(w: World) -> str:
    """A fault is left by power alone."""
    return (
        f"from fault to {states.NAMES[state_of(w)]}" if w.before == states.FAULT and state_of(w) != states.FAULT else ""
    )


@holds("ALM-6")
def no_false_fault(w: World) -> str:
    """Without a fault of the world there is none of the pump."""
    clean = not w.account.faults and not w.account.fell
    return causes.NAMES[w.pump.session.progress.cause] if clean and state_of(w) == states.FAULT else ""


@holds("INT-4", "FLO-12")
def a_fallen_count_ends_it(w: World) -> str:
    """A counter that fell back ends the session: what was given is no longer known."""
    return "the counter fell back, and it runs" if w.account.fell and state_of(w) == RUNNING else ""


@holds("FLO-12")
def one_account(w: World) -> str:
    """The pump's count of pulses is what moved the drug."""
    if w.account.fell or not GROUP[state_of(w)] & ON or state_of(w) == states.ARMED:
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
    if w.account.fell or state_of(w) != states.COMPLETED or w.before == states.COMPLETED:
        return ""
    missing, wrong = ordered_dose(w) - dose(w), w.account.faults * max(STRENGTHS)
    last = w.pump.session.case.course.bag[w.pump.session.progress.step]
    return "" if -wrong <= missing < STRENGTHS[last] + wrong else f"{missing} units missing"


@holds("SES-2", when=WITH_RECORDS)
def no_step_before_the_last(w: World) -> str:
    """No step begins before the one below it has given its volume."""
    for kind, _, _ in w.came:
        if kind == events.STEP_STARTED:
            step = w.pump.session.progress.step
            if step and not w.account.completed[step - 1]:
                return f"step {step + 1} begins, step {step} is not complete"
    return ""


@holds("SES-2", "SES-3", when=WITH_RECORDS)
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


@holds("PRO-2", "PRO-7", "SES-5", "FLO-7")
def vein_rate_within_the_step(w: World) -> str:
    """At the vein the dose rate is the step's at the most, whatever the line still holds. A pulse that nobody asked for
    moves the line on by one: then what comes is early by as many pulses as there were faults, and by no more."""
    for strength, interval_us, step, least in w.vein:
        if least > w.vein_limit(step) * interval_us:
            return f"step {step + 1}: strength {strength} each {interval_us} us"
    return ""


@holds("FLO-2", "PRO-2", when=AS_IT_BEGINS)
def the_first_pulse_waits(w: World) -> str:
    """From rest the first pulse comes after a whole interval, so that stopping and starting gives none more."""
    interval_us, after_us = w.pump.session.case.course.interval_us[w.pump.session.progress.leg], 0
    for count, us in w.motor.queue:
        after_us += us
        if count:
            return f"the first pulse comes after {after_us} of {interval_us} us" if after_us < interval_us else ""
    return ""


@holds("SES-3", when=AS_IT_BEGINS)
def a_reacting_step_begins_anew(w: World) -> str:
    """After a reaction no rest of a step runs on: its volume and its dwell begin anew."""
    if w.account.reacted_at < 0 or any(kind == events.STEP_STARTED for kind, _, _ in w.came):
        return ""
    return f"reaction in step {w.account.reacted_at + 1}, the rest of one runs on"


@holds("PRO-2", "SES-3", when=AS_IT_BEGINS)
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
    if not delivery.flowing or state_of(w) != RUNNING:
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

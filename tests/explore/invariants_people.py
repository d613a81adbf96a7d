"""What has to hold for the patient and of people in every reachable state, a function each."""

from __future__ import annotations

from tests.explore.abstractions import TICK_MS
from tests.explore.judging import AS_IT_BEGINS, WITH_RECORDS, holds, state_of
from tests.explore.world import FRESH_MS, LOW_MS, RECOVER_MS, UNSEEN_MS, World

from pump.io import CONFIRM
from pump.panel import alarms
from pump.session import bags, case, held
from pump.tables import causes, events, states
from pump.tables.alarms import HIGH
from pump.tables.states import GROUP, HANGING, HOLDS, ON, SUPERVISED


@holds("VIT-1")
def low_holds(w: World) -> str:
    """SpO2 at the stop limit for its delay holds, in flow and while a bag is changed."""
    return f"low SpO2 for {w.low_ms} ms, no hold" if w.low_ms > LOW_MS and GROUP[state_of(w)] & SUPERVISED else ""


@holds("VIT-2")
def blind_holds(w: World) -> str:
    """Without a sure reading for its time it holds, in flow and while a bag is changed."""
    return f"no reading for {w.bad_ms} ms, no hold" if w.bad_ms > UNSEEN_MS and GROUP[state_of(w)] & SUPERVISED else ""


@holds("VIT-2", "SES-1", when=AS_IT_BEGINS)
def begins_with_a_reading(w: World) -> str:
    """What begins to flow has a sure reading of now, above the limit."""
    return "" if _seen(w) else f"begins with the reading {w.reading} for {max(w.bad_ms, w.low_ms)} ms"


@holds("VIT-2", "SES-2", when=WITH_RECORDS)
def a_step_begins_with_a_reading(w: World) -> str:
    """No step begins without one, the next one on the same bag included."""
    begins = not _seen(w) and any(kind == events.STEP_STARTED for kind, _, _ in w.came)
    return f"a step begins with the reading {w.reading} for {max(w.bad_ms, w.low_ms)} ms" if begins else ""


def _seen(w: World) -> bool:
    """There is a sure reading of now, above the limit."""
    return w.reading == "good" or (w.reading != "low" and w.bad_ms <= FRESH_MS)


@holds("SES-4", when=AS_IT_BEGINS)
def resumes_after_recovery(w: World) -> str:
    """After a hold for the patient it goes on when the readings have been good for their time."""
    if w.account.unwell and w.good_ms < RECOVER_MS:
        return f"goes on after {w.good_ms} ms of good readings"
    return ""


@holds("ALM-7")
def low_alarms_everywhere(w: World) -> str:
    """A patient who is low has a high alarm, whatever the pump does."""
    return "low, no high alarm" if w.said.watched and w.low_ms > LOW_MS and w.pump.alarms.priority < HIGH else ""


@holds("VIT-2", "ALM-7")
def blind_alarms(w: World) -> str:
    """Nobody sees the patient: there is an alarm."""
    return "no reading, no alarm" if w.said.watched and w.bad_ms > UNSEEN_MS and not w.pump.alarms.priority else ""


@holds("ALM-3")
def silence_ends(w: World) -> str:
    """No silence is longer than its time."""
    return f"silent for {w.quiet_ms} ms" if w.quiet_ms > alarms.PAUSE_MS + TICK_MS else ""


@holds("ALM-3")
def a_new_high_alarm_sounds(w: World) -> str:
    """A pause of what sounded before is none of a high alarm that comes then."""
    new = w.pump.alarms.priority >= HIGH > w.alarm_before
    return "a new high alarm, and its sound is paused" if new and w.pump.alarms.paused_ms > 0 else ""


# -- people


@holds("SES-3", "SES-4", "SES-6", "SES-16")
def a_word_leads_where_it_says(w: World) -> str:
    """What a person says that a hold was decides what follows, however the hold began."""
    word, state = w.said.word, state_of(w)
    if not word:
        return ""
    third = w.account.reactions >= w.plan.protocol.decision_after_count
    follows = {
        causes.TECHNICAL: states.DECISION if w.account.chooses else states.RESUMABLE,
        causes.MILD: states.LOCKED if third else states.DECISION,
        causes.SEVERE: states.LOCKED,
        causes.END: states.STOPPED,
    }[word]
    if word in (causes.SEVERE, causes.END) and not w.said.twice:
        return f"{causes.NAMES[word]} was said once: {states.NAMES[state]}"
    return "" if state == follows else f"{causes.NAMES[word]} was said: {states.NAMES[state]}"


@holds("SES-6")
def reactions_are_kept(w: World) -> str:
    """No reaction is forgotten while the session lasts; the third one ends it."""
    now = w.pump.session.progress.reactions
    if GROUP[state_of(w)] & ON and state_of(w) != states.ARMED and now != w.account.reactions:
        return f"{w.account.reactions} reactions, {now} kept"
    most = w.plan.protocol.decision_after_count
    return f"it goes on after {now} reactions" if w.pump.delivery.flowing and w.account.reactions >= most else ""


@holds("SES-6", "SES-7", when=AS_IT_BEGINS)
def no_resume_after_too_long(w: World) -> str:
    """After longer without flow than the protocol allows it does not go on."""
    most_ms = w.plan.protocol.max_hold_min * case.MIN_MS + TICK_MS
    late = w.account.flowed >= 0 and w.still_before > most_ms  # before the first pulse nothing has to be kept up
    return f"goes on after {w.still_before} ms without flow" if late else ""


def _resumes(w: World) -> bool:
    """A hold is left for what flows, or will with the bag that is asked for."""
    return GROUP[w.before] & HOLDS != 0 and GROUP[state_of(w)] & (SUPERVISED | HANGING) != 0


@holds("SES-3")
def least_hold_after_a_reaction(w: World) -> str:
    """It does not go on before the least time of a hold is over; what was waited before is no part of the hold."""
    early = w.account.held_ms < w.plan.protocol.min_hold_min * case.MIN_MS and _resumes(w)
    return f"goes on after {w.account.held_ms} ms" if early else ""


@holds("SES-2", "SES-6")
def no_bag_is_waited_for_without_end(w: World) -> str:
    """After the longest wait for a bag it is a person's decision, whatever keys were pressed in between."""
    if w.before != states.BAG or state_of(w) != states.BAG:
        return ""
    most_ms = w.plan.protocol.max_wait_min * case.MIN_MS + TICK_MS
    return f"a bag is waited for since {w.account.waited_ms} ms" if w.account.waited_ms > most_ms else ""


@holds("SES-1", "SES-11", "SES-16")
def what_starts_was_seen(w: World) -> str:
    """A start is of the protocol whose fingerprint has been on the screen as START went down; STOP takes it back."""
    starts = state_of(w) == states.ARMED and w.before == states.READY
    return "a start without START, or of a protocol that nobody saw" if starts and not w.saw else ""


@holds("SES-4")
def a_lock_stays(w: World) -> str:
    """An emergency is left by nobody."""
    left = w.before == states.LOCKED and state_of(w) not in (states.LOCKED, states.FAULT)
    return f"from the emergency to {states.NAMES[state_of(w)]}" if left else ""


@holds("SES-8", "ALM-2")
def a_hold_is_told(w: World) -> str:
    """What waits for a person, an emergency and a fault have an alarm."""
    told = (states.LOCKED, states.FAULT)
    waits = GROUP[state_of(w)] & HOLDS and GROUP[w.before] & HOLDS or (state_of(w) in told and w.before in told)
    return f"{states.NAMES[state_of(w)]} without an alarm" if waits and not w.pump.alarms.priority else ""


@holds("SES-4", "SES-16")
def severe_locks(w: World) -> str:
    """Severe, said by two presses, or by one and the time after it, is the end."""
    state, said = state_of(w), w.said
    if said.severe and GROUP[state] & ON and state != states.LOCKED:
        return f"severe was said: {states.NAMES[state]}"
    # The pump counts no time in a scan that has a press; here that is half of it when people go on pressing.
    late = state == states.HELD and said.severe_ms > 2 * held.LOCK_MS + 2 * TICK_MS
    return "severe was said once, and nothing comes of it" if late else ""


@holds("SES-16", "SES-3")
def nothing_is_preselected(w: World) -> str:
    """What a hold was, and where to go on, nobody answers by CONFIRM alone."""
    asked = w.before in (states.HELD, states.DECISION) and GROUP[state_of(w)] & HOLDS and state_of(w) != w.before
    return (
        f"{states.NAMES[w.before]} answered, nothing chosen" if asked and w.keys & CONFIRM and not w.said.chosen else ""
    )


@holds("SES-16")
def a_resume_is_two_presses(w: World) -> str:
    """START and CONFIRM of a resume belong together, within the time of a second press: also when the bag is changed
    next, and out of a hold nothing else leads."""
    if not _resumes(w):
        return ""
    apart_ms = w.said.start_before
    most_ms = bags.CONFIRM_MS + 2 * TICK_MS
    if not w.keys & CONFIRM:
        return "CONFIRM is not down"
    return "" if 0 <= apart_ms <= most_ms else f"START was {apart_ms} ms before"

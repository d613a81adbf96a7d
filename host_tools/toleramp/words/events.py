"""What each event says: the monitor's sentence, and its title in a report; for each row of pump.tables.events.

In a sentence {why} is the event's code in words, {alarm} what, why and what to do, {title} the alarm's title, {n} the
step, {rate} and {bag} the step's, {decision} and {button} what a person did, {setting} what was set and from when on it
counts, {baseline} a percentage or none, {part} which part, {check} which check of the self-test failed, {signs} a
minute of vital signs, {event} the title of another event, {recovery} why a session goes on or not, {ml} the argument's
nL in mL, {off} its seconds in words.
"""

from typing import NamedTuple

from pump.tables import events


class Words(NamedTuple):
    """A sentence for the monitor, a title for the report."""

    sentence: str
    title: str


WORDS: dict[int, Words] = {}
WORDS[events.BOOT] = Words("pump switched on", "Pump switched on")
WORDS[events.SELF_TEST] = Words("self-test{check}", "Self-test")
WORDS[events.LOADED] = Words("protocol loaded", "Protocol loaded")
WORDS[events.LOAD_REFUSED] = Words("protocol refused: {why}", "Protocol refused")
WORDS[events.CHECKLIST_COMPLETED] = Words("checklist complete", "Checklist complete")
WORDS[events.PRIMED] = Words("line primed", "Line primed")
WORDS[events.ARMED] = Words("START pressed; waiting for the bag to be confirmed", "START pressed; waiting for the bag")
WORDS[events.BAG_REQUESTED] = Words("hang the bag and confirm it at the pump{bag}", "Pump asked for a bag")
WORDS[events.BAG_CONFIRMED] = Words("bag confirmed{bag}", "Bag confirmed")
WORDS[events.BAG_REJECTED] = Words("wrong bag: not accepted", "Bag rejected")
WORDS[events.STEP_STARTED] = Words("step {n} started: {rate}{bag}", "Step started")
WORDS[events.STEP_INSERTED] = Words("step inserted before step {n}", "Step inserted")
WORDS[events.STEP_COMPLETED] = Words("step {n} completed", "Step completed")
WORDS[events.OBSERVATION_DUE] = Words("observation due", "Observation due")
WORDS[events.OBSERVATION] = Words("observation entered", "Observation entered")
WORDS[events.OBSERVATION_OVERDUE] = Words("observation overdue", "Observation overdue")
WORDS[events.PAUSED] = Words("held: {why}", "Infusion held")
WORDS[events.REACTION] = Words("reaction reported: {why}", "Reaction reported")
WORDS[events.LOCKED] = Words("locked: {why}", "Pump locked")
WORDS[events.UNLOCKED] = Words("unlocked at the bedside", "Pump unlocked")
WORDS[events.DECISION] = Words("decided: {decision}", "Decided")
WORDS[events.RESUMED] = Words("resumed at step {n}", "Infusion resumed")
WORDS[events.ALARM_RAISED] = Words("ALARM {alarm}", "Alarm")
WORDS[events.ALARM_CLEARED] = Words("alarm over: {title}", "Alarm over")
WORDS[events.PERMIT_LOST] = Words("flow permit withdrawn", "Supervisor withdrew the permit to flow")
WORDS[events.STOPPED] = Words("stopped: {why}", "Session stopped")
WORDS[events.FLUSH_STARTED] = Words("flush started: {rate}", "Flush started")
WORDS[events.FLUSH_COMPLETED] = Words("flush completed", "Flush completed")
WORDS[events.HANDOVER] = Words("handover", "Handover")
WORDS[events.POWER_LOST] = Words("power was lost", "Power lost")
WORDS[events.RECOVERED] = Words(
    "the session goes on when people have looked and resumed it: {recovery}; up to {ml} mL more may have flowed than"
    " was counted",
    "Session taken up again",
)
WORDS[events.COMPLETED] = Words("session completed", "Session completed")
WORDS[events.FAULT] = Words("FAULT: {why}", "Fault")
WORDS[events.VITALS] = Words("vital signs of a minute: {signs}", "Vital signs")
WORDS[events.PRESSED] = Words("{button} pressed", "Button pressed")
WORDS[events.SETTING] = Words("setting changed: {setting}", "Setting changed")
WORDS[events.BASELINE] = Words("baseline SpO2 {baseline}", "Baseline")
WORDS[events.MONITORING_ENDED] = Words("monitoring of the patient ended", "Monitoring ended")
WORDS[events.PROBE_OFF] = Words("probe off on purpose, for {arg} min at the most", "Probe off on purpose")
WORDS[events.SUPPRESSED] = Words("left out of the log: {arg} times {event}", "Left out of the log")
WORDS[events.PART_LOST] = Words("a part of the pump does not answer: {part}", "Part lost")
WORDS[events.PART_BACK] = Words("a part of the pump answers again: {part}", "Part back")
WORDS[events.EXCEPTION] = Words("the firmware failed and starts anew", "Firmware failed")
WORDS[events.SESSION_LOST] = Words(
    "the pump started anew in step {arg}: the session is lost, look at patient and line: {recovery}", "Session lost"
)
WORDS[events.CLOCK_SET] = Words("the pump's clock was set, by {arg:+} s", "Clock set")
WORDS[events.CLOCK_WRONG] = Words("the pump's clock is wrong, by {arg:+} s: {why}", "Clock wrong")
WORDS[events.KEY_USED] = Words("the first request by this person's key", "Key used")
WORDS[events.KEY_REFUSED] = Words("a request was refused: {why}", "Key refused")
WORDS[events.KEYS_DAMAGED] = Words(
    "the keyring is damaged: copies {arg} (1 the first, 2 the second, 3 both)", "Keyring damaged"
)
WORDS[events.TIME_OFF] = Words("the power was off for {off}", "Time without power")

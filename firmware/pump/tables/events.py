"""The events of the journal, a row each: name, groups, what `code` and `arg` of the record mean ("-": nothing).

Where the code is a row of a table (alarm, cause, refusal), its meaning begins with that table's word.

A group says what an event does to a session; who reads a journal asks `GROUP[event] & ENDS`.
"""

from array import array

BEGINS = 1  # the drug begins to flow, or goes on
HOLDS = 2  # it stands still until a person has decided
ENDS = 4  # the session is over
STEPS = 8  # a step begins or ends
ALARMS = 16
ASKS = 32  # something is asked of a person, or was answered so that the next question comes
STARTS = 64  # the processor, or the power, came anew: what comes then, whatever was before
POWER = 128  # the power goes or comes
BAGS = 256  # about a bag: `arg` is its solution
FIGURES = 512  # `arg` is a figure that says something by itself
UNTIMED = 1024  # when it comes depends on how the pump was switched on and loaded

ROWS = (
    ("boot", STARTS | UNTIMED, "the board's reset cause", "-"),
    ("self_test", STARTS | FIGURES | UNTIMED, "-", "parts that answered, as bits of the board"),
    ("loaded", ASKS | UNTIMED, "-", "steps"),
    ("load_refused", FIGURES | UNTIMED, "refusal", "step, or record of the protocol"),
    ("checklist_completed", 0, "-", "-"),
    ("primed", 0, "-", "-"),
    ("armed", ASKS, "-", "-"),
    ("bag_requested", ASKS | BAGS, "-", "solution"),
    ("bag_confirmed", BAGS, "-", "solution"),
    ("bag_rejected", ASKS | BAGS, "-", "solution"),
    ("step_started", BEGINS | STEPS, "-", "solution"),
    ("step_inserted", STEPS, "-", "-"),
    ("step_completed", STEPS, "-", "reactions so far"),
    ("observation_due", ASKS, "-", "-"),
    ("observation", 0, "-", "-"),
    ("observation_overdue", ASKS, "-", "-"),
    ("paused", HOLDS | ASKS, "cause", "step"),
    ("reaction", HOLDS | ASKS, "cause, a grade", "step"),
    ("locked", HOLDS | ENDS, "cause", "-"),
    ("unlocked", 0, "-", "-"),
    ("decision", ASKS, "cause, a grade", "step to resume at"),
    ("resumed", BEGINS, "cause of the hold", "step"),
    ("alarm_raised", ALARMS | FIGURES, "alarm", "priority"),
    ("alarm_cleared", ALARMS, "alarm", "-"),
    ("permit_lost", HOLDS, "-", "-"),
    ("stopped", HOLDS | ENDS, "cause", "-"),
    ("flush_started", 0, "-", "-"),
    ("flush_completed", 0, "-", "-"),
    ("handover", 0, "-", "-"),
    ("power_lost", HOLDS | POWER, "-", "-"),
    ("recovered", POWER, "-", "-"),
    ("completed", HOLDS | ENDS, "-", "-"),
    ("fault", HOLDS | ENDS, "cause", "-"),
    ("vitals", 0, "-", "-"),
    ("pressed", 0, "keys, as bits", "-"),
    ("setting", 0, "setting", "its value"),
)
NAMES = tuple([row[0] for row in ROWS])
GROUP = array("H", [row[1] for row in ROWS])
(
    BOOT, SELF_TEST, LOADED, LOAD_REFUSED, CHECKLIST_COMPLETED, PRIMED, ARMED, BAG_REQUESTED, BAG_CONFIRMED,
    BAG_REJECTED, STEP_STARTED, STEP_INSERTED, STEP_COMPLETED, OBSERVATION_DUE, OBSERVATION, OBSERVATION_OVERDUE,
    PAUSED, REACTION, LOCKED, UNLOCKED, DECISION, RESUMED, ALARM_RAISED, ALARM_CLEARED, PERMIT_LOST, STOPPED,
    FLUSH_STARTED, FLUSH_COMPLETED, HANDOVER, POWER_LOST, RECOVERED, COMPLETED, FAULT, VITALS, PRESSED, SETTING,
) = range(len(ROWS))  # fmt: skip


def described():
    """What pump and tool must agree on: names, their order and groups."""
    return ["%s %d" % row[:2] for row in ROWS]

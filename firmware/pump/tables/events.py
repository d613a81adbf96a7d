"""The events of the journal, a row each: name, groups, what `code` is, then `code` and `arg` in words ("-": nothing).

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
BAGS = 256  # a bag is asked for, hung, or begun: `arg` is its number
URGENT = 512  # somebody has to look at once
FIGURES = 1024  # `arg` is a figure that says something by itself
UNTIMED = 2048  # when it comes depends on how the pump was switched on and loaded
HANGS = 4096  # about the hanging of a bag: `arg` is its number
KNOWN = 8192  # a person's word about the session before: nobody has to be told of it at the next power-on

# What `code` is: a row of that table, bits of pump.io's keys, or nothing that has a name.
OF_NOTHING, OF_CAUSE, OF_ALARM, OF_REFUSAL, OF_KEYS, OF_SETTING, OF_EVENT, OF_PART = 0, 1, 2, 3, 4, 5, 6, 7
OF_RECOVERY, OF_CHECK = 8, 9

ROWS = (
    ("boot", STARTS | UNTIMED, OF_NOTHING, "the board's reset cause", "the firmware's contract"),
    (
        "self_test",
        STARTS | FIGURES | UNTIMED,
        OF_CHECK,
        "check that failed",
        "what it found; without a check: parts that answered, as bits of the board",
    ),
    ("loaded", ASKS | UNTIMED | KNOWN, OF_NOTHING, "-", "steps"),
    ("load_refused", FIGURES | UNTIMED, OF_REFUSAL, "refusal", "step, or record of the protocol"),
    ("checklist_completed", 0, OF_NOTHING, "-", "-"),
    ("primed", 0, OF_NOTHING, "-", "-"),
    ("armed", ASKS, OF_NOTHING, "-", "-"),
    ("bag_requested", ASKS | BAGS | HANGS, OF_NOTHING, "-", "solution"),
    ("bag_confirmed", BAGS | HANGS, OF_NOTHING, "-", "solution"),
    ("bag_rejected", ASKS | HANGS, OF_NOTHING, "-", "solution"),
    ("step_started", BEGINS | STEPS | BAGS, OF_NOTHING, "-", "solution"),
    ("step_inserted", STEPS, OF_NOTHING, "-", "-"),
    ("step_completed", STEPS, OF_NOTHING, "-", "reactions so far"),
    ("observation_due", ASKS, OF_NOTHING, "-", "-"),
    ("observation", 0, OF_NOTHING, "-", "-"),
    ("observation_overdue", ASKS, OF_NOTHING, "-", "-"),
    ("paused", HOLDS | ASKS, OF_CAUSE, "cause", "step"),
    ("reaction", HOLDS | ASKS, OF_CAUSE, "cause, a grade", "step"),
    ("locked", HOLDS | ENDS | URGENT, OF_CAUSE, "cause", "-"),
    ("unlocked", 0, OF_NOTHING, "-", "-"),
    ("decision", ASKS, OF_CAUSE, "cause, a grade", "step to resume at"),
    ("resumed", BEGINS, OF_CAUSE, "cause of the hold", "step"),
    ("alarm_raised", ALARMS | URGENT | FIGURES, OF_ALARM, "alarm", "priority"),
    ("alarm_cleared", ALARMS, OF_ALARM, "alarm", "-"),
    ("permit_lost", HOLDS, OF_NOTHING, "-", "-"),
    ("stopped", HOLDS | ENDS, OF_CAUSE, "cause", "-"),
    ("flush_started", 0, OF_NOTHING, "-", "-"),
    ("flush_completed", 0, OF_NOTHING, "-", "-"),
    ("handover", 0, OF_NOTHING, "-", "-"),
    ("power_lost", HOLDS | POWER, OF_NOTHING, "-", "-"),
    ("recovered", POWER | ASKS | URGENT | FIGURES, OF_RECOVERY, "recovery", "nL that may have flowed besides"),
    ("completed", HOLDS | ENDS, OF_NOTHING, "-", "-"),
    ("fault", HOLDS | ENDS | URGENT, OF_CAUSE, "cause", "-"),
    ("vitals", UNTIMED, OF_NOTHING, "-", "SpO2: lowest, mean, highest, 7 bits each; 9 of the mean pulse"),
    ("pressed", 0, OF_KEYS, "keys, as bits", "-"),
    ("setting", 0, OF_SETTING, "setting", "its value"),
    ("baseline", FIGURES, OF_NOTHING, "-", "SpO2 in percent at START; 255: none"),
    ("monitoring_ended", KNOWN, OF_NOTHING, "-", "-"),
    ("probe_off", FIGURES, OF_NOTHING, "-", "minutes without alarms of the signal"),
    ("suppressed", FIGURES, OF_EVENT, "event that came too often", "how many records were left out"),
    ("part_lost", URGENT | FIGURES, OF_PART, "part", "parts that answer, as bits"),
    ("part_back", FIGURES, OF_PART, "part", "seconds for which it was away"),
    ("exception", URGENT | FIGURES, OF_NOTHING, "-", "line of the file that the next records name"),
    ("session_lost", URGENT | FIGURES, OF_RECOVERY, "recovery", "step that ran when the pump started anew"),
    ("clock_set", FIGURES, OF_CAUSE, "cause, what was wrong with it", "seconds by which it was put ahead"),
    ("clock_wrong", FIGURES, OF_CAUSE, "cause", "seconds by which it was found ahead"),
    ("key_used", UNTIMED, OF_NOTHING, "-", "-"),  # whose key `user` is in this power-on: the next records have the id
    ("key_refused", FIGURES | UNTIMED, OF_REFUSAL, "refusal", "type of the request"),
    ("keys_damaged", FIGURES | UNTIMED, OF_NOTHING, "-", "copies of the keyring that are not sound, as bits"),
    ("time_off", POWER | FIGURES, OF_NOTHING, "-", "seconds without power, in a session; -1: nobody knows"),
)
NAMES = tuple([row[0] for row in ROWS])
GROUP = array("H", [row[1] for row in ROWS])
CODE = bytes([row[2] for row in ROWS])
(
    BOOT, SELF_TEST, LOADED, LOAD_REFUSED, CHECKLIST_COMPLETED, PRIMED, ARMED, BAG_REQUESTED, BAG_CONFIRMED,
    BAG_REJECTED, STEP_STARTED, STEP_INSERTED, STEP_COMPLETED, OBSERVATION_DUE, OBSERVATION, OBSERVATION_OVERDUE,
    PAUSED, REACTION, LOCKED, UNLOCKED, DECISION, RESUMED, ALARM_RAISED, ALARM_CLEARED, PERMIT_LOST, STOPPED,
    FLUSH_STARTED, FLUSH_COMPLETED, HANDOVER, POWER_LOST, RECOVERED, COMPLETED, FAULT, VITALS, PRESSED, SETTING,
    BASELINE, MONITORING_ENDED, PROBE_OFF, SUPPRESSED, PART_LOST, PART_BACK, EXCEPTION, SESSION_LOST,
    CLOCK_SET, CLOCK_WRONG, KEY_USED, KEY_REFUSED, KEYS_DAMAGED, TIME_OFF,
) = range(len(ROWS))  # fmt: skip

# The content of a `vitals` record, of a minute: SpO2 lowest, mean, highest (percent; 127: no reading), the same of the
# pulse (beats a minute; 65535: none), seconds with readings, changes of SpO2; then of each change for which there is
# room its second, and in the lower 7 bits SpO2 from then on (127: none). In the argument 511 is no pulse.
SIGNS, SIGNS_CHANGE = "<BBBHHHBB", "<H"
SIGNS_NO_SPO2 = 127

# How many records an event may write in any hour (ALM-8); one that is not named here is never left out: onset and end
# of an alarm, hold, decision, treatment, dose. Hands bound what a person presses, nothing what the line asks.
_AN_HOUR = {
    "loaded": 60, "load_refused": 60, "armed": 120, "bag_requested": 120, "bag_rejected": 120, "pressed": 600,
    "setting": 60, "baseline": 120, "probe_off": 60, "part_lost": 80, "part_back": 80,
    "clock_set": 60, "clock_wrong": 60, "key_used": 120, "key_refused": 120, "keys_damaged": 60,
}  # fmt: skip
AN_HOUR = array("H", [_AN_HOUR.get(row[0], 0) for row in ROWS])


def described():
    """What pump and tool must agree on: names, their order, groups, what `code` is, records an hour."""
    rows = ["%s %d %d %d" % (row[:3] + (AN_HOUR[k],)) for k, row in enumerate(ROWS)]
    return rows + [SIGNS + SIGNS_CHANGE]

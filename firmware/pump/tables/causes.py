"""Why the pump alerts, holds, stops or faults, a row each; a mild or severe reaction is a person's word.

    name | kind | what it does | its alarm | what a resume waits for | states in which it alarms | words on the screen
    | as a question | does it take a second press

A condition is a cause that a sense sees: it has a bit, which the sense sets and clears with its own hysteresis. The
bits become alarms and the one cause for which the session holds in pump.senses.conditions, by these rows alone.
"""

from array import array

from pump.tables import alarms as a
from pump.tables import states as s

# Kinds; a grade is what a person calls a hold, a reaction is a grade, too.
VITALS, SENSOR, PERSON, HOST, FAULTS, GRADE, REACTION = 1, 2, 3, 4, 5, 6, 7
NOTES, ALERTS, HOLDS, ENDS = 0, 1, 2, 3  # what it does; ENDS: the session is over, the pump a fault's
NOTHING, GOOD, RECOVERED = 0, 1, 2  # what a resume waits for: no more than a press, a good reading, a minute of them

_EVERY = 0xFFFF
_SEEN = s.ON  # a condition that matters while a session is on
MONITORED = 1 << 15  # no state's own group: the patient is watched, in whatever state (ALM-7)

ROWS = (
    ("none", 0, NOTES, a.NONE, GOOD, 0, b"NONE"),
    ("spo2-stop", VITALS, HOLDS, a.SPO2_STOP, RECOVERED, MONITORED, b"SPO2 STOP"),
    ("pulse-stop", VITALS, HOLDS, a.PULSE_STOP, RECOVERED, MONITORED, b"PULSE STOP"),
    ("signal-lost", VITALS, HOLDS, a.SIGNAL_HOLD, GOOD, MONITORED, b"SIGNAL LOST"),
    ("stop-button", PERSON, HOLDS, a.NONE, GOOD, 0, b"STOP BUTTON"),
    ("host-pause", HOST, HOLDS, a.NONE, GOOD, 0, b"HOST PAUSE"),
    ("host-stop", HOST, NOTES, a.NONE, NOTHING, 0, b"HOST STOP"),
    ("over-delivery", FAULTS, ENDS, a.OVER, NOTHING, 0, b"OVER DELIVERY"),
    ("under-delivery", FAULTS, ENDS, a.UNDER, NOTHING, 0, b"UNDER DELIVERY"),
    ("runaway", FAULTS, ENDS, a.DRIVE, NOTHING, 0, b"RUNAWAY"),
    ("drive-late", FAULTS, ENDS, a.DRIVE, NOTHING, 0, b"DRIVE LATE"),
    ("claim", FAULTS, ENDS, a.DRIVE, NOTHING, 0, b"CLAIM"),
    ("technical", GRADE, NOTES, a.NONE, GOOD, 0, b"TECHNICAL", b"TECHNICAL?"),
    ("mild", REACTION, NOTES, a.NONE, GOOD, 0, b"MILD", b"MILD REACTION?"),
    ("severe", REACTION, NOTES, a.NONE, NOTHING, 0, b"SEVERE", b"SEVERE REACTION", True),
    ("end", GRADE, NOTES, a.NONE, NOTHING, 0, b"END", b"END SESSION?", True),
    ("memory", FAULTS, ENDS, a.MEMORY, NOTHING, 0, b"MEMORY"),
    ("step-wait", VITALS, HOLDS, a.NONE, GOOD, 0, b"STEP WAIT"),
    ("journal-full", SENSOR, ALERTS, a.JOURNAL, NOTHING, _EVERY, b"JOURNAL FULL"),
    ("spo2-early", VITALS, ALERTS, a.SPO2_EARLY, NOTHING, MONITORED, b"SPO2 EARLY"),
    ("signal-late", VITALS, ALERTS, a.SIGNAL_LOST, NOTHING, MONITORED, b"SIGNAL LATE"),
    ("key-stuck", SENSOR, ALERTS, a.KEY, NOTHING, _EVERY, b"KEY STUCK"),
    ("link-lost", HOST, ALERTS, a.LINK, NOTHING, _SEEN, b"LINK LOST"),
    ("battery-low", SENSOR, ALERTS, a.BATTERY, NOTHING, _EVERY, b"BATTERY LOW"),
    ("pulse-count", FAULTS, ENDS, a.DRIVE, NOTHING, 0, b"PULSE COUNT"),
    ("bag-wrong", PERSON, ALERTS, a.WRONG_BAG, NOTHING, s.HANGING, b"WRONG BAG"),
    ("bounds", FAULTS, ENDS, a.OVER, NOTHING, 0, b"DOSE BOUND"),
    ("key-storm", SENSOR, ALERTS, a.STORM, NOTHING, _EVERY, b"KEYPAD FAULT"),
    ("log-fast", SENSOR, ALERTS, a.LOG_FAST, NOTHING, _EVERY, b"LOG FILLS FAST"),
    ("screen-lost", SENSOR, ALERTS, a.SCREEN, NOTHING, _EVERY, b"SCREEN LOST"),
    ("lights-lost", SENSOR, ALERTS, a.LIGHTS, NOTHING, _EVERY, b"LIGHTS LOST"),
    ("log-lost", SENSOR, ALERTS, a.LOG_LOST, NOTHING, _EVERY, b"LOG LOST"),
    ("no-screen", SENSOR, HOLDS, a.SCREEN, GOOD, 0, b"NO SCREEN"),
    ("session-lost", SENSOR, ALERTS, a.SESSION, NOTHING, s.AT_REST, b"SESSION LOST"),
    ("driver-off", FAULTS, ENDS, a.DRIVE, NOTHING, 0, b"DRIVER OFF"),
    ("unwatched", FAULTS, ENDS, a.DRIVE, NOTHING, 0, b"NOT WATCHED"),
    ("clock-lost", SENSOR, ALERTS, a.CLOCK_LOST, NOTHING, _EVERY, b"CLOCK LOST"),
    ("clock-unset", SENSOR, ALERTS, a.CLOCK_UNSET, NOTHING, _EVERY, b"CLOCK NOT SET"),
    ("clock-stopped", SENSOR, ALERTS, a.CLOCK_STOPPED, NOTHING, _EVERY, b"CLOCK STOPPED"),
    ("clock-jumped", SENSOR, ALERTS, a.CLOCK_JUMPED, NOTHING, _EVERY, b"CLOCK JUMPED"),
    ("clocks-apart", SENSOR, ALERTS, a.CLOCKS_APART, NOTHING, _EVERY, b"CLOCKS APART"),
    ("keys-damaged", SENSOR, ALERTS, a.KEYRING, NOTHING, s.AT_REST, b"KEYS DAMAGED"),
    ("power-off", SENSOR, NOTES, a.NONE, RECOVERED, 0, b"POWER OFF"),
    ("self-test", FAULTS, ENDS, a.SELF_TEST, NOTHING, 0, b"SELF-TEST"),
    ("battery-15", SENSOR, ALERTS, a.BATTERY_15, NOTHING, _EVERY, b"BATTERY 15 MIN"),
    ("battery-5", SENSOR, ALERTS, a.BATTERY_5, NOTHING, _EVERY, b"BATTERY 5 MIN"),
    ("battery-flat", SENSOR, HOLDS, a.BATTERY_FLAT, GOOD, _EVERY, b"LOW BATTERY"),
)
NAMES = tuple([row[0] for row in ROWS])
KIND = bytes([row[1] for row in ROWS])
DOES = bytes([row[2] for row in ROWS])
ALARM = bytes([row[3] for row in ROWS])
WAITS = bytes([row[4] for row in ROWS])
WHERE = array("H", [row[5] for row in ROWS])
WORDS = tuple([row[6] for row in ROWS])
ASKED = tuple([row[7] if len(row) > 7 else b"" for row in ROWS])  # as a question on the screen
TWICE = bytes([1 if len(row) > 8 else 0 for row in ROWS])  # entered by two presses
(
    NONE, SPO2_STOP, PULSE_STOP, SIGNAL_LOST, STOP_BUTTON, HOST_PAUSE, HOST_STOP, OVER_DELIVERY, UNDER_DELIVERY,
    RUNAWAY, DRIVE_LATE, CLAIM, TECHNICAL, MILD, SEVERE, END, MEMORY, STEP_WAIT, JOURNAL_FULL, SPO2_EARLY,
    SIGNAL_LATE, KEY_STUCK, LINK_SILENT, BATTERY_LOW, COUNT, WRONG_BAG, BOUNDS, KEY_STORM, LOG_FAST, SCREEN_LOST,
    LIGHTS_LOST, LOG_LOST, NO_SCREEN, SESSION_LOST, DRIVER_OFF, UNWATCHED,
    CLOCK_LOST, CLOCK_UNSET, CLOCK_STOPPED, CLOCK_JUMPED, CLOCKS_APART, KEYS_DAMAGED, POWER_OFF, SELF_TEST,
    BATTERY_15, BATTERY_5, BATTERY_FLAT,
) = range(len(ROWS))  # fmt: skip

# What a person may enter at a hold, in the order in which it is offered; and what of it is a reaction of the patient.
GRADES = bytes([k for k in range(len(ROWS)) if KIND[k] in (GRADE, REACTION)])
REACTIONS = bytes([k for k in range(len(ROWS)) if KIND[k] == REACTION])

# The conditions in the order of their rows: what senses see, one bit each (0 for what no sense sees).
SEEN = bytes([1 if row[1] in (VITALS, SENSOR) else 0 for row in ROWS])
CONDITIONS = bytes([k for k in range(len(ROWS)) if DOES[k] == ALERTS or (DOES[k] == HOLDS and SEEN[k])])
BIT = array("I", [1 << CONDITIONS.find(bytes((k,))) if k in CONDITIONS else 0 for k in range(len(ROWS))])

WAIT_BITS = sum([BIT[k] for k in range(len(ROWS)) if DOES[k] == HOLDS and KIND[k] == SENSOR])  # no step begins
LOW_BITS = BIT[SPO2_STOP] | BIT[PULSE_STOP]  # the patient is too unwell to go on
SIGNAL_BITS = BIT[SIGNAL_LATE] | BIT[SIGNAL_LOST]  # nothing is known of the patient


def described():
    """What pump and tool must agree on: names, their order, kinds and what they do."""
    return ["%s %d %d %d %d %d" % row[:6] for row in ROWS]

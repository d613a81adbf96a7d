"""The states of a session, a row each: name, groups, alarm, event, first and second line of the screen.

Code asks `GROUP[state] & FLOWS`; it never compares numbers and keeps no list of its own. The alarm is the one that a
state gives by itself, the event the one recorded when a state that ends the session begins.
"""

from array import array

from pump.tables import alarms, events

FLOWS = 1  # the drug may flow
SUPERVISED = 2  # the oximeter's limits hold the flow, or keep it from beginning
HOLDABLE = 4  # STOP and the laptop's pause lead to a hold
AT_REST = 8  # a protocol may be loaded, settings may change
ON = 16  # from the first press of a start to a person's last word
HOLDS = 32  # zero flow until a person has decided
OVER = 64  # the session goes on no more
HANGING = 128  # a bag is asked for
# The self-test has not passed: what is kept of a session is not touched, no key but STOP and SILENCE counts.
UNTESTED = 256
FAULTY = 512  # nothing but switching it off and on leads out of it

# What stands on the screen: after the first line's words, and as second line; pump.panel.display draws each.
NOTHING, STEP_AND_BAG, BAG_LETTER, CAUSE, CHOSEN_STEP, CHOSEN_BAG, STEP_NUMBER, POWER_OFF, CHECK = range(9)
KEYS, IDENTITY, CODE, RATE, GRADE, CHOICE, OFFER, WAITING, CLAMP, LOOKED, REMEDY = range(1, 12)

ROWS = (
    ("idle", AT_REST, 0, 0, b"NO PROTOCOL", NOTHING, KEYS),
    ("ready", AT_REST, 0, 0, b"READY ", NOTHING, IDENTITY),
    ("armed", ON | HANGING, 0, 0, b"HANG BAG ", BAG_LETTER, CODE),
    ("bag", SUPERVISED | HOLDABLE | ON | HANGING, alarms.BAG, 0, b"HANG BAG ", BAG_LETTER, CODE),
    ("running", FLOWS | SUPERVISED | HOLDABLE | ON, 0, 0, b"STEP ", STEP_AND_BAG, RATE),
    ("held", ON | HOLDS, alarms.HELD, 0, b"HELD ", CAUSE, GRADE),
    ("decision", HOLDABLE | ON | HOLDS, alarms.HELD, 0, b"RESUME AT STEP ", CHOSEN_STEP, CHOICE),
    ("boundary", HOLDABLE | ON | HOLDS, alarms.HELD, 0, b"STEP ", CHOSEN_BAG, OFFER),
    ("resumable", HOLDABLE | ON | HOLDS, alarms.HELD, 0, b"RESUME STEP ", STEP_NUMBER, WAITING),
    ("locked", ON | OVER, alarms.SEVERE, events.LOCKED, b"EMERGENCY ", CAUSE, CLAMP),
    ("stopped", AT_REST | OVER, 0, events.STOPPED, b"STOPPED ", CAUSE, NOTHING),
    ("completed", AT_REST | OVER, alarms.DONE, events.COMPLETED, b"COMPLETED", NOTHING, NOTHING),
    ("fault", OVER | FAULTY, 0, events.FAULT, b"FAULT ", CAUSE, REMEDY),
    ("recovered", ON | HOLDS, alarms.POWER, 0, b"", POWER_OFF, LOOKED),
    ("testing", UNTESTED, 0, 0, b"SELF-TEST", NOTHING, KEYS),
    ("failed", UNTESTED | FAULTY, 0, 0, b"SELF-TEST ", CHECK, REMEDY),
)
NAMES = tuple([row[0] for row in ROWS])
GROUP = array("H", [row[1] for row in ROWS])
ALARM = bytes([row[2] for row in ROWS])
EVENT = bytes([row[3] for row in ROWS])
FIRST_LINE = tuple([row[4] for row in ROWS])
FIRST_ENDS = bytes([row[5] for row in ROWS])
SECOND_LINE = bytes([row[6] for row in ROWS])
(
    IDLE, READY, ARMED, BAG, RUNNING, HELD, DECISION, BOUNDARY, RESUMABLE, LOCKED, STOPPED, COMPLETED, FAULT,
    RECOVERED, TESTING, FAILED,
) = range(len(ROWS))  # fmt: skip


def described():
    """What pump and tool must agree on: names, their order, groups, alarms, events, what is drawn; not the words."""
    return ["%s %d %d %d %d %d" % (row[:4] + row[5:]) for row in ROWS]

"""The parts that may fall silent, a row each: name, whether the flow goes on, its cause while lost, its cause to hold,
the bus it hangs on.

A part has a bit (Snapshot.parts): it answers, and keeps what it was told. Without a part that the flow WAITS for no
next step begins, and after HOLD_MS its second cause holds.
"""

from pump.tables import causes

GOES_ON, WAITS = 0, 1
OWN, SHARED = 0, 1  # a bus of its own, or the one that several parts hang on: stuck, it silences all of them
HOLD_MS = 60_000  # INT-9
BACK_MS = 2_000  # a part is back when it has answered for so long: a loose plug is one loss, not one a second

ROWS = (
    ("none", GOES_ON, causes.NONE, causes.NONE, OWN),
    ("screen", WAITS, causes.SCREEN_LOST, causes.NO_SCREEN, SHARED),  # people see neither rate nor question
    ("lights", GOES_ON, causes.LIGHTS_LOST, causes.NONE, SHARED),  # the sounder is the other half of an alarm
    ("fram", GOES_ON, causes.LOG_LOST, causes.NONE, OWN),  # the laptop has the records too
    ("clock", GOES_ON, causes.CLOCK_LOST, causes.NONE, SHARED),  # the pump's own time decides all
)
NAMES = tuple([row[0] for row in ROWS])
FLOW = bytes([row[1] for row in ROWS])
LOST = bytes([row[2] for row in ROWS])
HOLD = bytes([row[3] for row in ROWS])
BUS = bytes([row[4] for row in ROWS])
COUNT = len(ROWS)
NONE, SCREEN, LIGHTS, FRAM, CLOCK = range(COUNT)
BIT = bytes([1 << k - 1 if k else 0 for k in range(COUNT)])
ALL = sum(BIT)


def described():
    """What pump and tool must agree on: names, their order, whether the flow goes on, causes, bus."""
    return ["%s %d %d %d %d" % row for row in ROWS]

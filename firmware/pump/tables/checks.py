"""The self-test's checks, a row each, in the order in which they are made: the first that fails names itself (INT-1).

    name | when | what a failure does | s within which it is made anew | on the screen | what to do, on the screen

AT_ONCE: at power-up, before anything else; SLOW: at power-up too, it takes seconds, and START counts for nothing before
it has passed; PERIODIC: in pieces in the spare time of the scans. What a failure does: it STOPS the pump until that is
switched off and on, or it TELLS, and another row (of tables.parts, tables.causes) says what follows.
"""

AT_ONCE, SLOW, PERIODIC = 1, 2, 4
TELLS, STOPS = 0, 1
NOT_YET, PASSED, FAILED = 0, 1, 2  # verdicts

ROWS = (
    ("none", 0, TELLS, 0, b"", b""),
    ("processor", AT_ONCE | PERIODIC, STOPS, 60, b"CPU", b"USE OTHER PUMP"),
    ("ram", AT_ONCE | PERIODIC, STOPS, 60, b"RAM", b"USE OTHER PUMP"),
    ("image", AT_ONCE | PERIODIC, STOPS, 60, b"IMAGE", b"FLASH IT ANEW"),
    ("watchdog", AT_ONCE | PERIODIC, STOPS, 60, b"WATCHD", b"USE OTHER PUMP"),
    ("clock-answers", AT_ONCE, TELLS, 0, b"CLOCK", b"SEE THE ALARM"),
    ("fram", AT_ONCE, STOPS, 0, b"FRAM", b"USE OTHER PUMP"),
    ("settings", AT_ONCE, STOPS, 0, b"SETUP", b"TO SERVICE"),
    ("keyring", AT_ONCE, STOPS, 0, b"PEOPLE", b"TO SERVICE"),
    ("screen", AT_ONCE, STOPS, 0, b"SCREEN", b"USE OTHER PUMP"),
    ("lights", AT_ONCE, STOPS, 0, b"LIGHTS", b"USE OTHER PUMP"),
    ("sensors", AT_ONCE, STOPS, 0, b"SENSOR", b"USE OTHER PUMP"),
    ("supply", AT_ONCE, STOPS, 0, b"SUPPLY", b"CHARGE IT"),
    ("tone", AT_ONCE, STOPS, 0, b"TONE", b"USE OTHER PUMP"),
    ("pulses", AT_ONCE, STOPS, 0, b"PULSES", b"USE OTHER PUMP"),
    ("permit", AT_ONCE, STOPS, 0, b"PERMIT", b"USE OTHER PUMP"),
    ("stuck-key", SLOW, STOPS, 0, b"KEY", b"FREE THE KEY"),
    ("crystal", SLOW, STOPS, 0, b"TIME", b"USE OTHER PUMP"),
)
NAMES = tuple([row[0] for row in ROWS])
WHEN = bytes([row[1] for row in ROWS])
DOES = bytes([row[2] for row in ROWS])
PERIOD_S = bytes([row[3] for row in ROWS])
WORDS = tuple([row[4] for row in ROWS])
TO_DO = tuple([row[5] for row in ROWS])
COUNT = len(ROWS)
(
    NONE, PROCESSOR, RAM, IMAGE, WATCHDOG, CLOCK, FRAM, SETTINGS, KEYRING, SCREEN, LIGHTS, SENSORS, SUPPLY, TONE,
    PULSES, PERMIT, KEY, CRYSTAL,
) = range(COUNT)  # fmt: skip
AT_POWER_UP = sum([1 << k for k in range(COUNT) if WHEN[k] & (AT_ONCE | SLOW)])
FIRST = sum([1 << k for k in range(COUNT) if WHEN[k] & AT_ONCE])


def described():
    """What pump and tool must agree on: names, their order, when, what a failure does, how often; not the words."""
    return ["%s %d %d %d" % row[:4] for row in ROWS]

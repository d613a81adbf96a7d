"""Whether and how a session goes on after a power cut or a reset, a row each: name, what it means."""

ROWS = (
    ("none", "nothing was to go on"),
    ("power-cut", "it goes on: the power was off"),
    ("reset", "it goes on, what was given is less sure: the processor started anew while the power stayed"),
    ("session-over", "a lock, a fault, or people had ended it"),
    ("no-record", "no sound record of it lies in the log's memory"),
    ("protocol-gone", "no sound copy of its protocol lies there, or the pump takes it no more"),
    ("layout", "what lies there has the layout of other firmware"),
    ("stale", "what lies there is older than the session was, or does not belong together"),
)
NAMES = tuple([row[0] for row in ROWS])
NONE, POWER_CUT, RESET, SESSION_OVER, NO_RECORD, PROTOCOL_GONE, LAYOUT, STALE = range(len(ROWS))


def described():
    """What pump and tool must agree on: names and their order."""
    return [row[0] for row in ROWS]

"""How a search for the oximeter's format and line settings stands, a row each: name, groups."""

OVER = 1
WHOLE = 2  # it ended by itself, with all that it can tell

ROWS = (
    ("never-begun", OVER),
    ("under-way", 0),
    ("format-found", OVER | WHOLE),
    ("all-tried", OVER | WHOLE),
    ("key-down", OVER),  # somebody is at the pump
    ("not-at-rest", OVER),  # a session is on, or a patient is watched
    ("laptop-silent", OVER),
    ("called-off", OVER),  # by the laptop, or something else was asked of the pump
)
NAMES = tuple([row[0] for row in ROWS])
GROUP = bytes([row[1] for row in ROWS])
NEVER, UNDER_WAY, FOUND, ALL_TRIED, KEY_DOWN, NOT_AT_REST, LAPTOP_SILENT, CALLED_OFF = range(len(ROWS))


def described():
    """What pump and tool must agree on: names, their order and groups."""
    return ["%s %d" % row for row in ROWS]

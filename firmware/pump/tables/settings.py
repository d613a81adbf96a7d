"""What can be set on a pump and outlives power-off, a row each: name, lowest, highest and first value."""

from pump.tables import oximeters

ROWS = (
    ("oximeter", 0, len(oximeters.ROWS) - 1, 0),  # its format: a number of tables.oximeters
)  # fmt: skip
NAMES = tuple([row[0] for row in ROWS])
LOWEST = tuple([row[1] for row in ROWS])
HIGHEST = tuple([row[2] for row in ROWS])
FIRST = tuple([row[3] for row in ROWS])
COUNT = len(ROWS)
OXIMETER = 0


def described():
    """What pump and tool must agree on: names, their order and values."""
    return ["%s %d %d %d" % row for row in ROWS]

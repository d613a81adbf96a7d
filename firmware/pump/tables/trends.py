"""Where SpO2 goes, a row each: name, the screen's sign. What makes it fall or rise: pump.senses.trend."""

ROWS = (
    ("unknown", b" "),  # no START yet, or no reading in the last minute
    ("steady", b"="),
    ("falls", b"v"),
    ("rises", b"^"),
)
NAMES = tuple([row[0] for row in ROWS])
SIGN = tuple([row[1] for row in ROWS])
UNKNOWN, STEADY, FALLS, RISES = range(len(ROWS))


def described():
    """What pump and tool must agree on: names and their order."""
    return [row[0] for row in ROWS]

"""What comes on the oximeter's line, a row each: name, and words for the screen where no reading stands."""

ROWS = (
    ("no-bytes", b"NO BYTES"),
    ("readings", b""),  # or what may still become some
    ("other-format", b"BAD FORMAT"),  # bytes, and no packet of the format that is set
    ("search", b"LISTENING"),  # the line is not as it is set: formats and settings are tried
)
NAMES = tuple([row[0] for row in ROWS])
WORDS = tuple([row[1] for row in ROWS])
NO_BYTES, READINGS, OTHER_FORMAT, SEARCH = range(len(ROWS))


def described():
    """What pump and tool must agree on: names and their order."""
    return [row[0] for row in ROWS]

"""What is to be said of a reading, a row each: name, how the screen marks the SpO2, what it means.

The first three are of the signal too. An old or invalid reading has no value on screen or line. A sure one is
followed by its unit, and by nothing else.
"""

ROWS = (
    ("no-value", b"", "none of now"),
    ("unsure-reading", b"?", "artifact, or fields that disagree: one such reading alone stops nothing"),
    ("good-reading", b"%", "a sure reading of now, within the limits"),
    ("near-limit", b"%", "at or below the early limit"),
    ("too-low", b"%", "SpO2 at or below the stop limit, a pulse below its limit"),
    ("too-high", b"%", "a pulse above its limit"),
)
NAMES = tuple([row[0] for row in ROWS])
MARK = tuple([row[1] for row in ROWS])
NONE, UNSURE, GOOD, EARLY, LOW, HIGH = range(len(ROWS))


def described():
    """What pump and tool must agree on: names and their order."""
    return [row[0] for row in ROWS]

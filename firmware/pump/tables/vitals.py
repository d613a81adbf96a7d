"""The flags of an oximeter's sample, in status and events too: a bit each, of 16."""

ROWS = (
    ("valid", "the reading counts"),
    ("sensor-off", "no finger in the probe"),
    ("out-of-track", "no pulse to follow for some beats"),
    ("artifact", "a pulse that does not match"),
    ("low-perfusion", "a weak pulse"),
    ("low-battery", "the oximeter's battery"),
    ("frozen", "values that do not move"),
    ("degraded", "redundant fields disagree"),
)
NAMES = tuple([row[0] for row in ROWS])
VALID, SENSOR_OFF, OUT_OF_TRACK, ARTIFACT, LOW_PERFUSION, LOW_BATTERY, FROZEN, DEGRADED = [
    1 << k for k in range(len(ROWS))
]


def described():
    """What pump and tool must agree on: names and their order."""
    return list(NAMES)

"""The flags of an oximeter's sample, in status and events too, a bit each, of 16: name, groups, what it says."""

UNRELIABLE = 1  # where it is set, the values do not count
UNSURE = 2  # where it is set, one reading alone stops nothing
VALUELESS = 4  # where it is set, the oximeter has no reading of now to give
PULSED = 8  # seen in a pulse: not beside numbers of a probe without a finger

ROWS = (
    ("valid", 0, "the reading counts"),
    ("sensor-off", UNRELIABLE | VALUELESS, "no finger in the probe"),
    ("out-of-track", UNRELIABLE | VALUELESS, "no pulse to follow for some beats"),
    ("artifact", UNRELIABLE | UNSURE | PULSED, "a pulse that does not match"),
    ("low-perfusion", PULSED, "a weak pulse"),
    ("low-battery", 0, "the oximeter's battery"),
    ("frozen", UNRELIABLE | VALUELESS, "values that do not move"),
    ("degraded", UNSURE, "redundant fields disagree"),
)
NAMES = tuple([row[0] for row in ROWS])
GROUP = bytes([row[1] for row in ROWS])
VALID, SENSOR_OFF, OUT_OF_TRACK, ARTIFACT, LOW_PERFUSION, LOW_BATTERY, FROZEN, DEGRADED = [
    1 << k for k in range(len(ROWS))
]


def _flags(group):
    return sum([1 << k for k in range(len(ROWS)) if GROUP[k] & group])


UNRELIABLE_FLAGS, UNSURE_FLAGS, VALUELESS_FLAGS = _flags(UNRELIABLE), _flags(UNSURE), _flags(VALUELESS)
PULSED_FLAGS = _flags(PULSED)


def described():
    """What pump and tool must agree on: names, their order and groups."""
    return ["%s %d" % row[:2] for row in ROWS]

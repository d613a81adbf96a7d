"""Why the device refuses a protocol or a request, a row each: name, groups; what is found in a protocol comes first."""

from array import array

OF_RECORD = 1  # `where` is a record of the compiled form by its number, not a step
RISE = 2  # the dose rate rises too steeply

ROWS = (
    ("none", 0), ("ratio-exceeded", RISE), ("ratio-two-person", RISE), ("dose-sum", 0), ("bag-short", 0),
    ("bag-sum", 0), ("dead-volume", 0), ("first-step", 0), ("dwell-short", 0), ("rate-range", 0),
    ("rate-resolution", 0), ("order", 0), ("unknown-key", OF_RECORD), ("missing", 0), ("unit", 0), ("expired", 0),
    ("approval", 0), ("printed-mismatch", 0), ("truncated", OF_RECORD), ("checksum", 0), ("format", OF_RECORD),
    ("range", OF_RECORD), ("busy", 0), ("contract", 0), ("unknown-request", 0), ("duplicate", OF_RECORD),
    ("step-volume", 0), ("signature", 0), ("vein-ratio", RISE), ("oral", 0), ("bench-mode", 0), ("not-run", 0),
    ("class", 0), ("dwell-long", 0), ("too-often", 0), ("order-given", 0),
    ("order-unread", 0), ("unseen", 0), ("watched", 0), ("no-clock", 0), ("unread", 0),
    ("key-needed", 0), ("no-keys", 0), ("keys-damaged", 0), ("key-unknown", 0), ("key-revoked", 0),
    ("key-wrong", 0), ("key-count", 0), ("key-session", 0), ("key-wait", 0),
)  # fmt: skip
NAMES = tuple([row[0] for row in ROWS])
GROUP = array("H", [row[1] for row in ROWS])
(
    NONE, RATIO_EXCEEDED, RATIO_TWO_PERSON, DOSE_SUM, BAG_SHORT, BAG_SUM, DEAD_VOLUME, FIRST_STEP, DWELL_SHORT,
    RATE_RANGE, RATE_RESOLUTION, ORDER, UNKNOWN_KEY, MISSING, UNIT, EXPIRED, APPROVAL, PRINTED_MISMATCH, TRUNCATED,
    CHECKSUM, FORMAT, RANGE, BUSY, CONTRACT, UNKNOWN_REQUEST, DUPLICATE, STEP_VOLUME, SIGNATURE, VEIN_RATIO, ORAL,
    BENCH_MODE, NOT_RUN, CLASS, DWELL_LONG, TOO_OFTEN, ORDER_GIVEN,
    ORDER_UNREAD, UNSEEN, WATCHED, NO_CLOCK, UNREAD,
    KEY_NEEDED, NO_KEYS, KEYS_DAMAGED, KEY_UNKNOWN, KEY_REVOKED,
    KEY_WRONG, KEY_COUNT, KEY_SESSION, KEY_WAIT,
) = range(len(ROWS))  # fmt: skip


def described():
    """What pump and tool must agree on: names, their order and groups."""
    return ["%s %d" % row for row in ROWS]

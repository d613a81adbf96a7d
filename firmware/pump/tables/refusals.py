"""Why the device refuses a protocol or a request, a row each; the finding codes of a protocol come first."""

ROWS = (
    "none", "ratio-exceeded", "ratio-two-person", "dose-sum", "bag-short", "bag-sum", "dead-volume", "first-step",
    "dwell-short", "rate-range", "rate-resolution", "order", "unknown-key", "missing", "unit", "expired", "approval",
    "printed-mismatch", "truncated", "checksum", "format", "range", "busy", "contract", "unknown-request", "duplicate",
    "step-volume", "signature", "vein-ratio", "oral", "bench-mode", "not-run", "class", "dwell-long",
)  # fmt: skip
NAMES = ROWS
(
    NONE, RATIO_EXCEEDED, RATIO_TWO_PERSON, DOSE_SUM, BAG_SHORT, BAG_SUM, DEAD_VOLUME, FIRST_STEP, DWELL_SHORT,
    RATE_RANGE, RATE_RESOLUTION, ORDER, UNKNOWN_KEY, MISSING, UNIT, EXPIRED, APPROVAL, PRINTED_MISMATCH, TRUNCATED,
    CHECKSUM, FORMAT, RANGE, BUSY, CONTRACT, UNKNOWN_REQUEST, DUPLICATE, STEP_VOLUME, SIGNATURE, VEIN_RATIO, ORAL,
    BENCH_MODE, NOT_RUN, CLASS, DWELL_LONG,
) = range(len(ROWS))  # fmt: skip


def described():
    """What pump and tool must agree on: names and their order."""
    return list(ROWS)

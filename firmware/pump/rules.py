"""The rules a protocol must keep (PRO-1 to PRO-3, PRO-7), one engine for the laptop and the device; exact integers.

A finding is (severity, code, step number or 0, detail). Doses are compared as fractions: a step's dose in pg is
volume_nl * drug_pg / bag_nl, a dose rate in proportion to rate_e4 * drug_pg / bag_nl.
"""

from pump import vein
from pump.protocol import BENCH, CLASSES, Refusal
from pump.units import RATE_MAX_E4, RATE_MIN_E4, US_RATE

ERROR, WARNING = "error", "warning"

# Highest rise of the dose rate over what was tolerated, in hundredths (PRO-2).
RATIO_SILENT = 260
RATIO_TWO_PERSON = 300
RATIO_WIDE = 1050
DWELL_MIN_MS = 15 * 60_000  # PRO-3
SUM_TOLERANCE = 200  # 1/200 = 0.5 % (PRO-3)
# First step's dose, as a divisor of the full dose (PRO-3); wide-step and oral by signature.
FIRST_STEP = {"multi-bag": 1000, "bench": 1000, "one-bag": 400}
# Shared dead volume against the volume of the first step after a bag change (PRO-7): above 1/4 of it a warning, above
# 1/2 an error. Ahead of a saline-primed line's first step nothing is skipped but time: above 2/3 an error.
DEAD_WARNING = (1, 4)
DEAD_ERROR = (1, 2)
DEAD_ERROR_START = (2, 3)
_DETAIL_MAX = 0xFFFFFFFF


def dose_fraction(protocol, step, volume_nl):
    """Dose of `volume_nl` of that step's bag: (numerator, denominator) in pg."""
    bag = protocol.solutions[step.solution]
    return volume_nl * bag.drug_pg, bag.volume_nl


def dose_rate_fraction(protocol, step):
    """Dose rate as a fraction: (numerator, denominator); only ratios of two of them mean something."""
    bag = protocol.solutions[step.solution]
    return step.rate_e4 * bag.drug_pg, bag.volume_nl


def add_fractions(a, b):
    """a + b for (numerator, denominator) pairs, unreduced where denominators agree."""
    if a[1] == b[1]:
        return a[0] + b[0], a[1]
    return a[0] * b[1] + b[0] * a[1], a[1] * b[1]


def total_dose(protocol):
    """Sum of the steps' doses: (numerator, denominator) in pg."""
    total = (0, 1)
    by_bag = [0] * len(protocol.solutions)
    for step in protocol.steps:
        by_bag[step.solution] += step.volume_nl
    for volume_nl, bag in zip(by_bag, protocol.solutions):
        total = add_fractions(total, (volume_nl * bag.drug_pg, bag.volume_nl))
    return total


def _rates(protocol):
    for number, step in enumerate(protocol.steps, 1):
        if not RATE_MIN_E4 <= step.rate_e4 <= RATE_MAX_E4:
            yield ERROR, "rate-range", number, step.rate_e4


def _volumes(protocol):
    """A step's volume is its rate times its dwell, to the nanolitre and to the millisecond of its dwell."""
    for number, step in enumerate(protocol.steps, 1):
        off = abs(step.volume_nl * US_RATE - step.rate_e4 * step.duration_ms)
        if off > US_RATE + step.rate_e4:
            yield ERROR, "step-volume", number, step.volume_nl


def _dwells(protocol):
    if protocol.kind == BENCH:
        return
    for number, step in enumerate(protocol.steps, 1):
        if step.duration_ms < DWELL_MIN_MS:
            yield ERROR, "dwell-short", number, step.duration_ms


def _order(protocol):
    for number in range(1, len(protocol.steps)):
        step, before = protocol.steps[number], protocol.steps[number - 1]
        if step.solution < before.solution or before.flags:
            yield ERROR, "order", number + 1, step.solution


def _bags(protocol):
    used = [0] * len(protocol.solutions)
    for number, step in enumerate(protocol.steps, 1):
        before = used[step.solution]
        used[step.solution] += step.volume_nl
        if before <= protocol.solutions[step.solution].volume_nl < used[step.solution]:
            yield ERROR, "bag-short", number, min(used[step.solution], _DETAIL_MAX)
    for index, volume in enumerate(used):
        if not volume:
            yield WARNING, "bag-sum", 0, index


def _ratios(protocol):
    highest = None
    wide = CLASSES[protocol.kind] == "wide-step"
    for number, step in enumerate(protocol.steps, 1):
        rate = dose_rate_fraction(protocol, step)
        if highest:
            up, down = rate[0] * highest[1], rate[1] * highest[0]
            hundredths = -(-100 * up // down)
            if hundredths > (RATIO_WIDE if wide else RATIO_TWO_PERSON):
                yield ERROR, "ratio-exceeded", number, min(hundredths, _DETAIL_MAX)
            elif hundredths > RATIO_SILENT and not wide:
                yield WARNING, "ratio-two-person", number, hundredths
        if not highest or rate[0] * highest[1] > highest[0] * rate[1]:
            highest = rate


def _falls(protocol):
    """The dose rate never falls within a plan: a fall is a slip before it, or at it (PRO-6)."""
    highest = dose_rate_fraction(protocol, protocol.steps[0])
    for number, step in enumerate(protocol.steps, 1):
        rate = dose_rate_fraction(protocol, step)
        if rate[0] * highest[1] < highest[0] * rate[1]:
            yield ERROR, "order", number, 100 * rate[0] * highest[1] // (highest[0] * rate[1])
        else:
            highest = rate


def _first(protocol):
    """The first step's dose, of 15 min where it lasts longer, within its class's share of the full dose."""
    divisor = FIRST_STEP.get(CLASSES[protocol.kind])
    step = protocol.steps[0]
    dose = dose_fraction(protocol, step, step.volume_nl)
    long_ms = max(step.duration_ms, DWELL_MIN_MS) if protocol.kind != BENCH else DWELL_MIN_MS
    if divisor and dose[0] * divisor * DWELL_MIN_MS > protocol.full_dose_pg * dose[1] * long_ms:
        yield ERROR, "first-step", 1, min(dose[0] // dose[1], _DETAIL_MAX)


def _sum(protocol):
    total = total_dose(protocol)
    off = abs(total[0] - protocol.full_dose_pg * total[1])
    if off * SUM_TOLERANCE > protocol.full_dose_pg * total[1]:
        yield ERROR, "dose-sum", 0, min(total[0] // total[1] // 1_000_000, _DETAIL_MAX)


def _oral(protocol):
    if CLASSES[protocol.kind] == "oral":
        yield ERROR, "oral", 0, 0


def _dead_limit(step, dead_nl, limit, dwell_ms):
    """True when the dead volume takes more than `limit` of the step, and less than a dwell is left of it."""
    short = (step.volume_nl - dead_nl) * US_RATE < step.rate_e4 * dwell_ms - US_RATE - step.rate_e4
    return short and dead_nl * limit[1] > step.volume_nl * limit[0]


def _dead_volume(protocol):
    """The first step of each bag must reach the vein for most of its time; detail: ms to lengthen it by, V / rate."""
    dead_nl = protocol.line_dead_nl
    if not dead_nl:
        return
    dwell_ms = DWELL_MIN_MS
    if protocol.kind == BENCH:
        dwell_ms = min(step.duration_ms for step in protocol.steps)
    held = protocol.steps[0].solution if protocol.primed_with_solution else vein.SALINE
    for number, step in enumerate(protocol.steps, 1):
        if step.solution != held:
            longer_ms = min(-(-dead_nl * US_RATE // step.rate_e4), _DETAIL_MAX)
            if _dead_limit(step, dead_nl, DEAD_ERROR_START if held == vein.SALINE else DEAD_ERROR, dwell_ms):
                yield ERROR, "dead-volume", number, longer_ms
            elif _dead_limit(step, dead_nl, DEAD_WARNING, dwell_ms):
                yield WARNING, "dead-volume", number, longer_ms
        held = step.solution


def _vein(protocol):
    """Rises of the dose rate at the vein (PRO-2, PRO-7), over the highest that the vein has had."""
    if not protocol.line_dead_nl:
        return
    wide = CLASSES[protocol.kind] == "wide-step"
    for index, _, up, down in vein.jumps(protocol):
        hundredths = -(-100 * up // down)
        if hundredths > (RATIO_WIDE if wide else RATIO_TWO_PERSON):
            yield ERROR, "vein-ratio", index + 1, min(hundredths, _DETAIL_MAX)
        elif hundredths > RATIO_SILENT and not wide:
            yield WARNING, "vein-ratio", index + 1, hundredths


RULES = (_oral, _rates, _volumes, _dwells, _order, _bags, _ratios, _first, _sum, _dead_volume, _vein, _falls)


def findings(protocol):
    """All findings, in the order of the rules: [(severity, code, step or 0, detail)]."""
    found = []
    for rule in RULES:
        found.extend(rule(protocol))
    return found


def demand(protocol):
    """Raises Refusal at the first error: what the device does with a protocol at load."""
    for severity, code, step, detail in findings(protocol):
        if severity == ERROR:
            raise Refusal(code, step, detail)

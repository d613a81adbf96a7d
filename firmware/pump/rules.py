"""The rules a protocol must keep (PRO-1 to PRO-3), one engine for the laptop and the device; exact integers.

A finding is (severity, code, step number or 0, detail). Doses are compared as fractions: a step's dose in pg is
volume_nl * drug_pg / bag_nl, a dose rate in proportion to rate_e4 * drug_pg / bag_nl.
"""

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
            yield ERROR, "bag-short", number, min(used[step.solution], 0xFFFFFFFF)
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
                yield ERROR, "ratio-exceeded", number, min(hundredths, 0xFFFFFFFF)
            elif hundredths > RATIO_SILENT and not wide:
                yield WARNING, "ratio-two-person", number, hundredths
            if up < down:
                yield WARNING, "order", number, hundredths
        if not highest or rate[0] * highest[1] > highest[0] * rate[1]:
            highest = rate


def _first(protocol):
    divisor = FIRST_STEP.get(CLASSES[protocol.kind])
    step = protocol.steps[0]
    dose = dose_fraction(protocol, step, step.volume_nl)
    if divisor and dose[0] * divisor > protocol.full_dose_pg * dose[1]:
        yield ERROR, "first-step", 1, min(dose[0] // dose[1], 0xFFFFFFFF)


def _sum(protocol):
    total = total_dose(protocol)
    off = abs(total[0] - protocol.full_dose_pg * total[1])
    if off * SUM_TOLERANCE > protocol.full_dose_pg * total[1]:
        yield ERROR, "dose-sum", 0, min(total[0] // total[1] // 1_000_000, 0xFFFFFFFF)


RULES = (_rates, _volumes, _dwells, _order, _bags, _ratios, _first, _sum)


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

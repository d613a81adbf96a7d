"""The rules a protocol must keep (PRO-1 to PRO-3, PRO-7), one engine for the laptop and the device; exact integers.

A finding is (severity, code, step number or 0, detail); with the code "range" a record's key stands for the step. Doses
are compared as fractions: a step's dose in pg is volume_nl * drug_pg / bag_nl, a dose rate in proportion to
rate_e4 * drug_pg / bag_nl. Doses by mouth have no rate: their ratios are judged dose over dose, and the pump only
carries such a protocol (it does not run it).
"""

from pump.base.units import RATE_MAX_E4, RATE_MIN_E4, US_RATE
from pump.protocol import vein
from pump.protocol.doses import dose_fraction, dose_rate_fraction, fills, infusions, reached_dose, total_dose
from pump.protocol.protocol import (
    BENCH,
    BY_MOUTH,
    LIMITS,
    MONITORING,
    MULTI_BAG,
    ONE_BAG,
    REACTION,
    STEP,
    TO_FULL_DOSE,
    WIDE_STEP,
    Refusal,
)  # fmt: skip
from pump.tables import refusals

ERROR, WARNING = "error", "warning"

# Highest rise of the dose rate over what was tolerated, in hundredths (PRO-2).
RATIO_SILENT = 260
RATIO_TWO_PERSON = 300
RATIO_WIDE = 1050
DWELL_MIN_MS = 15 * 60_000  # PRO-3
DWELL_SLIP = 8  # so many times the middle one of the others' dwells is a decimal slip (PRO-6)
SUM_TOLERANCE = 200  # 1/200 = 0.5 % (PRO-3)
# First step's dose, as a divisor of the full dose (PRO-3); wide-step and oral by signature.
FIRST_STEP = {MULTI_BAG: 1000, BENCH: 1000, ONE_BAG: 400}
# Shared dead volume against the volume of the first step after a bag change (PRO-7): above 1/4 of it a warning, above
# 1/2 an error. Ahead of a saline-primed line's first step nothing is skipped but time: above 2/3 an error.
DEAD_WARNING = (1, 4)
DEAD_ERROR = (1, 2)
DEAD_ERROR_START = (2, 3)
DECISION_MAX = 3  # reactions: the third ends in a clinician's decision, not in a resume (SES-6)
GAP_MAX_H = 48  # since a completed ladder (SES-7)
_DETAIL_MAX = 0xFFFFFFFF


def _rates(protocol):
    for number, step in enumerate(protocol.steps, 1):
        if not RATE_MIN_E4 <= step.rate_e4 <= RATE_MAX_E4:
            yield ERROR, refusals.RATE_RANGE, number, step.rate_e4


def _volumes(protocol):
    """A step's volume is its rate times its dwell, to the nanolitre and to the millisecond of its dwell."""
    for number, step in enumerate(protocol.steps, 1):
        off = abs(step.volume_nl * US_RATE - step.rate_e4 * step.duration_ms)
        if off > US_RATE + step.rate_e4:
            yield ERROR, refusals.STEP_VOLUME, number, step.volume_nl


def _short(timed):
    for number, step in timed:
        if step.duration_ms < DWELL_MIN_MS:
            yield ERROR, refusals.DWELL_SHORT, number, step.duration_ms


def _slips(timed):
    """A dwell, or a volume at its rate, ten times too large (PRO-6). The last one gives the rest: the sum judges it."""
    timed = list(timed)[:-1]
    if len(timed) > 2:
        middle_ms = sorted([step.duration_ms for _, step in timed])[len(timed) // 2]
        for number, step in timed:
            if step.duration_ms >= DWELL_SLIP * middle_ms:
                yield ERROR, refusals.DWELL_LONG, number, step.duration_ms


def _dwells(protocol):
    if protocol.kind != BENCH:
        yield from _short(infusions(protocol))
    yield from _slips(infusions(protocol))


def _class(protocol):
    """One bag is one: its first step may be larger than that of several."""
    bags = len(protocol.solutions)
    if protocol.kind == ONE_BAG and bags > 1:
        yield ERROR, refusals.CLASS, 0, bags


def _limits(protocol):
    """Limits that contradict each other or a rule: an early sign behind the stop, a hold that is never the right time.

    Of reactions and of the gap after a ladder a protocol may say less than the rule, never more.
    """
    if protocol.spo2_early < protocol.spo2_stop:
        yield ERROR, refusals.RANGE, MONITORING, protocol.spo2_early
    if protocol.spo2_early_fall > protocol.spo2_stop_fall:
        yield ERROR, refusals.RANGE, MONITORING, protocol.spo2_early_fall
    if protocol.min_hold_min >= protocol.max_hold_min:
        yield ERROR, refusals.RANGE, REACTION, protocol.min_hold_min
    if protocol.decision_after_count > DECISION_MAX:
        yield ERROR, refusals.RANGE, REACTION, protocol.decision_after_count
    if protocol.tolerance_gap_h > GAP_MAX_H:
        yield ERROR, refusals.RANGE, LIMITS, protocol.tolerance_gap_h


def _order(protocol):
    """Bags in their order, the rest of the dose last, a line-fill only where its bag begins."""
    steps = protocol.steps
    begun = None  # the bag of the last infusion step
    for number, step in enumerate(steps, 1):
        before = steps[number - 2] if number > 1 else step
        wrong = step.solution < before.solution or (number > 1 and before.flags & TO_FULL_DOSE)
        if fills(step):
            after = steps[number].solution if number < len(steps) else None
            wrong = wrong or step.flags & TO_FULL_DOSE or step.solution == begun or step.solution != after
        else:
            begun = step.solution
        if wrong:
            yield ERROR, refusals.ORDER, number, step.solution


def _bags(protocol):
    """A bag holds what its steps draw, line-fills included, and what stays in its own line."""
    used = [bag.line_nl for bag in protocol.solutions]
    drawn = [0] * len(used)  # 0: by no step, 1: by some, 2: too much, told
    for number, step in enumerate(protocol.steps, 1):
        bag = step.solution
        used[bag] += step.volume_nl
        if drawn[bag] < 2:
            drawn[bag] = 2 if used[bag] > protocol.solutions[bag].volume_nl else 1
            if drawn[bag] == 2:
                yield ERROR, refusals.BAG_SHORT, number, min(used[bag], _DETAIL_MAX)
    for index, state in enumerate(drawn):
        if not state:
            yield WARNING, refusals.BAG_SUM, 0, index


def _dose_rates(protocol):
    for number, step in infusions(protocol):
        yield number, dose_rate_fraction(protocol, step)


def _rises(rates, wide):
    """Each rate over the highest before it, against the limits of PRO-2."""
    highest = None
    for number, rate in rates:
        if highest:
            up, down = rate[0] * highest[1], rate[1] * highest[0]
            hundredths = -(-100 * up // down)
            if hundredths > (RATIO_WIDE if wide else RATIO_TWO_PERSON):
                yield ERROR, refusals.RATIO_EXCEEDED, number, min(hundredths, _DETAIL_MAX)
            elif hundredths > RATIO_SILENT and not wide:
                yield WARNING, refusals.RATIO_TWO_PERSON, number, hundredths
        if not highest or rate[0] * highest[1] > highest[0] * rate[1]:
            highest = rate


def _fall(rates):
    """A rate never falls within a plan: a fall is a slip before it, or at it (PRO-6)."""
    highest = None
    for number, rate in rates:
        if highest and rate[0] * highest[1] < highest[0] * rate[1]:
            yield ERROR, refusals.ORDER, number, 100 * rate[0] * highest[1] // (highest[0] * rate[1])
        else:
            highest = rate


def _ratios(protocol):
    return _rises(_dose_rates(protocol), protocol.kind == WIDE_STEP)


def _falls(protocol):
    return _fall(_dose_rates(protocol))


def _least(dose, unit_pg=1):
    return min(dose[0] // dose[1] // unit_pg, _DETAIL_MAX)


def _first(protocol):
    """The first step's dose, of 15 min where it lasts longer, within its class's share of the full dose."""
    divisor = FIRST_STEP.get(protocol.kind)
    for number, step in infusions(protocol):
        dose = dose_fraction(protocol, step, step.volume_nl)
        long_ms = max(step.duration_ms, DWELL_MIN_MS) if protocol.kind != BENCH else DWELL_MIN_MS
        if divisor and dose[0] * divisor * DWELL_MIN_MS > protocol.full_dose_pg * dose[1] * long_ms:
            yield ERROR, refusals.FIRST_STEP, number, _least(dose)
        return


def _reached(protocol):
    """The dose that has reached the vein when the last step ends: what is still in the line has not."""
    pumped = reached_dose(protocol)
    left = vein.left_in_line(protocol)
    return pumped[0] * left[1] - left[0] * pumped[1], pumped[1] * left[1]


def _sum(protocol):
    """What counts is the full dose; what reaches the vein besides, by line-fills and a primed line, is little.

    The first is told of the whole protocol (step 0), the second of its last step. What a flush brings after that is not
    known here: the laptop judges it where a flush is written.
    """
    full_pg = protocol.full_dose_pg
    total = total_dose(protocol)
    if abs(total[0] - full_pg * total[1]) * SUM_TOLERANCE > full_pg * total[1]:
        yield ERROR, refusals.DOSE_SUM, 0, _least(total, 1_000_000)
    elif protocol.steps:
        reached = _reached(protocol)
        if (reached[0] - full_pg * reached[1]) * SUM_TOLERANCE > full_pg * reached[1]:
            yield ERROR, refusals.DOSE_SUM, len(protocol.steps), _least(reached, 1_000_000)


def _dead_limit(step, dead_nl, limit, dwell_ms):
    """True when the dead volume takes more than `limit` of the step, and less than a dwell is left of it."""
    short = (step.volume_nl - dead_nl) * US_RATE < step.rate_e4 * dwell_ms - US_RATE - step.rate_e4
    return short and dead_nl * limit[1] > step.volume_nl * limit[0]


def firsts_in_line(protocol):
    """(number, step, held, nL) where a step's solution is not in the line: what is in it, and how much still ahead.

    A line-fill takes that away by its own volume.
    """
    held = protocol.steps[0].solution if protocol.primed_with_solution else vein.SALINE
    ahead_nl, bag = 0, held
    for number, step in enumerate(protocol.steps, 1):
        if step.solution != bag:
            held, ahead_nl, bag = bag, protocol.line_dead_nl, step.solution
        if fills(step):
            ahead_nl = max(0, ahead_nl - step.volume_nl)
        elif ahead_nl:
            yield number, step, held, ahead_nl
            ahead_nl = 0


def _dead_volume(protocol):
    """The first step of each bag must reach the vein for most of its time; detail: ms to lengthen it by, V / rate."""
    dwell_ms = DWELL_MIN_MS if protocol.kind != BENCH else 1 << 30
    if protocol.kind == BENCH:
        for _, step in infusions(protocol):
            dwell_ms = min(dwell_ms, step.duration_ms)
    for number, step, held, ahead_nl in firsts_in_line(protocol):
        longer_ms = min(-(-ahead_nl * US_RATE // step.rate_e4), _DETAIL_MAX)
        if _dead_limit(step, ahead_nl, DEAD_ERROR_START if held == vein.SALINE else DEAD_ERROR, dwell_ms):
            yield ERROR, refusals.DEAD_VOLUME, number, longer_ms
        elif _dead_limit(step, ahead_nl, DEAD_WARNING, dwell_ms):
            yield WARNING, refusals.DEAD_VOLUME, number, longer_ms


def _line_matters(protocol):
    if protocol.line_dead_nl:
        return True
    for step in protocol.steps:
        if fills(step):
            return True
    return False


def _vein(protocol):
    """Rises of the dose rate at the vein (PRO-2, PRO-7), over the highest that the vein has had."""
    if not _line_matters(protocol):
        return
    wide = protocol.kind == WIDE_STEP
    for index, _, up, down in vein.jumps(protocol):
        hundredths = -(-100 * up // down)
        if hundredths > (RATIO_WIDE if wide else RATIO_TWO_PERSON):
            yield ERROR, refusals.VEIN_RATIO, index + 1, min(hundredths, _DETAIL_MAX)
        elif hundredths > RATIO_SILENT and not wide:
            yield WARNING, refusals.VEIN_RATIO, index + 1, hundredths


# -- doses by mouth: the first one by signature, the others by their rise over the highest before


def _portions(protocol):
    for number, dose in enumerate(protocol.doses, 1):
        yield number, (dose.dose_pg, 1)


def _oral_waits(protocol):
    yield from _short(enumerate(protocol.doses, 1))
    yield from _slips(enumerate(protocol.doses, 1))


def _oral_ratios(protocol):
    return _rises(_portions(protocol), False)


def _oral_falls(protocol):
    return _fall(_portions(protocol))


RULES = (_class, _limits, _rates, _volumes, _dwells, _order, _bags, _ratios, _first, _sum, _dead_volume, _vein, _falls)
ORAL_RULES = (_limits, _oral_waits, _oral_ratios, _sum, _oral_falls)


def _found(protocol):
    """All findings, in the order of the rules: [(severity, row of tables.refusals, step or 0, detail)]."""
    oral = protocol.kind == BY_MOUTH
    if (protocol.steps or protocol.solutions) if oral else protocol.doses:
        return [(ERROR, refusals.ORAL, 0, 0)]
    if not (protocol.doses if oral else protocol.steps):
        return [(ERROR, refusals.MISSING, 0, STEP)]
    found = []
    for rule in ORAL_RULES if oral else RULES:
        found.extend(rule(protocol))
    return found


def findings(protocol):
    """All findings, in the order of the rules: [(severity, code by its name, step or 0, detail)]."""
    return [(severity, refusals.NAMES[code], step, detail) for severity, code, step, detail in _found(protocol)]


def demand(protocol):
    """Raises Refusal at the first error: what the device does with a protocol at load."""
    for severity, code, step, detail in _found(protocol):
        if severity == ERROR:
            raise Refusal(code, step, detail)

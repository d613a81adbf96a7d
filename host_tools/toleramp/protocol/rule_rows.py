"""What the rules find, in words; with what only people at a laptop need to know (no reason for a pump to refuse).

A row is what `protocol check --json` shows: severity, code, where, message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

from pump.base.units import round_half_down
from pump.protocol.doses import dose_fraction, fills, reached_dose
from pump.protocol.protocol import BENCH, CLASSES, LIMITS, MONITORING, REACTION, TO_FULL_DOSE, UNITS, Protocol
from pump.protocol.rules import (
    DECISION_MAX,
    DWELL_MIN_MS,
    ERROR,
    FIRST_STEP,
    GAP_MAX_H,
    RATIO_WIDE,
    WARNING,
    findings,
    firsts_in_line,
)
from pump.protocol.vein import left_in_line
from pump.tables import refusals
from toleramp.preparation.amounts import amount_text, spoken_unit
from toleramp.protocol import by_hand
from toleramp.words import rows

Row = dict[str, str]
Found = tuple[str, int, int, int]  # severity, row of refusals, step or record, detail
_WIDE_STEP = CLASSES.index("wide-step")
LINE_FILL = "line-fill"  # the code of a finding that no device has
HAND_E4 = 1000  # 0.1 mL/h: what an ordinary pump can be set to by hand, if this one fails

MESSAGES: dict[int, str] = {}
MESSAGES[refusals.DOSE_SUM] = "the steps do not sum to the full dose within 0.5 %"
MESSAGES[refusals.CLASS] = (
    "class one-bag has one bag: its first step may be larger than that of several; write class multi-bag"
)
MESSAGES[refusals.FIRST_STEP] = "the first step gives too large a share of the full dose"
MESSAGES[refusals.DWELL_SHORT] = "the dwell is shorter than 15 min"
MESSAGES[refusals.RATE_RANGE] = "the rate is outside 0.1 to 1200 mL/h"
MESSAGES[refusals.STEP_VOLUME] = "volume, rate and time do not agree"
MESSAGES[refusals.ORAL] = "doses by mouth and bags in one protocol"
MESSAGES[refusals.MISSING] = "there is no step"
BY_MOUTH: dict[int, str] = {}
BY_MOUTH[refusals.DWELL_SHORT] = "the time to wait after this dose is shorter than 15 min"
BY_MOUTH[refusals.DOSE_SUM] = "the doses do not sum to the full dose within 0.5 %"
BY_MOUTH[refusals.ORDER] = "the dose falls"


def _ml(volume_nl: int) -> str:
    return f"{volume_nl / 10**6:g} mL"


def _rise(protocol: Protocol, severity: str, code: int, detail: int) -> str:
    what = "the dose" if protocol.doses else "the dose rate"
    place = "at the vein, behind the line's dead volume, " if code == refusals.VEIN_RATIO else ""
    most = "10.5" if protocol.kind == _WIDE_STEP or by_hand.of(protocol).wide else "3.0"
    limit = f"the most is {most}" if severity == ERROR else "above 2.6 two people confirm it"
    if protocol.doses and severity == ERROR and most == "3.0" and detail <= RATIO_WIDE:
        limit = "the most is 3.0, or 10.5 where both sign it as a wide step: write wide_step = true in [protocol]"
    return f"{place}{what} rises {detail / 100:.2f}-fold over what was tolerated; {limit}"


def _first(protocol: Protocol, number: int) -> str:
    """The first step's dose beside what its class allows in its time."""
    step, divisor = protocol.steps[number - 1], FIRST_STEP[protocol.kind]
    dose = Fraction(*dose_fraction(protocol, step, step.volume_nl)) / 10**9
    long_ms = DWELL_MIN_MS if protocol.kind == BENCH else max(step.duration_ms, DWELL_MIN_MS)
    most = Fraction(protocol.full_dose_pg, 10**9) / divisor * Fraction(long_ms, DWELL_MIN_MS)
    unit = spoken_unit([dose, most], UNITS[protocol.unit])
    full = amount_text(Fraction(protocol.full_dose_pg, 10**9), UNITS[protocol.unit])
    return (
        f"{MESSAGES[refusals.FIRST_STEP]}: {unit.text(dose)}; of {full} class {CLASSES[protocol.kind]} allows"
        f" {unit.text(most)} in {float(Fraction(long_ms, 60_000)):.6g} min (1/{divisor} for each 15 min)"
    )


def _dead_volume(protocol: Protocol, number: int, longer_ms: int) -> str:
    """How much of the step the line takes, and what would make up for it."""
    step, ahead_nl = next((step, nl) for at, step, _, nl in firsts_in_line(protocol) if at == number)
    share = Fraction(min(ahead_nl, step.volume_nl), step.volume_nl)
    return (
        f"the line's {_ml(ahead_nl)} take {float(100 * share):.0f} % of this step's {_ml(step.volume_nl)} before its"
        f' solution reaches the vein: use a line of less dead volume, fill it before (kind = "line-fill"), or lengthen'
        f" this step by {longer_ms / 60_000:.4g} min (dead volume / rate)"
    )


def _order(protocol: Protocol, number: int) -> str:
    """What is out of order at a step: a line-fill, the rest of the dose, a bag, or the dose rate."""
    step, before = protocol.steps[number - 1], protocol.steps[max(0, number - 2)]
    if fills(step):
        return "a line-fill belongs before the first infusion step of its bag"
    if number > 1 and before.flags & TO_FULL_DOSE:
        return "a step after the one that gives the rest of the full dose"
    if step.solution < before.solution:
        return f"this step goes back to bag {protocol.solutions[step.solution].id}: bags run in their order"
    return "the dose rate falls below that of an earlier step: one of them is wrong"


def _short(protocol: Protocol, used_nl: int, number: int) -> str:
    bag = protocol.solutions[protocol.steps[number - 1].solution]
    line = f", {_ml(bag.line_nl)} of them for its own line" if bag.line_nl else ""
    return f"bag {bag.id} holds {_ml(bag.volume_nl)}; up to this step {_ml(used_nl)} are wanted of it{line}"


def _limits(protocol: Protocol, key: int, value: int) -> str:
    if key == LIMITS:
        return f"tolerance_gap_h {value} is more than {GAP_MAX_H} h, after which tolerance is lost: write {GAP_MAX_H}"
    if key == REACTION:
        return _of_reactions(protocol, value)
    if protocol.spo2_early < protocol.spo2_stop:
        early, stop = protocol.spo2_early, protocol.spo2_stop
        return f"spo2_early_percent {early} is below spo2_stop_percent {stop}: it would never come before the stop"
    early, stop = protocol.spo2_early_fall, protocol.spo2_stop_fall
    return f"spo2_early_fall {early} is more than spo2_stop_fall {stop}: it would never come before the stop"


def _pause(protocol: Protocol, number: int, duration_ms: int) -> str:
    """A pause after a single dose that is many times as long as the others."""
    long, limit = by_hand.hours(duration_ms), protocol.tolerance_gap_h
    if by_hand.outlasts(protocol, number):
        return f"a gap of {long} after this dose is longer than tolerance_gap_h {limit}: begin again at the first dose"
    if number in by_hand.of(protocol).gaps:
        return f"a gap of {long} after this dose, as the file states it; the next dose follows within {limit} h"
    return f"{long} pass after this dose, many times as long as after the others: a gap? write gap = true there"


def _of_reactions(protocol: Protocol, value: int) -> str:
    least, most = protocol.min_hold_min, protocol.max_hold_min
    if value == least and least >= most:
        return (
            f"min_hold_min {least} leaves no minute to resume in: a hold also lasts at most max_hold_min {most};"
            f" write at most {most - 1}"
        )
    return (
        f"decision_after_count {value} is more than {DECISION_MAX}: the third reaction ends in a decision; write 1 to 3"
    )


def _slip(protocol: Protocol, duration_ms: int) -> str:
    minutes = f"{duration_ms / 60_000:.6g} min"
    return f"{minutes} are many times as long as the other steps last: a decimal slip in its time, volume or rate?"


def _reached(protocol: Protocol) -> str:
    dose = (Fraction(*reached_dose(protocol)) - Fraction(*left_in_line(protocol))) / 10**9
    return (
        f"with line-fills and the primed line {amount_text(dose, UNITS[protocol.unit])} reach the vein, more than 0.5 %"
        " above the full dose: use a line of less volume"
    )


OF_STEPS: dict[int, Callable[[Protocol, int, int], str]] = {}
OF_STEPS[refusals.ORDER] = lambda protocol, step, _detail: _order(protocol, step)
OF_STEPS[refusals.FIRST_STEP] = lambda protocol, step, _detail: _first(protocol, step)
OF_STEPS[refusals.BAG_SHORT] = lambda protocol, step, detail: _short(protocol, detail, step)
OF_STEPS[refusals.BAG_SUM] = lambda protocol, _step, bag: f"bag {protocol.solutions[bag].id} is drawn by no step"
OF_STEPS[refusals.DWELL_LONG] = lambda protocol, _step, detail: _slip(protocol, detail)
_TABLES = {LIMITS: "protocol", MONITORING: "monitoring", REACTION: "reaction"}  # the place of limits that contradict


def _message(protocol: Protocol, severity: str, code: int, step: int, detail: int) -> str:
    if rows.group(refusals, code) & refusals.RISE:
        return _rise(protocol, severity, code, detail)
    if code == refusals.DEAD_VOLUME:
        return _dead_volume(protocol, step, detail)
    if code == refusals.DOSE_SUM and step:
        return _reached(protocol)
    if protocol.doses and code == refusals.DWELL_LONG:
        return _pause(protocol, step, detail)
    if protocol.steps and code in OF_STEPS:
        return OF_STEPS[code](protocol, step, detail)
    if code == refusals.RANGE:
        return _limits(protocol, step, detail)
    known = {**MESSAGES, **BY_MOUTH} if protocol.doses else MESSAGES
    return known.get(code) or rows.name(refusals, code)


def _where(code: int, step: int) -> str:
    if code == refusals.RANGE:
        return _TABLES[step]
    return "protocol" if not step or code == refusals.DOSE_SUM else f"step {step}"


def _rule_rows(protocol: Protocol) -> Iterator[Row]:
    found = [(severity, rows.number(refusals, name), *place) for severity, name, *place in findings(protocol)]
    steep = {(step, detail) for _, code, step, detail in found if _at_the_pump(code)}
    for severity, code, step, detail in map(partial(_of_doses, protocol), found):
        if code == refusals.VEIN_RATIO and (step, detail) in steep:
            continue  # the same rise at the pump is told already
        yield finding_row(severity, code, _where(code, step), _message(protocol, severity, code, step, detail))


def _of_doses(protocol: Protocol, row: Found) -> Found:
    """Of single doses: what the file leaves to the two who sign is a warning, a pause that loses tolerance an error."""
    severity, code, step, detail = row
    if code == refusals.RATIO_EXCEEDED and by_hand.is_signed_rise(protocol, detail):
        return WARNING, code, step, detail
    if code == refusals.DWELL_LONG and by_hand.is_gap(protocol, step):
        return WARNING, code, step, detail
    return severity, code, step, detail


def _at_the_pump(code: int) -> bool:
    """Whether a finding is a rise of the dose rate at the pump."""
    return bool(rows.group(refusals, code) & refusals.RISE) and code != refusals.VEIN_RATIO


def finding_row(severity: str, code: int | str, where: str, message: str) -> Row:
    """A row; its code is a row of refusals, or a word for what only people need to know."""
    name = code if isinstance(code, str) else rows.name(refusals, code)
    return {"severity": severity, "code": name, "where": where, "message": message}


def _by_hand(protocol: Protocol) -> Iterator[Row]:
    """Rates to which an ordinary pump cannot be set, should this one fail."""
    for number, step in enumerate(protocol.steps, 1):
        if step.rate_e4 % HAND_E4:
            nearest = max(1, round_half_down(step.rate_e4, HAND_E4)) * HAND_E4
            off = float(Fraction(nearest, step.rate_e4) - 1) * 100
            message = (
                f"{step.rate_e4 / 10**4:g} mL/h cannot be set by hand on a pump that knows tenths of a mL/h:"
                f" the nearest is {nearest / 10**4:g} mL/h ({off:+.1f} %)"
            )
            yield finding_row(WARNING, refusals.RATE_RESOLUTION, f"step {number}", message)


def _twice(protocol: Protocol) -> Iterator[Row]:
    """A step exactly like the one before: often a line copied once too often."""
    rungs = [vars(rung) for rung in (protocol.doses or protocol.steps)]
    for number in range(1, len(rungs)):
        if rungs[number] == rungs[number - 1]:
            what = "dose" if protocol.doses else "step"
            message = f"this {what} is exactly the one before: is it meant twice?"
            yield finding_row(WARNING, refusals.DUPLICATE, f"step {number + 1}", message)


def _line_fills(protocol: Protocol) -> Iterator[Row]:
    """Line-fills that do not exchange just what the line holds."""
    filled = 0
    for number, step in enumerate(protocol.steps, 1):
        if not fills(step):
            if filled and filled < protocol.line_dead_nl:
                left = _ml(protocol.line_dead_nl - filled)
                message = f"{left} of what was in the line are still ahead of this step"
                yield finding_row(WARNING, LINE_FILL, f"step {number}", message)
            filled = 0
            continue
        over = min(step.volume_nl, filled + step.volume_nl - protocol.line_dead_nl)
        filled += step.volume_nl
        if over > 0:
            message = f"more than the line holds: {_ml(over)} of the new bag go into the vein and count as no dose"
            yield finding_row(WARNING, LINE_FILL, f"step {number}", message)


def finding_rows(protocol: Protocol) -> list[Row]:
    """What the rules find, as every device does; then what only people need to know."""
    return [*_rule_rows(protocol), *_by_hand(protocol), *_twice(protocol), *_line_fills(protocol)]


def has_errors(found: list[Row]) -> bool:
    """True when a finding is an error."""
    return any(row["severity"] == ERROR for row in found)

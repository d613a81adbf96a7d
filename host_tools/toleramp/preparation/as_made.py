"""What the rules find in a protocol as it would be given from what was really made, and what helps; in words.

Volumes in mL, amounts in the protocol's dose unit (mg or U).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from pump.protocol import vein
from pump.protocol.doses import fills, total_dose
from pump.protocol.encoding import encode
from pump.protocol.protocol import UNITS, Protocol, decode
from pump.tables import refusals
from toleramp.errors import UserError
from toleramp.preparation.amounts import amount_text, off_text
from toleramp.preparation.mixing import WARN_PERCENT, Bag, Means, dose_error, prepare, rounded, show, signed
from toleramp.protocol import by_hand
from toleramp.protocol.rule_rows import finding_rows, has_errors
from toleramp.protocol.table import dose_rates_mg_h, step_doses

STEPS = tuple(Fraction(text) for text in ("1", "0.5", "0.2", "0.1", "0.05", "0.02", "0.01"))  # of syringes, mL
WEAKER = (2, 5, 10, 20, 50, 100)  # to which the stock may be diluted first
_LEFT_ML = Fraction(1, 10**4)  # less than this left in a bag is rounding
Rise = tuple[Fraction, int]  # how many times the highest dose rate (or dose) before, and in which step


def _whole(value: Fraction) -> int:
    return max(1, int(value + Fraction(1, 2)))  # a rate of nothing could not be compared


def _copy(protocol: Protocol) -> Protocol:
    """The same protocol; another one than was approved, as soon as it is changed."""
    copy = decode(bytearray(encode(protocol)))
    copy.approval = None
    return by_hand.note(copy, by_hand.of(protocol))


def as_made(protocol: Protocol, bags: Sequence[Bag]) -> Protocol:
    """The protocol with the bags as made, to 1 nL and 1 pg.

    Volumes and times of the steps stay, also of the one to the full dose: the pump does not know what is in the bags.
    """
    copy = _copy(protocol)
    for bag, made in zip(copy.solutions, bags, strict=True):
        bag.volume_nl = _whole(made.made_volume_ml * 10**6)
        bag.drug_pg = _whole(made.made_drug * 10**9)
    return copy


def as_drawn(protocol: Protocol, doses: Sequence[Fraction]) -> Protocol:
    """The protocol by mouth with the doses as drawn up (mg or U), to 1 pg."""
    copy = _copy(protocol)
    for dose, made in zip(copy.doses, doses, strict=True):
        dose.dose_pg = _whole(made * 10**9)
    return copy


def _levels(protocol: Protocol) -> list[Fraction]:
    """What rises from step to step: dose rates (0 for a line-fill), or doses by mouth."""
    return step_doses(protocol) if protocol.doses else dose_rates_mg_h(protocol)


def rises(protocol: Protocol) -> Iterator[Rise]:
    """Each step's dose rate (or dose) over the highest before it; none for the first and for line-fills."""
    highest = Fraction(0)
    for number, level in enumerate(_levels(protocol), 1):
        if level and highest:
            yield level / highest, number
        highest = max(highest, level)


def largest_rise(protocol: Protocol) -> Rise | None:
    """The largest of the rises, the first of equals; None when there is but one step."""
    return max(rises(protocol), key=lambda rise: rise[0], default=None)


def vein_rise(protocol: Protocol) -> Rise | None:
    """The largest rise at the vein; None when no line is in between."""
    if not protocol.line_dead_nl and not any(map(fills, protocol.steps)):
        return None
    jump = vein.worst_jump(protocol)
    return (Fraction(jump[2], jump[3]), jump[0] + 1) if jump else None


def dose_of(protocol: Protocol) -> Fraction:
    """The dose that the steps give, mg or U."""
    return Fraction(*total_dose(protocol)) / 10**9


_ORDER = refusals.NAMES[refusals.ORDER]


def _flat(protocol: Protocol) -> set[str]:
    """Steps whose dose rate falls by no more than rounding may: a plan that is flat there is not one with a slip."""
    least = 1 - WARN_PERCENT / 100
    return {f"step {number}" for rise, number in rises(protocol) if least <= rise < 1}


def new_findings(planned: Protocol, made: Protocol) -> list[dict[str, str]]:
    """What the rules find in the protocol as made and not in the protocol itself."""
    known, flat = finding_rows(planned), _flat(made)
    rows = [row for row in finding_rows(made) if row not in known]
    return [row for row in rows if not (row["code"] == _ORDER and row["where"] in flat)]


@dataclass(frozen=True)
class Made:
    """What comes of mixing with these means: the bags, the protocol as they give it, what is new in it."""

    means: Means
    bags: list[Bag]
    protocol: Protocol
    findings: list[dict[str, str]] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """True when no rule is broken that the protocol itself keeps."""
        return not has_errors(self.findings)


def _mixed(protocol: Protocol, means: Means) -> Made:
    bags = prepare(protocol, means)
    made = as_made(protocol, bags)
    return Made(means, bags, made, new_findings(protocol, made))


def mix(protocol: Protocol, means: Means) -> Made:
    """Rounded to the nearest; down where that breaks a rule and this finds nothing (a plan may lie on a limit)."""
    made = _mixed(protocol, means)
    if made.sound:
        return made
    try:
        lower = _mixed(protocol, replace(means, down=True))
    except UserError:
        return made
    return made if lower.findings else lower


def _helps(protocol: Protocol, means: Means) -> bool:
    try:
        return mix(protocol, means).sound
    except UserError:
        return False


def _others(means: Means, protocol: Protocol) -> Iterator[tuple[str, Means]]:
    """Other ways to mix, the least trouble first: what to do, and the means then."""
    if means.step_ml:
        yield "leave --syringe-step-ml out", replace(means, step_ml=None)
    for step in STEPS:
        if means.step_ml is None or step < means.step_ml:
            yield f"measure to {show(step)} mL: --syringe-step-ml {show(step)}", replace(means, step_ml=step)
    if means.serial is not None:
        yield "leave --serial out", replace(means, serial=None)
    if means.holds_ml:
        letters = ",".join(bag.id for bag in protocol.solutions)
        empty = {bag.id: Fraction(0) for bag in protocol.solutions}
        yield f"mix in empty containers: --holds-ml {letters}=0", replace(means, holds_ml=empty)
    for times in WEAKER:
        stock = (means.stock or Fraction(0)) / times
        text = f"dilute the stock 1:{times} first: --stock-mg-per-ml {show(stock)}"
        yield text, replace(means, stock=Fraction(show(stock)))


def remedy(protocol: Protocol, means: Means) -> str:
    """What would keep the rules, tried out; a word of advice where nothing that is known does."""
    found = (text for text, other in _others(means, protocol) if other.stock and _helps(protocol, other))
    return next(found, "choose another strength of the stock, or other volumes of the bags")


def finer_step(bag: Bag, means: Means) -> Fraction | None:
    """The coarsest step in mL, finer than the one in use, that would keep the source's volume within the limit."""
    for step in STEPS:
        off = abs(rounded(bag.exact_ml, Means(step_ml=step)) / bag.exact_ml - 1) * 100
        if means.step_ml and step < means.step_ml and off <= WARN_PERCENT:
            return step
    return None


def _help(bag: Bag, means: Means) -> str:
    if bag.source and abs(bag.draw_ml / bag.exact_ml - 1) * 100 <= WARN_PERCENT:
        return "its own volume of the source is near enough: look at the diluent and at the bag it is made from"
    finer = finer_step(bag, means) if bag.source else None
    if finer:
        return f"measured to {show(finer)} mL the source would be within {show(WARN_PERCENT)} %"
    return "make a larger volume of a weaker solution first, or take it from the next stronger bag (--serial)"


def warnings(protocol: Protocol, bags: list[Bag], means: Means) -> list[dict[str, str]]:
    """What somebody must look at before mixing: code, where, message."""
    found = []
    for bag in bags:
        if abs(bag.error_percent) > WARN_PERCENT:
            message = f"rounding makes it {signed(bag.error_percent)} % off; {_help(bag, means)}"
            found.append({"code": "rounding", "where": f"bag {bag.letter}", "message": message})
    off, percent = dose_error(bags)
    if abs(percent) > WARN_PERCENT:
        message = f"rounding changes the delivered dose by {off_text(off, UNITS[protocol.unit])} ({signed(percent)} %)"
        found.append({"code": "rounding-dose", "where": "all bags", "message": message})
    return found


def last_bag(protocol: Protocol, bags: list[Bag], unit: str) -> str:
    """How the last bag is filled, in words: the dose in a bag is not the dose given."""
    last = bags[protocol.steps[-1].solution]
    full = Fraction(protocol.full_dose_pg, 10**9)
    before = sum((bag.given for bag in bags if bag is not last), Fraction(0))
    spare = last.fill_ml + last.line_ml  # goes through the line, or stays in it, and counts as no dose
    rest, dry = last.volume_ml - last.needed_ml, before + last.drug - spare * last.per_ml
    holds, others, run_dry, ordered = (amount_text(one, unit) for one in (last.drug, before, dry, full))
    head = f"Bag {last.letter} (last) holds {holds}, the other bags give {others} before: "
    if rest > _LEFT_ML:
        tail = f"; the pump stops with {show(rest)} mL left in it, which must not be given"
    else:
        tail = "; it is given to its end"
    if last.drug == full:
        return f"{head}made at FULL strength, run dry it would come to {run_dry} of {ordered}{tail}."
    if abs(dry - full) * 200 <= full:
        how = "UNDER full strength" if last.drug < full else "over full strength for what stays in lines"
        return f"{head}made {how}, so that all bags together give {run_dry}{tail}."
    return f"{head}neither the full dose nor the rest of it, run dry it would come to {run_dry}{tail}."

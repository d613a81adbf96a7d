"""What somebody must look at before mixing, and how the last bag is filled, in words."""

from __future__ import annotations

from fractions import Fraction

from pump.protocol import UNITS, Protocol
from toleramp.preparation import WARN_PERCENT, Bag, Means, dose_error, rounded, show, signed, step_for

FINER = tuple(Fraction(text) for text in ("0.5", "0.2", "0.1", "0.05", "0.02", "0.01"))  # offered after a warning
_LEFT_ML = Fraction(1, 10**4)  # less than this left in a bag is rounding


def finer_step(bag: Bag) -> Fraction | None:
    """The coarsest step in mL that would keep the source's volume within the limit."""
    for step in FINER:
        off = abs(rounded(bag.exact_ml, Means(step_ml=step)) / bag.exact_ml - 1) * 100
        if off <= WARN_PERCENT:
            return step
    return None


def _remedy(bag: Bag, means: Means) -> str:
    if bag.source and abs(bag.draw_ml / bag.exact_ml - 1) * 100 <= WARN_PERCENT:
        return "its own volume of the source is near enough: look at the diluent and at the bag it is made from"
    finer = finer_step(bag) if bag.source else None
    if finer and finer < step_for(bag.exact_ml, means):
        return f"measured to {show(finer)} mL (two syringes) the source would be within {show(WARN_PERCENT)} %"
    return "make a larger volume of a weaker solution first, or take it from the next stronger bag (--serial)"


def warnings(protocol: Protocol, bags: list[Bag], means: Means) -> list[dict[str, str]]:
    """What somebody must look at before mixing: code, where, message."""
    found = []
    for bag in bags:
        where = f"bag {bag.letter}"
        if abs(bag.error_percent) > WARN_PERCENT:
            message = f"rounding makes it {signed(bag.error_percent)} % off; {_remedy(bag, means)}"
            found.append({"code": "rounding", "where": where, "message": message})
        if bag.made_volume_ml < bag.needed_ml:
            message = f"holds {show(bag.made_volume_ml)} mL, its steps draw {show(bag.used_ml)} mL"
            message += f" and its own line keeps {show(bag.line_ml)} mL" if bag.line_ml else ""
            found.append({"code": "bag-short", "where": where, "message": message})
    off, percent = dose_error(bags)
    if abs(percent) > WARN_PERCENT:
        message = f"rounding changes the delivered dose by {signed(off)} {UNITS[protocol.unit]} ({signed(percent)} %)"
        found.append({"code": "rounding-dose", "where": "all bags", "message": message})
    return found


def last_bag(protocol: Protocol, bags: list[Bag], unit: str) -> str:
    """How the last bag is filled, in words: the dose in a bag is not the dose given."""
    last = bags[protocol.steps[-1].solution]
    full = Fraction(protocol.full_dose_pg, 10**9)
    before = sum((bag.given for bag in bags if bag is not last), Fraction(0))
    spare = last.fill_ml + last.line_ml  # goes through the line, or stays in it, and counts as no dose
    rest, dry = last.volume_ml - last.needed_ml, before + last.drug - spare * last.per_ml
    head = (
        f"Bag {last.letter} (last) holds {show(last.drug)} {unit}, the other bags give {show(before)} {unit} before: "
    )
    if rest > _LEFT_ML:
        tail = f"; the pump stops with {show(rest)} mL left in it, which must not be given"
    else:
        tail = "; it is given to its end"
    if last.drug == full:
        return f"{head}made at FULL strength, run dry it would come to {show(dry)} {unit} of {show(full)} {unit}{tail}."
    if abs(dry - full) * 200 <= full:
        how = "UNDER full strength" if last.drug < full else "over full strength for what stays in lines"
        return f"{head}made {how}, so that all bags together give {show(dry)} {unit}{tail}."
    return f"{head}neither the full dose nor the rest of it, run dry it would come to {show(dry)} {unit}{tail}."

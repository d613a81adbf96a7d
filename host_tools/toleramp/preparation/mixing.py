"""What the pharmacy mixes: stock and diluent for each bag, rounded to what a syringe measures, and what that does.

All volumes in mL, amounts in the protocol's dose unit (mg or U), concentrations in that unit per mL; exact fractions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

from pump.protocol.doses import fills
from pump.protocol.protocol import Protocol, Solution
from toleramp.errors import UserError

# Volume of a syringe and the step it can be read to, mL; the last is filled as often as needed.
SYRINGES = tuple((Fraction(holds), Fraction(1, n)) for holds, n in ((1, 100), (10, 10), (20, 5), (50, 1)))
# Where one syringe is too coarse: whole mL in it, and the rest in a 1 mL syringe, to these steps, mL.
REST_STEPS = (Fraction(1, 10), Fraction(1, 100))
NEAR = Fraction(1, 1000)  # near enough to a volume: the coarsest way to measure it that comes so near is taken
LEAST_ML = Fraction(1, 10)  # less is not drawn of the stock where a stronger bag can be drawn from instead
LEFT_ML = Fraction(1, 10**4)  # less than this left in a bag is rounding
WARN_PERCENT = Fraction(1, 2)  # what PRO-3 allows for the sum of all steps


@dataclass(frozen=True)
class Means:
    """What there is to mix with."""

    stock: Fraction | None = None  # per mL; None: the amounts only, nothing to measure
    step_ml: Fraction | None = None  # None: by the syringe, see SYRINGES and REST_STEPS
    holds_ml: dict[str, Fraction] = field(default_factory=dict)  # what a container really holds before mixing
    serial: frozenset[str] | None = None  # bags from the next stronger one; None: where stock cannot be measured
    down: bool = False  # what is drawn of a source is rounded down, not to the nearest


@dataclass(frozen=True)
class Bag:
    """One bag: what the protocol wants, how it is made, what it is then."""

    letter: str
    volume_ml: Fraction
    drug: Fraction
    used_ml: Fraction
    holds_ml: Fraction  # diluent in the container before mixing
    source: str  # "stock", a bag's letter, or "" (only the amount is known)
    source_per_ml: Fraction  # as it should be
    exact_ml: Fraction  # of the source, before rounding
    draw_ml: Fraction  # of the source, as measured
    diluent_ml: Fraction  # added (above 0) or drawn off (below 0), as measured
    extra_ml: Fraction  # made in addition, for weaker bags
    made_per_ml: Fraction  # concentration after all roundings, the source's own included
    fill_ml: Fraction = Fraction(0)  # of what the steps draw: line-fills, which count as no dose
    line_ml: Fraction = Fraction(0)  # its own line, primed from it: stays behind

    @property
    def per_ml(self) -> Fraction:
        """Concentration the protocol wants."""
        return self.drug / self.volume_ml

    @property
    def made_volume_ml(self) -> Fraction:
        """What hangs in the end, mL."""
        return self.holds_ml + self.diluent_ml + self.draw_ml - self.extra_ml

    @property
    def made_drug(self) -> Fraction:
        """What hangs in the end, mg or U."""
        return self.made_volume_ml * self.made_per_ml

    @property
    def error_percent(self) -> Fraction:
        """How far the concentration is off, percent of what it should be."""
        return (self.made_per_ml / self.per_ml - 1) * 100

    @property
    def given(self) -> Fraction:
        """Dose that the infusion steps take from the bag as the protocol has it."""
        return (self.used_ml - self.fill_ml) * self.per_ml

    @property
    def made_given(self) -> Fraction:
        """Dose that the infusion steps take from the bag as made: no more than it holds beside its own line."""
        drawn = min(self.used_ml, max(self.made_volume_ml - self.line_ml, Fraction(0)))
        return max(drawn - self.fill_ml, Fraction(0)) * self.made_per_ml

    @property
    def is_emptied(self) -> bool:
        """True where the steps and its own line take all of it, but for rounding: nothing is left to be discarded."""
        return self.volume_ml - self.needed_ml <= LEFT_ML

    @property
    def near_plan(self) -> bool:
        """True where the bag as made differs from the protocol's by no more than rounding: one figure for both."""
        off_ml = abs(self.made_volume_ml / self.volume_ml - 1) * 100
        return abs(self.error_percent) <= WARN_PERCENT and off_ml <= WARN_PERCENT

    @property
    def needed_ml(self) -> Fraction:
        """What must be in the bag: what its steps draw, and its own line."""
        return self.used_ml + self.line_ml


def step_for(volume_ml: Fraction, means: Means) -> Fraction:
    """The step in mL to which one syringe measures this volume."""
    if means.step_ml:
        return means.step_ml
    return next((step for holds, step in SYRINGES if volume_ml <= holds), SYRINGES[-1][1])


def rounded(volume_ml: Fraction, means: Means) -> Fraction:
    """A volume in mL (above zero) as one syringe measures it; a half goes up."""
    return _steps_of(volume_ml, step_for(volume_ml, means), Fraction(1, 2))


def _steps_of(volume_ml: Fraction, step_ml: Fraction, up: Fraction) -> Fraction:
    """Whole steps in mL; `up`: 1/2 for the nearest (a half goes up), 0 for those below."""
    return floor(volume_ml / step_ml + up) * step_ml


def _ways(volume_ml: Fraction, means: Means) -> tuple[Fraction, ...]:
    """The steps in mL to which this volume can be measured, the coarsest and least laborious first."""
    alone = step_for(volume_ml, means)
    return (alone,) if means.step_ml or volume_ml <= SYRINGES[0][0] else (alone, *REST_STEPS)


def measured(volume_ml: Fraction, means: Means) -> Fraction:
    """A volume in mL (above zero) as one or two syringes measure it, the coarsest way that is near enough."""
    made = Fraction(0)
    for step in _ways(volume_ml, means):
        made = _steps_of(volume_ml, step, Fraction(0) if means.down else Fraction(1, 2))
        if abs(made - volume_ml) <= volume_ml * NEAR:
            break
    return made


def parts(volume_ml: Fraction) -> list[tuple[Fraction, Fraction]]:
    """How a volume that `measured` gave is drawn up by syringes as they come: (mL, mL of the syringe)."""
    holds, step = next((syringe for syringe in SYRINGES if volume_ml <= syringe[0]), SYRINGES[-1])
    if (volume_ml / step).denominator == 1:
        return [(volume_ml, holds)]
    whole = Fraction(floor(volume_ml))
    return [*parts(whole), (volume_ml - whole, SYRINGES[0][0])]


def used_ml(protocol: Protocol) -> list[Fraction]:
    """What the steps draw from each bag, line-fills included, mL."""
    return [uses.drawn_ml for uses in uses_of(protocol)]


@dataclass
class Uses:
    """What a protocol takes from a bag, mL: all its steps, the line-fills among them, its own line."""

    drawn_ml: Fraction
    fill_ml: Fraction
    line_ml: Fraction


def uses_of(protocol: Protocol) -> list[Uses]:
    """What the protocol takes from each bag."""
    every = [Uses(Fraction(0), Fraction(0), Fraction(bag.line_nl, 10**6)) for bag in protocol.solutions]
    for step in protocol.steps:
        volume = Fraction(step.volume_nl, 10**6)
        every[step.solution].drawn_ml += volume
        every[step.solution].fill_ml += volume if fills(step) else 0
    return every


def concentration(bag: Solution) -> Fraction:
    """mg (or U) per mL."""
    return Fraction(bag.drug_pg, bag.volume_nl * 1000)


def _stronger(protocol: Protocol, bag: Solution) -> Solution | None:
    """The next stronger bag."""
    others = [other for other in protocol.solutions if concentration(other) > concentration(bag)]
    return min(others, key=concentration, default=None)


def _off(volume_ml: Fraction, means: Means) -> Fraction:
    """By what share measuring misses a volume."""
    return abs(measured(volume_ml, means) / volume_ml - 1)


def _is_serial(bag: Solution, stock_ml: Fraction, bag_ml: Fraction, means: Means) -> bool:
    """True where a bag is made from the next stronger one: so much of the stock, or of that bag, would be drawn."""
    if means.serial is not None:
        return bag.id in means.serial
    if stock_ml < (means.step_ml or LEAST_ML):
        return True
    return _off(stock_ml, means) * 100 > WARN_PERCENT and _off(bag_ml, means) < _off(stock_ml, means)


@dataclass(frozen=True)
class _Draw:
    source: str
    per_ml: Fraction
    exact_ml: Fraction
    ml: Fraction


def _draw(protocol: Protocol, bag: Solution, batch: Fraction, stock: Fraction, means: Means) -> _Draw:
    """What goes into a batch of `batch` mg: from stock, or from the next stronger bag."""
    source, per_ml, stronger = "stock", stock, _stronger(protocol, bag)
    if stronger and _is_serial(bag, batch / stock, batch / concentration(stronger), means):
        source, per_ml = stronger.id, concentration(stronger)
    exact = batch / per_ml
    if exact < step_for(exact, means):
        what = f"{float(exact):.4g} mL of {'stock' if source == 'stock' else 'bag ' + source} cannot be measured"
        raise UserError(what, f"bag {bag.id}", "dilute the stock first and give that as --stock-mg-per-ml")
    return _Draw(source, per_ml, exact, measured(exact, means))


def _draws(protocol: Protocol, stock: Fraction, means: Means) -> tuple[dict[str, _Draw], dict[str, Fraction]]:
    """Weakest first: what each bag is made from, and what must be made in addition for weaker ones (mL)."""
    extra = {bag.id: Fraction(0) for bag in protocol.solutions}
    draws = {}
    for bag in sorted(protocol.solutions, key=concentration):
        batch_ml = Fraction(bag.volume_nl, 10**6) + extra[bag.id]
        draw = _draw(protocol, bag, concentration(bag) * batch_ml, stock, means)
        if draw.ml > batch_ml:
            what = f"{float(draw.ml):g} mL of stock do not fit into {float(batch_ml):g} mL"
            raise UserError(what, f"bag {bag.id}", "the stock is weaker than the bag: take a stronger one")
        if draw.source in extra:
            extra[draw.source] += draw.ml
        draws[bag.id] = draw
    return draws, extra


def _diluent(wanted_ml: Fraction, draw_ml: Fraction, batch_ml: Fraction, spare_ml: Fraction, means: Means) -> Fraction:
    """What is added, or drawn off (below 0); near enough to the batch, and short of it by no more than is spare."""
    made = -draw_ml  # what only makes room for the source is measured as that is
    for step in _ways(abs(wanted_ml), means) if wanted_ml != made else ():
        made = _steps_of(wanted_ml, step, Fraction(1, 2))
        made += step if made < wanted_ml - spare_ml else 0
        if abs(made - wanted_ml) <= batch_ml * NEAR:
            break
    return made


def _bag(bag: Solution, uses: Uses, draw: _Draw, extra: Fraction, source_made: Fraction, means: Means) -> Bag:
    volume = Fraction(bag.volume_nl, 10**6)
    holds = means.holds_ml.get(bag.id, volume)
    spare = max(volume - uses.drawn_ml - uses.line_ml, Fraction(0))
    diluent = _diluent(volume + extra - draw.ml - holds, draw.ml, volume + extra, spare, means)
    total = holds + diluent + draw.ml
    if holds + diluent < 0 or total <= extra:
        what = f"{float(-diluent):g} mL cannot be drawn off"
        raise UserError(what, f"bag {bag.id}", f"the container holds {float(holds):g} mL")
    drug, made = Fraction(bag.drug_pg, 10**9), draw.ml * source_made / total
    return Bag(
        bag.id, volume, drug, uses.drawn_ml, holds, draw.source, draw.per_ml, draw.exact_ml, draw.ml, diluent, extra,
        made, uses.fill_ml, uses.line_ml,
    )  # fmt: skip


def _as_wanted(protocol: Protocol) -> list[Bag]:
    """The bags exactly as the protocol has them."""
    nothing, bags = (Fraction(0),) * 5, []
    for bag, uses in zip(protocol.solutions, uses_of(protocol), strict=True):
        volume, drug = Fraction(bag.volume_nl, 10**6), Fraction(bag.drug_pg, 10**9)
        lines = uses.fill_ml, uses.line_ml
        bags.append(Bag(bag.id, volume, drug, uses.drawn_ml, volume, "", *nothing, drug / volume, *lines))
    return bags


def prepare(protocol: Protocol, means: Means) -> list[Bag]:
    """The bags in the order of the protocol, as they come out with these means."""
    if means.stock is None:
        return _as_wanted(protocol)
    draws, extra = _draws(protocol, means.stock, means)
    used = dict(zip((bag.id for bag in protocol.solutions), uses_of(protocol), strict=True))
    made: dict[str, Bag] = {}
    for bag in sorted(protocol.solutions, key=concentration, reverse=True):
        draw = draws[bag.id]
        source_made = made[draw.source].made_per_ml if draw.source in made else means.stock
        made[bag.id] = _bag(bag, used[bag.id], draw, extra[bag.id], source_made, means)
    return [made[bag.id] for bag in protocol.solutions]


def dose_error(bags: Iterable[Bag]) -> tuple[Fraction, Fraction]:
    """What all roundings together do to the delivered dose: (mg or U, percent of the dose planned)."""
    planned = sum((bag.given for bag in bags), Fraction(0))
    off = sum((bag.made_given for bag in bags), Fraction(0)) - planned
    return off, off / planned * 100 if planned else Fraction(0)


def show(value: Fraction, digits: int = 6) -> str:
    """A number for people: exact where so many significant digits are enough, otherwise rounded to them."""
    if not value:
        return "0"
    places = digits
    while abs(value) < 1 and abs(value) * 10 ** (places - digits) < Fraction(1, 10):
        places += 1
    while abs(value) >= 10 ** (digits - places) and places > 0:
        places -= 1
    scaled = int(abs(value) * 10**places + Fraction(1, 2))
    whole, rest = divmod(scaled, 10**places)
    text = f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".") if places else str(whole)
    return f"-{text}" if value < 0 and scaled else text


def signed(value: Fraction) -> str:
    """As `show`, three digits, with its sign."""
    return ("+" if value > 0 else "") + show(value, 3)

"""What a protocol file and the pump can hold: a plan beyond it is a Misfit, told with the option that helps.

Bounds are those of protocol_keys and of the compiled form; volumes nL, rates 0.0001 mL/h, times ms, drug pg.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import floor, log10

from pump.protocol.protocol import _RANGES, STEP
from toleramp.protocol.keys import BOUNDS
from toleramp.protocol.templates.exact import near, plain
from toleramp.protocol.templates.model import E4, MS_PER_MIN, NL_PER_ML, PG_PER_MG, Misfit, Plan
from toleramp.protocol.templates.options import DOSES, Option, Values

_RATE_ML_H = BOUNDS["step", "rate_ml_h"][1]
_BAG_ML = BOUNDS["solution", "volume_ml"][1]
_STEP_MS, _STEP_NL = _RANGES[STEP][3][1], _RANGES[STEP][4][1]
_MOST_PG = 10**16
_MS_PER_H_E4 = 36_000  # nL at 0.0001 mL/h, in ms
_HALVINGS = 44  # from the largest number that an option takes to the smallest


def _volumes(plan: Plan) -> Iterator[int]:
    """Each rung's volume in nL; of the open one what the protocol reader computes."""
    given = sum(
        (Fraction(plan.given_nl(i) * bag.drug_pg, bag.volume_nl) for i, bag in enumerate(plan.bags)), Fraction()
    )
    for rung in plan.rungs:
        bag = plan.bags[rung.bag]
        yield int((plan.dose_pg - given) * bag.volume_nl / bag.drug_pg) if rung.open else rung.drawn_nl()


def _demand_bags(plan: Plan) -> None:
    for bag in plan.bags:
        where = f"bag {bag.letter}"
        if bag.volume_nl > _BAG_ML * NL_PER_ML:
            ml = near(Fraction(bag.volume_nl, NL_PER_ML))
            raise Misfit(f"{ml} mL with its overfill is more than the {_BAG_ML} mL of a protocol", where)
        if not 0 < bag.drug_pg <= _MOST_PG:
            amount = near(Fraction(bag.drug_pg, PG_PER_MG))
            raise Misfit(f"it would need {amount} mg (or U): a protocol holds up to 1e7", where)


def _demand_step(volume_nl: int, rate_e4: int, where: str) -> None:
    if rate_e4 > _RATE_ML_H * E4:
        rate = near(Fraction(rate_e4, E4), 4)
        raise Misfit(f"{rate} mL/h are more than the {_RATE_ML_H} mL/h that a protocol can say", where)
    if volume_nl > _STEP_NL:
        ml = near(Fraction(volume_nl, NL_PER_ML))
        raise Misfit(f"{ml} mL are more than the {_STEP_NL // NL_PER_ML} mL that a step may have", where)
    if rate_e4 <= 0 or volume_nl <= 0:
        raise Misfit("its rate or volume is too small to be held", where)
    duration_ms = round(Fraction(volume_nl * _MS_PER_H_E4, rate_e4))
    if not 0 < duration_ms <= _STEP_MS:
        minutes = near(Fraction(duration_ms, MS_PER_MIN), 1)
        most = f"a step lasts 1 ms to {_STEP_MS // MS_PER_MIN} min"
        raise Misfit(f"it would last {minutes} min: {most}", where)


def demand(plan: Plan) -> None:
    """Raises Misfit, naming the bag or step, unless a file and the pump can hold the plan."""
    _demand_bags(plan)
    for number, (rung, volume_nl) in enumerate(zip(plan.rungs, _volumes(plan), strict=True), 1):
        _demand_step(volume_nl, rung.rate_e4, f"step {number}")


# -- which option helps

Works = Callable[[Values], bool]


def _is_dose(option: Option) -> bool:
    return option.key in DOSES or option.key in ("weight_kg", "height_cm")


def _rank(option: Option, values: Values) -> int:
    """0: somebody set it; 1: it has its default; more: a dose, which is the last to be changed."""
    is_default = option.default is not None and values[option.key] == option.read(option.default)
    return int(is_default) + 2 * _is_dose(option)


def _candidates(options: tuple[Option, ...], values: Values) -> list[Option]:
    """Options that are one number above zero here: first those that somebody set, the doses last."""
    numbers = (o for o in options if o.kind in ("number", "numbers") and _number(values.get(o.key)))
    return sorted(numbers, key=lambda option: _rank(option, values))


def _number(value: object) -> Fraction | None:
    """The value as one number above zero, else None; of a list only when all in it are alike."""
    if isinstance(value, tuple):
        value = value[0] if len(set(value)) == 1 else None
    return value if isinstance(value, Fraction) and value else None


def _rounded(value: Fraction, option: Option) -> Fraction:
    """To about four digits, no finer than the option takes, within its bounds."""
    unit = _unit(value, option)
    return min(max(Fraction(round(value / unit)) * unit, Fraction(option.low)), Fraction(option.high))


def _unit(value: Fraction, option: Option) -> Fraction:
    return Fraction(10) ** max(floor(log10(value)) - 3, -option.digits)


def _helps(option: Option, values: Values, works: Works) -> str:
    """What this option alone must be, in words; "" when it does not help. `works`: whether values make a protocol."""
    given = _number(values[option.key]) or Fraction(1)

    def good(value: Fraction) -> bool:
        changed = (value,) if option.kind == "numbers" else value
        return Fraction(option.low) <= value <= Fraction(option.high) and works({**values, option.key: changed})

    probes = (_rounded(given * Fraction(2) ** power, option) for n in range(1, _HALVINGS) for power in (-n, n))
    found = next((probe for probe in dict.fromkeys(probes) if good(probe)), None)
    if found is None:
        return ""
    unit = _unit(min(given, found) or given, option)
    bad = given
    while abs(bad - found) > unit:  # `found` works, `bad` does not: nearer and nearer to each other
        middle = Fraction(round((bad + found) / 2 / unit)) * unit
        if middle in (bad, found):
            break
        found, bad = (middle, bad) if good(middle) else (found, middle)
    end = "most" if found < given else "least"
    return f"{option.flag} may be at {end} {plain(found)} {option.unit}".rstrip()


def remedy(options: tuple[Option, ...], values: Values, works: Works) -> str:
    """What to change in the values of `options` so that they make a protocol, by the option's name."""
    candidates = _candidates(options, values)
    for option in candidates:
        words = _helps(option, values, works)
        if words:
            return words
    own = [option for option in candidates if not _is_dose(option)]
    given = [option for option in own if not _rank(option, values)]
    return f"no option alone mends it: change {', '.join(o.flag for o in given or own or candidates)}"

"""The unit at the end of a key or option: which it is, what a value comes to in another one, which key was meant.

A name is never taken for one in another unit: full_dose_mcg is near full_dose_mg as a word, and 1000-fold away as a
dose. A value in a known other unit is converted in the message, for a person to write down; nothing is converted
silently.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

# Word at the end of a key -> (quantity, size in that quantity's first unit, how it is written).
UNITS: dict[str, tuple[str, Fraction, str]] = {
    word: (quantity, Fraction(size), shown)
    for quantity, rows in {
        "mass": (
            ("mg", "1", "mg", "mgs milligram milligrams"),
            ("g", "1000", "g", "gm gram grams"),  # "gr" is a grain to some
            ("kg", "1000000", "kg", "kgs kilogram"),
            ("mcg", "1/1000", "mcg", "ug mcgs ugs microg microgram micrograms"),
            ("ng", "1/1000000", "ng", "nanogram nanograms"),
            ("pg", "1/1000000000", "pg", "picogram picograms"),
        ),
        "activity": (
            ("u", "1", "U", "units unit iu"),
            ("ku", "1000", "kU", "kiu"),
            ("miu", "1000000", "million U", "mega"),
        ),
        "volume": (
            ("ml", "1", "mL", "mls cc millilitre milliliter"),
            ("l", "1000", "L", "litre liter"),
            ("dl", "100", "dL", ""),
            ("ul", "1/1000", "uL", "mcl microlitre microliter"),
            ("nl", "1/1000000", "nL", ""),
        ),
        "time": (
            ("min", "1", "min", "mins minute minutes"),
            ("h", "60", "h", "hr hrs hour hours"),
            ("s", "1/60", "s", "sec secs second seconds"),
            ("ms", "1/60000", "ms", "msec"),
            ("d", "1440", "days", "day days"),
        ),
        "pressure": (("mmhg", "1", "mmHg", ""), ("kpa", "0", "kPa", ""), ("mbar", "0", "mbar", "")),
        "temperature": (("c", "1", "C", "celsius"), ("f", "0", "F", "fahrenheit")),
        "length": (("cm", "1", "cm", ""), ("m", "100", "m", ""), ("mm", "1/10", "mm", ""), ("in", "0", "in", "inch")),
        "area": (("m2", "1", "m2", ""),),
        "share": (("percent", "1", "%", "pct"),),
        "frequency": (("bpm", "1", "/min", ""), ("hz", "60", "Hz", "")),
    }.items()
    for first, size, shown, others in rows
    for word in (first, *others.split())
}
_AS_ONE = {"mlh": "ml_h", "mlhr": "ml_h", "mlmin": "ml_min", "mgml": "mg_ml", "mgh": "mg_h", "mgkg": "mg_kg"}
_PER = {"mass", "activity", "volume"}  # of which there is so much in an hour, a mL, a kg
_IN = {"time", "volume", "mass", "area"}
_SHORT = 3  # a letter or two alone are a name, not a unit


@dataclass(frozen=True)
class Named:
    """A name taken apart: its stem, the quantity, the size of its unit in the first one, the unit as written."""

    stem: str
    quantity: str = ""
    size: Fraction = Fraction(0)  # 0: not to be converted by a factor
    unit: str = ""


def _per(words: list[str]) -> Named | None:
    """mL an hour, mg in a mL, mg for a kg."""
    top, below = UNITS.get(words[0]), UNITS.get(words[1])
    if not top or not below or top[0] not in _PER or below[0] not in _IN:
        return None
    size = top[1] / below[1] if below[1] else Fraction(0)
    return Named("", f"{top[0]} in {below[0]}", size, f"{top[2]}/{below[2]}")


def taken_apart(name: str) -> Named:
    """Stem and unit of a key or option."""
    words = re.split(r"[_-]+", name.strip("-").lower())
    words = [part for word in words for part in _AS_ONE.get(word, word).split("_") if part != "per"]
    if len(words) > 1:
        both = _per(words[-2:])
        if both:
            return Named("_".join(words[:-2]), both.quantity, both.size, both.unit)
    unit = UNITS.get(words[-1])
    if unit is None or (len(words) == 1 and len(words[0]) < _SHORT):
        return Named("_".join(words))
    return Named("_".join(words[:-1]), *unit)


def _near(name: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, list(known), 1)), None)


def _same_stem(mine: Named, known: list[str]) -> list[str]:
    """The keys whose stem this is, or is near to; those with a stem of just this name first."""
    stems: dict[str, list[str]] = {}
    for key in known:
        stems.setdefault(taken_apart(key).stem, []).append(key)
    if mine.stem in stems:
        return stems[mine.stem]
    near = _near(mine.stem, [stem for stem in stems if stem]) if mine.stem else None
    return stems[near] if near is not None else []


def _number(value: Any) -> Fraction | None:
    try:
        if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
            return None
        number = Decimal(value)
        return Fraction(number) if number.is_finite() and abs(number.adjusted()) < 40 else None
    except (ArithmeticError, ValueError):
        return None


def decimal_or_fraction(value: Fraction) -> str:
    """Exact decimal text where there is one, else p/q."""
    places = next((n for n in range(31) if (value * 10**n).denominator == 1), None)
    if places is None:
        return f"{value.numerator}/{value.denominator}"
    text = f"{Decimal(int(value * 10**places)).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _converted(mine: Named, key: str, value: Any) -> str:
    """What to write instead, with the number worked out where a factor says it."""
    theirs, number = taken_apart(key), _number(value)
    if number is None or not mine.size or not theirs.size:
        return f"write {key}, with the value converted from {mine.unit} to {theirs.unit}"
    text = decimal_or_fraction(number * mine.size / theirs.size)
    return f"write {key} = {text} ({decimal_or_fraction(number)} {mine.unit} are {text} {theirs.unit})"


def _without_unit(name: str, mine: Named, every: list[str]) -> str | None:
    """A name without a unit that is known, where the key has one."""
    exact = [key for key in every if key.startswith(name + "_") and taken_apart(key).quantity]
    if exact:
        return "write " + " or ".join(exact) + ": the key names the unit"
    keys = [key for key in _same_stem(mine, every) if taken_apart(key).quantity and taken_apart(key).stem]
    said = " or ".join(f"{key} (in {taken_apart(key).unit})" for key in keys)
    return f"write {said}: the key names the unit, convert the value to it" if keys else None


def other_unit(name: str, value: Any, known: Iterable[str]) -> str | None:
    """The remedy for a name that is a known key's in another unit, or in no unit at all; None where it is neither."""
    mine, every = taken_apart(name), list(known)
    if not mine.quantity:
        return _without_unit(name, mine, every)
    keys = _same_stem(mine, every)
    if not mine.stem:  # "hours" for "minutes": the unit is the whole name
        keys = [key for key in every if not taken_apart(key).stem and taken_apart(key).quantity == mine.quantity]
    alike = [key for key in keys if taken_apart(key).quantity == mine.quantity]
    if not alike and keys:
        units = " or ".join(f"{key} (in {taken_apart(key).unit})" for key in keys if taken_apart(key).quantity)
        return f"write {units}: {mine.unit} is another quantity, nothing is converted" if units else None
    if not alike or any(taken_apart(key).unit == mine.unit for key in alike):
        return None
    return _converted(mine, alike[0], value)


# Bounded keys that are often given in another unit: the key's words in the other unit.
_SLIPS = {"height_cm": "height_m", "weight_kg": "weight_g", "line_dead_volume_ml": "line_dead_volume_ul"}


def slip(key: str, value: Fraction, low: Fraction, high: Fraction) -> str:
    """What a value out of its bounds comes to if meant in the other usual unit: "1.75 m are 175 cm"; or "".

    `low`, `high`: the bounds, in the key's own unit.
    """
    if key not in _SLIPS:
        return ""
    mine, theirs = taken_apart(_SLIPS[key]), taken_apart(key)
    meant_ = value * mine.size / theirs.size
    if not low <= meant_ <= high:
        return ""
    text = decimal_or_fraction(meant_)
    return f"{decimal_or_fraction(value)} {mine.unit} are {text} {theirs.unit}: if that is meant, write {text}"


def meant(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Known names that were probably meant, nearest first; none in another unit than the name's own."""
    mine, every = taken_apart(name), list(known)
    same = [key for key in every if taken_apart(key).unit == mine.unit or not (mine.unit or taken_apart(key).stem)]
    return difflib.get_close_matches(name, same, most)

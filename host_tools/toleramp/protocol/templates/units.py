"""A number that is given with its unit: taken where it is the option's, converted where the kind is, else refused.

Exact factors; 1 L = 1000 mL and so on. International units measure the effect of one drug each, so they are never
converted into a mass. "u" alone is refused for micrograms: it is an abbreviation of units.
"""

from __future__ import annotations

import re
from fractions import Fraction

from toleramp.errors import UserError
from toleramp.protocol.templates.exact import plain

_NUMBER_AND_UNIT = re.compile(
    r"\s*(?P<number>[\d.,;'_\u2019\s\u00a0\u2009\u202f]*\d\.?)\s*"
    r"(?P<unit>/?\s*[A-Za-zµμ%°][A-Za-zµμ ]*(?:/\s*[A-Za-zµμ]+[2²]?)?)\s*",
    re.ASCII,
)

_DECIMAL = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)  # other digits have two readings: refused where they are read

# Kind of quantity -> unit -> how much of the first of the kind one is. The names in full are what people are told.
_KINDS: dict[str, dict[str, Fraction]] = {
    "mass": {
        "mg": Fraction(1),
        "g": Fraction(1000),
        "kg": Fraction(10**6),
        "micrograms": Fraction(1, 1000),
        "nanograms": Fraction(1, 10**6),
    },
    "international units": {"U": Fraction(1)},
    "volume": {"mL": Fraction(1), "L": Fraction(1000), "microlitres": Fraction(1, 1000)},
    "time": {"min": Fraction(1), "h": Fraction(60), "s": Fraction(1, 60), "days": Fraction(1440)},
    "length": {"cm": Fraction(1), "m": Fraction(100), "mm": Fraction(1, 10)},
    "area": {"m2": Fraction(1)},
    "temperature": {"C": Fraction(1)},
    "share": {"%": Fraction(1)},
    "pressure": {"mmHg": Fraction(1)},
}
_SAME = {
    "milligram milligrams": "mg",
    "gram grams": "g",
    "kilogram kilograms": "kg",
    "microgram mcg ug µg μg": "micrograms",
    "nanogram ng": "nanograms",
    "iu ie unit units international unit": "U",
    "ml milliliter milliliters millilitre millilitres cc": "mL",
    "l liter liters litre litres": "L",
    "ul µl μl microliter microliters microlitre": "microlitres",
    "minute minutes mins": "min",
    "hour hours hr hrs": "h",
    "second seconds sec": "s",
    "day d": "days",
    "centimetre centimetres": "cm",
    "metre metres": "m",
    "m²": "m2",
    "°c celsius": "C",
    "bpm": "/min",
}
_OTHER = {other: name for others, name in _SAME.items() for other in others.split()}
_OTHER |= {"internationalunits": "U", "internationalunit": "U"}


def _named(text: str) -> str:
    """The unit's own name; what is not known stays as it is."""
    bare = text.replace(" ", "")
    every = {unit.lower(): unit for units in _KINDS.values() for unit in units}
    return _OTHER.get(bare.lower()) or every.get(bare.lower()) or bare


def _kind(unit: str) -> tuple[str, Fraction]:
    """Kind and factor of a unit; ("", 0) for one that is not known."""
    return next(((kind, units[unit]) for kind, units in _KINDS.items() if unit in units), ("", Fraction(0)))


def _factor(unit: str, wanted: str) -> Fraction | None:
    """How many of `wanted` one `unit` is; None where they measure different things, or are not known."""
    parts, others = unit.split("/"), wanted.split("/")
    if len(parts) != len(others):
        return None
    found = Fraction(1)
    for power, part, other in zip((1, -1), parts, others, strict=False):
        (kind, size), (kind_wanted, size_wanted) = _kind(_named(part)), _kind(_named(other))
        if _named(part) == _named(other):
            continue
        if not kind or kind != kind_wanted:
            return None
        found *= (size / size_wanted) ** power
    return found


def named(unit: str) -> str:
    """A unit's name, or that of two with a stroke between: "IU/kg" is "U/kg"."""
    return "/".join(_named(part) for part in unit.split("/"))


def split(text: str) -> tuple[str, str]:
    """The number and the unit in `text`; no unit where there is none, or where this is no number with a unit."""
    match = _NUMBER_AND_UNIT.fullmatch(text)
    return (match["number"].strip(), match["unit"].strip()) if match else (text, "")


def _same_kind(wanted: str) -> list[str]:
    """Units that are converted into `wanted`."""
    first, stroke, rest = wanted.partition("/")
    units = next((units for units in _KINDS.values() if first in units), {})
    return [unit + stroke + rest for unit in units]


def _others(unit: str, wanted: str) -> str:
    """What else could be given, in words."""
    if _kind(_named(unit.split("/")[0]))[0] == "international units":
        return "; a drug in international units has --dose-u and its like"
    others = [other for other in _same_kind(wanted) if other != wanted]
    return f" ({', '.join(others)} are converted)" if others else ""


def ratio(unit: str, wanted: str, where: str) -> Fraction:
    """How many of `wanted` one `unit` is. Raises UserError for one that is not known or measures another thing."""
    factor = _factor(unit, wanted) if wanted else None
    if factor is None:
        right = f"give the number alone, the unit is {wanted}" if wanted else "give the number alone, it has no unit"
        raise UserError(f"{unit!r} is not a unit of this", where, right + _others(unit, wanted))
    return factor


def without(text: str, wanted: str, where: str) -> str:
    """`text` as a number of `wanted` alone: its unit taken away, or converted exactly. Raises UserError."""
    number, unit = split(text)
    if not unit:
        return text
    factor = ratio(unit, wanted, where)
    if factor == 1 or not _DECIMAL.fullmatch(number):
        return number
    try:
        return plain(Fraction(number) * factor)
    except ValueError:
        remedy = f"give the number alone, the unit is {wanted}"
        raise UserError(f"{text.strip()} is no decimal number of {wanted}", where, remedy) from None


def aloud(text: str, wanted: str, where: str) -> str:
    """A conversion in words: "0.7 g = 700 mg"; "" where nothing was converted."""
    number, unit = split(text)
    if not unit or named(unit) == named(wanted) or not _DECIMAL.fullmatch(number):
        return ""
    return f"{where}: {number} {named(unit)} = {without(text, wanted, where)} {wanted}"

"""A number that is given with its unit: taken where it is the option's, converted where the kind is, else refused.

Exact factors; 1 L = 1000 mL and so on. International units measure the effect of one drug each, so they are never
converted into a mass. "u" alone is refused for micrograms: it is an abbreviation of units.
"""

from __future__ import annotations

import re
from fractions import Fraction

from toleramp.errors import UserError
from toleramp.protocol.templates.exact import plain
from toleramp.words.unit_keys import UNITS

_NUMBER_AND_UNIT = re.compile(
    r"\s*(?P<number>[\d.,;'_\u2019\s\u00a0\u2009\u202f]*\d\.?)\s*"
    r"(?P<unit>/?\s*[A-Za-zµμ%°][A-Za-zµμ ]*(?:/\s*[A-Za-zµμ]+[2²]?)?)\s*",
    re.ASCII,
)

_DECIMAL = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)  # other digits have two readings: refused where they are read

_ACTIVITY = UNITS["u"][0]

# The units that a number may be given in, by the word that stands for each in toleramp.words.unit_keys, where its
# quantity and size are kept; the names are what people are told, in full where a short one has been misread.
_WRITTEN = {
    "mg": "mg", "g": "g", "kg": "kg", "micrograms": "mcg", "nanograms": "ng", "U": "u", "mL": "ml", "L": "l",
    "microlitres": "ul", "min": "min", "h": "h", "s": "s", "days": "d", "cm": "cm", "m": "m", "mm": "mm", "m2": "m2",
    "C": "c", "%": "percent", "mmHg": "mmhg",
}  # fmt: skip
_SIGNS = {
    "µg": "micrograms", "μg": "micrograms", "µl": "microlitres", "μl": "microlitres", "ie": "U",
    "internationalunits": "U", "internationalunit": "U", "kilograms": "kg", "milliliters": "mL", "millilitres": "mL",
    "liters": "L", "litres": "L", "microliters": "microlitres", "centimetre": "cm", "centimetres": "cm",
    "metre": "m", "metres": "m", "nanograms": "nanograms", "m²": "m2", "°c": "C", "%": "%", "bpm": "/min",
}  # fmt: skip


def _kinds() -> dict[str, dict[str, Fraction]]:
    """Kind of quantity -> unit -> how much of the first of the kind one is."""
    kinds: dict[str, dict[str, Fraction]] = {}
    for name, word in _WRITTEN.items():
        quantity, size, _ = UNITS[word]
        kinds.setdefault(quantity, {})[name] = size
    return kinds


_KINDS = _kinds()
_OTHER = {
    word: name
    for name, own in _WRITTEN.items()
    for word, unit in UNITS.items()
    if unit[:2] == UNITS[own][:2] and word not in _SIGNS
} | _SIGNS


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
    if _kind(_named(unit.split("/")[0]))[0] == _ACTIVITY:
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

"""A number that was written as no number: in quotation marks, with its unit, with a decimal comma (PRO-6).

What to write instead is worked out, in the unit that the key names: who only takes the quotation marks off "280 mcg"
gives a thousandfold. Nothing is converted silently, and a text with two readings gets both.
"""

from __future__ import annotations

import re
from fractions import Fraction

from toleramp.words.unit_keys import Named, decimal_or_fraction, taken_apart

_VALUE = re.compile(r"(?P<number>\d+[.,]?\d*|[.,]\d+)\s*(?P<unit>[^\d\s.,'_+-].*)?", re.ASCII)
_GROUPED = re.compile(r"([1-9]\d{0,2}),(\d{3})", re.ASCII)
_LINE = re.compile(r"\s*(?P<key>[A-Za-z0-9_-]+)\s*=\s*(?P<value>[\d.,][^#]*?)\s*(?:#.*)?")
_SIGNS = {"µ": "mc", "μ": "mc", "mcl": "ul", "%": "percent", "°c": "c", "i.u.": "iu", "i.e.": "iu", "²": "2"}
LONGEST = 120  # characters: nobody writes a number as long
_STEM = "value"  # before a unit alone, so that it is taken apart as that of a key


def _unit(text: str) -> Named:
    """The unit that was written after a number; without a quantity where it is not known."""
    name = text.strip().lower()
    for sign, word in _SIGNS.items():
        name = name.replace(sign, word)
    found = taken_apart(_STEM + "_" + re.sub(r"[\s/]+", "_", name.rstrip(".")))
    return found if found.stem == _STEM else Named(_STEM)


def _point(number: str) -> str:
    """The number with a point and a digit on both sides of it, without zeros in front."""
    whole, point, rest = number.replace(",", ".").partition(".")
    return (whole.lstrip("0") or "0") + (point + rest if rest else "")


def _converted(key: str, number: str, written: str) -> str:
    """What to write for a number with its unit behind it."""
    mine, theirs = _unit(written), taken_apart(key)
    shown = written.strip()[:20]
    if mine.quantity and mine.unit == theirs.unit:
        return f"write {key} = {number}"
    if not theirs.quantity:
        return f"write {key} = {number}, if {shown} is meant: the key has no unit"
    if not mine.quantity:
        return f"{shown} is no unit that is known here: write {key} with the number of {theirs.unit}"
    if mine.quantity != theirs.quantity:
        return (
            f"{shown} is another quantity than {theirs.unit}, nothing is converted: write the {theirs.unit} for {key}"
        )
    if not mine.size or not theirs.size:
        return f"write {key} with the value converted from {mine.unit} to {theirs.unit}"
    text = decimal_or_fraction(Fraction(number) * mine.size / theirs.size)
    return f"{number} {mine.unit} are {text} {theirs.unit}: write {key} = {text}"


def instead(key: str, text: str) -> str:
    """What to write for `key` instead of `text`, which is no number."""
    found = _VALUE.fullmatch(text.strip()) if len(text) <= LONGEST else None
    unit = taken_apart(key).unit
    if found is None:
        return (
            f"write {key} = a number{f' of {unit}' if unit else ''}, without quotation marks, unit or thousands marks"
        )
    number, written = found["number"], found["unit"] or ""
    grouped = _GROUPED.fullmatch(number)
    if grouped:
        readings = f"{grouped[1]}.{grouped[2]} (decimal point) or {grouped[1]}{grouped[2]}"
        return f"decimals or thousands? write {key} = {readings}{f', in {unit}' if unit else ''}"
    return _converted(key, _point(number), written) if written else f"write {key} = {_point(number)}"


def in_line(text: str) -> str:
    """The remedy for a line of a file that is no TOML because of its number; "" for any other line."""
    found = _LINE.fullmatch(text) if len(text) <= LONGEST else None
    return instead(found["key"], found["value"]) if found else ""

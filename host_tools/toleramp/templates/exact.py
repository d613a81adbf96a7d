"""Decimal text to exact fractions and back; no binary float, nothing rounded unless a caller says so."""

from __future__ import annotations

import re
from fractions import Fraction

from toleramp.errors import UserError

LONGEST_TEXT = 40
_MOST_DIGITS = 60
_DECIMAL = re.compile(r"(\d+)(\.(\d*))?|\.(\d+)", re.ASCII)


def number(text: str, where: str, digits: int, low: Fraction, high: Fraction, unit: str = "") -> Fraction:
    """The number in `text`, from `low` to `high`, with at most `digits` decimals. Raises UserError."""
    text = text.strip()
    match = _DECIMAL.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if match is None:
        remedy = f"write {text.replace(',', '.')}" if re.fullmatch(r"\d+,\d+", text) else "write it like 12.5"
        raise UserError(f"{text[:LONGEST_TEXT]!r} is not a number", where, remedy)
    decimals = (match[3] or match[4] or "").rstrip("0")
    if len(decimals) > digits:
        raise UserError(f"{text} has more than {digits} decimals", where, "write fewer")
    value = Fraction("0" + text if text.startswith(".") else text.rstrip("."))
    if not low <= value <= high:
        raise UserError(f"{text} is out of range", where, f"from {plain(low)} to {plain(high)} {unit}".rstrip())
    return value


def decimal_text(value: Fraction) -> str:
    """`value` as exact decimal text, always with a point ("250.0"). ValueError when it has no finite decimal."""
    digits = next((n for n in range(_MOST_DIGITS) if (value * 10**n).denominator == 1), None)
    if digits is None:
        raise ValueError(f"{value} has no finite decimal")
    whole, rest = divmod(int(value * 10**digits), 10**digits)
    return f"{whole}.{rest:0{digits}d}" if digits else f"{whole}.0"


def plain(value: Fraction) -> str:
    """As decimal_text, without a trailing ".0": for messages and names."""
    return decimal_text(value).removesuffix(".0")


def near(value: Fraction, digits: int = 6) -> str:
    """`value` for people: exact where it fits in `digits` decimals, else rounded there."""
    return plain(Fraction(round(value * 10**digits), 10**digits))

"""Decimal text to exact fractions and back; no binary float, nothing rounded unless a caller says so."""

from __future__ import annotations

import re
from fractions import Fraction

from toleramp.errors import UserError

LONGEST_TEXT = 40
_MOST_DIGITS = 60
_DECIMAL = re.compile(r"(\d+)(\.(\d*))?|\.(\d+)", re.ASCII)
_SEPARATOR = "[.,;'_\u2019 \t\u00a0\u2009\u202f]"  # what people put between digits, for thousands or for decimals
_SEPARATED = re.compile(rf"\d+({_SEPARATOR}\d+)+", re.ASCII)
_DECIMAL_COMMA = re.compile(r"\d+,(\d{1,2}|\d{4,})|0+,\d+", re.ASCII)


def number(text: str, where: str, digits: int, low: Fraction, high: Fraction, unit: str = "") -> Fraction:
    """The number in `text`, from `low` to `high`, with at most `digits` decimals. Raises UserError."""
    text = text.strip()
    match = _DECIMAL.fullmatch(text) if len(text) <= LONGEST_TEXT else None
    if match is None:
        raise UserError(f"{text[:LONGEST_TEXT]!r} is not a number", where, _meant(text, unit))
    decimals = (match[3] or match[4] or "").rstrip("0")
    if len(decimals) > digits:
        raise UserError(f"{text} has more than {digits} decimals", where, "write fewer")
    value = Fraction("0" + text if text.startswith(".") else text.rstrip("."))
    if not low <= value <= high:
        raise UserError(f"{text} is out of range", where, f"from {plain(low)} to {plain(high)} {unit}".rstrip())
    return value


def _meant(text: str, unit: str) -> str:
    """How to write what was meant; where thousands and decimals can be confused both readings, never one."""
    if len(text) > LONGEST_TEXT or not re.fullmatch(_SEPARATED, text):
        return "give the number alone, as 12.5" + (f": the unit is {unit}" if unit else "")
    if re.fullmatch(_DECIMAL_COMMA, text):
        return f"write {text.replace(',', '.')}"
    parts = re.split(_SEPARATOR, text)
    return both_readings("".join(parts[:-1]), parts[-1])


def both_readings(whole: str, rest: str) -> str:
    """What to write for digits on both sides of a separator that may stand for thousands or for a decimal point."""
    thousands, decimal = int(whole + rest), Fraction(f"{whole}.{rest}")
    return f"thousands or decimals? write {thousands} (no separator) or {decimal_text(decimal)} (decimal point)"


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

"""Exact numbers in, short numbers out: fractions for doses, decimal text for people."""

from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

PL_PER_ML = 10**9
NL_PER_ML = 10**6
MS_PER_H = 3_600_000
COUNT_MAX = 2**44  # larger than any counter or clock of the device: a damaged line, not a value
NOTHING = "–"


def exact(value: Any) -> Fraction:
    """A number's decimal text as a fraction, free of binary rounding; ValueError for no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
        raise ValueError(f"{value!r} is not a number")
    return value if isinstance(value, Fraction) else Fraction(str(value))


def count(record: dict[str, Any], key: str) -> int | None:
    """A counter of a record, or None where it is missing or cannot be one."""
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= COUNT_MAX else None


def show(value: Fraction | None, digits: int = 4) -> str:
    """A number to `digits` significant digits, whole digits always kept.

    No trailing zeros, always a leading one: "1.0 mg" has been read as 10 mg.
    """
    if value is None:
        return NOTHING
    whole = len(str(abs(int(value))))
    decimal = Context(prec=40).divide(Decimal(value.numerator), Decimal(value.denominator))
    rounded = Context(prec=max(digits, whole)).plus(decimal)
    text = f"{rounded:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.replace("-", "\u2212")


def show_percent(value: Fraction | None) -> str:
    """A signed deviation in percent, one decimal: finer than any mechanism is true."""
    if value is None:
        return NOTHING
    text = f"{float(value):+.1f}".replace("-", "\u2212")
    return "0 %" if text[1:] == "0.0" else f"{text} %"


def show_time(ms: int | None) -> str:
    """Milliseconds as h:mm:ss."""
    if ms is None:
        return NOTHING
    seconds = round(abs(ms) / 1000)
    sign = "\u2212" if ms < 0 and seconds else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def show_span(ms: int) -> str:
    """A duration in words: "5 h 39 min", "6 min 50 s", "12 s"."""
    seconds = round(ms / 1000)
    if seconds >= 3600:
        minutes = round(seconds / 60)
        return f"{minutes // 60} h {minutes % 60} min"
    rest = f" {seconds % 60} s" if seconds % 60 else ""
    return f"{seconds // 60} min{rest}" if seconds >= 60 else f"{seconds} s"


def as_float(value: Fraction | None) -> float | None:
    """For JSON and CSV: the nearest float, or None."""
    return None if value is None else float(value)

"""The sheet of a protocol by mouth: what is drawn up for each dose, who gives it and when; exact fractions.

Amounts in the protocol's dose unit (mg or U), volumes in mL, strengths in that unit per mL, times in min.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pump.protocol.protocol import UNITS, Protocol
from toleramp.errors import UserError
from toleramp.preparation.amounts import Unit, amount_text, column_unit, figure
from toleramp.preparation.mixing import WARN_PERCENT, Means, rounded, show, signed, step_for

LEAST_ML = Fraction(1)  # the strongest preparation of which so much is drawn is taken, else the weakest

Exact = Callable[[Fraction], str]


@dataclass(frozen=True)
class Portion:
    """One dose: how much, how long to wait after it, and what is drawn up (None: no strength was given)."""

    number: int
    amount: Fraction
    minutes: Fraction
    per_ml: Fraction | None = None
    exact_ml: Fraction | None = None
    draw_ml: Fraction | None = None

    @property
    def made(self) -> Fraction:
        """The dose as drawn up."""
        return self.amount if self.draw_ml is None or self.per_ml is None else self.draw_ml * self.per_ml

    @property
    def error_percent(self) -> Fraction:
        """How far it is off, in percent."""
        return (self.made / self.amount - 1) * 100


def strength_for(amount: Fraction, strengths: list[Fraction]) -> Fraction:
    """The strength of which this dose is drawn up."""
    fit = [strength for strength in strengths if amount / strength >= LEAST_ML]
    return max(fit) if fit else min(strengths)


def _portion(number: int, amount: Fraction, minutes: Fraction, strengths: list[Fraction], means: Means) -> Portion:
    if not strengths:
        return Portion(number, amount, minutes)
    per_ml = strength_for(amount, strengths)
    exact_ml = amount / per_ml
    if exact_ml < step_for(exact_ml, means):
        what = f"{float(exact_ml):.4g} mL of {show(per_ml)} per mL cannot be measured"
        raise UserError(what, f"dose {number}", "add a weaker preparation to --stock-mg-per-ml, comma between")
    return Portion(number, amount, minutes, per_ml, exact_ml, rounded(exact_ml, means))


def portions(protocol: Protocol, strengths: list[Fraction], means: Means) -> list[Portion]:
    """The doses in their order. Raises UserError where one cannot be measured."""
    return [
        _portion(number, Fraction(dose.dose_pg, 10**9), Fraction(dose.duration_ms, 60_000), strengths, means)
        for number, dose in enumerate(protocol.doses, 1)
    ]


def _warnings(made: list[Portion], unit: str) -> list[dict[str, str]]:
    found = []
    for one in made:
        if abs(one.error_percent) > WARN_PERCENT:
            message = f"rounding makes it {signed(one.error_percent)} % off: {amount_text(one.made, unit)}"
            found.append({"code": "rounding", "where": f"dose {one.number}", "message": message})
    return found


def _row(one: Portion, sum_: Fraction, exact: Exact) -> dict[str, Any]:
    optional = {"strength_per_ml": one.per_ml, "exact_ml": one.exact_ml, "draw_ml": one.draw_ml}
    return {
        "dose": one.number,
        "amount": exact(one.amount),
        "cumulative": exact(sum_),
        "minutes": exact(one.minutes),
        **{key: None if value is None else exact(value) for key, value in optional.items()},
        "made": exact(one.made),
        "error_percent": exact(one.error_percent),
    }


def document(protocol: Protocol, strengths: list[Fraction], means: Means, exact: Exact) -> dict[str, Any]:
    """What the sheet says beside its head: doses, their sum, warnings; numbers as exact text."""
    made, rows, total = portions(protocol, strengths, means), [], Fraction(0)
    for one in made:
        total += one.amount
        rows.append(_row(one, total, exact))
    given = sum((one.made for one in made), Fraction(0))
    return {
        "stock_per_ml": [exact(strength) for strength in strengths] or None,
        "doses": rows,
        "given": exact(total),
        "made_given": exact(given),
        "dose_error": exact(given - total),
        "dose_error_percent": exact((given / total - 1) * 100 if total else Fraction(0)),
        "warnings": _warnings(made, UNITS[protocol.unit]),
    }


def _line(row: dict[str, Any], unit: Unit, widths: Sequence[int]) -> str:
    def shown(key: str, size: Fraction = Fraction(1)) -> str:
        return figure(Fraction(row[key]) / size) if row[key] is not None else "-"

    amounts = shown("amount", unit.size), shown("cumulative", unit.size)
    cells = (*amounts, shown("draw_ml"), shown("strength_per_ml", unit.size), shown("minutes"))
    text = " ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{row['dose']:>4} {text}   ______  ______________"


def _titles(unit: Unit) -> tuple[str, ...]:
    return (unit.name, f"sum {unit.name}", "draw mL", f"of {unit.name}/mL", "wait min")


def as_lines(sheet: dict[str, Any]) -> list[str]:
    """The table of doses, each with a place for the time and the initials of who saw it swallowed."""
    base = sheet["dose_unit"]
    unit = column_unit([Fraction(row["amount"]) for row in sheet["doses"]], base)
    head = _titles(unit)
    widths = [max(least, len(title)) for least, title in zip((12, 12, 9, 12, 8), head, strict=True)]
    titles = " ".join(f"{title:>{width}}" for title, width in zip(head, widths, strict=True))
    lines = [f"dose {titles}   at      given by", *(_line(row, unit, widths) for row in sheet["doses"]), ""]
    drawn, ordered = (unit.with_spoken(Fraction(sheet[key])) for key in ("made_given", "given"))
    percent = signed(Fraction(sheet["dose_error_percent"]))
    lines.append(f"Dose as drawn up {drawn}, as ordered {ordered}: {percent} % by rounding")
    if not unit.is_base:
        lines.append(f"{unit.explained()}.")
    lines.append(
        "Each dose is given only when the wait after the one before is over and no sign of a reaction is seen."
    )
    return lines

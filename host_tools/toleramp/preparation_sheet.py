"""The sheet by which the pharmacy mixes, as a document (numbers as exact text) and as a page for people."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pump.protocol import UNITS, Protocol
from toleramp.preparation import Bag, Means, dose_error, show, signed
from toleramp.preparation_oral import as_lines
from toleramp.preparation_words import last_bag, warnings

SYRINGE_STEPS = "0.01 mL up to 1 mL, 0.1 up to 10 mL, 0.2 up to 20 mL, 1 above"


def exact(value: Fraction) -> str:
    """A number as text without loss: decimal where it ends, otherwise p/q. fractions.Fraction reads both."""
    rest, places = value.denominator, 0
    while rest % 10 == 0:
        rest //= 10
        places += 1
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
            places += 1
    if rest != 1:
        return str(value)
    scaled = abs(value.numerator) * 10**places // value.denominator
    digits = f"{scaled:0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".") if places else digits
    return f"-{text}" if value < 0 else text


def _bag_row(bag: Bag, code: str, diluent: str) -> dict[str, Any]:
    numbers = {
        "volume_ml": bag.volume_ml,
        "drug": bag.drug,
        "per_ml": bag.per_ml,
        "used_ml": bag.used_ml,
        "line_fill_ml": bag.fill_ml,
        "line_volume_ml": bag.line_ml,
        "given": bag.given,
        "discarded": bag.drug - bag.given,
        "holds_ml": bag.holds_ml,
        "source_per_ml": bag.source_per_ml,
        "exact_ml": bag.exact_ml,
        "draw_ml": bag.draw_ml,
        "diluent_ml": bag.diluent_ml,
        "extra_ml": bag.extra_ml,
        "made_volume_ml": bag.made_volume_ml,
        "made_drug": bag.made_drug,
        "made_per_ml": bag.made_per_ml,
        "error_percent": bag.error_percent,
        "made_given": bag.made_given,
    }
    head = {"id": bag.letter, "code": code, "diluent": diluent, "source": bag.source}
    return head | {key: exact(value) for key, value in numbers.items()}


def document(protocol: Protocol, content: Any, means: Means, bags: list[Bag]) -> dict[str, Any]:
    """What the sheet of bags says beside its head, as `--json` shows it: numbers as exact text."""
    off, percent = dose_error(bags)
    diluents = [str(table.get("diluent", "diluent")) for table in content["solution"]]
    return {
        "stock_per_ml": exact(means.stock) if means.stock else None,
        "syringe_step_ml": exact(means.step_ml) if means.step_ml else "auto",
        "bags": [
            _bag_row(bag, made.code, diluent)
            for bag, made, diluent in zip(bags, protocol.solutions, diluents, strict=True)
        ],
        "given": exact(sum((bag.given for bag in bags), Fraction(0))),
        "made_given": exact(sum((bag.made_given for bag in bags), Fraction(0))),
        "dose_error": exact(off),
        "dose_error_percent": exact(percent),
        "last_bag": last_bag(protocol, bags, UNITS[protocol.unit]),
        "warnings": warnings(protocol, bags, means),
    }


def _shown(text: str, digits: int = 6) -> str:
    return show(Fraction(text), digits)


def _signed(text: str) -> str:
    return signed(Fraction(text))


def _how(bag: dict[str, Any], unit: str) -> list[str]:
    """The steps of mixing one bag."""
    holds, diluent = bag["holds_ml"], Fraction(bag["diluent_ml"])
    lines = [f"take   {_shown(holds)} mL {bag['diluent']}, really in the container (overfill included)"]
    if holds == "0":
        lines = ["take   an empty container"]
    if diluent:
        verb = "add  " if diluent > 0 else "remove"
        lines.append(f"{verb:<6} {_shown(str(abs(diluent)))} mL {bag['diluent']}")
    name = "stock" if bag["source"] == "stock" else f"the solution of bag {bag['source']}"
    batch = Fraction(bag["exact_ml"]) * Fraction(bag["source_per_ml"])
    lines.append(
        f"add    {_shown(bag['draw_ml'])} mL of {name}    ({_shown(str(batch))} {unit} / "
        f"{_shown(bag['source_per_ml'])} {unit}/mL = {_shown(bag['exact_ml'])} mL)"
    )
    if bag["extra_ml"] != "0":
        lines.append(f"mix, then take {_shown(bag['extra_ml'])} mL out for the weaker bag (made in addition for it)")
    return lines


def _bag_text(bag: dict[str, Any], unit: str) -> list[str]:
    lines = [
        f"Bag {bag['id']}: {_shown(bag['drug'])} {unit} in {_shown(bag['volume_ml'])} mL"
        f" = {_shown(bag['per_ml'])} {unit}/mL    code {bag['code']}"
    ]
    if bag["source"]:
        lines += [f"  {line}" for line in _how(bag, unit)]
        lines.append(
            f"  makes  {_shown(bag['made_drug'])} {unit} in {_shown(bag['made_volume_ml'])} mL"
            f" = {_shown(bag['made_per_ml'])} {unit}/mL, {_signed(bag['error_percent'])} %"
        )
    lines.append(
        f"  steps draw {_shown(bag['used_ml'])} mL: {_shown(bag['made_given'])} {unit} given,"
        f" {_shown(str(Fraction(bag['made_drug']) - Fraction(bag['made_given'])))} {unit} discarded"
    )
    if bag["line_volume_ml"] != "0":
        lines.append(
            f"  prime its own line with {_shown(bag['line_volume_ml'])} mL of it, off the patient: they stay in it"
        )
    if bag["line_fill_ml"] != "0":
        lines.append(f"  of what is drawn, {_shown(bag['line_fill_ml'])} mL fill the shared line and count as no dose")
    return [*lines, ""]


def _ordered(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    """The bags in the order of mixing: one that another is made from comes first."""
    bags: list[dict[str, Any]] = sheet["bags"]
    if any(bag["source"] not in ("", "stock") for bag in bags):
        return sorted(bags, key=lambda bag: Fraction(bag["per_ml"]), reverse=True)
    return bags


def _bag_lines(sheet: dict[str, Any]) -> list[str]:
    """How each bag is mixed, and what rounding does to the dose."""
    unit, stock = sheet["dose_unit"], sheet["stock_per_ml"]
    step = f"auto ({SYRINGE_STEPS})" if sheet["syringe_step_ml"] == "auto" else f"{_shown(sheet['syringe_step_ml'])} mL"
    lines = [
        f"stock {_shown(stock)} {unit}/mL; syringe step {step}"
        if stock
        else "strength of the stock not given (--stock-mg-per-ml): amounts only",
        "",
    ]
    for bag in _ordered(sheet):
        lines += _bag_text(bag, unit)
    lines.append(f"Dose as made {_shown(sheet['made_given'])} {unit}, as ordered {_shown(sheet['given'])} {unit}:")
    lines[-1] += f" {_signed(sheet['dose_error'])} {unit} ({_signed(sheet['dose_error_percent'])} %) by rounding"
    return [*lines, "Dose in a bag is not dose given. " + sheet["last_bag"]]


def _body(sheet: dict[str, Any]) -> list[str]:
    what = "Doses by mouth" if sheet["doses"] else "Bag preparation"
    lines = [f"{what}: {sheet['name']}    fingerprint {sheet['fingerprint']}"]
    lines.append(f"drug {sheet['drug']}, full dose {_shown(sheet['full_dose'])} {sheet['dose_unit']}")
    return [*lines, "", *as_lines(sheet)] if sheet["doses"] else [*lines, *_bag_lines(sheet)]


def as_text(sheet: dict[str, Any]) -> str:
    """The sheet on one page; where there are errors, these alone: nothing that could be mixed by."""
    lines = [f"NOT TO BE PREPARED: {row['where']}: {row['message']} [{row['code']}]" for row in sheet["errors"]]
    lines += [] if lines else _body(sheet)
    warnings = [row for row in sheet["findings"] if row["severity"] != "error"] + sheet["warnings"]
    lines += [f"warning: {row['where']}: {row['message']} [{row['code']}]" for row in warnings]
    if sheet["errors"]:
        return "\n".join(lines)
    who = "Drawn up" if sheet["doses"] else "Mixed"
    return "\n".join(
        [*lines, "", f"{who} by ____________________    Checked by ____________________    At ____________"]
    )

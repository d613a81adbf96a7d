"""`toleramp protocol prepare`: the sheet by which the bags are mixed, and their labels."""

from __future__ import annotations

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pump.protocol import UNITS, Protocol, fingerprint

if TYPE_CHECKING:
    from toleramp.preparation import Bag, Means

_SYRINGES = "0.01 mL up to 1 mL, 0.1 up to 10 mL, 0.2 up to 20 mL, 1 above"


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("prepare", help="how the bags are mixed, and their labels")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    add("--stock-mg-per-ml", metavar="X", help="strength of the drug as it comes (U/mL for a drug in units)")
    add("--syringe-step-ml", metavar="X", default="auto", help=f"to what volumes are measured; auto: {_SYRINGES}")
    add("--holds-ml", metavar="BAG=ML", action="append", default=[], help="what a container really holds before mixing")
    add("--serial", metavar="BAGS", default="auto", help="bags made from the next stronger one: A,B, auto or none")
    add("--labels", type=Path, metavar="FILE.html", help="writes the labels, 100 x 60 mm each")
    add("--patient", metavar="NAME", help="for the labels")
    add("--patient-id", metavar="ID", action="append", default=[], help="for the labels; a second one may follow")
    add("--json", action="store_true", help="one JSON document on standard output, numbers as exact text")
    parser.set_defaults(func=run_prepare)


def run_prepare(args: argparse.Namespace) -> int:
    """Prints the sheet, writes the labels; 1 when the protocol breaks a rule (then without labels)."""
    from toleramp.preparation import prepare
    from toleramp.protocol_file import compile_file, read_toml

    blob, protocol = compile_file(args.file)
    means = _means(args, protocol)
    bags = prepare(protocol, means)
    content = read_toml(args.file)
    sheet = document(protocol, content, fingerprint(blob), means, bags)
    print(json.dumps(sheet, indent=1, ensure_ascii=False) if args.json else as_text(sheet))
    if args.labels:
        _labels(args, protocol, content, sheet, bags)
    return 1 if sheet["errors"] else 0


def _labels(args: argparse.Namespace, protocol: Protocol, content: Any, sheet: dict[str, Any], bags: list[Bag]) -> None:
    from toleramp import labels

    if sheet["errors"]:
        print("no labels written: the protocol breaks a rule", file=sys.stderr)
        return
    patient = labels.patient(args.patient, args.patient_id)
    labels.write(args.labels, labels.make(protocol, content, sheet["fingerprint"], bags, patient))
    print(f"{len(bags)} labels: {args.labels}", file=sys.stderr)


def _amount(text: str, option: str) -> Fraction:
    """A number above zero from decimal text; UserError for anything else."""
    from decimal import Decimal, InvalidOperation

    from toleramp.errors import UserError

    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and Decimal("1e-6") <= value <= 10**6):
        raise UserError(f"{text!r} is no number that fits", option, "write a number from 0.000001 to 1000000")
    return Fraction(value)


def _bags(text: str, option: str, protocol: Protocol) -> list[str]:
    from toleramp.errors import UserError

    letters = [bag.id for bag in protocol.solutions]
    for name in text.split(","):
        if name not in letters:
            raise UserError(f"no bag {name!r}", option, "one of " + ", ".join(letters))
    return text.split(",")


def _means(args: argparse.Namespace, protocol: Protocol) -> Means:
    from toleramp.preparation import Means

    stock = _amount(args.stock_mg_per_ml, "--stock-mg-per-ml") if args.stock_mg_per_ml else None
    step = None if args.syringe_step_ml == "auto" else _amount(args.syringe_step_ml, "--syringe-step-ml")
    holds = {}
    for item in args.holds_ml:
        name, _, amount = item.partition("=")
        for letter in _bags(name, "--holds-ml", protocol):
            holds[letter] = Fraction(0) if amount == "0" else _amount(amount, "--holds-ml")
    serial = None
    if args.serial != "auto":
        serial = frozenset([] if args.serial == "none" else _bags(args.serial, "--serial", protocol))
    return Means(stock, step, holds, serial)


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


def document(protocol: Protocol, content: Any, print_: str, means: Means, bags: list[Bag]) -> dict[str, Any]:
    """The sheet as `--json` shows it: numbers as exact text."""
    from toleramp.preparation import dose_error, last_bag, warnings
    from toleramp.protocol_table import finding_rows, has_errors

    findings = finding_rows(protocol)
    off, percent = dose_error(bags)
    diluents = [str(table.get("diluent", "diluent")) for table in content["solution"]]
    return {
        "name": protocol.name,
        "drug": protocol.drug,
        "dose_unit": UNITS[protocol.unit],
        "fingerprint": print_,
        "full_dose": exact(Fraction(protocol.full_dose_pg, 10**9)),
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
        "errors": [row for row in findings if has_errors([row])],
    }


def _shown(text: str, digits: int = 6) -> str:
    from toleramp.preparation import show

    return show(Fraction(text), digits)


def _signed(text: str) -> str:
    from toleramp.preparation import signed

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
    return [*lines, ""]


def _ordered(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    """The bags in the order of mixing: one that another is made from comes first."""
    bags: list[dict[str, Any]] = sheet["bags"]
    if any(bag["source"] not in ("", "stock") for bag in bags):
        return sorted(bags, key=lambda bag: Fraction(bag["per_ml"]), reverse=True)
    return bags


def as_text(sheet: dict[str, Any]) -> str:
    """The sheet on one page."""
    unit, stock = sheet["dose_unit"], sheet["stock_per_ml"]
    step = f"auto ({_SYRINGES})" if sheet["syringe_step_ml"] == "auto" else f"{_shown(sheet['syringe_step_ml'])} mL"
    lines = [f"NOT TO BE PREPARED: {row['where']}: {row['message']} [{row['code']}]" for row in sheet["errors"]]
    lines += [
        f"Bag preparation: {sheet['name']}    fingerprint {sheet['fingerprint']}",
        f"drug {sheet['drug']}, full dose {_shown(sheet['full_dose'])} {unit}",
        f"stock {_shown(stock)} {unit}/mL; syringe step {step}"
        if stock
        else "strength of the stock not given (--stock-mg-per-ml): amounts only",
        "",
    ]
    for bag in _ordered(sheet):
        lines += _bag_text(bag, unit)
    lines.append(f"Dose as made {_shown(sheet['made_given'])} {unit}, as ordered {_shown(sheet['given'])} {unit}:")
    lines[-1] += f" {_signed(sheet['dose_error'])} {unit} ({_signed(sheet['dose_error_percent'])} %) by rounding"
    lines += ["Dose in a bag is not dose given. " + sheet["last_bag"]]
    lines += [f"warning: {row['where']}: {row['message']} [{row['code']}]" for row in sheet["warnings"]]
    return "\n".join(
        [*lines, "", "Mixed by ____________________    Checked by ____________________    At ____________"]
    )

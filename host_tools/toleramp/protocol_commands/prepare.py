"""`toleramp protocol prepare`: the sheet by which the bags are mixed, and their labels."""

from __future__ import annotations

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.identity import fingerprint
from pump.protocol import UNITS, Protocol
from toleramp import preparation_oral
from toleramp.errors import UserError
from toleramp.preparation import Bag, Means, prepare
from toleramp.preparation_sheet import SYRINGE_STEPS, as_text, document, exact


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("prepare", help="how the bags are mixed, and their labels")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    add("--stock-mg-per-ml", metavar="X", help="strength of the drug as it comes (U/mL in units)")
    add("--syringe-step-ml", metavar="X", default="auto", help=f"to what volumes are measured; auto: {SYRINGE_STEPS}")
    add("--holds-ml", metavar="BAG=ML", action="append", default=[], help="what a container really holds before mixing")
    add("--serial", metavar="BAGS", default="auto", help="bags made from the next stronger one: A,B, auto or none")
    add("--labels", type=Path, metavar="FILE.html", help="writes the labels, 100 x 60 mm each")
    add("--patient", metavar="NAME", help="for the labels")
    add("--patient-id", metavar="ID", action="append", default=[], help="for the labels; a second one may follow")
    add("--json", action="store_true", help="one JSON document on standard output, numbers as exact text")
    parser.set_defaults(func=run_prepare)


def run_prepare(args: argparse.Namespace) -> int:
    """Prints the sheet, writes the labels; 1, and neither of them, when the protocol or its file has an error."""
    from toleramp.protocol_file import compile_protocol, read_file
    from toleramp.protocol_findings import file_findings
    from toleramp.protocol_table import finding_rows

    reading = read_file(args.file)
    if reading.protocol is None:
        raise reading.faults[0]
    protocol = reading.protocol
    sheet = _head(protocol, fingerprint(compile_protocol(protocol, str(args.file))))
    sheet["findings"] = finding_rows(protocol) + file_findings(reading)
    sheet["errors"] = [row for row in sheet["findings"] if row["severity"] == "error"]
    bags = [] if sheet["errors"] else _fill(args, protocol, reading.content, sheet)
    print(json.dumps(sheet, indent=1, ensure_ascii=False) if args.json else as_text(sheet))
    if args.labels:
        _labels(args, protocol, reading.content, sheet, bags)
    return 1 if sheet["errors"] else 0


def _head(protocol: Protocol, print_: str) -> dict[str, Any]:
    return {
        "name": protocol.name,
        "drug": protocol.drug,
        "dose_unit": UNITS[protocol.unit],
        "fingerprint": print_,
        "full_dose": exact(Fraction(protocol.full_dose_pg, 10**9)),
        "bags": [],
        "doses": [],
        "warnings": [],
    }


def _fill(args: argparse.Namespace, protocol: Protocol, content: Any, sheet: dict[str, Any]) -> list[Bag]:
    """Puts into the sheet what is mixed or drawn up; the bags."""
    if protocol.doses:
        strengths, means = _oral_means(args)
        sheet |= preparation_oral.document(protocol, strengths, means, exact)
        return []
    means = _means(args, protocol)
    bags = prepare(protocol, means)
    sheet |= document(protocol, content, means, bags)
    return bags


def _oral_means(args: argparse.Namespace) -> tuple[list[Fraction], Means]:
    """Strengths of the preparations, and the step to which they are measured. Raises UserError."""
    for given, option in (
        (args.holds_ml, "--holds-ml"),
        (args.serial != "auto", "--serial"),
        (args.labels, "--labels"),
    ):
        if given:
            raise UserError("a protocol by mouth has no bags", option, "leave it out")
    texts = args.stock_mg_per_ml.split(",") if args.stock_mg_per_ml else []
    step = None if args.syringe_step_ml == "auto" else _amount(args.syringe_step_ml, "--syringe-step-ml")
    return [_amount(text, "--stock-mg-per-ml") for text in texts], Means(step_ml=step)


def _labels(args: argparse.Namespace, protocol: Protocol, content: Any, sheet: dict[str, Any], bags: list[Bag]) -> None:
    from toleramp import labels

    if sheet["errors"]:
        print("no labels written: the protocol has an error", file=sys.stderr)
        return
    patient = labels.patient(args.patient, args.patient_id)
    labels.write(args.labels, labels.make(protocol, content, sheet["fingerprint"], bags, patient))
    print(f"{len(bags)} labels: {args.labels}", file=sys.stderr)


def _amount(text: str, option: str) -> Fraction:
    """A number above zero from decimal text; UserError for anything else."""
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and Decimal("1e-6") <= value <= 10**6):
        raise UserError(f"{text!r} is no number that fits", option, "write a number from 0.000001 to 1000000")
    return Fraction(value)


def _bags(text: str, option: str, protocol: Protocol) -> list[str]:
    letters = [bag.id for bag in protocol.solutions]
    for name in text.split(","):
        if name not in letters:
            raise UserError(f"no bag {name!r}", option, "one of " + ", ".join(letters))
    return text.split(",")


def _means(args: argparse.Namespace, protocol: Protocol) -> Means:
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

"""`toleramp protocol prepare`: the sheet by which the bags are mixed, and their labels."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import UNITS, Protocol
from toleramp.errors import UserError, one_line
from toleramp.preparation import oral as preparation_oral
from toleramp.preparation.as_made import as_drawn, mix, new_findings, remedy
from toleramp.preparation.mixing import Bag, Means
from toleramp.preparation.sheet import SYRINGE_STEPS, as_text, comparison, document, exact
from toleramp.protocol.templates.exact import number
from toleramp.protocol.verdict import ACCEPTED, REFUSED
from toleramp.words.lists import number_texts

if TYPE_CHECKING:
    from toleramp.protocol.file import Reading

NO_BAG = "none"  # of --serial


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("prepare", help="how the bags are mixed, and their labels")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    add("--stock-mg-per-ml", metavar="X", help="strength of the drug as it comes (U/mL in units)")
    add("--vial-ml", metavar="X", help="what one vial of it holds: the vials are counted")
    add("--batch", metavar="TEXT", help="batch of the drug, for sheet and labels; else a line to write on")
    add("--storage", metavar="TEXT", help="how the bags are stored, for sheet and labels; else a line to write on")
    add("--syringe-step-ml", metavar="X", default="auto", help=f"to what volumes are measured; auto: {SYRINGE_STEPS}")
    add("--holds-ml", metavar="BAG=ML", action="append", default=[], help="what a container really holds before mixing")
    add("--serial", metavar="BAGS", default="auto", help="bags made from the next stronger one: A,B, auto or none")
    add("--labels", type=Path, metavar="FILE.html", help="writes the labels, 100 x 60 mm each")
    add("--force", action="store_true", help="overwrites the file of the labels")
    add("--patient", metavar="NAME", help="for the labels")
    add("--patient-id", metavar="ID", action="append", default=[], help="for the labels; a second one may follow")
    add("--now", metavar="TIME", help="when the first step starts, with its offset, for the bags' expiry; default: now")
    add("--json", action="store_true", help="one JSON document on standard output, numbers as exact text")
    parser.set_defaults(func=run_prepare)


def run_prepare(args: argparse.Namespace) -> int:
    """Prints the sheet, writes the labels; 1, and neither of them, when the protocol or its file has an error.

    So too when the bags as made would break a rule. Nothing is printed before the labels are written.
    """
    from toleramp.protocol.file import read_file

    _demand_place(args)
    reading = read_file(args.file)
    if reading.protocol is None:
        raise reading.faults[0]
    sheet, bags = _sheet(args, reading)
    said = _labels(args, reading, sheet, bags) if args.labels else ""
    print(json.dumps(sheet, indent=1, ensure_ascii=False) if args.json else as_text(sheet))
    if said:
        sys.stdout.flush()  # the sheet stands before what is said of the labels
        print(one_line(said), file=sys.stderr)
    return 1 if sheet["errors"] else 0


def _demand_place(args: argparse.Namespace) -> None:
    """Raises UserError where the labels could not be written, or would cost another file."""
    from toleramp import whole_files

    if args.labels:
        whole_files.demand_kind(args.labels, (".html", ".htm"), "name a .html file for the labels")
        whole_files.demand_other(args.labels, args.file)
        whole_files.demand_free(args.labels, args.force)


def _sheet(args: argparse.Namespace, reading: Reading) -> tuple[dict[str, Any], list[Bag]]:
    """The sheet and the bags; only what is wrong where the protocol or its file has an error."""
    from toleramp.protocol import by_hand, order
    from toleramp.protocol.file import compile_protocol
    from toleramp.protocol.findings import file_findings
    from toleramp.protocol.table import finding_rows
    from toleramp.protocol.verbs.check import start

    protocol = reading.protocol
    assert protocol is not None
    sheet = _head(protocol, fingerprint(compile_protocol(protocol, str(args.file))))
    sheet["for_order"] = order.document(reading.content["protocol"])
    sheet["order"] = order.named_words(reading.content["protocol"])
    sheet["way"] = by_hand.of(protocol).way
    sheet["route"] = reading.content["protocol"].get("route", "not written")
    sheet |= {key: one_line(getattr(args, key) or "").strip() for key in ("batch", "storage")}
    sheet["findings"] = finding_rows(protocol) + file_findings(reading, start(args.now))
    sheet["errors"] = [row for row in sheet["findings"] if row["severity"] == "error"]
    bags = [] if sheet["errors"] else _fill(args, protocol, reading.content, sheet)
    return {"verdict": REFUSED if sheet["errors"] else ACCEPTED, **sheet}, bags


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
        strengths, means = _oral_means(args, protocol)
        sheet |= preparation_oral.document(protocol, strengths, means, exact)
        drawn = as_drawn(protocol, [Fraction(row["made"]) for row in sheet["doses"]])
        found = new_findings(protocol, drawn)
        sheet["as_made"] = comparison(protocol, drawn if strengths else None, found)
        _judge(sheet, lambda: "give --stock-mg-per-ml preparations of which the doses are whole steps of a syringe")
        return []
    means = _means(args, protocol)
    made = mix(protocol, means)
    sheet |= document(protocol, content, made, _amount(args.vial_ml, "--vial-ml", "mL") if args.vial_ml else None)
    _judge(sheet, lambda: remedy(protocol, means))
    return made.bags


def _judge(sheet: dict[str, Any], remedy_of: Callable[[], str]) -> None:
    """What breaks a rule as made is an error of the sheet, with what would help."""
    for row in sheet["as_made"]["findings"]:
        if row["severity"] == "error":
            sheet["errors"].append({**row, "where": f"as made, {row['where']}"})
    if sheet["errors"]:
        sheet["as_made"]["remedy"] = remedy_of()


def _oral_means(args: argparse.Namespace, protocol: Protocol) -> tuple[list[Fraction], Means]:
    """Strengths of the preparations, and the step to which they are measured. Raises UserError."""
    for given, option in (
        (args.holds_ml, "--holds-ml"),
        (args.vial_ml, "--vial-ml"),
        (args.serial != "auto", "--serial"),
        (args.labels, "--labels"),
    ):
        if given:
            raise UserError("a protocol of single doses has no bags", option, "leave it out")
    texts = number_texts(args.stock_mg_per_ml, "--stock-mg-per-ml") if args.stock_mg_per_ml else []
    step = _step_ml(args)
    return [_amount(text, "--stock-mg-per-ml", _strength_unit(protocol)) for text in texts], Means(step_ml=step)


def _step_ml(args: argparse.Namespace) -> Fraction | None:
    return None if args.syringe_step_ml == "auto" else _amount(args.syringe_step_ml, "--syringe-step-ml", "mL")


def _labels(args: argparse.Namespace, reading: Reading, sheet: dict[str, Any], bags: list[Bag]) -> str:
    """Writes the labels, unless there is an error; what is to be said of it."""
    from toleramp import whole_files
    from toleramp.preparation import labels

    if sheet["errors"]:
        first, help_ = sheet["errors"][0], sheet["as_made"]["remedy"] if "as_made" in sheet else ""
        if not help_:
            return "no labels written: the protocol has an error"
        return f"no labels written: {first['where']}: {first['message']} [{first['code']}]; {help_}"
    assert reading.protocol is not None
    _demand_patient(args, reading.content["protocol"])
    patient = labels.patient(args.patient, args.patient_id)
    page = labels.make(reading.protocol, reading.content, sheet, bags, patient)
    whole_files.create(args.labels, page.encode("utf-8"), args.force)
    return f"{len(bags)} labels: {args.labels}"


def _demand_patient(args: argparse.Namespace, head: dict[str, Any]) -> None:
    """Raises UserError for labels of another patient than the order's."""
    from toleramp.protocol import order

    named = order.document(head)
    if named and args.patient_id and not any(order.same(given, named["patient_id"]) for given in args.patient_id):
        what = f"the order is for patient {named['patient_id']}, the labels would say {', '.join(args.patient_id)}"
        raise UserError(what, "--patient-id", "look at the order: one of them is somebody else's")


def _amount(text: str, option: str, unit: str) -> Fraction:
    """A number above zero, alone or with its unit; what is converted is told. UserError for anything else."""
    from toleramp.protocol.templates import units

    value = number(units.without(text, unit, option), option, 9, Fraction(1, 10**6), Fraction(10**6), unit)
    words = units.aloud(text, unit, option)
    if words:
        print(words, file=sys.stderr)
    return value


def _strength_unit(protocol: Protocol) -> str:
    return f"{UNITS[protocol.unit]}/mL"


def _bags(text: str, option: str, protocol: Protocol) -> list[str]:
    letters = [bag.id for bag in protocol.solutions]
    for name in text.split(","):
        if name not in letters:
            raise UserError(f"no bag {name!r}", option, "one of " + ", ".join(letters))
    return text.split(",")


def _means(args: argparse.Namespace, protocol: Protocol) -> Means:
    text, strength = args.stock_mg_per_ml, _strength_unit(protocol)
    stock = _amount(text, "--stock-mg-per-ml", strength) if text else None
    step = _step_ml(args)
    holds = {}
    for item in args.holds_ml:
        name, _, amount = item.partition("=")
        for letter in _bags(name, "--holds-ml", protocol):
            holds[letter] = Fraction(0) if amount == "0" else _amount(amount, "--holds-ml", "mL")
    serial = None
    if args.serial != "auto":
        serial = frozenset([] if args.serial == NO_BAG else _bags(args.serial, "--serial", protocol))
    return Means(stock, step, holds, serial)

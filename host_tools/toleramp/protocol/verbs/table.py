"""`toleramp protocol table`: a protocol on one page, for the bedside and for the second person who checks it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import CLASSES
from toleramp.errors import one_line

if TYPE_CHECKING:
    from pump.protocol.protocol import Protocol
    from toleramp.protocol.file import Reading

CLASS_WORDS = {
    "multi-bag": "multi-bag (bags of rising strength, one after the other)",
    "one-bag": "one-bag (one bag, rising rates)",
    "oral": "oral (doses by mouth: people give them, no pump)",
    "wide-step": "wide-step (the dose rate may rise up to 10.5-fold in one step)",
    "bench": "bench (dwells may be short; loads in bench mode only)",
}
CHARTS = (".html", ".htm", ".pdf")
NOTICE = "Toleramp is no certified medical device: for the bench, with water. Do not connect it to a person."


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    table = verbs.add_parser("table", help="the protocol on one page: bags, steps and doses, limits")
    table.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    table.add_argument("--json", action="store_true", help="the dose table as one JSON document on standard output")
    table.add_argument("--now", metavar="TIME", help="when the first step starts, with its offset; default: now")
    table.add_argument("--chart", type=Path, metavar="OUT", help="writes the bedside chart: a .html or .pdf file")
    table.add_argument("--force", action="store_true", help="overwrites the file of the chart")
    table.set_defaults(func=run_table)


def run_table(args: argparse.Namespace) -> int:
    """Prints the page; 1 when a rule is broken."""
    from toleramp.approval.read_warnings import with_readers
    from toleramp.protocol import order, page
    from toleramp.protocol.file import compile_protocol, read_file
    from toleramp.protocol.findings import file_findings
    from toleramp.protocol.table import in_own_unit, table
    from toleramp.protocol.verbs.check import start
    from toleramp.protocol.verdict import Verdict

    _demand_place(args)
    now, reading = start(args.now), read_file(args.file)
    if reading.protocol is None:
        raise reading.faults[0]
    blob = compile_protocol(reading.protocol, str(args.file))
    document = table(reading.protocol, fingerprint(blob), file_findings(reading, now))
    if reading.protocol.steps:
        document["vein"]["reaches_patient_mg"] = float(page.reached(reading.protocol, reading.content)[0] / page.PG)
    document["findings"] = with_readers(document["findings"], reading.standing)
    verdict = Verdict(document["findings"])
    named = order.document(reading.content["protocol"])
    shown = in_own_unit({**document, "for_order": named, **verdict.document()}, document["dose_unit"])
    if args.chart:
        _chart(args, reading, reading.protocol, document, now)
    print(json.dumps(shown, indent=1) if args.json else as_text(reading, reading.protocol, document))
    return 1 if verdict.refused else 0


def _demand_place(args: argparse.Namespace) -> None:
    """Raises UserError where the chart could not be written, or would cost another file."""
    from toleramp import whole_files

    if args.chart:
        whole_files.demand_kind(args.chart, CHARTS, "name a .html or .pdf file for the chart")
        whole_files.demand_other(args.chart, args.file)
        whole_files.demand_free(args.chart, args.force)


def _chart(
    args: argparse.Namespace, reading: Reading, protocol: Protocol, document: dict[str, Any], start: datetime | None
) -> None:
    """Writes the chart; it bears the verdict, whatever that is."""
    from toleramp import whole_files
    from toleramp.protocol import chart
    from toleramp.protocol.verdict import Verdict

    words = (Verdict(document["findings"]).words(), _approval(reading), NOTICE)
    made = chart.make(reading, protocol, document, words, start)
    if args.chart.suffix.lower() == ".pdf":
        from toleramp.protocol.chart_pdf import draw
    else:
        from toleramp.protocol.chart_html import draw
    whole_files.create(args.chart, draw(made), args.force)
    print(one_line(f"chart: {args.chart}"), file=sys.stderr)


def _approval(reading: Reading) -> str:
    """How far the approval has come, as the file says it."""
    from toleramp.approval.table import BOTH, UNFIT

    found = reading.standing
    if found.kind == BOTH:
        return f"approval: {found.words()}; not proven here"
    return f"approval: {'NOT APPROVED' if found.kind == UNFIT else 'not approved'}: {found.words()}"


def _weight(protocol: Protocol, table: dict[str, Any], unit: str) -> list[str]:
    """Weight in kg, dose and volume for each kg; nothing where no weight is written."""
    from toleramp.preparation.amounts import amount_text
    from toleramp.preparation.mixing import show
    from toleramp.protocol.page import ENTERED

    if "weight_kg" not in table:
        return []
    weight = Fraction(table["weight_kg"])
    dose = amount_text(Fraction(protocol.full_dose_pg, 10**9) / weight, unit, "/kg")
    text = f"weight {show(weight, ENTERED)} kg: {dose}"
    volume = Fraction(sum(step.volume_nl for step in protocol.steps), 10**6)
    return [f"{text}, {show(volume / weight, 4)} mL/kg" if volume else text]


def _class_words(protocol: Protocol) -> str:
    """The class in words; of single doses how they are given."""
    from toleramp.protocol import by_hand

    words = CLASS_WORDS[CLASSES[protocol.kind]]
    return words.replace("by mouth", by_hand.of(protocol).way) if protocol.doses else words


def _head(reading: Reading, protocol: Protocol, document: dict[str, Any]) -> list[str]:
    from toleramp.preparation.amounts import amount_text
    from toleramp.protocol import order

    unit, table = document["dose_unit"], reading.content["protocol"]
    full = amount_text(Fraction(protocol.full_dose_pg, 10**9), unit)
    return [
        f"{protocol.name}    full dose {full}    fingerprint {document['fingerprint']}",
        *_errors(document),
        f"drug {protocol.drug}    route {table.get('route', 'not written')}    class {_class_words(protocol)}",
        *_weight(protocol, table, unit),
        *([order.words(table)] if not protocol.doses or order.document(table) else []),
        _approval(reading),
    ]


def _errors(document: dict[str, Any]) -> list[str]:
    """A page with errors says so where it is seen first."""
    count = sum(row["severity"] == "error" for row in document["findings"])
    return [f"NOT TO BE USED: {count} error{'s' if count > 1 else ''}, see the end of this page"] if count else []


def _tail(document: dict[str, Any]) -> list[str]:
    """Findings, and what this is not."""
    from toleramp.approval.read_warnings import summary, unread
    from toleramp.protocol.verdict import Verdict

    found = document["findings"]
    lines = [f"{row['severity']}: {row['where']}: {row['message']} [{row['code']}]" for row in unread(found)]
    return [*lines, *summary(found), Verdict(found).words(), NOTICE]


def as_text(reading: Reading, protocol: Protocol, document: dict[str, Any]) -> str:
    """The page: `document` is what `--json` shows of the protocol in that file."""
    from toleramp.protocol import page

    def wrapped(lines: list[str]) -> list[str]:
        return [part for line in lines for part in page.wrapped(line)]

    return "\n".join(
        [
            *wrapped(_head(reading, protocol, document)),
            *page.premedication(reading.content),
            *([] if protocol.doses else page.bags(protocol, reading.content)),
            *page.steps(protocol, document),
            *page.totals(protocol, reading.content),
            *page.limits(protocol, reading.content),
            "",
            *wrapped(_tail(document)),
        ]
    )

"""`toleramp protocol table`: the dose table on one page."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pump.protocol import fingerprint


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    table = verbs.add_parser("table", help="the dose table")
    table.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    table.add_argument("--json", action="store_true", help="one JSON document on standard output")
    table.set_defaults(func=run_table)


def run_table(args: argparse.Namespace) -> int:
    """Prints the table; 1 when a rule is broken."""
    from toleramp.protocol_file import compile_file, read_file
    from toleramp.protocol_findings import file_findings
    from toleramp.protocol_table import has_errors, table

    blob, protocol = compile_file(args.file)
    document = table(protocol, fingerprint(blob), file_findings(read_file(args.file)))
    print(json.dumps(document, indent=1) if args.json else as_text(document))
    return 1 if has_errors(document["findings"]) else 0


def _number(value: float, digits: int = 6) -> str:
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return text or "0"


def _step_line(row: dict[str, Any]) -> str:
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
    return (
        f"{row['step']:>4}  {row['solution']:<3} {_number(row['rate_ml_h']):>9} {_number(row['minutes'], 3):>9}"
        f" {_number(row['volume_ml']):>10} {_number(row['dose_mg']):>12} {_number(row['cumulative_mg']):>12}"
        f" {_number(row['dose_rate_mg_h'], 5):>11} {ratio:>6}"
    )


def as_text(document: dict[str, Any]) -> str:
    """The table on one page, for people."""
    unit = document["dose_unit"]
    lines = [
        f"{document['name']}    full dose {_number(document['full_dose_mg'])} {unit}"
        f"    fingerprint {document['fingerprint']}",
        "",
        f"step  bag {'mL/h':>9} {'min':>9} {'mL':>10} {unit:>12} {'sum ' + unit:>12} {unit + '/h':>11}  ratio",
        *(_step_line(row) for row in document["steps"]),
        "",
    ]
    for bag in document["solutions"]:
        lines.append(
            f"bag {bag['id']}: {_number(bag['drug_mg'])} {unit} in {_number(bag['volume_ml'])} mL"
            f" ({_number(bag['mg_per_ml'])} {unit}/mL), {_number(bag['volume_used_ml'])} mL drawn"
        )
    lines.append(f"total {_number(document['total_mg'])} {unit} in {_number(document['total_minutes'], 3)} min")
    for row in document["findings"]:
        lines.append(f"{row['severity']}: {row['where']}: {row['message']} [{row['code']}]")
    return "\n".join(lines)

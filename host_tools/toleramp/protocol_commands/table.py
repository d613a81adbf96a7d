"""`toleramp protocol table`: the dose table on one page."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pump.identity import fingerprint


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


def _number(value: float | None, digits: int = 6) -> str:
    if value is None:
        return "-"
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return text or "0"


def _ratio(row: dict[str, Any]) -> str:
    """How much steeper than all before; a line-fill has no dose rate of its own."""
    if row["kind"] == "line-fill":
        return "fill"
    return "" if row["ratio"] is None else f"{row['ratio']:.2f}"


def _step_line(row: dict[str, Any]) -> str:
    return (
        f"{row['step']:>4}  {row['solution']:<3} {_number(row['rate_ml_h']):>9} {_number(row['minutes'], 3):>9}"
        f" {_number(row['volume_ml']):>10} {_number(row['dose_mg']):>12} {_number(row['cumulative_mg']):>12}"
        f" {_number(row['dose_rate_mg_h'], 5):>11} {_ratio(row):>6}"
    )


def _oral_line(row: dict[str, Any]) -> str:
    return (
        f"{row['step']:>4}  {_number(row['dose_mg'], 9):>14} {_number(row['cumulative_mg'], 9):>14}"
        f" {_number(row['minutes'], 3):>9} {_ratio(row):>6}"
    )


def _rows(document: dict[str, Any]) -> list[str]:
    unit = document["dose_unit"]
    if document["class"] == "oral":
        head = f"dose  {unit:>14} {'sum ' + unit:>14} {'wait min':>9}  ratio"
        return [head, *map(_oral_line, document["steps"])]
    head = f"step  bag {'mL/h':>9} {'min':>9} {'mL':>10} {unit:>12} {'sum ' + unit:>12} {unit + '/h':>11}  ratio"
    return [head, *map(_step_line, document["steps"])]


def _bag_line(bag: dict[str, Any], unit: str) -> str:
    line = f", {_number(bag['line_volume_ml'])} mL stay in its own line" if bag["line_volume_ml"] else ""
    return (
        f"bag {bag['id']}: {_number(bag['drug_mg'])} {unit} in {_number(bag['volume_ml'])} mL"
        f" ({_number(bag['mg_per_ml'])} {unit}/mL), {_number(bag['volume_used_ml'])} mL drawn{line}"
    )


def _vein_line(document: dict[str, Any]) -> list[str]:
    """What reaches the patient in the end, where that is not what the steps sum to."""
    reached, unit = document["vein"]["with_flush_mg"], document["dose_unit"]
    if reached is None or _number(reached) == _number(document["total_mg"]):
        return []
    return [f"with line-fills, primed line and flush {_number(reached)} {unit} reach the patient"]


def as_text(document: dict[str, Any]) -> str:
    """The table on one page, for people."""
    unit = document["dose_unit"]
    lines = [
        f"{document['name']}    full dose {_number(document['full_dose_mg'])} {unit}"
        f"    fingerprint {document['fingerprint']}",
        "",
        *_rows(document),
        "",
        *(_bag_line(bag, unit) for bag in document["solutions"]),
        f"total {_number(document['total_mg'])} {unit} in {_number(document['total_minutes'], 3)} min",
        *_vein_line(document),
    ]
    for row in document["findings"]:
        lines.append(f"{row['severity']}: {row['where']}: {row['message']} [{row['code']}]")
    return "\n".join(lines)

"""make a report from a session log"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from toleramp import session_log
from toleramp.errors import UserError

REMEDY = "give the .jsonl file that `toleramp monitor --log` wrote"


def add_parser(subparsers: Any) -> None:
    """Adds the command to the tool's parser."""
    parser = subparsers.add_parser(
        "report",
        help="make a report from a session log",
        description="Makes one self-contained HTML page from a session log: planned against delivered "
        "dose and volume, the course in pictures, every step and event.",
    )
    parser.add_argument("session", type=Path, metavar="SESSION.jsonl", help="the session log")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the page (default: the log's name, .html)")
    parser.add_argument("--csv", type=Path, metavar="DIR", help="also write steps.csv, events.csv, vitals.csv there")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON; a page only with -o")
    parser.set_defaults(func=run)


def _digest(path: Path) -> str:
    """The file's SHA-256; UserError where there is nothing to read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UserError("there is no such file", str(path), REMEDY) from None
    except IsADirectoryError:
        raise UserError("this is a folder, not a session log", str(path), REMEDY) from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot be read ({error})", str(path), REMEDY) from None
    if not data.strip():
        raise UserError("the file is empty", str(path), REMEDY)
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot be written ({error.strerror})", str(path), "name another file with -o") from None


def _build(path: Path) -> Any:
    from toleramp.report.model import BadPlan, NoSteps, build

    digest, log = _digest(path), session_log.read(path)
    try:
        report = build(log.records, log.torn)
    except NoSteps:
        remedy = "a report needs a session that was started"
        raise UserError("no step was started in this log", str(path), remedy) from None
    except BadPlan as error:
        remedy = "give an undamaged log"
        raise UserError(f"the protocol in the log is damaged ({error})", f"{path}, line 1", remedy) from None
    report.digest, report.file_name = digest, path.name
    return report


def run(args: argparse.Namespace) -> int:
    """Makes what was asked for; 0, or UserError (exit code 2)."""
    # Drawing takes a second to import: the tool's other commands and its --help shall not wait for it.
    from toleramp import report as report_tools

    report = _build(args.session)
    page = args.output or (None if args.json else args.session.with_suffix(".html"))
    if page is not None:
        _write(page, report_tools.html(report))
        print(f"report: {page}", file=sys.stderr)
    if args.csv is not None:
        try:
            report_tools.write_csv(report, args.csv)
        except OSError as error:
            raise UserError(f"cannot be written ({error.strerror})", str(args.csv), "name a folder") from None
        print(f"tables: {args.csv}", file=sys.stderr)
    if args.json:
        print(json.dumps(report_tools.summary(report), indent=1, ensure_ascii=False))
    return 0

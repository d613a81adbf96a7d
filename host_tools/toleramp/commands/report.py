"""make a report from a session log, or from scenarios' evidence"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from toleramp import plugins, whole_files
from toleramp.errors import UserError
from toleramp.live import session_log

REMEDY = "give the .jsonl file that `toleramp monitor --log` wrote"


def add_parser(subparsers: Any) -> None:
    """Adds the command to the tool's parser."""
    parser = subparsers.add_parser(
        "report",
        help="make a report from a session log, or from scenarios' evidence",
        description="Makes one self-contained HTML page. From a session log: planned against delivered dose and "
        "volume, the course in pictures, every step and event. From folders of evidence (`toleramp scenario run`): "
        "every scenario on every target, what differs, and which requirements that shows; exit 1 when a run failed, "
        "was broken off or is damaged, or two targets differ.",
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="SESSION.jsonl|FOLDER", help="one log, or folders")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the page (default: the log's name, .html; FOLDER/report.html)",
    )
    parser.add_argument("--csv", type=Path, metavar="DIR", help="of a log: also write steps, events, vitals .csv there")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON; a page only with -o")
    folders = _folder_reports()
    if folders:
        folders.add_options(parser)
    parser.set_defaults(func=run)


def _folder_reports() -> Any:
    """What makes the report on folders (see `toleramp.plugins`), or None where nothing does."""
    for entry in plugins.registered(plugins.REPORTS).values():
        with suppress(UserError):
            return plugins.load(entry)
    return None


def _digest(path: Path) -> str:
    """The file's SHA-256; UserError where there is nothing to read."""
    whole_files.demand_end(path)
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
    """Makes what was asked for; 0, or 1 for evidence that is not all good, or UserError (exit code 2)."""
    folders = _folder_reports()
    if any(path.is_dir() for path in args.paths):
        return _evidence(args, folders)
    if len(args.paths) > 1:
        raise UserError("a report is of one session log", str(args.paths[1]), "name one log, or folders of evidence")
    if folders and any(getattr(args, option) for option in folders.OPTIONS):
        remedy = " and ".join(f"--{option}" for option in folders.OPTIONS)
        raise UserError("that option is for folders of evidence", str(args.paths[0]), f"leave {remedy} out")
    return _session(args, args.paths[0])


def _put(args: argparse.Namespace, page: Path, html: Callable[[], str], summary: Callable[[], Any]) -> None:
    """The page, unless only JSON was asked for, and the JSON."""
    if args.output or not args.json:
        _write(args.output or page, html())
        print(f"report: {args.output or page}", file=sys.stderr)
    if args.json:
        print(json.dumps(summary(), indent=1, ensure_ascii=False))


def _session(args: argparse.Namespace, path: Path) -> int:
    # Drawing takes a second to import: the tool's other commands and its --help shall not wait for it.
    from toleramp import report as tools

    report = _build(path)
    _put(args, path.with_suffix(".html"), lambda: tools.html(report), lambda: tools.summary(report))
    if args.csv is not None:
        try:
            tools.write_csv(report, args.csv)
        except OSError as error:
            raise UserError(f"cannot be written ({error.strerror})", str(args.csv), "name a folder") from None
        print(f"tables: {args.csv}", file=sys.stderr)
    return 0


def _evidence(args: argparse.Namespace, folders: Any) -> int:
    """The report on folders of evidence."""
    if folders is None:
        raise UserError("the bench is not installed", str(args.paths[0]), plugins.SETUP)
    if args.csv is not None:
        raise UserError("the tables of evidence lie in its folders", "--csv", "leave it out")
    report = folders.report(args)
    _put(args, args.paths[0] / "report.html", report.html, report.summary)
    return 0 if report.good else 1

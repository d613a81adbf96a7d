"""`toleramp protocol check`: everything that is wrong with a protocol file, at once."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from toleramp.errors import UserError
from toleramp.protocol.all_findings import findings

Row = dict[str, str]


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("check", help="every fault of a protocol at once")
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    parser.add_argument("--now", metavar="TIME", help="when the first step starts, with its offset; default: now")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_check)


def run_check(args: argparse.Namespace) -> int:
    """Prints all findings; 1 when one is an error. A file that is no protocol file at all is a UserError."""
    found = document(args.file, start(args.now))
    print(json.dumps(found, indent=1, ensure_ascii=False) if args.json else as_text(found))
    return 1 if found["errors"] else 0


def start(text: str | None) -> datetime | None:
    """The time of --now, None when it was not given. UserError for what is no time with an offset."""
    from toleramp.protocol.reader import when

    moment = when(text)
    if text is not None and moment is None:
        raise UserError(f"{text!r} is no time with its offset", "--now", "write it like 2026-11-22T08:00:00+01:00")
    return moment


def document(path: Path, now: datetime | None = None) -> dict[str, Any]:
    """All findings as `--json` shows them. What is no readable TOML at all is an error of the command, no finding."""
    from toleramp.protocol.file import read_content, read_toml
    from toleramp.protocol.lines import with_lines
    from toleramp.protocol.verdict import Verdict

    reading = read_content(path, read_toml(path))
    protocol = reading.protocol
    print_, rows = findings(reading, now)
    return {
        "file": str(path),
        "name": protocol.name if protocol else "",
        "fingerprint": print_,
        "approval": reading.standing.words(),
        **Verdict(rows).document(),
        "findings": with_lines(rows, path.read_text("utf-8-sig")),
    }


def line(row: Row) -> str:
    """A finding for people, with its line in the file where that is known."""
    at = f" (line {row['line']})" if "line" in row else ""
    return f"{row['severity']}: {row['where']}: {row['message']}{at} [{row['code']}]"


def as_text(found: dict[str, Any]) -> str:
    """One line a finding that is still to be read, errors first; the last line is the verdict."""
    from toleramp.approval.read_warnings import summary, unread
    from toleramp.protocol.verdict import Verdict

    lines = [*(line(row) for row in unread(found["findings"])), *summary(found["findings"])]
    verdict = Verdict(found["findings"]).words()
    print_ = f", fingerprint {found['fingerprint']}" if found["fingerprint"] else ", no fingerprint"
    signed = f"{found['approval']}: proven by `toleramp protocol verify --keys RING`, and by the pump, not here"
    return "\n".join([*lines, *([signed] if found["approval"].endswith("as verifier") else []), f"{verdict}{print_}"])

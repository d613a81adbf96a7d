"""Every finding of a protocol and its file: the reader's faults, what the rules find, what needs the file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import Protocol
from pump.tables import refusals
from toleramp.errors import UserError, one_line
from toleramp.words import rows

if TYPE_CHECKING:
    from toleramp.protocol.file import Reading

Row = dict[str, str]


def _row(error: UserError, path: Path) -> Row:
    """A fault of the reader as a finding: its place within the file, what is wrong and what would be right."""
    where = error.where.removeprefix(str(path)).lstrip(", ") or "file"
    code = rows.name(refusals, getattr(error, "finding", refusals.FORMAT))
    message = f"{error.what}; {error.remedy}" if error.remedy else error.what
    return {"severity": "error", "code": code, "where": one_line(where), "message": one_line(message)}


def _print(protocol: Protocol, path: Path) -> tuple[str, list[Row]]:
    """The fingerprint, or why the pump's form cannot hold the protocol."""
    from toleramp.protocol.file import compile_protocol

    try:
        return fingerprint(compile_protocol(protocol, str(path))), []
    except UserError as error:
        return "", [_row(error, path)]


def findings(reading: Reading, now: datetime | None = None) -> tuple[str, list[Row]]:
    """(fingerprint, all findings, errors first) of what was read; "" where nothing can be compiled."""
    from toleramp.approval.read_warnings import with_readers
    from toleramp.protocol.findings import file_findings
    from toleramp.protocol.table import finding_rows

    print_ = ""
    rows = [_row(fault, reading.path) for fault in reading.faults]
    if reading.protocol:
        print_, refused = _print(reading.protocol, reading.path)
        rows += refused
    if reading.judged:
        rows += finding_rows(reading.judged) + file_findings(reading, now)
    rows = with_readers(rows, reading.standing)
    rows.sort(key=lambda row: row["severity"] != "error")
    return print_, rows

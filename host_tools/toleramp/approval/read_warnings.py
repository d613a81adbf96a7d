"""Warnings that were read and signed: each person reads one once, at the signing; after both it is not said again.

What is signed is a short digest of each warning's place and words: one that reads otherwise is a new one, and is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from pump.tables import refusals
from toleramp.approval.table import AUTHOR, BOTH, VERIFIER, Standing

_DIGITS = 10  # 40 bits: told apart by people's files, and covered by their signatures as they are
Row = dict[str, Any]


def _mark(row: Row) -> str:
    text = "\0".join(str(row[key]) for key in ("code", "where", "message"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def to_read(rows: Iterable[Row]) -> list[Row]:
    """The warnings that a signature answers for: all but those on signatures."""
    own = refusals.NAMES[refusals.APPROVAL]
    return [row for row in rows if row["severity"] != "error" and row["code"] != own]


def marks(rows: Iterable[Row]) -> str:
    """What stands in [approval] for them: short digests, blanks between, in order; "" for none."""
    return " ".join(sorted({_mark(row) for row in to_read(rows)}))


def with_readers(rows: Sequence[Row], found: Standing) -> list[Row]:
    """The findings; a warning that both people signed has `read_by`."""
    known = set(str(found.table.get("warnings", "")).split()) if found.kind == BOTH else set()
    who = f"{found.person(AUTHOR)} and {found.person(VERIFIER)}"
    return [{**row, "read_by": who} if row in to_read([row]) and _mark(row) in known else row for row in rows]


def unread(rows: Iterable[Row]) -> list[Row]:
    """What is still to be read: errors, and warnings that nobody has signed."""
    return [row for row in rows if "read_by" not in row]


def summary(rows: Sequence[Row]) -> list[str]:
    """One line for all the warnings that were read; none where there is none."""
    read = [row for row in rows if "read_by" in row]
    if not read:
        return []
    count = "1 warning was" if len(read) == 1 else f"{len(read)} warnings were"
    return [f"{count} read and signed by {read[0]['read_by']} (--json shows them)"]

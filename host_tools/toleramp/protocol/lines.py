"""In which line of a protocol file a finding's place is (PRO-6): tables by their headers, keys by their names."""

from __future__ import annotations

import re
from typing import Any

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_-]+)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_PLACE = re.compile(r"([a-z]+)(?: (\d+))?(?:, (.+))?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
Tables = dict[tuple[str, int], tuple[int, dict[str, int]]]  # (section, number from 1) -> its line, its keys' lines


def tables_of(text: str) -> Tables:
    """Where each table of a TOML text begins, and where its keys stand; lines count from 1."""
    found: Tables = {}
    counts: dict[str, int] = {}
    keys: dict[str, int] = {}
    found[("", 1)] = (1, keys)
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.fullmatch(line), _KEY.match(line)
        if header:
            counts[header[1]] = counts.get(header[1], 0) + 1
            keys = {}
            found[(header[1], counts[header[1]])] = (number, keys)
        elif key:
            keys.setdefault(key[1], number)
    return found


def line_of(tables: Tables, where: str, message: str) -> int | None:
    """The line of a finding: of the key that it names, else of its table; None where the place is no table."""
    place = _PLACE.fullmatch(where)
    table = tables.get((place[1], int(place[2] or 1))) if place else None
    if table is None:
        at = tables[("", 1)][1]
        return next((at[word] for word in _WORD.findall(message) if word in at), None)
    line, keys = table
    named = [*_WORD.findall(place[3] or "")] if place else []
    return next((keys[word] for word in (*named, *_WORD.findall(message)) if word in keys), line)


def with_lines(rows: list[dict[str, str]], text: str) -> list[dict[str, Any]]:
    """The findings, each with its `line` where it has one."""
    tables = tables_of(text)
    found = [(row, line_of(tables, row["where"], row["message"])) for row in rows]
    return [{**row, "line": line} if line else dict(row) for row, line in found]

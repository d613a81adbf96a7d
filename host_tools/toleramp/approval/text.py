"""Writes [approval] into a protocol file's text and leaves every other byte of it as it was."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from toleramp.approval.table import BY_BOTH
from toleramp.protocol.keys import APPROVAL

_OWN_LINE = re.compile(rf"\s*(?:{'|'.join(BY_BOTH)})\s*=")


class Untouchable(Exception):
    """The table cannot be written without touching what else stands in the file."""


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _lines(wanted: dict[str, str], keys: Iterable[str], end: str) -> str:
    return "".join(f'{key} = "{wanted[key]}"{end}' for key in keys)


def _appended(text: str, wanted: dict[str, str]) -> str:
    """The text with a new table at its end."""
    end = _newline(text)
    gap = end if text.endswith("\n") else end + end
    return f"{text}{gap}[approval]{end}{_lines(wanted, (key for key in BY_BOTH if key in wanted), end)}"


def _changed(text: str, wanted: dict[str, str]) -> str:
    """The text with the keys of its table changed, comments and order kept; new keys follow the last of the old."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import Table

    try:
        document = tomlkit.parse(text)
        table = document["approval"]
        if not isinstance(table, Table) or tomlkit.dumps(document) != text:
            raise Untouchable
        for key in [key for key in BY_BOTH if key in table]:
            if key not in wanted:
                table.remove(key)
            elif table[key] != wanted[key]:
                table[key] = wanted[key]
        _add(table, wanted, _newline(text))
        return tomlkit.dumps(document)
    except TOMLKitError:
        raise Untouchable from None


def _add(table: Any, wanted: dict[str, str], end: str) -> None:
    """New keys: as lines behind the last key that is there, so that a comment on the next table stays with it."""
    there = [key for key in table if key in BY_BOTH]
    if not there:
        raise Untouchable
    trivia = table[there[-1]].trivia
    trivia.trail = (trivia.trail or end) + _lines(wanted, (key for key in wanted if key not in there), end)


def _others(text: str) -> list[str]:
    """All lines but those of the table's own keys."""
    return [line for line in text.splitlines(keepends=True) if not _OWN_LINE.match(line)]


def _content(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def with_approval(text: str, wanted: dict[str, str]) -> str:
    """The text whose [approval] has just the `wanted` keys. Raises Untouchable rather than change anything else."""
    before = _content(text)
    if APPROVAL not in before:
        made = _appended(text, wanted)
        kept = made.startswith(text)
    else:
        made = _changed(text, wanted)
        kept = _others(made) == _others(text)
    after = _content(made)
    if not kept or after.pop(APPROVAL) != wanted or after != {k: v for k, v in before.items() if k != APPROVAL}:
        raise Untouchable
    return made

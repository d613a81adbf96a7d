"""Which names of its tables an image's own code reads: the others stay out of it.

A table is written for pump and laptop, and most of its words are for people. On the board each name takes RAM, whether
or not anybody reads it, and its value takes flash.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

_PACKAGE = "pump.tables"
_FOLDER = "pump/tables/"
_ARRAY = "array"


def without_unread(frozen: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of an image, its tables (as boards.build.tables has made them) with what is read of them alone."""
    tables = {name for name in frozen if name.startswith(_FOLDER)}
    read: set[tuple[str, str]] = set()
    for name in frozen.keys() - tables:
        if name.endswith(".py"):
            read |= set(_read_in(ast.parse(frozen[name])))
    return {
        name: _cut(content, name.removeprefix(_FOLDER).removesuffix(".py"), read) if name in tables else content
        for name, content in frozen.items()
    }


def _read_in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(table, name) for each name that a module reads; (table, "") for a table that it hands on whole."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == _PACKAGE:
            known |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{_PACKAGE}."):
            yield from (((node.module or "").split(".")[-1], alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((a.name.split(".")[-1], "") for a in node.names if a.name.startswith(f"{_PACKAGE}."))
    of_tables = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            of_tables.add(id(node.value))
            yield known[node.value.id], node.attr
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in known and id(node) not in of_tables:
            yield known[node.id], ""


def _cut(content: bytes, table: str, read: set[tuple[str, str]]) -> bytes:
    """A table without the lines of names that nobody reads; each of its names has one line."""
    text = content.decode()
    if (table, "") in read:
        return content
    kept = []
    for line in text.splitlines(keepends=True):
        if line.startswith(f"from {_ARRAY} import") or (table, line.split(" = ")[0]) in read:
            kept.append(line)
    if not any(f"= {_ARRAY}(" in line for line in kept):
        kept = [line for line in kept if not line.startswith(f"from {_ARRAY} import")]
    return "".join(kept).encode()

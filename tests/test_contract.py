"""The contract's hash covers what pump and tool must agree on in every table, and nothing that may be translated.

Each test changes a copy of `firmware/pump/tables` and asks the copy for its hash.
"""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from pump.tables import messages

TABLES = Path(messages.__file__).parent
NAMED = sorted(table.__name__.rpartition(".")[2] for table in messages._TABLES)
Change = Callable[[list[ast.expr]], None]


def contract_of(checkout: Path) -> int:
    """The hash as the tables of another checkout make it; this one's modules are put back afterwards."""
    mine = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "pump"}
    sys.path.insert(0, str(checkout))
    try:
        return int(import_module("pump.tables.messages").CONTRACT)
    finally:
        sys.path.remove(str(checkout))
        for name in [name for name in sys.modules if name.split(".")[0] == "pump"]:
            del sys.modules[name]
        sys.modules.update(mine)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tables alone."""
    shutil.copytree(TABLES, tmp_path / "pump" / "tables", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pump" / "__init__.py").write_text("")
    return tmp_path


def rows_of(tree: ast.Module) -> list[ast.expr]:
    """The rows of a table's source."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ROWS":
            assert isinstance(node.value, ast.Tuple)
            return node.value.elts
    return []


def changed(copy: Path, table: str, change: Change) -> int:
    """The hash of the copy with changed rows of one table; the copy is as before afterwards."""
    path = copy / "pump" / "tables" / f"{table}.py"
    before = path.read_text("utf-8")
    tree = ast.parse(before)
    change(rows_of(tree))
    _put(path, ast.unparse(ast.fix_missing_locations(tree)))
    try:
        return contract_of(copy)
    finally:
        _put(path, before)


def _put(path: Path, text: str) -> None:
    """Writes a source, and forgets what Python made of the one before: both may have the same size and second."""
    path.write_text(text, "utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def cells(row: ast.expr) -> list[ast.expr]:
    return row.elts if isinstance(row, ast.Tuple) else [row]


def table_rows(table: str) -> list[ast.expr]:
    return rows_of(ast.parse((TABLES / f"{table}.py").read_text("utf-8")))


def is_words(table: str, column: int, cell: ast.expr) -> bool:
    """Text behind the name is words for people; of a message it is the layout."""
    return (
        column > 0 and table != "messages" and isinstance(cell, ast.Constant) and isinstance(cell.value, (str, bytes))
    )


def other(cell: ast.expr) -> ast.expr:
    """Another value of the same kind."""
    if isinstance(cell, ast.Constant) and isinstance(cell.value, bool):
        return ast.Constant(not cell.value)
    if isinstance(cell, ast.Constant) and isinstance(cell.value, str):
        return ast.Constant(cell.value + "B")  # another byte in a layout, another letter in a name
    if isinstance(cell, ast.Constant) and isinstance(cell.value, bytes):
        return ast.Constant(cell.value + b"B")
    if isinstance(cell, ast.BinOp) and isinstance(cell.op, ast.Add):  # a layout or its fields, put together from parts
        return ast.BinOp(cell, ast.Add(), ast.Constant("B"))
    return ast.BinOp(cell, ast.BitXor(), ast.Constant(1))


def test_the_copy_says_the_same(copy: Path) -> None:
    """Else the tests below compare two different things."""
    assert contract_of(copy) == messages.CONTRACT


@pytest.mark.req("PRO-1", "INT-5")
@pytest.mark.parametrize("table", [table for table in [*NAMED, "messages"] if table_rows(table)])
def test_every_name_number_and_layout_is_in_the_hash(table: str, copy: Path) -> None:
    """Else a pump and a tool that differ there take each other's numbers for something else, in silence."""
    for at, row in enumerate(table_rows(table)):
        for column, cell in enumerate(cells(row)):
            if is_words(table, column, cell) or (column and at % 4):  # every name, the other columns of each fourth row
                continue

            def change(rows: list[ast.expr], at: int = at, column: int = column) -> None:
                if isinstance(rows[at], ast.Tuple):
                    rows[at].elts[column] = other(rows[at].elts[column])
                else:
                    rows[at] = other(rows[at])

            assert changed(copy, table, change) != messages.CONTRACT, f"row {at}, column {column}"


@pytest.mark.req("PRO-1", "INT-5")
@pytest.mark.parametrize("table", [table for table in [*NAMED, "messages"] if len(table_rows(table)) > 1])
def test_the_order_of_rows_is_in_the_hash(table: str, copy: Path) -> None:
    """Else two rows that changed places are each taken for the other."""
    for at in range(len(table_rows(table)) - 1):

        def change(rows: list[ast.expr], at: int = at) -> None:
            rows[at], rows[at + 1] = rows[at + 1], rows[at]

        assert changed(copy, table, change) != messages.CONTRACT, f"rows {at} and {at + 1}"


@pytest.mark.parametrize("table", [table for table in NAMED if table_rows(table)])
def test_words_are_not_in_the_hash(table: str, copy: Path) -> None:
    """Else a pump with a translated screen refuses the laptop."""

    def change(rows: list[ast.expr]) -> None:
        for row in rows:
            if isinstance(row, ast.Tuple):
                row.elts = [other(cell) if is_words(table, k, cell) else cell for k, cell in enumerate(row.elts)]

    assert changed(copy, table, change) == messages.CONTRACT


def test_every_table_is_in_the_hash() -> None:
    """Else a new table is agreed on by nobody."""
    assert set(NAMED) | {"messages"} == {path.stem for path in TABLES.glob("*.py")} - {"__init__"}

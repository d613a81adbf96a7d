"""Finds in a source what belongs into pump.tables: sets of rows, order among their numbers, their names as text.

A row is a number with a name. Code may say one row by its constant; which rows go together, which comes before which,
and what a row is called, its table alone says (DESIGN section 2, "Tables"). `Reading` reads files with `ast` and yields
a `Finding` for

- *rows*: one expression that names two rows of one table, in whatever form (a tuple, a dict, `or`, `==` in a chain,
  arguments, `a if x else b`, `case a | b`);
- *order*: `<`, `>`, `range`, `min`, `max`, slices or arithmetic on a row's number;
- *name*: a row's name as text. A name of two words ("spo2-stop", "step_started") is one wherever it stands. One
  that is an ordinary word ("order", "bag") is one where it is compared, stands beside another name of its table, picks
  from a table, or is the value of something called state, event, cause, alarm, code and the like (VALUE_OF).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Row = tuple[str, str]  # table, constant
VALUE_OF = {"state", "final_state", "event", "cause", "alarm", "code", "hold", "grade", "choice", "refusal", "flag"}
_ORDERING = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_COMPARING = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Div)
_RANKING = {"range", "min", "max", "sorted"}
_SPLIT = set(" ,;|")


@dataclass(frozen=True)
class Finding:
    """What is wrong where: `kind` is rows, order or name, `what` the rows or the text."""

    path: str
    line: int
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}: {self.what}"


@dataclass
class Tables:
    """The tables as their sources have them: constants of rows by module, names by table."""

    rows: dict[str, dict[str, Row]] = field(default_factory=dict)  # dotted module -> constant -> row
    names: dict[str, set[str]] = field(default_factory=dict)  # name -> tables that have such a row

    def add(self, table: str, source: str, names: tuple[str, ...]) -> None:
        """Takes the table's constants (a tuple of targets, one for each row) and its rows' names."""
        found = self.rows.setdefault(f"pump.tables.{table}", {})
        for node in ast.parse(source).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                targets = [name.id for name in node.targets[0].elts if isinstance(name, ast.Name)]
                if len(targets) == len(names) or _counts(node.value):
                    group = f"{table}:{node.lineno}" if found else table
                    found |= {name: (group, name) for name in targets}
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "").lower() in names:
                found |= {node.targets[0].id: (table, node.targets[0].id)}  # type: ignore[attr-defined]
        for name in names:
            self.names.setdefault(name, set()).add(table)

    def tables_of(self, text: object) -> set[str]:
        """The tables that have a row of this name; bytes are names too."""
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        return self.names.get(text, set()) if isinstance(text, str) else set()


def _counts(value: ast.expr) -> bool:
    """Whether a constant a row is made here: `range(len(ROWS))`, or a list over it."""
    return any(isinstance(node, ast.Name) and node.id == "range" for node in ast.walk(value))


def _plain(text: str | bytes) -> bool:
    """An ordinary word, which may mean something else."""
    return (text.decode("latin-1") if isinstance(text, bytes) else text).isalpha()


class Source:
    """One file: which names in it stand for a row, for a table, for another module."""

    def __init__(self, path: str, text: str, module: str) -> None:
        self.path, self.module = path, module
        self.tree = ast.parse(text)
        self.imports: dict[str, tuple[str, str]] = {}  # name -> module, its name there ("" for the module itself)
        self.bound: dict[str, ast.expr] = {}  # name -> what it is set to, at the module's or a class's level
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self.imports |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.Import):
                self.imports |= {alias.asname: (alias.name, "") for alias in node.names if alias.asname}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.bound[node.targets[0].id] = node.value


class Reading:
    """Reads many files; names that one takes from another are followed."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.sources: dict[str, Source] = {}

    def add(self, path: str, text: str, module: str) -> None:
        """Takes a file; `module` is its dotted name."""
        self.sources[module] = Source(path, text, module)

    def findings(self) -> Iterator[Finding]:
        """Everything in all files, in their order."""
        for source in self.sources.values():
            yield from sorted(set(_Walk(self, source).findings()), key=lambda found: (found.line, found.what))

    # -- what a name stands for

    def row(self, source: Source, node: ast.AST | None, depth: int = 0) -> Row | None:
        """The row that an expression stands for by itself: `RUNNING`, `states.RUNNING`, `const(RUNNING)`."""
        if depth > 4 or node is None:
            return None
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "const" and len(node.args) == 1:
            return self.row(source, node.args[0], depth + 1)
        if isinstance(node, ast.Attribute):
            module = self.module(source, node.value)
            return self._in(module, node.attr, depth + 1) if module else None
        return self._in(source.module, node.id, depth + 1) if isinstance(node, ast.Name) else None

    def _in(self, module: str, name: str, depth: int) -> Row | None:
        table = self.tables.rows.get(module)
        if table is not None and name in table:
            return table[name]
        source = self.sources.get(module)
        if source is None:
            return None
        if name in source.imports:
            origin, there = source.imports[name]
            return self._in(origin, there, depth + 1) if there and depth <= 4 else None
        return self.row(source, source.bound.get(name), depth + 1)

    def module(self, source: Source, node: ast.AST) -> str:
        """The dotted name of the module that an expression stands for; "" for another thing."""
        if isinstance(node, ast.Attribute):
            outer = self.module(source, node.value)
            return f"{outer}.{node.attr}" if outer else ""
        if not isinstance(node, ast.Name):
            return ""
        if node.id not in source.imports:
            return node.id if node.id in ("pump", "oximeters", "toleramp", "toleramp_bench") else ""
        return self._module_at(*source.imports[node.id])

    def _module_at(self, origin: str, name: str, depth: int = 0) -> str:
        """The module that `from origin import name` brings, through others that only hand it on; "" for none."""
        dotted = f"{origin}.{name}" if name else origin
        if dotted in self.tables.rows or dotted in self.sources:
            return dotted
        handed = self.sources[origin].imports.get(name) if origin in self.sources and depth <= 4 else None
        return self._module_at(*handed, depth + 1) if handed else ""

    def from_tables(self, source: Source, node: ast.AST) -> bool:
        """Whether an expression is something of pump.tables: `NAMES`, `messages.EVENT_CODE`."""
        if isinstance(node, ast.Attribute):
            return self.module(source, node.value).startswith("pump.tables.")
        return isinstance(node, ast.Name) and source.imports.get(node.id, ("", ""))[0].startswith("pump.tables")


class _Walk:
    """One pass over one file."""

    def __init__(self, reading: Reading, source: Source) -> None:
        self.reading, self.source, self.tables = reading, source, reading.tables
        self.parent = {child: node for node in ast.walk(source.tree) for child in ast.iter_child_nodes(node)}

    def findings(self) -> Iterator[Finding]:
        for node in ast.walk(self.source.tree):
            if isinstance(node, (ast.expr, ast.pattern)) and not isinstance(
                self.parent[node], (ast.expr, ast.pattern, ast.keyword, ast.comprehension)
            ):
                yield from self._rows(node)
            if self._orders(node):
                yield self._found(node, "order", ast.unparse(node))
            if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and self._names(node):
                yield self._found(node, "name", repr(node.value))

    def _found(self, node: ast.AST, kind: str, what: str) -> Finding:
        return Finding(self.source.path, getattr(node, "lineno", 0), kind, what)

    def _row(self, node: ast.AST) -> Row | None:
        return self.reading.row(self.source, node)

    # -- two rows of one table

    def _rows(self, whole: ast.AST) -> Iterator[Finding]:
        """The rows that one whole expression names, where two of them are of one table."""
        by_table: dict[str, set[str]] = {}
        for node in ast.walk(whole):
            row = self._row(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
            if row:
                by_table.setdefault(row[0], set()).add(row[1])
        for table, names in by_table.items():
            if len(names) > 1:
                yield self._found(whole, "rows", f"{table}: {', '.join(sorted(names))}")

    # -- order

    def _orders(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            return any(
                isinstance(op, _ORDERING) and (self._row(sides[i]) or self._row(sides[i + 1])) is not None
                for i, op in enumerate(node.ops)
            )
        if isinstance(node, ast.BinOp):
            counts = isinstance(node.op, _ARITHMETIC)
            return counts and (self._row(node.left) or self._row(node.right)) is not None
        if isinstance(node, ast.Call):
            ranks = getattr(node.func, "id", "") in _RANKING
            return ranks and any(self._row(arg) for arg in node.args)
        if isinstance(node, ast.Slice):
            return any(part is not None and self._row(part) for part in (node.lower, node.upper))
        return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and self._row(node.operand) is not None

    # -- names

    def _names(self, node: ast.Constant) -> bool:
        parent = self.parent[node]
        if isinstance(parent, (ast.Expr, ast.JoinedStr)):  # a docstring, prose
            return False
        tables = self.tables.tables_of(node.value)
        if not tables:
            return self._list_of_names(node.value) or self._head_of_names(node, parent)
        return not _plain(node.value) or self._meant(node, parent, tables)

    def _list_of_names(self, text: object) -> bool:
        """Whether a text is names alone, several, with something between them: "idle ready armed"."""
        if not isinstance(text, str) or not _SPLIT & set(text):
            return False
        words = "".join(" " if c in _SPLIT else c for c in text).split()
        return len(words) > 1 and bool(set.intersection(*(self.tables.tables_of(word) for word in words)))

    def _head_of_names(self, node: ast.Constant, parent: ast.AST) -> bool:
        """Whether a text picks rows by how their names begin or end."""
        cuts = isinstance(parent, ast.Call) and getattr(parent.func, "attr", "") in ("startswith", "endswith")
        text = node.value
        if not cuts or not isinstance(text, str) or not text.strip("-_") or text.isalpha():
            return False
        return any(name.startswith(text) or name.endswith(text) for name in self.tables.names)

    def _meant(self, node: ast.Constant, parent: ast.AST, tables: set[str]) -> bool:
        """Whether an ordinary word is a row's name here."""
        if isinstance(parent, ast.MatchValue):
            return True
        if isinstance(parent, ast.Compare):
            return any(isinstance(op, _COMPARING) for op in parent.ops)
        if isinstance(parent, ast.keyword):
            return parent.arg in VALUE_OF
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            return self.reading.from_tables(self.source, parent.value)
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Attribute) and node in parent.args:
            return self.reading.from_tables(self.source, parent.func.value)
        if isinstance(parent, ast.Dict) and self._is_value(node, parent):
            return True
        return self._beside_another(node, parent, tables)

    def _is_value(self, node: ast.Constant, parent: ast.Dict) -> bool:
        return any(
            value is node and isinstance(key, ast.Constant) and key.value in VALUE_OF
            for key, value in zip(parent.keys, parent.values, strict=True)
        )

    def _beside_another(self, node: ast.Constant, parent: ast.AST, tables: set[str]) -> bool:
        """Whether the display that holds the word holds another name of the same table."""
        if isinstance(parent, (ast.Tuple, ast.List, ast.Set)):
            beside = parent.elts
        elif isinstance(parent, ast.Dict):
            beside = parent.values if any(value is node for value in parent.values) else [k for k in parent.keys if k]
        else:
            return isinstance(self.parent.get(parent), ast.Compare) and isinstance(parent, (ast.IfExp, ast.BoolOp))
        others = (other.value for other in beside if isinstance(other, ast.Constant) and other.value != node.value)
        alone_in_a_test = isinstance(self.parent.get(parent), ast.Compare)
        return alone_in_a_test or any(self.tables.tables_of(other) & tables for other in others)


def read_tables(folder: Path) -> Tables:
    """The tables of `firmware/pump/tables`: every module that has NAMES."""
    from importlib import import_module

    tables = Tables()
    for path in sorted(folder.glob("*.py")):
        names = getattr(import_module(f"pump.tables.{path.stem}"), "NAMES", ())
        tables.add(path.stem, path.read_text("utf-8"), tuple(names))
    return tables

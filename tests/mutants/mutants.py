"""All mutants of a module, each with a name that outlives moved code, and the tree of one.

The name says module, function, what is changed, and the occurrence within the function; never a line number:
`pump.session.held Held.tick: age_ms >= LOCK_MS -> age_ms > LOCK_MS #1`.
"""

from __future__ import annotations

import ast
import copy
import difflib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from changes import of_constant, of_expression, of_statement
from kernel import Function, functions, tree_of

MODULE_LEVEL = "(module)"


@dataclass(frozen=True)
class Mutant:
    """One change. `line`: of the statement that holds it, in the file as it is now; no part of the name."""

    module: str
    function: str
    change: str
    occurrence: int
    line: int

    @property
    def name(self) -> str:
        """Names it in the repository's lists."""
        return f"{self.module} {self.function}: {self.change} #{self.occurrence}"


@dataclass
class _Site:
    change: str
    line: int
    put: Callable[[], None]


def mutants_of(module: str, tree: ast.Module | None = None) -> list[Mutant]:
    """Every mutant of a module, in the order of its file."""
    tree = tree or tree_of(module)
    found = [Mutant(module, MODULE_LEVEL, one.change, 1, one.line) for one in constants(tree)]
    for function, node in functions(tree):
        seen: Counter[str] = Counter()
        for site in _sites(node):
            seen[site.change] += 1
            found.append(Mutant(module, function, site.change, seen[site.change], site.line))
    return found


def mutated(mutant: Mutant, tree: ast.Module | None = None) -> tuple[ast.Module, list[str]]:
    """The module's tree with that one change, and the lines by which it differs."""
    tree = tree or tree_of(mutant.module)
    node = next(node for name, node in functions(tree) if name == mutant.function)
    before = ast.unparse(node).splitlines()
    same = [site for site in _sites(node) if site.change == mutant.change]
    same[mutant.occurrence - 1].put()
    ast.fix_missing_locations(tree)
    return tree, _difference(before, ast.unparse(node).splitlines())


def difference(mutant: Mutant) -> list[str]:
    """The lines by which a mutant differs."""
    if mutant.function == MODULE_LEVEL:
        one = constant_of(mutant)
        return [f"-{one.name} = {one.was}", f"+{one.name} = {one.new}"]
    return mutated(mutant)[1]


def _difference(before: list[str], after: list[str]) -> list[str]:
    lines = difflib.unified_diff(before, after, n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@dataclass(frozen=True)
class Constant:
    """A module's own number, or row of names, that stands there as such, and what it is instead."""

    name: str
    change: str
    was: object
    new: object
    line: int


def constants(tree: ast.Module) -> Iterator[Constant]:
    """Those of a module."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            for told, was, new in of_constant(node.value):
                yield Constant(name, f"{name} = {told}", was, new, node.lineno)


def constant_of(mutant: Mutant) -> Constant:
    """That of a mutant at the module's level."""
    return next(one for one in constants(tree_of(mutant.module)) if one.change == mutant.change)


def _sites(function: Function) -> Iterator[_Site]:
    """Every place of a function's body that can be changed, and how. The tree may be changed at one of them only."""
    for k, statement in enumerate(list(function.body)):
        if k or not _docstring(statement):
            yield from _at(function, "body", k, statement, statement.lineno, k < len(function.body) - 1)


def _docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _at(parent: ast.AST, field: str, index: int | None, node: ast.AST, line: int, early: bool) -> Iterator[_Site]:
    news: list[ast.AST] = []
    if isinstance(node, ast.stmt):
        line = node.lineno
        news = list(of_statement(node, early))
    elif isinstance(node, ast.expr):
        news = list(of_expression(node))
    if any(isinstance(inner, ast.Name) and inner.id == "super" for inner in ast.walk(node)):
        news = []  # without it the code no longer fits its function, which has a cell for its class
    for new in news:
        yield _Site(_told(node, new), line, lambda new=new: _put(parent, field, index, new))  # type: ignore[misc]
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield from _at(node, name, None, value, line, early)
        elif isinstance(value, list):
            for k, each in enumerate(list(value)):
                if isinstance(each, ast.AST):
                    yield from _at(node, name, k, each, line, early or name != "body" and not isinstance(node, ast.If))


def _put(parent: ast.AST, field: str, index: int | None, new: ast.AST) -> None:
    if index is None:
        setattr(parent, field, new)
    else:
        getattr(parent, field)[index] = new


def _told(old: ast.AST, new: ast.AST) -> str:
    if isinstance(old, ast.If) and isinstance(new, ast.If):
        return f"if {ast.unparse(old.test)} -> if {ast.unparse(new.test)}"
    gone = isinstance(new, ast.Pass)
    return f"{_one_line(old)} -> {'nothing' if gone else _one_line(new)}"


def _one_line(node: ast.AST) -> str:
    return " ".join(ast.unparse(copy.deepcopy(node)).split())

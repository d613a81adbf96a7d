"""Puts a mutant into the firmware of this process: no file is changed, and every reference to the function sees it."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from kernel import functions, path_of, place, tree_of
from mutants import MODULE_LEVEL, Mutant, constant_of, mutated

TOUCHED = "_touched_by_a_test"


def plant(mutant: Mutant) -> None:
    """From now on this process runs the mutant."""
    if mutant.function == MODULE_LEVEL:
        _set_constant(mutant)
        return
    tree, _ = mutated(mutant)
    function_of(mutant.module, mutant.function).__code__ = _codes_of(mutant.module, tree)[mutant.function]


def _codes_of(module: str, tree: ast.Module) -> dict[str, CodeType]:
    """The code of each function of a tree, by qualified name."""
    codes = {code.co_qualname: code for code in _codes(compile(tree, str(path_of(module)), "exec"))}
    return {name: codes[name] for name, _ in functions(tree)}


def function_of(module: str, name: str) -> FunctionType:
    """The function itself, whatever it is wrapped in."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = vars(found)[part]
    found = getattr(found, "__func__", None) or getattr(found, "fget", None) or found
    assert isinstance(found, FunctionType), f"{module} {name}: {found!r}"
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _set_constant(mutant: Mutant) -> None:
    """The module's number, in each module of the firmware that has imported it; tests keep the one that is right."""
    one = constant_of(mutant)
    for module in list(sys.modules.values()):
        ours = (getattr(module, "__file__", None) or "").startswith(str(place().firmware))
        if ours and vars(module).get(one.name) == one.was:
            setattr(module, one.name, one.new)


class _Probes(ast.NodeTransformer):
    """Before each statement: that line was reached."""

    def visit_body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        marked: list[ast.stmt] = []
        for statement in body:
            probe = ast.parse(f"{TOUCHED}[{statement.lineno}] = 1").body[0]
            marked += [ast.copy_location(probe, statement), self.visit(statement)]
        return marked

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, name, self.visit_body(value))
            elif isinstance(value, list):
                for part in value:
                    if isinstance(part, ast.ExceptHandler | ast.match_case):
                        self.generic_visit(part)
        return node


@cache
def _probed(module: str) -> tuple[dict[str, CodeType], int]:
    tree = tree_of(module)
    for _, function in functions(tree):
        function.body = _Probes().visit_body(function.body)
    ast.fix_missing_locations(tree)
    return _codes_of(module, tree), len(path_of(module).read_text(encoding="utf-8").splitlines())


def prepare_probes(modules: list[str]) -> None:
    """Compiles them once, for all forks of this process."""
    for module in modules:
        _probed(module)


def plant_probes(module: str) -> bytearray:
    """The module's functions mark each line that is reached; where they mark it (by line)."""
    codes, lines = _probed(module)
    touched = bytearray(lines + 1)
    setattr(importlib.import_module(module), TOUCHED, touched)
    for name, code in codes.items():
        function_of(module, name).__code__ = code
    return touched

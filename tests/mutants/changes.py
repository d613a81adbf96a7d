"""What a mutant changes: one expression or one statement, the slips that people make."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_SMALL = 100  # a larger number that is off by one is off by a millisecond or a nanolitre: an eighth is a slip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def of_constant(value: ast.expr) -> Iterator[tuple[str, object, object]]:
    """What a module's own number, or its own row of names, can be instead: as told, as it is, as it is then."""
    if isinstance(value, ast.Call) and value.args:
        value = value.args[0]
    if isinstance(value, ast.Tuple):
        yield from _of_names([one.value for one in value.elts if isinstance(one, ast.Constant)], len(value.elts))
    elif isinstance(value, ast.Constant) and isinstance(value.value, int) and not isinstance(value.value, bool):
        was = value.value
        new = was + (1 if was < _SMALL else was // 8)
        yield f"{was} -> {new}", was, new


def _of_names(row: list[object], count: int) -> Iterator[tuple[str, object, object]]:
    """A row of names that lacks one of them: what is gone through by name is left out there."""
    if count < 2 or len(row) < count or not all(isinstance(one, str) for one in row):
        return
    for at, gone in enumerate(row):
        yield f"... -> without {gone}", tuple(row), tuple(row[:at] + row[at + 1 :])


def of_expression(node: ast.AST) -> Iterator[ast.expr]:
    """What can stand in the place of an expression."""
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            yield ast.Compare(node.left, [*node.ops[:k], _COMPARE[type(op)](), *node.ops[k + 1 :]], node.comparators)
    elif isinstance(node, ast.BinOp):
        yield from _of_binary(node)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield ast.Call(ast.Name(_NAMES[node.func.id], ast.Load()), node.args, node.keywords)
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node.value)
    elif isinstance(node, ast.IfExp) and not _has_a_slip_of_its_own(node.test):
        yield ast.IfExp(_negated(node.test), node.body, node.orelse)


def _of_binary(node: ast.BinOp) -> Iterator[ast.expr]:
    if type(node.op) in _ARITHMETIC:
        yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    for left, right in ((node.left, node.right), (node.right, node.left)):
        if isinstance(node.op, ast.BitAnd) and isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.Invert):
            yield ast.BinOp(left, node.op, right.operand)


def _of_constant(value: object) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        if value == 1:
            yield ast.Constant(0)


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _has_a_slip_of_its_own(test: ast.expr) -> bool:
    """Whether another mutant is its negation already."""
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn))
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def of_statement(node: ast.AST, early: bool) -> Iterator[ast.stmt]:
    """What can stand in the place of a statement; `early`: it does not end its function's body."""
    if isinstance(node, ast.AugAssign):
        yield ast.Pass()
        if type(node.op) in _ARITHMETIC:
            yield ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
    elif isinstance(node, ast.Assign) and not all(isinstance(target, ast.Name) for target in node.targets):
        yield ast.Pass()  # a local that is never set would only raise
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif isinstance(node, ast.Return):
        yield from _of_return(node, early)
    elif isinstance(node, ast.If) and not _has_a_slip_of_its_own(node.test):
        yield ast.If(_negated(node.test), node.body, node.orelse)


def _of_return(node: ast.Return, early: bool) -> Iterator[ast.stmt]:
    if early:
        yield ast.Pass()
    if node.value is not None and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(0))

"""No file and no function grows beyond what a reviewer can hold in the head."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
ROOMS = ("firmware", "host_tools", "hil_tests", "boards")
FILE_LINES, FUNCTION_LINES, MEDIAN_LINES = 400, 50, 8

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    """All Python files of the rooms."""
    return sorted(path for room in ROOMS for path in (CHECKOUT / room).rglob("*.py"))


def functions(path: Path) -> list[tuple[str, int]]:
    """Name and length in lines of each function, decorators and docstring included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, Function)]
    return [(node.name, (node.end_lineno or node.lineno) - node.lineno + 1) for node in found]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """Else a safety review skips what it cannot follow."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES, f"{lines} lines; the most is {FILE_LINES}"
    long = [(name, size) for name, size in functions(path) if size > FUNCTION_LINES]
    assert not long, f"functions of more than {FUNCTION_LINES} lines: {long}"


def test_most_functions_are_short() -> None:
    """Else the caps are met by many functions just below them."""
    sizes = [size for path in sources() for _, size in functions(path)]
    assert statistics.median(sizes) <= MEDIAN_LINES

"""No module imports, by whatever way round, one that imports it: tools, bench and core, types included."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PACKAGES = {"pump": "firmware", "oximeters": "firmware", "toleramp": "host_tools", "toleramp_bench": "hil_tests"}


def modules(roots: dict[str, Path]) -> dict[str, Path]:
    """The files of packages (name: the folder it lies in) by their modules' names."""
    found = {}
    for package, root in roots.items():
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def named(tree: ast.AST, known: Container[str]) -> Iterator[str]:
    """Every module that is imported anywhere in the source; a package for what its own file has, or a module of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level and node.module, f"line {node.lineno}: a relative import"
            inside = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in known else node.module for name in inside)


def imported(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """What a module imports of the known ones: with a module come the packages around it, but for its own."""
    found: set[str] = set()
    for other in named(ast.parse(path.read_text("utf-8")), known):
        parts = other.split(".")
        around = (".".join(parts[:k]) for k in range(1, len(parts)))
        if other in known:
            found |= {other, *(one for one in around if one in known and not name.startswith(f"{one}."))}
    return found - {name}


def circle(roots: dict[str, Path]) -> list[str]:
    """A circle of imports, or nothing."""
    known = modules(roots)
    try:
        TopologicalSorter({name: imported(name, path, known) for name, path in known.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_imports() -> None:
    """Else nothing in the circle can be understood, or changed, without all of it."""
    assert circle({name: CHECKOUT / root for name, root in PACKAGES.items()}) == []


@pytest.mark.parametrize(
    "files",
    [
        {"one": "import here.two\n", "two": "from here import one\n"},
        {"one": "from here.two import x\n", "two": "def f():\n    import here.three\n", "three": "import here.one"},
        {"one": "if TYPE_CHECKING:\n    from here.two import Type\n", "two": "import here.one"},
        {"__init__": "from here.one import thing\n", "one": "from here import name\n"},
    ],
    ids=["straight", "in a function", "for types", "by the package"],
)
def test_a_planted_circle_is_seen(files: dict[str, str], tmp_path: Path) -> None:
    """Else the test above passes whatever is imported."""
    (tmp_path / "here").mkdir()
    for name, text in files.items():
        (tmp_path / "here" / f"{name}.py").write_text(text)
    assert circle({"here": tmp_path})
    (tmp_path / "here" / "one.py").write_text("")
    assert circle({"here": tmp_path}) == []

"""What an image has of its tables: all that its own code reads, and no more."""

from __future__ import annotations

import ast
from types import ModuleType

import pytest
from boards.build import paths, tables
from boards.build.frozen import PACKAGES, collect
from boards.build.read_names import without_unread

TABLE = b'from array import array\nROWS = (("a", 1), )\nNAMES = ("a", )\nA = 1\nB = 2\nKEPT = array("H", (1, 2))\n'


def left(*modules: str) -> bytes:
    """What is left of a table when only these modules are frozen beside it."""
    sources = {f"pump/module{k}.py": text.encode() for k, text in enumerate(modules)}
    return without_unread({"pump/tables/odd.py": TABLE} | sources)["pump/tables/odd.py"]


@pytest.mark.parametrize(
    ("module", "kept"),
    [
        ("X = 1", b""),
        ("from pump.tables.odd import A as B", b"A = 1\n"),
        ("from pump.tables import odd as o\nX = o.NAMES[o.B]", b'NAMES = ("a", )\nB = 2\n'),
        ("def late():\n    from pump.tables import odd\n    return odd.KEPT", None),
        ("from pump.tables import odd\nX = [odd]", TABLE),
        ("import pump.tables.odd", TABLE),
    ],
)
def test_of_a_table_what_is_read_stays(module: str, kept: bytes | None) -> None:
    """Else the pump stops where it looks a name up, or its memory is full of names that nobody wants."""
    assert left(module) == (b'from array import array\nKEPT = array("H", (1, 2))\n' if kept is None else kept)


def test_each_module_keeps_what_is_its_own() -> None:
    assert left("from pump.tables.odd import A", "from pump.tables.odd import B") == b"A = 1\nB = 2\n"


def test_the_image_has_all_that_its_code_reads() -> None:
    """Else an import fails on the board alone. Each name is looked for where it stands, in every frozen module."""
    image = collect(paths.ROOT / "firmware", paths.ROOT / "boards/pump_pico", PACKAGES).frozen
    whole = tables.frozen_tables(paths.ROOT / "firmware")
    held: dict[str, ModuleType] = {}
    for name in whole:
        held[name.split("/")[-1][:-3]] = module = ModuleType(name)
        exec(image[name], vars(module))
        assert set(image[name].splitlines()) <= set(whole[name].splitlines())
    read = 0
    for name in image.keys() - whole.keys():
        for node in ast.walk(ast.parse(image[name])):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pump.tables."):
                of = held[(node.module or "").split(".")[-1]]
                assert all(hasattr(of, alias.name) for alias in node.names), (name, node.module)
                read += len(node.names)
    assert read > 100
    assert not hasattr(held["events"], "ROWS")


def test_a_name_that_is_no_table_s_counts_for_nothing() -> None:
    assert left("from pump import tables\nX = A = 1") == b""

"""The pump's tables as data: what each module of pump/tables is once it has run, written out as constants.

A table is written for people: rows, and columns worked out from them. On the board that working out would cost time at
each power-on and its rows would lie in RAM; the constants lie in flash. What is written here is worked out by running
the very modules that go into the image, CONTRACT included, so that pump and laptop agree or refuse each other.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .errors import BuildError
from .paths import ROOT
from .run import clean_environment

_FOLDER = "pump/tables"
_ONLY_THERE = ("described", "contract")  # what the hash is made of; its outcome is a constant


def frozen_tables(firmware: Path) -> dict[str, bytes]:
    """Each table of this firmware by its name in the image; none when it has no tables. Raises BuildError."""
    names = sorted(path.stem for path in (firmware / _FOLDER).glob("*.py") if path.stem != "__init__")
    if not names:
        return {}
    ran = subprocess.run(
        [sys.executable, "-m", "boards.build.tables", str(firmware), *names],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise BuildError(
            f"a table of the pump cannot be frozen: {(ran.stderr.strip() or 'no output').splitlines()[-1]}", 2
        )
    texts = ran.stdout.split("\0")
    return {f"{_FOLDER}/{name}.py": text.encode() for name, text in zip(names, texts, strict=True)}


def constants(module: object) -> str:
    """The module's names with their values as Python that needs nothing to be worked out.

    TypeError for a value that is neither number, text, bytes, tuple nor array.
    """
    lines = []
    for name, value in vars(module).items():
        if name.startswith("_") or name in _ONLY_THERE or type(value).__name__ in ("module", "type"):
            continue
        lines.append(f"{name} = {_literal(name, value)}")
    arrays = any("= array(" in line for line in lines)
    return "\n".join(["from array import array"] * arrays + lines) + "\n"


def _literal(name: str, value: object) -> str:
    kind = type(value).__name__
    if kind == "array":
        return f'array("{value.typecode}", {tuple(value)!r})'  # type: ignore[attr-defined]
    if kind == "tuple":
        return "(" + "".join(f"{_literal(name, part)}, " for part in value) + ")"  # type: ignore[attr-defined]
    if kind in ("int", "str", "bytes", "bool"):
        return repr(value)
    raise TypeError(f"{name} is a {kind}: a table holds numbers, text, bytes, tuples and arrays")


def _main(firmware: str, names: list[str]) -> None:
    """In a process of its own, so that nothing of this firmware stays in the one that builds."""
    from importlib import import_module

    sys.path.insert(0, firmware)
    sys.stdout.write("\0".join(constants(import_module(f"pump.tables.{name}")) for name in names))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])

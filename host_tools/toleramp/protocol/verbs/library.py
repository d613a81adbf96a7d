"""`toleramp protocol library`: a ward's soft and hard limits for each drug; kept here, every check uses them."""

from __future__ import annotations

import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toleramp.errors import UserError, one_line

if TYPE_CHECKING:
    from toleramp.protocol.library import Library

_ABOUT = """Reads a ward's drug library, shows its limits, and keeps it: from then on `check`, `table`, `prepare`,
`sign` and `load` hold each protocol against it. Without FILE the library that is kept is shown."""


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("library", help="a ward's soft and hard limits for each drug", description=_ABOUT)
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a drug library (.toml)")
    parser.add_argument("--only-check", action="store_true", help="reads and shows it, keeps nothing")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_library)


def run_library(args: argparse.Namespace) -> int:
    """Shows a library and keeps it; UserError for one that cannot be used, which leaves the kept one as it is."""
    from toleramp.protocol.library import SMALLEST, kept_path, read_library

    path = args.file or kept_path()
    if args.file is None and not path.exists():
        raise UserError("no drug library is kept", str(path), SMALLEST)
    library = read_library(path)
    found = document(library)
    print(json.dumps(found, indent=1, ensure_ascii=False) if args.json else as_text(found))
    if args.file and not args.only_check:
        _keep(args.file, kept_path())
    return 0


def _keep(file: Path, place: Path) -> None:
    from toleramp.whole_files import create

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot be made: {error.strerror}", str(place.parent), "set XDG_CONFIG_HOME") from None
    if not (place.exists() and place.samefile(file)):
        create(place, file.read_bytes(), force=True)
    print(one_line(f"kept: every check uses {place}"), file=sys.stderr)


def _exact(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def document(library: Library) -> dict[str, Any]:
    """What `--json` shows."""
    drugs = [
        {
            "name": drug.names[0],
            "also": list(drug.names[1:]),
            "soft": {key: _exact(value) for key, value in drug.soft.items()},
            "hard": {key: _exact(value) for key, value in drug.hard.items()},
        }
        for drug in library.drugs
    ]
    return {"name": library.name, "drugs": drugs}


def as_text(found: dict[str, Any]) -> str:
    """A line for each drug and limit."""
    lines = [found["name"]]
    for drug in found["drugs"]:
        lines.append(", ".join([drug["name"], *drug["also"]]))
        keys = dict.fromkeys([*drug["soft"], *drug["hard"]])
        lines += [
            f"  {key:<28} soft {drug['soft'].get(key, '-')!s:>10}   hard {drug['hard'].get(key, '-')!s:>10}"
            for key in keys
        ]
        if not keys:
            lines.append("  no limits")
    return "\n".join(map(one_line_kept, lines))


def one_line_kept(text: str) -> str:
    """The text on one line, its columns kept."""
    return "".join(c if c.isprintable() else " " for c in text)

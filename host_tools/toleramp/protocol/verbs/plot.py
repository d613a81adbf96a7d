"""`toleramp protocol plot`: rate, dose rate and dose over time as a picture."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import Protocol
from toleramp.errors import one_line

SUFFIXES = (".png", ".svg")


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("plot", help="rate, dose rate and dose as a picture")
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="PICTURE", help="where to draw: a .png or .svg file"
    )
    parser.set_defaults(func=run_plot)


def run_plot(args: argparse.Namespace) -> int:
    """Draws the picture, whole or not at all; rules are not judged here."""
    from toleramp import whole_files
    from toleramp.protocol.file import compile_file

    blob, protocol = compile_file(args.file)
    whole_files.demand_kind(args.output, SUFFIXES, "name a .png or .svg file")
    whole_files.demand_other(args.output, args.file)
    whole_files.demand_free(args.output, force=True)
    picture = _drawn(protocol, fingerprint(blob), args.output.suffix.lower())
    whole_files.create(args.output, picture, force=True)
    print(one_line(str(args.output)), file=sys.stderr)
    return 0


def _drawn(protocol: Protocol, print_: str, suffix: str) -> bytes:
    """The picture's bytes."""
    from toleramp.protocol.plot import save

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{suffix}"
        save(protocol, print_, path)
        return path.read_bytes()

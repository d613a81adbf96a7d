"""`toleramp protocol plot`: rate, dose rate and dose over time as a picture."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pump.identity import fingerprint


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("plot", help="rate, dose rate and dose as a picture")
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="PICTURE", help="where to draw: a .png or .svg file"
    )
    parser.set_defaults(func=run_plot)


def run_plot(args: argparse.Namespace) -> int:
    """Draws the picture; rules are not judged here."""
    from toleramp.protocol_file import compile_file

    blob, protocol = compile_file(args.file)
    from toleramp.protocol_plot import save

    save(protocol, fingerprint(blob), args.output)
    print(args.output, file=sys.stderr)
    return 0

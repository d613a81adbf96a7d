"""`toleramp protocol plot`: rate, dose rate and dose over time as a picture."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import Protocol
from toleramp.errors import one_line

if TYPE_CHECKING:
    from toleramp.protocol.verdict import Verdict

SUFFIXES = (".png", ".svg")


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("plot", help="rate, dose rate and dose as a picture")
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="PICTURE", help="where to draw: a .png or .svg file"
    )
    parser.add_argument("--now", metavar="TIME", help="when the first step starts, with its offset; default: now")
    parser.set_defaults(func=run_plot)


def run_plot(args: argparse.Namespace) -> int:
    """Draws the picture, whole or not at all; 1 when the protocol is refused, which the picture says too."""
    from toleramp import whole_files
    from toleramp.protocol.file import compile_protocol, read_file
    from toleramp.protocol.verbs.check import start
    from toleramp.protocol.verdict import judge

    now, reading = start(args.now), read_file(args.file)
    if reading.protocol is None:
        raise reading.faults[0]
    blob, verdict = compile_protocol(reading.protocol, str(args.file)), judge(reading, now)
    whole_files.demand_kind(args.output, SUFFIXES, "name a .png or .svg file")
    whole_files.demand_other(args.output, args.file)
    whole_files.demand_free(args.output, force=True)
    picture = _drawn(reading.protocol, fingerprint(blob), args.output.suffix.lower(), verdict)
    whole_files.create(args.output, picture, force=True)
    print(one_line(f"{args.output}: {verdict.words()}"), file=sys.stderr)
    return 1 if verdict.refused else 0


def _drawn(protocol: Protocol, print_: str, suffix: str, verdict: Verdict) -> bytes:
    """The picture's bytes."""
    from toleramp.protocol.plot import save

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{suffix}"
        save(protocol, print_, path, verdict)
        return path.read_bytes()

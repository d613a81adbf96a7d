"""run the core over a recorded run: it must decide what the pump decided"""

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_ABOUT = """Runs the pump's own core over the inputs that `toleramp monitor --log FILE` has recorded, and compares each
scan with what the pump decided. Exit code 0: every recorded decision is equal; 1: one is another, or a part of the run
is not in the recording, which is said with its scans; 2: FILE cannot be replayed."""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("replay", help="run the core over a recorded run", description=_ABOUT)
    parser.add_argument("file", metavar="LOG", help="a session log of `toleramp monitor --log`")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Replays each run of the file."""
    from toleramp.replay import told
    from toleramp.replay.whole import replay

    pieces = replay(args.file)
    if args.json:
        print(json.dumps({"file": args.file, "runs": [told.document(piece) for piece in pieces]}, indent=1))
    else:
        for piece in pieces:
            print("\n".join(told.lines(piece)))
    return 0 if all(piece.proved for piece in pieces) else 1

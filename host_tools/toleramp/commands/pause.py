"""hold the flow; only a person at the pump can go on"""

import argparse
from typing import TYPE_CHECKING

from toleramp.commands import _halt
from toleramp.device import chosen

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("pause", help="hold the flow", description=(__doc__ or "").capitalize())
    chosen.add_port(parser)
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Asks nothing, does it, and says what was delivered."""
    return _halt.halt(args.port, "pause")

"""compare the pump's clock with this computer's, or set it"""

import argparse
from typing import TYPE_CHECKING

from toleramp import terminal
from toleramp.device import chosen

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_ABOUT = """Says what the pump's clock and this computer's say, both in UTC, and whether the pump trusts its own. Exit
code 1 when it does not, or when they are more than a minute apart. The pump's clock is for the log, and for the time
that passed without power; it moves no dose and ends no session. With --set it is set from this computer while no
session runs; the pump records the old and the new time, and no gap with a setting in it counts as measured."""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("clock", help="the pump's clock", description=_ABOUT)
    chosen.add_signed_port(parser)
    parser.add_argument("--set", action="store_true", help="set it from this computer's clock; at rest only")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Compares, after it has set the clock where that is asked for."""
    from toleramp.device import clock
    from toleramp.words.times import iso

    pump, _ = chosen.connect_signed(args) if args.set else chosen.connect(args)
    with pump:
        before = clock.compare(pump)
        now = clock.set_from_here(pump) if args.set else before
    if args.json:
        was = {"before": iso(before.pump)} if args.set else {}
        terminal.print_json({"port": pump.port, **now.as_json(), **was})
    else:
        if args.set:
            print(f"set; it said {clock.shown(before.pump)} before")
        print(now.text())
    return 0 if now.fine() else 1

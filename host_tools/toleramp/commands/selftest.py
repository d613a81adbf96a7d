"""show what the pump's self-test has found, or have it made anew"""

import argparse
from typing import TYPE_CHECKING

from toleramp import terminal
from toleramp.device import chosen

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_ABOUT = """Shows each check of the pump's self-test: its verdict, what it found, how long ago. All are made when it is
switched on, some again and again after that. The first that fails stops the pump until it is switched off and on. Exit
code 1 when a check has failed, or was not made yet. With --again the pump makes them anew, while no session runs; the
sounder clicks."""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("selftest", help="the pump's self-test", description=_ABOUT)
    chosen.add_port(parser)
    parser.add_argument("--again", action="store_true", help="make it anew; at rest only")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Reads all checks, after they were made anew where that is asked for."""
    from pump.tables import checks
    from toleramp.device import self_test

    pump, _ = chosen.connect(args)
    with pump:
        found = self_test.anew(pump) if args.again else self_test.read(pump)
    fine = all(check.verdict == checks.PASSED for check in found)
    if args.json:
        terminal.print_json({"port": pump.port, "passed": fine, "checks": [check.as_json() for check in found]})
    else:
        print("\n".join(check.text() for check in found))
        print("passed" if fine else "not passed")
    return 0 if fine else 1

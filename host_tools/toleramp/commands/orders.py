"""let a pump forget the orders that it has given: after its memory was damaged or changed"""

import argparse
from typing import TYPE_CHECKING

from toleramp import terminal
from toleramp.device import chosen
from toleramp.errors import UserError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_ABOUT = """A pump whose memory of orders is damaged, or new, takes no order: it cannot know what was given of it. Where
people have found out from its log, and from paper, what was given, they let it forget, in service mode. Then it is for
people alone to know that an order was given before."""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `orders` with its verb."""
    parser = subparsers.add_parser("orders", help="the pump's memory of orders", description=_ABOUT)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    forget = verbs.add_parser("forget", help="empties it, in service mode", description=_ABOUT)
    forget.add_argument("--yes", action="store_true", help="people know what was given of each order")
    chosen.add_port(forget)
    forget.set_defaults(func=run_forget)


def run_forget(args: argparse.Namespace) -> int:
    """Empties the memory of orders."""
    from toleramp.device import orders_memory, ports

    if not args.yes:
        what = "after this the pump gives an order again that it has given before"
        raise UserError(what, "orders forget", "add --yes when people know what was given of each order")
    port = ports.choose(args.port)
    terminal.say(f"{port}: emptying the memory of orders")
    orders_memory.forget(port)
    print(f"{port}: the pump remembers no order; switch it off and on")
    return 0

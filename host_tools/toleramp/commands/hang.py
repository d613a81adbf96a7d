"""tell the pump the code of the bag that hangs, as scanned from its label"""

import argparse
from typing import TYPE_CHECKING

from pump.tables import refusals
from toleramp import terminal
from toleramp.device import chosen
from toleramp.errors import Refused, UserError, one_line

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_LONGEST = 24  # bytes of a bag's code, as a protocol has it


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("hang", help="a bag's code", description=(__doc__ or "").capitalize())
    parser.add_argument("code", metavar="CODE", help="the whole code on the bag's label, from the scanner")
    chosen.add_port(parser)
    parser.set_defaults(func=run)


def _code(text: str) -> str:
    """The code without what a scanner puts around it. UserError for what can be no bag's code."""
    code = text.strip()
    if not 0 < len(code.encode("utf-8", "replace")) <= _LONGEST or not code.isprintable():
        raise UserError(f"{text[:40]!r} is no bag's code", "CODE", f"scan the label: 1 to {_LONGEST} characters")
    return code


def run(args: argparse.Namespace) -> int:
    """Sends the code; 1 when the pump asks for another bag. Nothing flows before a press at the pump (SEC-1)."""
    code = _code(args.code)
    pump, _ = chosen.connect(args)
    with pump:
        try:
            pump.hang(code)
        except Refused as refusal:
            if refusal.row == refusals.RANGE:
                print(terminal.emphasis(f"WRONG BAG: {one_line(code)} is not the bag that the pump asks for"))
                print("take it down, hang the bag that stands on the pump's screen, and scan its label")
                return 1
            if refusal.row == refusals.BUSY:
                remedy = "scan the label when its screen says HANG BAG"
                raise UserError("the pump asks for no bag now", pump.port, remedy) from None
            raise
    print(f"{one_line(code)} is the bag that the pump asks for: press CONFIRM at the pump, it then runs")
    return 0

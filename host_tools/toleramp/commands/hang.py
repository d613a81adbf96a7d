"""tell the pump the code of the bag that hangs, as scanned from its label"""

import argparse
import time
from typing import TYPE_CHECKING

from pump.protocol.codes import alike, can_show
from pump.tables import refusals
from toleramp import terminal
from toleramp.device import chosen, remembered
from toleramp.errors import Refused, UserError, one_line

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from toleramp.device.client import Pump

TRIES, AGAIN_S = 5, 0.25  # it takes no code while a key is down, or before its question stands on the screen
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
    if len(code.encode("utf-8", "replace")) > _LONGEST or not can_show(code.encode("utf-8", "replace")):
        remedy = f"scan the label: 1 to {_LONGEST} letters, digits and marks, as the pump's screen shows them"
        raise UserError(f"{text[:40]!r} is no bag's code", "CODE", remedy)
    return code


def _known(fingerprint: str) -> "dict[str, str]":
    """Letters of the bags by their codes, where this laptop loaded the protocol."""
    table = remembered.recall(fingerprint) or {}
    bags = table.get("solutions", [])
    return {str(bag["code"]): str(bag["id"]) for bag in bags if isinstance(bag, dict) and "code" in bag}


def _advice(code: str, known: "dict[str, str]") -> str:
    """What to do with a code that the pump does not take."""
    if code in known:
        return f"this is bag {known[code]}: take it down, hang the bag that stands on the pump's screen, scan its label"
    near = [other for other in known if alike(code.encode(), other.encode())]
    if near:
        return (
            f"it looks like {near[0]}, bag {known[near[0]]}, and is not the same: scan the label, do not type it;"
            " a scanner that changes letters is set to send them as printed"
        )
    return "take it down, hang the bag that stands on the pump's screen, and scan its label"


def _say(pump: "Pump", code: str) -> None:
    """Sends the code, again for a second while somebody is at the pump's keys. Raises Refused."""
    for left in range(TRIES - 1, -1, -1):
        try:
            pump.hang(code)
            return
        except Refused as refusal:
            if refusal.row != refusals.BUSY or not left:
                raise
        time.sleep(AGAIN_S)


def run(args: argparse.Namespace) -> int:
    """Sends the code; 1 when the pump asks for another bag. Nothing flows before a press at the pump (SEC-1)."""
    code = _code(args.code)
    pump, hello = chosen.connect(args)
    with pump:
        try:
            _say(pump, code)
        except Refused as refusal:
            if refusal.row == refusals.RANGE:
                print(terminal.emphasis(f"WRONG BAG: {one_line(code)} is not the bag that the pump asks for"))
                print(one_line(_advice(code, _known(str(hello["fingerprint"])))))
                return 1
            if refusal.row == refusals.BUSY:
                remedy = "scan the label when its screen says HANG BAG and no key is down"
                raise UserError("the pump asks for no bag now, or somebody is at its keys", pump.port, remedy) from None
            raise
    print(f"{one_line(code)} is the bag that the pump asks for: press CONFIRM at the pump, it then runs")
    return 0

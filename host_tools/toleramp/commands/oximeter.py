"""name the oximeter's serial formats, and set which of them the pump expects"""

import argparse
from typing import TYPE_CHECKING

from pump.tables import oximeters, refusals, settings
from toleramp import plugins, terminal
from toleramp.device import chosen
from toleramp.errors import Refused, UserError
from toleramp.oximeter import decode

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from importlib.metadata import EntryPoint


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command with its verbs."""
    parser = subparsers.add_parser("oximeter", help="formats, and the pump's setting")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("formats", help="list the serial formats that the pump can read")
    listing.add_argument("--json", action="store_true", help="one JSON document on standard output")
    listing.set_defaults(func=formats)
    setting = verbs.add_parser(
        "set",
        help="set the format that the pump expects",
        description="Sets the oximeter's format while nothing runs. The pump keeps it and expects it from its next "
        "power-on. Without NAME it says which is set.",
    )
    setting.add_argument("name", nargs="?", metavar="NAME", help="a format, as `toleramp oximeter formats` names it")
    chosen.add_port(setting)
    setting.set_defaults(func=set_format)
    decode.add_parser(verbs)
    for name, entry in plugins.registered(plugins.OXIMETER).items():
        _add(verbs, name, entry)


def _add(verbs: "_SubParsersAction[argparse.ArgumentParser]", name: str, entry: "EntryPoint") -> None:
    """A verb of another package; where that is not installed it says so when it is used."""
    if plugins.source(entry):
        plugins.load(entry).add_parser(verbs)
    else:
        verbs.add_parser(name, help=f"(not installed; {plugins.SETUP})").set_defaults(
            func=lambda _: plugins.load(entry)
        )


def formats(args: argparse.Namespace) -> int:
    """Lists the formats."""
    if args.json:
        terminal.print_json(list(oximeters.NAMES))
    else:
        print("\n".join(oximeters.NAMES))
    return 0


def _number(name: str) -> int:
    if name not in oximeters.NAMES:
        raise UserError(f"no format is called {name[:40]!r}", "NAME", "there are " + ", ".join(oximeters.NAMES))
    return int(oximeters.NAMES.index(name))


def set_format(args: argparse.Namespace) -> int:
    """Sets it, and says what comes next; without a name, what is set."""
    number = _number(args.name) if args.name else None
    pump, said = chosen.connect(args)
    with pump:
        if number is None:
            print(oximeters.NAMES[said["oximeter"]])
            return 0
        try:
            pump.set(settings.OXIMETER, number)
        except Refused as refusal:
            if refusal.row == refusals.BUSY:
                raise UserError("a session runs", pump.port, "set the format before it or after it") from None
            raise
    print(f"{args.name} is set: switch the pump off and on, it then reads this format")
    return 0

"""name the oximeter's serial formats, and set which of them the pump expects"""

import argparse
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pump.tables import lines, oximeters
from toleramp import plugins, terminal
from toleramp.device import chosen
from toleramp.oximeter import decode, listen
from toleramp.oximeter import setting as of_pump
from toleramp.words import formats as words

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
        description="Sets the oximeter's format while nothing runs. The pump saves it and reads it from its next "
        "power-on. Without NAME it says which is set, and which is read now.",
    )
    setting.add_argument("name", nargs="?", metavar="NAME", help="a format, as `toleramp oximeter formats` names it")
    chosen.add_signed_port(setting)
    setting.set_defaults(func=set_format)
    listen.add_parser(verbs)
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
    """Lists the formats: devices, line, how often a reading comes, and what the pump has to send."""
    if args.json:
        terminal.print_json([_document(form) for form in range(len(oximeters.NAMES))])
        return 0
    table = [("format", "line", "a reading", "the pump sends", "devices")]
    for form, name in enumerate(oximeters.NAMES):
        said, line = words.WORDS[form], lines.NAMES[words.own_line(form)]
        table.append((name, line, f"each {said.every_s} s", words.sent(form), said.devices))
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _document(form: int) -> dict[str, Any]:
    """A format for programs; times in s, None where the pump says nothing."""
    said, line = words.WORDS[form], lines.NAMES[words.own_line(form)]
    awake_s = words.keep_alive_s(form)
    return {
        "format": oximeters.NAMES[form], "devices": said.devices, "line": line,
        "every_s": round(float(Fraction(said.every_s)), 3), "started": words.is_started(form), "keep_alive_s": awake_s,
    }  # fmt: skip


def set_format(args: argparse.Namespace) -> int:
    """Sets it, and says what comes next; without a name, what is set and what is read."""
    number = words.demanded(args.name, "NAME") if args.name else None
    pump, said = chosen.connect_signed(args) if args.name else chosen.connect(args)
    with pump:
        if number is None:
            print(of_pump.told(of_pump.of(said)))
        else:
            print(of_pump.changed(of_pump.change(pump, number)))
    return 0

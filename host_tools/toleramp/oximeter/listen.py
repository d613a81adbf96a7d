"""`toleramp oximeter listen`: the pump finds out what hangs on its line; a person sets it."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from oximeters.registry import module
from pump.tables import lines, oximeters, refusals, searches, settings
from toleramp import terminal
from toleramp.device import chosen
from toleramp.errors import Refused, UserError
from toleramp.words import listening, rows

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from toleramp.device.client import Pump

Heard = dict[str, Any]

LOOK_S = 0.2
NOT_FOUND = 1  # exit code
_ABOUT = """The pump, at rest, tries line settings on its oximeter's line and says which serial format fits: within 5 s
at 9600 baud, 15 s over all. It sets nothing by itself, and any key at the pump ends it. It sends bytes to a Contec
alone, in its turn."""


def add_parser(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the verb."""
    listen = verbs.add_parser("listen", help="find out what is on the pump's line", description=_ABOUT)
    listen.add_argument("--set", action="store_true", help="set the format that was found")
    listen.add_argument("--json", action="store_true", help="one JSON document on standard output")
    chosen.add_port(listen)
    listen.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Lets the pump search, tells what it heard, proposes; 1 where there is nothing to propose."""
    pump, said = chosen.connect(args)
    with pump:
        stands, heard = _search(pump)
        form, line = _only(heard)
        readable = form is not None and _reads(form, line)
        was = int(said["oximeter"])
        if form is not None and readable and args.set and form != was:
            pump.set(settings.OXIMETER, form)
    if args.json:
        name = oximeters.NAMES[form] if form is not None else None
        document = {"search": searches.NAMES[stands], "lines": heard, "format": name, "readable": readable}
        terminal.print_json({**document, "line": lines.NAMES[line] if name else None, "set": oximeters.NAMES[was]})
        return 0 if readable else NOT_FOUND
    for one in heard:
        print(_told(one))
    print(_answer(form, line, was, args.set) if form is not None else _nothing(heard))
    return 0 if readable else NOT_FOUND


def _search(pump: "Pump") -> tuple[int, list[Heard]]:
    """How it ended (row of pump.tables.searches), and what was heard on each line that was tried. UserError when the
    pump did not end it by itself."""
    try:
        pump.listen(True)
    except Refused as refusal:
        if refusal.row == refusals.BUSY:
            raise UserError("a session runs", pump.port, "listen before it or after it") from None
        raise
    try:
        stands = searches.UNDER_WAY
        while not rows.group(searches, stands) & searches.OVER:
            time.sleep(LOOK_S)
            stands = int(pump.heard(lines.AS_SET)["search"])
    except KeyboardInterrupt:
        pump.listen(False)
        raise
    if not rows.group(searches, stands) & searches.WHOLE:
        raise UserError(f"not finished: {listening.ENDS[stands]}", pump.port, "run this again when the pump is at rest")
    every = (pump.heard(line) for line in range(lines.AS_SET + 1, lines.COUNT))
    return stands, [_of_line(said) for said in every if said["took_ms"]]


def _of_line(said: dict[str, Any]) -> Heard:
    """A line's HEARD with names."""
    return {
        "line": lines.NAMES[said["line"]], "bytes": said["bytes"], "broken": said["broken"],
        "took_s": said["took_ms"] / 1000, "first": bytes(said.get("data", b"")).hex(" "),
        "fits": rows.flags(oximeters, said["fits"]),
    }  # fmt: skip


def _only(heard: list[Heard]) -> tuple[int | None, int]:
    """The one format that fits, and its line (rows of their tables); None where none does, or two do."""
    found = [(name, one["line"]) for one in heard for name in one["fits"]]
    if len(found) != 1:
        return None, lines.AS_SET
    return rows.number(oximeters, found[0][0]), rows.number(lines, found[0][1])


def _own_line(form: int) -> int:
    """The line settings with which this pump reads a format, as a row of pump.tables.lines."""
    made = module(oximeters.NAMES[form])
    parity = lines.NO_PARITY if made.PARITY is None else made.PARITY
    return next(k for k in range(1, lines.COUNT) if (lines.BAUD[k], lines.PARITY[k]) == (made.BAUD, parity))


def _reads(form: int, line: int) -> bool:
    return _own_line(form) == line


def _told(one: Heard) -> str:
    """What was heard on a line, for people."""
    if not one["bytes"]:
        return f"{one['line']}: nothing in {one['took_s']:.1f} s"
    damaged = f", {one['broken']} of them damaged as by another line setting" if one["broken"] else ""
    found = " and ".join(one["fits"]) or f"of no format; they begin {one['first']}"
    return f"{one['line']}: {one['bytes']} bytes in {one['took_s']:.1f} s{damaged}: {found}"


def _answer(form: int, line: int, was: int, sets: bool) -> str:
    """What follows from the one format that fits."""
    name, at = oximeters.NAMES[form], lines.NAMES[line]
    if not _reads(form, line):
        own = lines.NAMES[_own_line(form)]
        return f"{name} at {at}: this pump reads it at {own} alone; give the device that setting, or take another"
    if form == was:
        return f"{name} at {at}, as the pump is set"
    if sets:
        return f"{name} at {at} is set: switch the pump off and on, it then reads this format"
    return f"{name} at {at}; the pump is set to {oximeters.NAMES[was]}. Next: toleramp oximeter set {name}"


def _nothing(heard: list[Heard]) -> str:
    """Why there is nothing to propose."""
    if any(len(one["fits"]) > 1 for one in heard):
        return "these formats cannot be told apart by these bytes: see the device's manual, nothing is proposed"
    if any(one["bytes"] for one in heard):
        return "bytes came, of no format that the pump knows (toleramp oximeter formats): see what the device is set to"
    return "nothing came at all: is the device on, is a finger in it, and does its line end at the pump's receiver?"

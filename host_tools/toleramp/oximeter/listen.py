"""`toleramp oximeter listen`: the pump finds out what hangs on its line; a person sets it."""

import argparse
import time
from math import ceil
from typing import TYPE_CHECKING, Any

from pump.tables import lines, oximeters, refusals, searches
from toleramp import terminal
from toleramp.device import chosen
from toleramp.errors import Refused, UserError
from toleramp.oximeter import setting as of_pump
from toleramp.oximeter.setting import Setting
from toleramp.words import listening, rows
from toleramp.words.formats import own_line

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from toleramp.device.client import Pump

Heard = dict[str, Any]

LOOK_S = 0.2
NOT_FOUND = 1  # exit code
_FIRST = lines.AS_SET + 1
_ABOUT = f"""The pump, at rest, tries line settings on its oximeter's line and says which serial format fits: within
{ceil(lines.MOST_MS[_FIRST] / 1000)} s at {lines.BAUD[_FIRST]} baud, {ceil(sum(lines.MOST_MS) / 1000)} s over all. It
sets nothing by itself, and any key at the pump ends it, as Ctrl-C here does. It sends bytes to a Contec alone, in its
turn."""


def add_parser(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the verb."""
    listen = verbs.add_parser("listen", help="find out what is on the pump's line", description=_ABOUT)
    listen.add_argument("--set", action="store_true", help="set the format that was found")
    listen.add_argument("--json", action="store_true", help="one JSON document on standard output")
    chosen.add_signed_port(listen)
    listen.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Lets the pump search, tells what it heard, proposes; 1 where there is nothing to propose, 130 for Ctrl-C."""
    pump, said = chosen.connect_signed(args)
    with pump:
        try:
            stands, heard = _search(pump)
        except KeyboardInterrupt:
            terminal.say(f"interrupted; {_called_off(pump)}")
            return terminal.INTERRUPTED
        form, line = _only(heard)
        readable = form is not None and own_line(form) == line
        setting = of_pump.of(said)
        sets = form is not None and readable and args.set and form != setting.set
        if sets and form is not None:
            setting = of_pump.change(pump, form)
    if args.json:
        name = oximeters.NAMES[form] if form is not None else None
        document = {"search": searches.NAMES[stands], "lines": heard, "format": name, "readable": readable}
        terminal.print_json({**document, "line": lines.NAMES[line] if name else None, **setting.record()})
        return 0 if readable else NOT_FOUND
    for one in heard:
        print(_told(one))
    print(_answer(form, line, setting, sets) if form is not None else _nothing(heard))
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
    stands = searches.UNDER_WAY
    while not rows.group(searches, stands) & searches.OVER:
        time.sleep(LOOK_S)
        stands = int(pump.heard(lines.AS_SET)["search"])
    if not rows.group(searches, stands) & searches.WHOLE:
        raise UserError(f"not finished: {listening.ENDS[stands]}", pump.port, "run this again when the pump is at rest")
    every = (pump.heard(line) for line in range(_FIRST, lines.COUNT))
    return stands, [_of_line(said) for said in every if said["took_ms"]]


def _called_off(pump: "Pump") -> str:
    """Ends the pump's search; how it stands with its line then."""
    try:
        pump.listen(False)
        if rows.group(searches, int(pump.heard(lines.AS_SET)["search"])) & searches.OVER:
            return "the pump's search is ended, its line is as set"
    except UserError:
        pass  # the pump misses this laptop then
    return "the pump ends its search by itself when it has heard nothing of this laptop for 5 s"


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


def _told(one: Heard) -> str:
    """What was heard on a line, for people."""
    if not one["bytes"]:
        return f"{one['line']}: nothing in {one['took_s']:.1f} s"
    damaged = f", {one['broken']} of them damaged as by another line setting" if one["broken"] else ""
    found = " and ".join(one["fits"]) or f"of no format; they begin {one['first']}"
    return f"{one['line']}: {one['bytes']} bytes in {one['took_s']:.1f} s{damaged}: {found}"


def _answer(form: int, line: int, setting: Setting, sets: bool) -> str:
    """What follows from the one format that fits; `setting` is the pump's now, which has just been `sets`."""
    name, at = oximeters.NAMES[form], lines.NAMES[line]
    if own_line(form) != line:
        own = lines.NAMES[own_line(form)]
        return f"{name} at {at}: this pump reads it at {own} alone; give the device that setting, or take another"
    if sets:
        return f"{name} at {at}: {of_pump.changed(setting)}"
    if form != setting.set:
        return f"{name} at {at}; the pump is set to {oximeters.NAMES[setting.set]}. Next: toleramp oximeter set {name}"
    later = f" for its next power-on: {of_pump.SWITCH}" if setting.waits else ""
    return f"{name} at {at}, as the pump is set{later}"


def _nothing(heard: list[Heard]) -> str:
    """Why there is nothing to propose."""
    if any(len(one["fits"]) > 1 for one in heard):
        return "these formats cannot be told apart by these bytes: see the device's manual, nothing is proposed"
    if any(one["bytes"] for one in heard):
        return "bytes came, of no format that the pump knows (toleramp oximeter formats): see what the device is set to"
    return "nothing came at all: is the device on, is a finger in it, and does its line end at the pump's receiver?"

"""load a protocol into the pump, and read its fingerprint back"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toleramp import terminal
from toleramp.device import chosen, own_key, remembered
from toleramp.errors import UserError, one_line
from toleramp.words.refusals import found

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from pump.protocol.protocol import Protocol

    Loadable = tuple[bytes, Protocol, str, str, dict[str, Any] | None]

_BAR = 30


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("load", help="load a protocol", description=(__doc__ or "").capitalize())
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol (.toml), or a compiled one (.tlp)")
    chosen.add_signed_port(parser)
    parser.set_defaults(func=run)


def _read(path: Path) -> "Loadable":
    """A protocol file compiled, what it says, who signed it, its order in words and by its keys.

    UserError when it has changed since, or breaks a rule: the pump finds those that it knows of, not an expired bag.
    """
    from toleramp.approval.table import UNFIT
    from toleramp.protocol import file as protocol_file
    from toleramp.protocol import order
    from toleramp.protocol.verdict import judge

    reading = protocol_file.read_file(path)
    if reading.protocol is None:
        raise reading.faults[0]
    if reading.standing.kind == UNFIT:
        remedy = "sign it anew (`toleramp protocol sign --renew`), or take [approval] out"
        raise UserError(reading.standing.problem, f"{path}, approval", remedy)
    verdict = judge(reading)
    if verdict.refused:
        raise UserError(f"{verdict.words()}: {verdict.reason()}", str(path), "see `toleramp protocol check`")
    blob = protocol_file.compile_protocol(reading.protocol, str(path))
    head = reading.content["protocol"]
    return blob, reading.protocol, reading.standing.words(), order.words(head), order.document(head)


def _signers(protocol: "Protocol") -> str:
    """Who signed a compiled protocol."""
    approval = protocol.approval
    if not approval:
        return "nobody has signed it"
    return f"signed by {approval.author} as author and {approval.verifier} as verifier"


def _compiled(path: Path) -> "Loadable":
    """The compiled protocol, what it says, who signed it, and its order."""
    if path.suffix != ".tlp":
        return _read(path)
    from pump.protocol import protocol as device

    try:
        blob = path.read_bytes()
        protocol = device.decode(bytearray(blob))
        named = "an order is named" if protocol.order else "no order is named"
        return blob, protocol, _signers(protocol), named, None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path)) from None
    except device.Refusal as refusal:
        what = f"not a compiled protocol: {refusal.name}, {found(refusal.name) or ''}"
        raise UserError(what, str(path), "give the .toml file it was made of") from None


def _bar(done: int, total: int) -> None:
    filled = _BAR * done // total
    print(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {done}/{total} bytes", end="", file=sys.stderr, flush=True)


def _silent(done: int, total: int) -> None:
    """No bar where nobody watches."""


def run(args: argparse.Namespace) -> int:
    """Compiles, says who approved it, loads, reads back; the last line says what the pump now holds."""
    from toleramp.protocol import table as protocol_table

    blob, protocol, signed, order, named = _compiled(args.file)
    if protocol.doses:
        remedy = "people give them by the sheet: `toleramp protocol prepare`, `toleramp protocol table --chart`"
        raise UserError("no pump runs single doses, and none is asked to", str(args.file), remedy)
    pump, hello = chosen.connect_signed(args)
    print(one_line(f"{protocol.name}: {signed}"))
    print(one_line(order))
    if hello["mode"] == own_key.BENCH_MODE:
        print(terminal.emphasis("the pump is in BENCH MODE: it loads what nobody approved; never for a patient"))
    sys.stdout.flush()
    watched = sys.stderr.isatty()
    started = time.monotonic()
    with pump:
        try:
            said = pump.load(blob, _bar if watched else _silent)
        finally:
            if watched:
                terminal.say("")
    seconds = time.monotonic() - started
    remembered.remember({**protocol_table.table(protocol, said["fingerprint"]), "for_order": named})
    print(f"loaded {protocol.name!r}, fingerprint {said['fingerprint']}, {len(blob)} bytes in {seconds:.1f} s")
    return 0

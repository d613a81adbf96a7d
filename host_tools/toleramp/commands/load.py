"""load a protocol into the pump, and read its fingerprint back"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from toleramp.commands import _common
from toleramp.errors import FOUND, UserError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from pump.protocol import Protocol

_BAR = 30


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("load", help="load a protocol", description=(__doc__ or "").capitalize())
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol (.toml), or a compiled one (.tlp)")
    _common.add_port(parser)
    parser.set_defaults(func=run)


def _compiled(path: Path) -> "tuple[bytes, Protocol]":
    """The compiled protocol and what it says."""
    if path.suffix != ".tlp":
        from toleramp import protocol_file

        return protocol_file.compile_file(path)
    from pump import protocol as device

    try:
        blob = path.read_bytes()
        return blob, device.decode(bytearray(blob))
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path)) from None
    except device.Refusal as refusal:
        what = f"not a compiled protocol: {refusal.name}, {FOUND.get(refusal.name, '')}"
        raise UserError(what, str(path), "give the .toml file it was made of") from None


def _bar(done: int, total: int) -> None:
    filled = _BAR * done // total
    print(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {done}/{total} bytes", end="", file=sys.stderr, flush=True)


def _silent(done: int, total: int) -> None:
    """No bar where nobody watches."""


def run(args: argparse.Namespace) -> int:
    """Compiles, loads, reads back; the last line says what the pump now holds."""
    from toleramp import protocol_table

    blob, protocol = _compiled(args.file)
    pump, _ = _common.connect(args)
    watched = sys.stderr.isatty()
    started = time.monotonic()
    with pump:
        try:
            said = pump.load(blob, _bar if watched else _silent)
        finally:
            if watched:
                _common.say("")
    seconds = time.monotonic() - started
    _common.remember(protocol_table.table(protocol, said["fingerprint"]))
    print(f"loaded {protocol.name!r}, fingerprint {said['fingerprint']}, {len(blob)} bytes in {seconds:.1f} s")
    return 0

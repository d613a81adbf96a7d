"""start an emulated pump with an oximeter, to try everything without hardware"""

import argparse
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pump.tables import oximeters, settings
from toleramp import terminal
from toleramp.errors import UserError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from toleramp_bench.boards.serve import ServedBench

_OXIMETER = oximeters.NAMES[settings.FIRST[settings.OXIMETER]]  # what a new pump is set to
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser(
        "bench",
        help="start an emulated pump",
        description="Runs the firmware's image on an emulated board with an oximeter, on a pseudo-terminal, "
        "until Ctrl-C. Takes commands, a line each, on its standard input; `help` lists them. The pump is in bench "
        "mode, also after the command power (off and on), unless it has a keyring.",
    )
    parser.add_argument("--pace", type=_pace, default=1.0, help="speed against real time, or max (default: 1.0)")
    parser.add_argument("--image", type=Path, metavar="FILE", help="a .uf2 file (default: what `make firmware` built)")
    parser.add_argument("--spo2", type=_whole(1, 100), default=97, help="the patient's SpO2 in percent")
    parser.add_argument("--pulse", type=_whole(18, 321), default=72, help="the patient's pulse in beats a minute")
    parser.add_argument(
        "--keys", type=Path, metavar="RING", help="a keyring: the pump holds it and is not in bench mode"
    )
    _add_oximeter(parser)
    parser.add_argument(
        "--staff",
        choices=("none", "prompt"),
        default="none",
        help="prompt: a nurse presses what the pump asks for, while `toleramp monitor` runs",
    )
    parser.set_defaults(func=run)


def _add_oximeter(parser: argparse.ArgumentParser) -> None:
    """What hangs on the oximeter's line, and what the pump takes it for."""
    names = oximeters.NAMES
    on_line = parser.add_mutually_exclusive_group()
    on_line.add_argument(
        "--oximeter",
        choices=names,
        metavar="NAME",
        help=f"its format, as `toleramp oximeter formats` names it (default: {_OXIMETER})",
    )
    on_line.add_argument("--no-oximeter", action="store_true", help="the oximeter's line is silent")
    parser.add_argument(
        "--pump-reads",
        choices=names,
        metavar="NAME",
        help="the format that the pump is set to, right or wrong (default: the oximeter's)",
    )


def _pace(text: str) -> float | None:
    if text == "max":
        return None
    try:
        pace = float(text)
    except ValueError:
        pace = math.nan
    if not 0.001 <= pace <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number from 0.001 to 1000 nor max")
    return pace


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text[:9]) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read


def _check_image(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "run: make firmware") from None
    if magic != b"UF2\n" or path.stat().st_size % 512:
        raise UserError("not a UF2 image, or a torn one", str(path), "run: make firmware")


def _keyring(path: Path | None) -> bytes | None:
    """The keyring's bytes, checked; UserError when it is none."""
    if path is None:
        return None
    from pump.protocol.approval import decode_keyring
    from toleramp import whole_files

    whole_files.demand_end(path)
    try:
        ring = path.read_bytes()
        decode_keyring(bytearray(ring))
        return ring
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "see `toleramp keys ring`") from None
    except ValueError as error:
        raise UserError(f"not a sound keyring ({error})", str(path), "see `toleramp keys ring`") from None


def _start(args: argparse.Namespace) -> "ServedBench":
    """The pump, powered up; UserError when there is no image."""
    from toleramp_bench.boards import serve as serve_bench

    try:
        image = args.image or serve_bench.default_image()
        _check_image(image)
        form = args.oximeter or _OXIMETER
        low, high = serve_bench.pulses(form)
        if not low <= args.pulse <= high:
            raise UserError(f"{form} cannot say a pulse of {args.pulse}", "--pulse", f"write {low} to {high}")
        served = serve_bench.start(
            image,
            terminal.say,
            nurse=args.staff == "prompt",
            form=None if args.no_oximeter else form,
            reads=args.pump_reads or form,
            keyring=_keyring(args.keys),
        )
    except FileNotFoundError as error:
        raise UserError(str(error)) from None
    except ValueError as error:
        raise UserError(f"not an image for this board ({error})", str(image), "run: make firmware") from None
    served.bench.oximeter.set(spo2=args.spo2, pulse=args.pulse)
    return served


@contextmanager
def _ends_on_signals(served: "ServedBench") -> Iterator[None]:
    """Ctrl-C and its kin end the bench between two slices of time; those that are ignored stay so (nohup)."""

    def end(number: int, frame: Any) -> None:
        served.ended = True

    before = {number: signal.getsignal(number) for number in _ENDING}
    for number in _ENDING:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number in _ENDING:
            signal.signal(number, before[number])


def _announce(port: str) -> None:
    from toleramp.device import ports

    ports.register_bench(port)
    named = f" --port {port}" if len(ports.candidates()) > 1 else ""
    print(f"emulated pump on {port}", flush=True)
    print(f"use it: toleramp load FILE{named}, toleramp monitor{named}; Ctrl-C ends it", flush=True)


def run(args: argparse.Namespace) -> int:
    """Serves the pump until it is told to end; 0."""
    from toleramp.device import ports

    served = _start(args)
    try:
        with _ends_on_signals(served):
            served.serve(args.pace, _stdin(), _announce)
    finally:
        ports.unregister_bench()
    return 0


def _stdin() -> int:
    """Standard input; where it is closed, nothing."""
    return sys.stdin.fileno() if sys.stdin else os.open(os.devnull, os.O_RDONLY)

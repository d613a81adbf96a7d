"""`toleramp oximeter decode`: one line a sample of a recorded stream, and what was lost of it."""

import argparse
import io
import json
import string
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pump.tables import oximeters
from toleramp import terminal
from toleramp.errors import UserError
from toleramp.oximeter.samples import Decoder, Sample, fitting, pieces

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_PIECE = 4096
_LOOKED_AT = 16 * 1024  # bytes in which another format is looked for
_HEX = frozenset((string.hexdigits + string.whitespace).encode())


def add_parser(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the verb."""
    parser = verbs.add_parser(
        "decode",
        help="say what a recorded stream says",
        description="Reads bytes as an oximeter sent them with the pump's own reader of that format. One line a "
        "sample, at the end what was lost. Exit code 1 when there is no sample.",
    )
    parser.add_argument("--format", metavar="NAME", required=True, help="as `toleramp oximeter formats` names it")
    parser.add_argument("file", metavar="FILE", help="the bytes; - is standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the last one the summary")
    parser.set_defaults(func=run)


def demand_format(name: str) -> str:
    """The name, when it is a format's; else UserError."""
    if name not in oximeters.NAMES:
        raise UserError(f"no format is called {name[:40]!r}", "--format", "there are " + ", ".join(oximeters.NAMES))
    return name


def run(args: argparse.Namespace) -> int:
    """Decodes; 0, or 1 without a sample."""
    decoder, begin = Decoder(demand_format(args.format)), b""
    try:
        with _opened(args.file) as read:
            for data in pieces(read, _PIECE):
                begin += data[: _LOOKED_AT - len(begin)]
                for sample in decoder.read(data):
                    print(_json(args.format, sample) if args.json else _text(sample))
                sys.stdout.flush()
    except KeyboardInterrupt:  # how a pipe from a device ends
        _end(decoder, args.json)
        raise
    if not decoder.bytes:
        raise UserError("there is not one byte", args.file, "name a file of what the oximeter sent")
    _end(decoder, args.json)
    if not decoder.samples:
        terminal.say(_why_none(decoder, begin))
    return 0 if decoder.samples else 1


def _end(decoder: Decoder, as_json: bool) -> None:
    """The last line: what there was, and what was lost."""
    print(json.dumps({"summary": _summary(decoder)}) if as_json else _losses(decoder), flush=True)


@contextmanager
def _opened(name: str) -> Iterator[Any]:
    """What reads up to so many bytes, as soon as some are there."""
    try:
        if name == "-":
            stdin: Any = getattr(sys.stdin, "buffer", io.BytesIO())  # a closed one has no byte
            yield stdin.read1
            return
        with open(name, "rb") as file:
            yield file.read1
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise UserError(f"cannot be read: {error.strerror}", name, "name a file of what the oximeter sent") from None
    except ValueError:
        raise UserError("this is no file name", ascii(name), "name a file of what the oximeter sent") from None


def _json(form: str, sample: Sample) -> str:
    clock = None if sample.clock_s is None else _clock(sample.clock_s)
    row = {
        "format": form, "byte": sample.byte, "time": clock, "spo2": sample.spo2, "pulse": sample.pulse,
        "valid": sample.valid, "flags": list(sample.flags),
    }  # fmt: skip
    return json.dumps(row)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _text(sample: Sample) -> str:
    when = "" if sample.clock_s is None else f"{_clock(sample.clock_s)}  "
    spo2 = "--" if sample.spo2 is None else str(sample.spo2)
    pulse = "--" if sample.pulse is None else str(sample.pulse)
    valid = "valid" if sample.valid else "not valid"
    why = ", ".join(sample.flags) or ("" if sample.valid else "no value")
    return f"{when}byte {sample.byte:<8} SpO2 {spo2:>3} %  pulse {pulse:>3}/min  {valid}{': ' + why if why else ''}"


def _summary(decoder: Decoder) -> dict[str, int]:
    return {
        "samples": decoder.samples, "rejected": decoder.rejected, "resyncs": decoder.resyncs,
        "valid": decoder.valid, "bytes": decoder.bytes,
    }  # fmt: skip


def _losses(decoder: Decoder) -> str:
    return (
        f"{decoder.samples} samples, {decoder.valid} valid, of {decoder.bytes} bytes; "
        f"rejected: {decoder.rejected}, lock lost: {decoder.resyncs}"
    )


def _why_none(decoder: Decoder, begin: bytes) -> str:
    """Why there is no sample, as far as can be seen."""
    none = f"no sample of {decoder.form} in {decoder.bytes} bytes"
    if begin and set(begin) <= _HEX:
        return f"{none}: they are hexadecimal text; make bytes of it first, as with `xxd -r -p`"
    others = fitting(begin, decoder.form)
    if others:
        return f"{none}: {others[0][0]} reads {others[0][1]} samples in them"
    return f"{none}; no other format fits them either: a wrong rate, another device, or too short"

"""`toleramp oximeter decode`: one line a sample of a recorded stream, and what was lost of it."""

import argparse
import io
import json
import string
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from toleramp import terminal
from toleramp.errors import UserError
from toleramp.oximeter.samples import Decoder, Sample, fitting, pieces
from toleramp.words import formats

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
        "reading, with the time that the device says (its clock, or by its counter of packets that since the first "
        "reading), or else the byte at which it ends. The last line says whether the format fits; exit code 1 when it "
        "does not.",
    )
    parser.add_argument("--format", metavar="NAME", required=True, help="as `toleramp oximeter formats` names it")
    parser.add_argument("file", metavar="FILE", help="the bytes; - is standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the last one the summary")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Decodes; 0, or 1 where the format does not fit."""
    formats.demanded(args.format, "--format")
    decoder, begin = Decoder(args.format), b""
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
    if not decoder.fits:
        terminal.say(_why(decoder, begin))
    return 0 if decoder.fits else 1


def _end(decoder: Decoder, as_json: bool) -> None:
    """The last line: whether it fits, what there was, and what was lost."""
    print(json.dumps({"summary": _summary(decoder)}) if as_json else _verdict(decoder), flush=True)


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
        "format": form, "byte": sample.byte, "time": clock, "since_s": sample.since_s, "spo2": sample.spo2,
        "pulse": sample.pulse, "valid": sample.valid, "flags": list(sample.flags),
    }  # fmt: skip
    return json.dumps(row)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _when(sample: Sample) -> str:
    """The device's own time, or else where in the recording it is."""
    if sample.clock_s is not None:
        return _clock(sample.clock_s)
    return f"byte {sample.byte:<8}" if sample.since_s is None else f"{sample.since_s:9.2f} s"


def _text(sample: Sample) -> str:
    spo2 = "--" if sample.spo2 is None else str(sample.spo2)
    pulse = "--" if sample.pulse is None else str(sample.pulse)
    valid = "valid" if sample.valid else "not valid"
    why = ", ".join(sample.flags) or ("" if sample.valid else "no value")
    return f"{_when(sample)}  SpO2 {spo2:>3} %  pulse {pulse:>3}/min  {valid}{': ' + why if why else ''}"


def _summary(decoder: Decoder) -> dict[str, Any]:
    return {
        "fits": decoder.fits, "samples": decoder.samples, "rejected": decoder.rejected, "resyncs": decoder.resyncs,
        "valid": decoder.valid, "bytes": decoder.bytes,
    }  # fmt: skip


def _verdict(decoder: Decoder) -> str:
    return (
        f"{decoder.form} {'fits' if decoder.fits else 'does not fit'}: {decoder.samples} readings, {decoder.valid} of "
        f"them valid; {decoder.rejected} of {decoder.bytes} bytes rejected; lock lost {decoder.resyncs} times"
    )


def _why(decoder: Decoder, begin: bytes) -> str:
    """Why it does not fit, as far as can be seen."""
    if begin and set(begin) <= _HEX:
        return "the bytes are hexadecimal text; make bytes of it first, as with `xxd -r -p`"
    others = fitting(begin, decoder.form)
    if others:
        return f"{others[0][0]} fits these bytes: {others[0][1]} readings in the first {len(begin)}"
    if decoder.proved:
        return "no other format fits: what was recorded is mostly damaged, or begins or ends with something else"
    if decoder.samples and not decoder.mostly_lost:
        return "no other format fits: too few readings follow each other to say that it does"
    return "no other format fits: a wrong rate, another device, or too short"

"""Random and damaged input for what reads bytes and files: nothing but the declared refusals, nothing accepted twice.

    fuzz frames      pump.link.frames.Receiver, against a reader of its own written here
    fuzz protocol    pump.protocol.decode and pump.protocol.rules: compiled forms
    fuzz files       toleramp.protocol.file: protocol files, against a second reading of them

What is found is kept as finding.bin; `--seed` of facts.json repeats a run.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from math import inf
from pathlib import Path
from random import Random

from pump.base import crc
from pump.link import frames
from pump.protocol import protocol as device
from pump.protocol.encoding import encode
from pump.protocol.rules import findings
from toleramp.protocol.file import compile_file
from toleramp_bench.evidence.fuzz_files import FileFuzz
from toleramp_bench.facts import keep_facts
from toleramp_bench.figures.generated import blobs
from toleramp_bench.places import standard_protocol

SAY_EVERY_S = 10.0


class Finding(Exception):
    """Something that must not happen: what, and the input that showed it."""

    def __init__(self, what: str, data: bytes) -> None:
        super().__init__(what)
        self.data = data


def undeclared(error: Exception, data: bytes) -> Finding:
    """Any exception but the declared one, with the place it came from."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return Finding(f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})", data)


def damage(random: Random, data: bytes) -> bytes:
    """The data with a few bytes changed, dropped, doubled, moved or added."""
    spoiled = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        at, length = random.randrange(len(spoiled) + 1), random.choice((1, 1, 2, 4, 16))
        piece = spoiled[at : at + length]
        new = random.choice(
            (b"", bytes(piece) * 2, random.randbytes(len(piece)), random.randbytes(length) + piece, piece[::-1])
        )
        spoiled[at : at + length] = new
    return bytes(spoiled)


# -- frames


def reference_frame(coded: bytes) -> bytes | None:
    """Type, sequence and payload of a frame (without its ending zero), read without the pump's own code."""
    plain, at = bytearray(), 0
    while at < len(coded):
        code = coded[at]
        if not 0 < code < 255 or at + code > len(coded):
            return None
        plain += coded[at + 1 : at + code]
        at += code
        if at < len(coded):
            plain.append(0)
    if not frames.MIN_PLAIN <= len(plain) <= frames.MAX_PLAIN:
        return None
    body, check = bytes(plain[: -crc.SIZE]), bytes(plain[-crc.SIZE :])
    return body if zlib.crc32(body).to_bytes(crc.SIZE, "little") == check else None


def coded_frame(body: bytes) -> bytes:
    """The one right form of type, sequence and payload on the line, its ending zero included."""
    plain, coded = bytearray(frames.MAX_PLAIN), bytearray(frames.MAX_CODED)
    plain[: len(body)] = body
    return bytes(coded[: frames.encode(plain, len(body) - frames.HEAD, coded)])


class FrameFuzz:
    """One receiver that hears everything, as the pump's does."""

    def __init__(self, random: Random) -> None:
        self.random, self.receiver, self.seen = random, frames.Receiver(), Counter[str]()

    def one(self) -> None:
        """A stretch of the line: whole, damaged and random pieces, then a frame that must come through."""
        random = self.random
        line = b"".join(self._piece() for _ in range(random.randrange(1, 6))) + b"\0"
        self.hear(line)
        body = random.randbytes(random.randrange(frames.HEAD, frames.HEAD + frames.MAX_PAYLOAD + 1))
        if self.hear(coded_frame(body)) != [body]:
            raise Finding("a whole frame behind a zero was not received", line + coded_frame(body))

    def _piece(self) -> bytes:
        random = self.random
        if random.random() < 0.2:
            return random.randbytes(random.choice((1, 5, 40, 400)))
        size = random.choice((0, 1, 20, frames.MAX_PAYLOAD - 1, frames.MAX_PAYLOAD))
        frame = coded_frame(random.randbytes(frames.HEAD) + random.choice((bytes(size), random.randbytes(size))))
        return damage(random, frame) if random.random() < 0.7 else frame

    def hear(self, line: bytes) -> list[bytes]:
        """Gives the line to the receiver; the frames it took, each checked."""
        heard, start = [], 0
        for at, byte in enumerate(line):
            try:
                length = self.receiver.take(byte)
            except Exception as error:
                raise undeclared(error, line[: at + 1]) from error
            if byte:
                if length != -1:
                    raise Finding("a frame before its end", line[: at + 1])
                continue
            piece, start = line[start:at], at + 1
            body = bytes(self.receiver.buf[: frames.HEAD + length]) if length >= 0 else None
            if body != reference_frame(piece):
                raise Finding(f"received {body!r}, the reference reads {reference_frame(piece)!r}", piece)
            if body is not None and coded_frame(body) != piece + b"\0":
                raise Finding("accepted in another form than its own", piece)
            self.seen["refused" if body is None else "accepted"] += 1
            heard += [body] if body is not None else []
        return heard


# -- protocols


class ProtocolFuzz:
    """Compiled forms, starting from the shipped protocol and from drawn ones: by mouth, with line-fills, signed."""

    def __init__(self, random: Random) -> None:
        self.random, self.seen = random, Counter[str]()
        self.blob, _ = compile_file(standard_protocol())
        self.blobs = [self.blob, *(blob for blob in blobs(200, seed=1) if crc.holds(bytearray(blob), len(blob) - 4))]

    def one(self) -> None:
        """A compiled form, damaged."""
        self.compiled(self._compiled())

    def _compiled(self) -> bytes:
        random, blob = self.random, self.random.choice(self.blobs)
        body = random.choice((damage, self._records))(random, blob[6 : -crc.SIZE])
        if random.random() < 0.1:
            return damage(random, blob)
        # With a right envelope the damage reaches the records.
        head = blob[:4] + (10 + len(body)).to_bytes(2, "little")
        return head + body + zlib.crc32(head + body).to_bytes(crc.SIZE, "little")

    @staticmethod
    def _records(random: Random, body: bytes) -> bytes:
        """Whole records dropped, doubled, swapped, or one field set to an edge."""
        records, at = [], 0
        while at < len(body):
            records.append(bytearray(body[at : at + 2 + body[at + 1]]))
            at += 2 + body[at + 1]
        one, other = random.randrange(len(records)), random.randrange(len(records))
        what = random.randrange(5)
        if what == 0:
            del records[one]
        elif what == 1:
            records.insert(other, bytearray(records[one]))
        elif what == 2:
            records[one], records[other] = records[other], records[one]
        else:
            field, size = random.randrange(2, len(records[one])), random.choice((1, 2, 4, 8))
            edge = random.choice((0, 1, -1, 1 << 31, random.getrandbits(64))) & ((1 << 8 * size) - 1)
            new = edge.to_bytes(size, "little")
            records[one][field : field + size] = new[: len(records[one]) - field]
        return b"".join(records)

    def compiled(self, blob: bytes) -> None:
        """A refusal, or a protocol whose one form is this; then the rules, which may only find."""
        copy = bytearray(blob)
        try:
            protocol = device.decode(copy)
            findings(protocol)
        except device.Refusal as refusal:
            self.seen[f"refused: {refusal.name}"] += 1
            return
        except Exception as error:
            raise undeclared(error, blob) from error
        if copy != blob:
            raise Finding("decoding changed the bytes", blob)
        if encode(protocol) != blob:
            raise Finding("accepted in another form than its own", blob)
        self.seen["accepted"] += 1


# -- running


def run(
    one: Callable[[], None], seen: Counter[str], seconds: float = inf, most: float = inf
) -> tuple[int, Finding | None]:
    """Repeats `one` for so long, or so many times: the number of rounds, and what was found."""
    rounds, began = 0, time.monotonic()
    said = began
    while rounds < most and (now := time.monotonic()) - began < seconds:
        if now - said > SAY_EVERY_S:
            said = now
            print(f"{now - began:.0f} s, {rounds} rounds, {sum(seen.values())} inputs", flush=True)
        try:
            one()
        except Finding as finding:
            return rounds, finding
        rounds += 1
    return rounds, None


def fuzzer(what: str, random: Random, folder: Path) -> FrameFuzz | ProtocolFuzz | FileFuzz:
    """The one of that name; `folder`: where it may write."""
    if what == "files":
        return FileFuzz(random, folder, Finding, damage)
    return FrameFuzz(random) if what == "frames" else ProtocolFuzz(random)


def _report(args: argparse.Namespace, rounds: int, seen: Counter[str], finding: Finding | None) -> int:
    facts = {"seed": args.seed, "seconds": args.seconds, "rounds": rounds, "seen": dict(seen.most_common())}
    keep_facts(args.out, {**facts, "finding": finding and str(finding)})
    if finding:
        (args.out / "finding.bin").write_bytes(finding.data)
        print(f"found: {finding}; input in {args.out / 'finding.bin'}, repeat with --seed {args.seed}")
        return 1
    accepted = sum(count for what, count in seen.items() if "accepted" in what)
    print(f"nothing found: {rounds} rounds, {sum(seen.values())} inputs, {accepted} accepted")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 nothing found, 1 found."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.evidence.fuzz", description="random and damaged input")
    parser.add_argument("what", choices=("frames", "protocol", "files"))
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=time.time_ns() & 0xFFFFFFFF)
    parser.add_argument("--out", type=Path, required=True, help="folder for facts.json and a finding")
    args = parser.parse_args(arguments)
    args.out.mkdir(parents=True, exist_ok=True)
    fuzz = fuzzer(args.what, Random(args.seed), args.out)
    rounds, finding = run(fuzz.one, fuzz.seen, args.seconds)
    return _report(args, rounds, fuzz.seen, finding)


if __name__ == "__main__":
    sys.exit(main())

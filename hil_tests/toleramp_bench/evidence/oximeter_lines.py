"""Damaged lines of oximeters: how often a wrong value is believed, how soon the right ones come back, what noise does.

    oximeter_lines errors FORMAT    a share of all bytes wrong, checksummed formats: wrong values by count, by formula
    oximeter_lines resync FORMAT    one byte lost at a random place: packets until the next sure reading
    oximeter_lines fuzz FORMAT      random bytes between readings: no crash, no reading of noise that lasts

A sure reading is valid and has no flag that makes it unsure. What is sent comes from the bench's own bytes
(devices), never from the parser's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from oximeters.nonin_df2 import FRAMES as FRAMES_A_PACKET
from oximeters.nonin_df2 import RATE_AGREE, SPO2_AGREE
from oximeters.registry import parser as parser_of
from pump.tables import vitals
from pump.tables.oximeters import NAMES
from toleramp_bench.devices import nonin_df2
from toleramp_bench.devices.nonin_df2 import FRAMES, Values
from toleramp_bench.devices.oximeter import bytes_of
from toleramp_bench.evidence.fuzz import Finding, damage, run, undeclared
from toleramp_bench.facts import keep_facts

ERROR_FRAMES, RESYNC_PLACES = 10_000_000, 10_000
ERROR_SHARE = 0.01  # of all bytes; half of them get one bit flipped, half another value
POOL = 240  # different readings of a long stream
BACK_WITHIN = 2  # packets
ALL = 1_000  # bytes: a packet in one piece
Reading = tuple[int, int]


def per_reading(form: str) -> int:
    """So many packets of the model make at least one reading: a block of frames may begin anywhere in a packet."""
    return int(getattr(bytes_of(form), "PACKETS_A_READING", 1))


CHECKED = tuple(form for form in NAMES if hasattr(bytes_of(form), "SUMMED"))  # formats with a checksum


def encode(form: str, spo2: int | None, pulse: int | None, number: int, status: int = nonin_df2.GREEN) -> bytes:
    """One packet of that format with these values in all its averages; `number`: its place in the stream."""
    module = bytes_of(form)
    values = Values(
        hr=pulse, spo2=spo2, spo2_d=spo2, spo2_fast=spo2, spo2_bb=spo2, e_hr=pulse, e_spo2=spo2, e_spo2_d=spo2,
        hr_d=pulse, e_hr_d=pulse, tmr=number * module.EVERY,
    )  # fmt: skip
    pleth = [40 + (7 * (number + frame)) % 90 for frame in range(FRAMES)]
    return bytes(module.packet(values, [status] * FRAMES, pleth))


def stream(form: str, count: int, spo2: int = 97, pulse: int = 72, first: int = 1) -> list[bytes]:
    """So many packets that say the same."""
    return [encode(form, spo2, pulse, first + number) for number in range(count)]


def endless(form: str) -> Iterator[bytes]:
    """Packets that say the same; counter and clock go on, since a stream that repeats itself is frozen."""
    return (encode(form, 97, 72, number) for number in count(1))


def readings(parser: Any, line: bytes, piece: int = 3) -> list[tuple[int, int, int]]:
    """(SpO2, pulse, flags) of a line that arrives in pieces: of each the newest reading, in pieces of three of all."""
    found = []
    for at in range(0, len(line), piece):
        part = line[at : at + piece]
        if parser.take(part, len(part)):
            found.append((parser.spo2, parser.pulse, parser.flags))
    return found


def sure(found: list[tuple[int, int, int]]) -> list[Reading]:
    """The values that count."""
    wanted, unwanted = vitals.VALID, vitals.UNSURE_FLAGS
    return [(spo2, pulse) for spo2, pulse, flags in found if flags & wanted and not flags & unwanted]


# -- byte errors


@dataclass
class Errors:
    """Frames sent, packets that came through as sure readings, those of them that are wrong, and what was expected."""

    frames: int
    delivered: int = 0
    wrong: int = 0
    expected: float = 0.0
    worst_spo2: int = 0  # by how much the worst wrong value is wrong
    worst_pulse: int = 0


def error_run(form: str, frames: int, seed: int = 1, share: float = ERROR_SHARE) -> Errors:
    """A long stream with byte errors; each sure reading is compared with the packet that was on the line."""
    random, parser = Random(seed), parser_of(form)
    sent = [(random.randint(60, 100), random.randint(40, 300)) for _ in range(POOL)]
    found = Errors(frames, expected=expected_wrong(form, frames, share))
    for number in range(frames // FRAMES_A_PACKET):
        place = number % POOL
        line = spoil(encode(form, *sent[place], number), random, share)
        if parser.take(line, len(line)) and sure([(parser.spo2, parser.pulse, parser.flags)]):
            _compare(found, parser, sent[place])
    return found


def _compare(found: Errors, parser: Any, sent: Reading) -> None:
    found.delivered += 1
    if (parser.spo2, parser.pulse) != sent:
        found.wrong += 1
        found.worst_spo2 = max(found.worst_spo2, abs(parser.spo2 - sent[0]))
        found.worst_pulse = max(found.worst_pulse, abs(parser.pulse - sent[1]))


def spoil(line: bytes, random: Random, share: float) -> bytearray:
    """The line with that share of its bytes wrong: half of them by a bit, half anything."""
    spoiled = bytearray(line)
    for at in range(len(spoiled)):
        if random.random() < share:
            spoiled[at] = another(spoiled[at], random)
    return spoiled


def another(byte: int, random: Random) -> int:
    """What an error makes of a byte; now and then it is the same."""
    return byte ^ 1 << random.randrange(8) if random.random() < 0.5 else random.randrange(256)


def _differences() -> list[float]:
    """How likely each difference modulo 256 is that an error makes of a byte."""
    likely = [0.5 / 256] * 256
    for bit in range(8):
        for step in (1 << bit, -(1 << bit)):
            likely[step & 255] += 0.5 / 16
    return likely


def expected_wrong(form: str, frames: int, share: float) -> float:
    """Wrong sure readings of such a stream, by formula (an upper estimate).

    A wrong value passes when a second byte of its frame is wrong by what makes the sum right, all other frames of the
    packet are whole, and what it says is still near the redundant fields.
    """
    a_frame = bytes_of(form).SUMMED * share * share * (1 - share) ** 3
    others = (1 - share) ** (5 * (FRAMES_A_PACKET - 1))
    return frames / FRAMES_A_PACKET * others * a_frame * (unseen(SPO2_AGREE) + unseen(RATE_AGREE))


def unseen(most: int) -> float:
    """How likely two wrong bytes leave their sum as it was, and one of them is wrong by at most so much."""
    likely = _differences()
    return sum(likely[step & 255] * likely[-step & 255] for step in range(-most, most + 1) if step)


# -- one lost byte


def resync_run(form: str, places: int, seed: int = 1) -> list[int]:
    """One byte lost at each of so many random places: how many whole packets behind it are not yet read, sorted.

    The packet that lost the byte is not counted.
    """
    random, parser, lost = Random(seed), parser_of(form), []
    line = endless(form)
    per = per_reading(form)
    for _ in range(places):
        _until_sure(parser, line)
        for _ in range(random.randrange(per)):
            readings(parser, next(line), ALL)
        packet = next(line)
        at = random.randrange(len(packet))
        readings(parser, packet[:at] + packet[at + 1 :], ALL)
        lost.append((_until_sure(parser, line) - 1) // per)
    return sorted(lost)


def _until_sure(parser: Any, line: Iterator[bytes]) -> int:
    """Reads on until a sure reading: after how many packets it came."""
    return next(came for came, packet in enumerate(line, 1) if sure(readings(parser, packet, ALL)))


# -- noise


class LineFuzz:
    """Noise, damaged readings and other formats' lines, then a clean line; counts what was believed meanwhile.

    A finding: an error, a reading of the noise that lasts, or a reader that holds more memory than at its beginning.
    """

    def __init__(self, form: str, random: Random) -> None:
        self.form, self.random = form, random
        self.seen: Counter[str] = Counter()
        self._parser = parser_of(form)
        self._sent = 0  # packets: their counter and clock go on
        self._others = [b"".join(stream(other, 4, 91, 100)) for other in NAMES if other != form]
        self._holds = held(self._parser)

    def one(self) -> None:
        """One round."""
        random = self.random
        per, wanted = per_reading(self.form), random.choice(((97, 72), (88, 140)))
        noise = self._noise(self._next(3, wanted))
        clean = self._next(8 * per, wanted)
        if random.random() < 0.1:
            self._parser.forget()
        self._read(noise, b"")
        self._read(b"".join(clean[: (1 + BACK_WITHIN) * per]), b"")
        rest = self._read(b"".join(clean[(1 + BACK_WITHIN) * per :]), noise)
        if not rest or set(rest) != {wanted}:
            raise Finding(f"{rest} two packets behind noise, sent was {wanted}", noise)
        if held(self._parser) != self._holds:
            raise Finding(f"the reader's memory was {self._holds}, and is {held(self._parser)}", noise)

    def _next(self, packets: int, reading: Reading) -> list[bytes]:
        """So many packets, behind those before."""
        self._sent += packets
        return stream(self.form, packets, *reading, first=self._sent - packets)

    def _noise(self, spoiled: list[bytes]) -> bytes:
        random, kind = self.random, self.random.random()
        if kind < 0.4:
            return random.randbytes(random.choice((1, 7, 64, 300)))
        if kind < 0.6:
            other = random.choice(self._others)
            at = random.randrange(len(other))
            return other[at : at + random.choice((7, 64, 300))]
        return damage(random, b"".join(spoiled))

    def _read(self, line: bytes, noise: bytes) -> list[Reading]:
        try:
            found = sure(readings(self._parser, line, self.random.choice((1, 5, 64))))
        except Exception as error:
            raise undeclared(error, noise or line) from error
        self.seen["lines"] += 1
        self.seen["bytes"] += len(line)
        self.seen["sure readings accepted"] += len(found)
        return found


def held(part: Any) -> list[int]:
    """Lengths of all that a reader keeps, and of what its parts keep: what grows with the line shows here."""
    return [
        size
        for value in vars(part).values()
        for size in (held(value) if hasattr(value, "__dict__") else [len(value)] if hasattr(value, "__len__") else [])
    ]


# -- running


def _errors(args: argparse.Namespace) -> tuple[dict[str, Any], str, bool]:
    found = error_run(args.form, args.frames, args.seed)
    near = found.worst_spo2 <= SPO2_AGREE and found.worst_pulse <= RATE_AGREE
    # By chance so many come once in ten thousand runs, or fewer.
    good = near and found.wrong <= found.expected + 4 * found.expected**0.5 + 1
    share = f"{found.wrong} of {found.delivered} sure readings"
    text = f"{found.frames} frames: {share} wrong, {found.expected:.2f} by formula"
    return asdict(found), text, good


def _resync(args: argparse.Namespace) -> tuple[dict[str, Any], str, bool]:
    lost = resync_run(args.form, args.places, args.seed)
    facts = {"places": len(lost), "median": statistics.median(lost), "worst": lost[-1]}
    text = f"{len(lost)} lost bytes: median {facts['median']:g}, worst {facts['worst']} packets behind it unread"
    return facts, text, lost[-1] <= BACK_WITHIN


def _fuzz(args: argparse.Namespace) -> tuple[dict[str, Any], str, bool]:
    fuzz = LineFuzz(args.form, Random(args.seed))
    rounds, finding = run(fuzz.one, fuzz.seen, args.seconds)
    facts = {"rounds": rounds, "seen": dict(fuzz.seen), "finding": finding and str(finding)}
    count = fuzz.seen["bytes"]
    if finding:
        (args.out / "finding.bin").write_bytes(finding.data)
        return facts, f"found: {finding}; repeat with --seed {args.seed}", False
    return facts, f"nothing found: {rounds} rounds of noise, {count} bytes", True


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 nothing found, 1 found."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.evidence.oximeter_lines", description="damaged lines")
    what = {"errors": _errors, "resync": _resync, "fuzz": _fuzz}
    parser.add_argument("what", choices=tuple(what))
    parser.add_argument("form", choices=NAMES)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--frames", type=int, default=ERROR_FRAMES)
    parser.add_argument("--places", type=int, default=RESYNC_PLACES)
    parser.add_argument("--seed", type=int, default=time.time_ns() & 0xFFFFFFFF)
    parser.add_argument("--out", type=Path, required=True, help="folder for facts.json and a finding")
    args = parser.parse_args(arguments)
    if args.what == "errors" and args.form not in CHECKED:
        parser.error(f"errors are counted for formats with a checksum: {', '.join(CHECKED)}")
    args.out.mkdir(parents=True, exist_ok=True)
    facts, text, good = what[args.what](args)
    keep_facts(args.out, {"seed": args.seed, **facts})
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

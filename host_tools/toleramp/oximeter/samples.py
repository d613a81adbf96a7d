"""Samples of a recorded stream, as the pump's own reader of its format makes them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from oximeters.registry import parser as parser_of
from pump.tables import messages as m
from pump.tables import oximeters, vitals

HELD = "held"  # what a device shows of before, with nothing to measure
_MOST_REJECTED = 0.1  # share of bytes: a format that throws away more does not fit


@dataclass(frozen=True)
class Sample:
    """One reading. `byte`: how many bytes of the stream were read by its end; `clock_s`: seconds of the day by the
    device's own clock; `spo2` in percent, `pulse` in beats a minute, None where there is none; `valid`: it counts, but
    for what `flags` (names of pump.tables.vitals, and HELD) say."""

    byte: int
    clock_s: int | None
    spo2: int | None
    pulse: int | None
    valid: bool
    flags: tuple[str, ...]


class Decoder:
    """Bytes of a stream in, samples out. ValueError for a format that does not exist."""

    def __init__(self, form: str) -> None:
        self.form = form
        self._parser: Any = parser_of(form)
        self.bytes = self.samples = self.valid = 0

    @property
    def rejected(self) -> int:
        """Bytes (and packets) thrown away."""
        return int(self._parser.rejected)

    @property
    def resyncs(self) -> int:
        """How often the lock on the stream was lost."""
        return int(self._parser.resyncs)

    def read(self, data: bytes) -> Iterator[Sample]:
        """The samples that these bytes complete."""
        take = self._parser.take
        for at in range(len(data)):
            self.bytes += 1
            if take(data[at : at + 1], 1):
                yield self._sample()

    def _sample(self) -> Sample:
        parser = self._parser
        spo2 = None if parser.spo2 == m.NONE8 else int(parser.spo2)
        pulse = None if parser.pulse == m.NONE16 else int(parser.pulse)
        clock_s = getattr(parser, "clock_s", -1)
        valid = bool(parser.flags & vitals.VALID)
        self.samples += 1
        self.valid += valid
        return Sample(
            self.bytes, clock_s if clock_s >= 0 else None, spo2, pulse, valid, _flags(parser.flags, spo2, pulse)
        )


def _flags(bits: int, spo2: int | None, pulse: int | None) -> tuple[str, ...]:
    """Names of what is set beside VALID. A value with no finger or no pulse to measure is one that is held."""
    names = [name for bit, name in enumerate(vitals.NAMES) if bits & ~vitals.VALID & 1 << bit]
    if bits & vitals.VALUELESS_FLAGS & ~vitals.FROZEN and (spo2, pulse) != (None, None):
        names.append(HELD)
    return tuple(names)


def fitting(data: bytes, but: str) -> list[tuple[str, int]]:
    """(format, samples) of the other formats that fit these bytes, the best first."""
    found = []
    for form in oximeters.NAMES:
        if form == but:
            continue
        decoder = Decoder(form)
        count = sum(sample.valid or bool(sample.flags) for sample in decoder.read(data))
        if count > 1 and decoder.rejected <= _MOST_REJECTED * len(data):
            found.append((decoder.rejected, form, count))
    return [(form, count) for _, form, count in sorted(found)]


def pieces(read: Any, size: int) -> Iterable[bytes]:
    """What `read(size)` gives, until it gives nothing."""
    return iter(lambda: read(size), b"")

"""Samples of a recorded stream, as the pump's own reader of its format makes them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from oximeters.packet_counter import COUNTER_MASK
from oximeters.registry import module
from oximeters.registry import parser as parser_of
from pump.tables import messages as m
from pump.tables import oximeters, vitals
from toleramp.words import formats, rows

HELD = "held"  # what a device shows of before, with nothing to measure
_MOST_REJECTED = Fraction(1, 2)  # of the bytes: a format that throws away more does not fit


@dataclass(frozen=True)
class Sample:
    """One reading. `byte`: how many bytes of the stream were read by its end; `clock_s`: seconds of the day by the
    device's own clock; `since_s`: since the first one by the packets' own counter; `spo2` in percent, `pulse` in beats
    a minute, None where there is none; `valid`: it counts, but for what `flags` (names of pump.tables.vitals, and HELD)
    say."""

    byte: int
    clock_s: int | None
    since_s: float | None
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
        self._time = Counted(form)
        self._run = self._longest = 0  # samples with no byte thrown away between them
        self._lost = 0  # what was thrown away up to the newest sample

    def silence(self) -> None:
        """The line was silent for longer than its format ever is."""
        self._parser.forget()

    @property
    def rejected(self) -> int:
        """Bytes thrown away."""
        return min(int(self._parser.rejected), self.bytes)

    @property
    def resyncs(self) -> int:
        """How often the lock on the stream was lost."""
        return int(self._parser.resyncs)

    @property
    def proved(self) -> bool:
        """Whether as many samples came without a byte thrown away between them as the pump wants of this format."""
        return self._longest >= int(module(self.form).PROOF)

    @property
    def mostly_lost(self) -> bool:
        """Whether more bytes were thrown away than read."""
        return self.rejected > _MOST_REJECTED * self.bytes

    @property
    def fits(self) -> bool:
        """Whether these bytes are of this format."""
        return self.proved and not self.mostly_lost

    def read(self, data: bytes) -> Iterator[Sample]:
        """The samples that these bytes complete."""
        take = self._parser.take
        for at in range(len(data)):
            self.bytes += 1
            if take(data[at : at + 1], 1):
                yield self._sample()

    def _sample(self) -> Sample:
        parser = self._parser
        self._run = self._run + 1 if self.rejected == self._lost else 1
        self._lost, self._longest = self.rejected, max(self._run, self._longest)
        spo2 = None if parser.spo2 == m.NONE8 else int(parser.spo2)
        pulse = None if parser.pulse == m.NONE16 else int(parser.pulse)
        clock_s = getattr(parser, "clock_s", -1)
        valid = bool(parser.flags & vitals.VALID)
        self.samples += 1
        self.valid += valid
        when = clock_s if clock_s >= 0 else None, self._time.since_s(getattr(parser, "counter", -1))
        return Sample(self.bytes, *when, spo2, pulse, valid, _flags(parser.flags, spo2, pulse))


class Counted:
    """Time by the counter of packets that modules of some formats send."""

    def __init__(self, form: str) -> None:
        self._every_s = Fraction(formats.WORDS[rows.number(oximeters, form)].every_s)
        self._last = -1
        self._count = 0

    def since_s(self, counter: int) -> float | None:
        """Seconds from the first sample; None without a counter, or for one that has not moved."""
        if counter < 0:
            return None
        if self._last >= 0:
            self._count += (counter - self._last) & COUNTER_MASK
        first, self._last = self._last < 0, counter
        return round(float(self._count * self._every_s), 3) if self._count or first else None


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
        count = sum(1 for _ in decoder.read(data))
        if decoder.fits:
            found.append((decoder.rejected, form, count))
    return [(form, count) for _, form, count in sorted(found)]


def pieces(read: Any, size: int) -> Iterable[bytes]:
    """What `read(size)` gives, until it gives nothing."""
    return iter(lambda: read(size), b"")

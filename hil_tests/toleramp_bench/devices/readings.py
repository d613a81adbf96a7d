"""What is read on an oximeter's line, plainly: by the formats' own descriptions, with nothing of the pump's parsers.

The module of a format says in its READINGS how its readings come, and what makes them of the chunks that arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

OLD_MS = 2_000  # a reading is none of now when it is older; formats that send less often have longer
STILL_NS = 3_000_000_000  # a pleth that does not move for so long is that of a device that hangs


@dataclass(frozen=True)
class Reading:
    """SpO2 in %, None where there is none, or none of now.

    `doubtful`: the beat was disturbed, or nothing bears the reading out yet. `stands`: what moves while a device lives
    is as it was in the reading before, or a pleth is flat.
    """

    spo2: int | None
    doubtful: bool = False
    stands: bool = False

    @property
    def good(self) -> bool:
        """It tells how the patient is."""
        return self.spo2 is not None and not self.doubtful and not self.stands


class Reader(Protocol):
    """Makes readings of a line's chunks: frames, packets or lines."""

    def take(self, chunk: bytes) -> Reading | None:
        """A chunk that has come whole; the reading that it completes."""

    def torn(self) -> None:
        """Something has come that is no whole chunk."""

    def silence(self) -> None:
        """The line was silent for longer than the format ever is."""


@dataclass(frozen=True)
class Readings:
    """How a format's readings come.

    `period_ns`: from one to the next. `silence_ms`: the line is never silent for so long. `reader`: makes a new one.
    `still`: so many readings that stand tell a device that hangs, 0: none ever do. `still_pleth`: the same where its
    pleth alone stands, 0: it sends none. `artifact`: it says that a beat was disturbed. `counted`: a reading is so many
    frames from the first one on, and no mark in the stream says which that is.
    """

    period_ns: int
    silence_ms: int
    reader: Callable[[], Reader]
    still: int
    still_pleth: int = 0
    artifact: bool = False
    counted: bool = False

    @property
    def old_ms(self) -> int:
        """A reading so old is none of now."""
        return max(OLD_MS, self.silence_ms)


def percent(byte: int) -> int | None:
    """SpO2 of a byte whose bit 7 is the format's own; None for "none", and for what cannot be."""
    value = byte & 0x7F
    return value if 1 <= value <= 100 else None


class Packets:
    """A reader of formats whose chunks are readings each: packets or lines.

    `spo2`: SpO2 of a chunk, None without one of now; `disturbed`: whether the chunk says so of a beat; `clock`: the
    device's time in it, empty without. Behind a silence the first chunk is borne out by the next one alone; of a format
    that `locks`, which nothing but its own form tells from rubbish, also behind a damaged one.
    """

    def __init__(
        self,
        spo2: Callable[[bytes], int | None],
        disturbed: Callable[[bytes], bool] = lambda chunk: False,
        clock: Callable[[bytes], bytes] = lambda chunk: b"",
        locks: bool = False,
    ) -> None:
        self._spo2, self._disturbed, self._clock, self._locks = spo2, disturbed, clock, locks
        self._first, self._time = False, b""

    def take(self, chunk: bytes) -> Reading:
        """The reading."""
        time = self._clock(chunk)
        found = Reading(self._spo2(chunk), self._first or self._disturbed(chunk), bool(time) and time == self._time)
        self._first, self._time = False, time
        return found

    def torn(self) -> None:
        """Of what came damaged nothing is known."""
        self._first = self._first or self._locks

    def silence(self) -> None:
        """Another device may be there."""
        self._first, self._time = True, b""

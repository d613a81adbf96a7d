"""Nights of an oximeter: recorded ones, beat by beat, and a synthetic one from a seed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from toleramp.errors import UserError
from toleramp_bench.places import ROOT

NO_VALUE = 127
PERIOD_S = 1 / 3  # between samples of an oximeter
MISSED = 1.8  # an interval so many times the beat's own has a beat in it that was not seen
LOW, LEAST_S = 85, 3.0  # runs under that percentage, at least so long
SEED = 7


@dataclass(frozen=True)
class Beat:
    """So long (s) after the one before; SpO2 (percent, None: no value) and pulse (1/min) from here on."""

    interval_s: float
    spo2: int | None
    pulse: int


@dataclass(frozen=True)
class Night:
    """A recording and where it is from."""

    name: str
    beats: tuple[Beat, ...]

    @property
    def hours(self) -> float:
        """How long it is."""
        return sum(beat.interval_s for beat in self.beats) / 3600

    @property
    def artifact_share(self) -> float:
        """The share of its time in which there was no value, or a beat was not seen."""
        lost = sum(
            beat.interval_s for beat in self.beats if beat.spo2 is None or beat.interval_s > MISSED * 60 / beat.pulse
        )
        return lost / 3600 / self.hours if self.beats else 0.0

    def samples(self) -> Iterator[tuple[int | None, int]]:
        """What an oximeter says three times a second: the newest beat's values."""
        at_s = due_s = 0.0
        for beat, after in zip(self.beats, (*self.beats[1:], Beat(0, None, 0)), strict=True):
            at_s += beat.interval_s
            while due_s < at_s + after.interval_s:
                yield beat.spo2, beat.pulse
                due_s += PERIOD_S


def low_runs(values: list[int | None]) -> list[tuple[int, int]]:
    """(first, behind the last) sample of each run under LOW that lasts LEAST_S; a gap ends one."""
    found, first = [], -1
    for number, spo2 in enumerate((*values, None)):
        low = spo2 is not None and spo2 < LOW
        if low and first < 0:
            first = number
        elif not low and first >= 0:
            if (number - first) * PERIOD_S >= LEAST_S:
                found.append((first, number))
            first = -1
    return found


def read_night(path: Path) -> Night:
    """A CSV file (.gz or not) of interval (s), SpO2, pulse, ... a beat. Raises UserError."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("ascii")
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise UserError(f"cannot be read: {error}", str(path), "a CSV file of interval,spo2,pulse") from None
    beats = []
    for number, line in enumerate(text.split(), 1):
        cells = line.split(",")
        try:
            spo2, pulse = int(cells[1]), int(cells[2])
            if pulse <= 0:
                raise ValueError("no pulse")
            beats.append(Beat(float(cells[0]), None if spo2 == NO_VALUE else spo2, pulse))
        except (ValueError, IndexError):
            where = f"{path}, line {number}"
            raise UserError(f"{line[:40]!r} is no beat", where, "interval (s), spo2 (%), pulse (1/min)") from None
    return Night(path.name.split(".")[0], tuple(beats))


def recorded_folder() -> Path | None:
    """Where the recorded nights are, when they are at hand: beside the project, or in TOLERAMP_SHARED."""
    shared = Path(os.environ.get("TOLERAMP_SHARED", ROOT.parent / "shared"))
    folder = shared / "oximeters" / "traces"
    return folder if any(folder.glob("*.csv.gz")) else None


def synthetic_night(hours: float = 8.0, seed: int = SEED) -> Night:
    """Somebody who sleeps: steady stretches, falls one after the other, deep ones, a probe that slips."""
    draw = Random(seed)
    beats: list[Beat] = []
    left_s = hours * 3600
    while left_s > 0:
        pulse = draw.randint(54, 72)
        course = draw.choices((_steady, _apnoeas, _deep, _slip), (10, 4, 2, 1))[0](draw)
        for spo2 in course:
            interval_s = 60 / pulse * draw.uniform(0.92, 1.08)
            beats.append(Beat(interval_s, spo2, pulse))
            left_s -= interval_s
    return Night(f"synthetic, seed {seed}", tuple(beats))


def _steady(draw: Random) -> list[int | None]:
    base = draw.choice((94, 95, 96, 96, 97, 97, 98))
    return [base + draw.choice((-1, 0, 0, 0, 0, 1)) for _ in range(draw.randint(60, 600))]


def _apnoeas(draw: Random) -> list[int | None]:
    """Falls of some points, each of some seconds."""
    course: list[int | None] = []
    for _ in range(draw.randint(2, 6)):
        lowest = draw.randint(87, 93)
        course += _dip(draw, 96, lowest, draw.randint(2, 16)) + [96] * draw.randint(10, 50)
    return course


def _deep(draw: Random) -> list[int | None]:
    return _dip(draw, 96, draw.randint(78, 84), draw.randint(4, 20)) + [95] * 20


def _dip(draw: Random, high: int, low: int, at_the_bottom: int) -> list[int | None]:
    falls: list[int | None] = []
    for spo2 in range(high, low, -1):
        falls += [spo2] * draw.randint(1, 3)
    return falls + [low] * at_the_bottom + list(range(low, high))


def _slip(draw: Random) -> list[int | None]:
    return [None] * draw.choice((3, 8, 25))

"""Recorded values in the place of a patient: rows that an oximeter says one after the other, and files of them."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Protocol

from toleramp import whole_files
from toleramp.errors import UserError

Row = tuple[float | None, float | None, float]  # SpO2 (%), pulse (1/min), for so many seconds; None is "no value"
_SECOND = 1_000_000_000
_NO_SPO2, _NO_PULSE = 127, (255, 511)  # as devices say it
_PULSE_MAX = 321
_TIME, _INTERVAL, _SPO2, _PULSE = "time", "interval", "spo2", "pulse"
_LAST_S = 1.0  # for which the last row stands
_LARGEST_BYTES = 64 * 1024 * 1024
_FORM = "write rows of time (s),spo2,pulse"


class Replay:
    """Rows from a time on."""

    def __init__(self, rows: Iterable[Row], start_ns: int) -> None:
        self._rows: Iterator[Row] = iter(rows)
        self._row: Row | None = next(self._rows, None)
        self._end_ns = start_ns + self._length_ns()

    def _length_ns(self) -> int:
        return round(self._row[2] * _SECOND) if self._row else 0

    def at(self, t_ns: int) -> Row | None:
        """The row of that time, which never goes back; None behind the last one."""
        while self._row and t_ns >= self._end_ns:
            self._row = next(self._rows, None)
            self._end_ns += self._length_ns()
        return self._row


class Speaker(Protocol):
    """A device that can be told what to say."""

    def say(self, spo2: float | None, pulse: float | None) -> None:
        """From now on just this; None: it has no value."""

    def say_no_more(self) -> None:
        """From now on what it measures."""


def play_on(replay: Replay | None, t_ns: int, device: Speaker) -> Replay | None:
    """Lets a device say the row of that time; behind the last one it measures again, and there is no replay."""
    if replay is None:
        return None
    row = replay.at(t_ns)
    if row is None:
        device.say_no_more()
        return None
    device.say(row[0], row[1])
    return replay


@dataclass(frozen=True)
class Trace:
    """A recording. `by_interval`: its first column is read as the time since the row before."""

    rows: tuple[Row, ...]
    by_interval: bool

    @property
    def seconds(self) -> float:
        """How long it is."""
        return sum(row[2] for row in self.rows)


def read_trace(path: Path) -> Trace:
    """A CSV file of time (s), spo2, pulse; .gz too. Further columns are left aside.

    A head may name the columns: time or interval, spo2, pulse. Without one the first column is the time where it always
    rises, else the interval since the row before. Empty cells, dashes, 0, 127 % and 255 or 511 a minute are no value.
    Raises UserError.
    """
    lines = [line.split(",") for line in _text(path).splitlines() if line.strip() and not line.startswith("#")]
    columns = _head(lines[0], path) if lines else None
    if columns:
        del lines[0]
    if not lines:
        raise UserError("there is no row", str(path), _FORM)
    first = 2 if columns else 1
    cells = [_cells(line, columns, f"{path}, row {number}") for number, line in enumerate(lines, first)]
    times = [row[0] for row in cells]
    by_interval = columns[0] if columns else any(b <= a for a, b in zip(times, times[1:], strict=False))
    return Trace(tuple(_rows(cells, bool(by_interval), path)), bool(by_interval))


def _text(path: Path) -> str:
    whole_files.demand_end(path)
    try:
        if path.is_file() and path.stat().st_size > _LARGEST_BYTES:
            raise UserError("too large for a trace", str(path), f"at most {_LARGEST_BYTES >> 20} MB")
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(_LARGEST_BYTES)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("this is no text", str(path), _FORM) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UserError("a damaged .gz file", str(path), "make it anew") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "name a CSV file") from None


def _head(cells: Sequence[str], path: Path) -> tuple[bool, tuple[int, int, int]] | None:
    """(first column is the interval, where the three columns are), None for a row of numbers."""
    names = [cell.strip().lower() for cell in cells]
    if not any(name.isalpha() or name == _SPO2 for name in names):
        return None
    by_interval = _TIME not in names
    wanted = (_INTERVAL if by_interval else _TIME, _SPO2, _PULSE)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise UserError(f"no column is called {missing[0]}", f"{path}, row 1", "name the columns time,spo2,pulse")
    return by_interval, (names.index(wanted[0]), names.index(_SPO2), names.index(_PULSE))


def _cells(
    line: Sequence[str], columns: tuple[bool, tuple[int, int, int]] | None, where: str
) -> tuple[float, float | None, float | None]:
    """Time, SpO2 and pulse of a row."""
    at = columns[1] if columns else (0, 1, 2)
    if len(line) <= max(at):
        raise UserError(f"{len(line)} columns", where, _FORM)
    time = _number(line[at[0]], where)
    if time is None or time < 0:
        raise UserError(f"{line[at[0]][:20]!r} is no time", where, _FORM)
    spo2, pulse = _number(line[at[1]], where), _number(line[at[2]], where)
    return time, _value(spo2, 100, (_NO_SPO2,), where), _value(pulse, _PULSE_MAX, _NO_PULSE, where)


def _number(text: str, where: str) -> float | None:
    """A number; None for an empty cell and dashes."""
    if not text.strip(" -"):
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise UserError(f"{text.strip()[:20]!r} is no number", where, _FORM)
    return value


def _value(value: float | None, most: float, none: Sequence[int], where: str) -> float | None:
    if value is None or value == 0 or value in none:
        return None
    if not 1 <= value <= most:
        raise UserError(f"{value:g} cannot be", where, f"write 1 to {most:g}, or leave it empty where there is none")
    return value


def _rows(cells: Sequence[tuple[float, float | None, float | None]], by_interval: bool, path: Path) -> Iterator[Row]:
    """Each row stands until the next one comes."""
    for number, (time, spo2, pulse) in enumerate(cells):
        after = cells[number + 1][0] if number + 1 < len(cells) else None
        seconds = _LAST_S if after is None else after if by_interval else after - time
        if seconds < 0:
            raise UserError(f"the time goes back after {time:g}", str(path), "sort the rows by time")
        yield spo2, pulse, seconds

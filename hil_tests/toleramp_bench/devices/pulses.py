"""Pulse times as runs of equal intervals: six hours of a session in a few kilobytes, searched by bisection."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Protocol


class PulseTimes(Protocol):
    """Sorted pulse times, searched without a list of all of them."""

    def __len__(self) -> int: ...

    def count_until(self, t_us: int) -> int:
        """How many came up to and including `t_us`."""

    def at(self, index: int) -> int:
        """The time of the pulse with that index (from 0; negative from the end)."""


class RunLog:
    """Pulses in runs (first time, interval, count); times in microseconds, never going back."""

    def __init__(self) -> None:
        self._first: array[int] = array("q")
        self._interval: array[int] = array("q")
        self._until: array[int] = array("q")  # pulses up to and including each run

    def add(self, first_us: int, interval_us: int, count: int) -> None:
        """`count` pulses from `first_us` on, `interval_us` apart; joins what goes on as before."""
        if count <= 0:
            return
        if self._first:
            run = self._until[-1] - (self._until[-2] if len(self._until) > 1 else 0)
            if self._interval[-1] == interval_us and first_us == self._first[-1] + run * interval_us:
                self._until[-1] += count
                return
        self._first.append(first_us)
        self._interval.append(interval_us)
        self._until.append((self._until[-1] if self._until else 0) + count)

    def __len__(self) -> int:
        return self._until[-1] if self._until else 0

    def __iter__(self) -> Iterator[int]:
        begun = 0
        for first, interval, until in zip(self._first, self._interval, self._until, strict=True):
            yield from range(first, first + interval * (until - begun), interval)
            begun = until

    def count_until(self, t_us: int) -> int:
        """How many came up to and including `t_us`."""
        k = bisect_right(self._first, t_us) - 1
        if k < 0:
            return 0
        before = self._until[k - 1] if k else 0
        return before + min(self._until[k] - before, (t_us - self._first[k]) // self._interval[k] + 1)

    def at(self, index: int) -> int:
        """The time of the pulse with that index (from 0; negative from the end)."""
        index += len(self) if index < 0 else 0
        if not 0 <= index < len(self):
            raise IndexError(index)
        k = bisect_left(self._until, index + 1)
        before = self._until[k - 1] if k else 0
        return self._first[k] + (index - before) * self._interval[k]


class NsLog:
    """Pulse times that are kept one by one in nanoseconds since an origin, as microseconds since another."""

    def __init__(self, times_ns: array[int], shift_us: int = 0) -> None:
        self._times, self._shift = times_ns, shift_us

    def __len__(self) -> int:
        return len(self._times)

    def count_until(self, t_us: int) -> int:
        """How many came up to and including `t_us`."""
        return bisect_right(self._times, (t_us - self._shift) * 1000 + 999)

    def at(self, index: int) -> int:
        """The time of the pulse with that index."""
        return self._times[index] // 1000 + self._shift


class Joined:
    """Logs of one power-on after another, as one."""

    def __init__(self, parts: list[NsLog]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    def count_until(self, t_us: int) -> int:
        """How many came up to and including `t_us`."""
        return sum(part.count_until(t_us) for part in self.parts)

    def at(self, index: int) -> int:
        """The time of the pulse with that index."""
        index += len(self) if index < 0 else 0
        for part in self.parts:
            if index < len(part):
                return part.at(index)
            index -= len(part)
        raise IndexError(index)


class Since:
    """A log by a clock whose zero is at `zero_us()` of the log's own."""

    def __init__(self, log: PulseTimes, zero_us: Callable[[], int]) -> None:
        self._log, self._zero_us = log, zero_us

    def __len__(self) -> int:
        return len(self._log)

    def count_until(self, t_us: int) -> int:
        """How many came up to and including `t_us`."""
        return self._log.count_until(t_us + self._zero_us())

    def at(self, index: int) -> int:
        """The time of the pulse with that index."""
        return self._log.at(index) - self._zero_us()

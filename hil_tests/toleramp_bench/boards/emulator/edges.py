"""Times of edges on an output of the board."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toleramp_bench.boards.emulator.board import Board


class EdgeLog:
    """Records when `pin` goes to `level`, in nanoseconds of simulated time (`times`, an `array('q')`)."""

    def __init__(self, board: Board, pin: int, level: int = 1) -> None:
        self.times: array[int] = array("q")
        self._level = level
        board.on_edge(pin, self._edge)

    def _edge(self, t_ns: int, level: int) -> None:
        if level == self._level:
            self.times.append(t_ns)

    def __len__(self) -> int:
        return len(self.times)

    def clear(self) -> None:
        """Forgets everything so far."""
        del self.times[:]

    def between(self, from_ns: int, to_ns: int) -> int:
        """Number of edges from `from_ns` to `to_ns`, both included."""
        return bisect_right(self.times, to_ns) - bisect_left(self.times, from_ns)

    def intervals(self) -> list[int]:
        """Nanoseconds from each edge to the next."""
        return [later - sooner for sooner, later in zip(self.times, self.times[1:], strict=False)]

"""The 74HC123 on the permit: the motor driver is enabled for 100 ms after each edge of the permit line."""

from __future__ import annotations

from array import array
from bisect import bisect_right

HOLD_NS = 100_000_000


class Monostable:
    """Retriggerable; both edges of its line trigger it (the board differentiates them).

    The STOP contact clears it and holds it cleared, without any software.
    """

    def __init__(self, hold_ns: int = HOLD_NS) -> None:
        self._hold_ns = hold_ns
        self._changes: array[int] = array("q")
        self._stopped = False

    def edge(self, t_ns: int, _level: int = 0) -> None:
        """The permit line changed at `t_ns`; times must not go back."""
        if self._stopped:
            return
        if self._changes and t_ns <= self._changes[-1]:
            self._changes[-1] = t_ns + self._hold_ns
        else:
            self._changes.append(t_ns)
            self._changes.append(t_ns + self._hold_ns)

    def set_stop(self, t_ns: int, pressed: bool) -> None:
        """The STOP contact is pressed or released at `t_ns`; after a release it takes a new edge to
        enable."""
        self._stopped = pressed
        if pressed and self._changes and t_ns < self._changes[-1]:
            self._changes[-1] = t_ns

    def enabled_at(self, t_ns: int) -> bool:
        """Whether the driver was (or, as things stand, will be) enabled at `t_ns`."""
        return bisect_right(self._changes, t_ns) % 2 == 1

    @property
    def windows(self) -> list[tuple[int, int]]:
        """From when to when (ns) the driver was enabled; the last end may lie ahead."""
        return list(zip(self._changes[::2], self._changes[1::2], strict=True))

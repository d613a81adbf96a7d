"""The stepper and its driver: steps that pass while it is enabled, and those that do not."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable


class Motor:
    """Takes the edges of the step line.

    `times` are the steps that moved it (ns), `blocked` those that came while the driver was off, `position`
    the steps forward less the steps back.
    """

    def __init__(
        self,
        enabled_at: Callable[[int], bool],
        forward: Callable[[], bool] = lambda: True,
        on_step: Callable[[int, int], None] | None = None,
    ) -> None:
        """`forward` reads the direction line; `on_step(t_ns, position)` follows each step that moves the
        motor."""
        self._enabled_at, self._forward, self._on_step = enabled_at, forward, on_step
        self.times: array[int] = array("q")
        self.blocked: array[int] = array("q")
        self.position = 0

    def edge(self, t_ns: int, level: int) -> None:
        """The step line went to `level`; a rising edge is a step."""
        if not level:
            return
        if not self._enabled_at(t_ns):
            self.blocked.append(t_ns)
            return
        self.times.append(t_ns)
        self.position += 1 if self._forward() else -1
        if self._on_step is not None:
            self._on_step(t_ns, self.position)

    def steps_between(self, from_ns: int, to_ns: int) -> int:
        """Steps that moved the motor from `from_ns` to `to_ns`, both included."""
        return bisect_right(self.times, to_ns) - bisect_left(self.times, from_ns)

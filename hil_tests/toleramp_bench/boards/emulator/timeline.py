"""Callbacks at exact moments of simulated time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

TICKS_PER_NS = 16
"""The simulated clock counts sixteenths of a nanosecond."""


class Appointment:
    """A callback to come; `cancel` drops it."""

    __slots__ = ("callback", "cancelled")

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Makes sure that the callback does not come (any more)."""
        self.cancelled = True


class Timeline:
    """Calls back in order of time, and in order of booking where times are equal."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._queue: list[tuple[int, int, Appointment]] = []
        self._number = 0
        self._alarm = clock.create_alarm(self._due)
        self._calling = False

    def at_ns(self, t_ns: int, callback: Callable[[], None]) -> Appointment:
        """Books `callback` for `t_ns`; a time that is past is as soon as possible."""
        appointment = Appointment(callback)
        self._number += 1
        heapq.heappush(self._queue, (t_ns * TICKS_PER_NS, self._number, appointment))
        if not self._calling and self._queue[0][2] is appointment:
            self._set_alarm()
        return appointment

    def _set_alarm(self) -> None:
        if self._queue:
            self._alarm.schedule_ticks(max(0, self._queue[0][0] - self._clock.ticks))

    def _due(self) -> None:
        queue, now = self._queue, self._clock.ticks
        self._calling = True
        try:
            while queue and queue[0][0] <= now:
                appointment = heapq.heappop(queue)[2]
                if not appointment.cancelled:
                    appointment.callback()
        finally:
            self._calling = False
            self._set_alarm()

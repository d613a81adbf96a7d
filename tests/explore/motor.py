"""The motor of the explored world: words on a timeline of microseconds, and who is told of each pulse."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

LONG_US = 60_000_000  # no pulse of an explored protocol is later after another


class Motor:
    """Words of (count, interval_us), count 0 a pause. `made`: pulses at the pin, `moved`: with STOP's contact closed.

    `on_moved(since_us)` is called for each pulse that moved the drug (the permit was there, STOP's contact closed) with
    the time since the one before it, LONG_US at the most.
    """

    def __init__(self, on_moved: Callable[[int], None]) -> None:
        self.made = self.moved = 0
        self.permitted = False
        self.queue: deque[list[int]] = deque()
        self.ahead_us = 0  # from now to the queue's end
        self.gone_us = 0  # of the first word
        self.since_us = LONG_US  # from the last pulse that moved the drug to now
        self._on_moved = on_moved

    def add(self, count: int, interval_us: int) -> None:
        """Queues a word; an empty queue starts now."""
        self.queue.append([count, interval_us])
        self.ahead_us += max(count, 1) * interval_us

    def abort(self) -> None:
        """Drops all that has not come yet."""
        self.queue.clear()
        self.ahead_us = self.gone_us = 0

    def run(self, us: int, open_contact: bool) -> None:
        """So much time passes; `open_contact`: with STOP pressed."""
        left_us = us
        queue = self.queue
        while queue:
            word = queue[0]
            rest_us = word[1] - self.gone_us
            if left_us < rest_us:
                self.gone_us += left_us
                break
            left_us -= rest_us
            self.since_us += rest_us
            self.gone_us = 0
            if word[0]:
                self._pulse(open_contact)
            word[0] = max(0, word[0] - 1)
            if not word[0]:
                queue.popleft()
        self.since_us = min(self.since_us + left_us, LONG_US)
        self.ahead_us = max(0, self.ahead_us - us) if queue else 0

    def stray(self, count: int) -> None:
        """So many pulses more, or fewer, are counted than were asked for; more of them move the drug, too."""
        self.made += count
        self.moved += count
        for _ in range(count):
            self._on_moved(LONG_US)

    def _pulse(self, open_contact: bool) -> None:
        self.made += 1
        if open_contact:
            return
        self.moved += 1
        if self.permitted:
            self._on_moved(min(self.since_us, LONG_US))
            self.since_us = 0

"""The step generator and its pulse counter in virtual time: words to the microsecond, as the PIO machines run them."""

from __future__ import annotations

from collections import deque

from toleramp_bench.devices.pulses import RunLog

FOREVER = 1 << 62


class StepGenerator:
    """Runs (count, interval) words on an exact timeline of microseconds.

    `pulses` are all at the STEP pin since power-on, `moved` those of them that came while STOP's contact was closed:
    the counting machine's two registers. `pin` and `motor` log the times of all pulses and of those that turned the
    motor: driver enabled until `enabled_until_us`, contact closed, shaft free. `deaf`: the counter misses what comes.
    """

    def __init__(self, pin: RunLog | None = None, motor: RunLog | None = None) -> None:
        """The logs go on where a generator before this one, of an earlier power-on, has ended."""
        self.pin = RunLog() if pin is None else pin
        self.motor = RunLog() if motor is None else motor
        self.queue: deque[list[int]] = deque()
        self.end_us = 0  # where the queue ends
        self.at_us = 0  # up to where it has run
        self.pulses = self.moved = 0
        self.lost = 0  # pulses that a deaf counter has missed
        self.enabled_until_us = FOREVER
        self.stop_down = self.shaft_held = self.deaf = False

    @property
    def times(self) -> list[int]:
        """The time of each pulse at the pin."""
        return list(self.pin)

    def add(self, count: int, interval_us: int, now_us: int) -> None:
        """Queues a word (count 0: a pause); an empty queue starts now."""
        if self.end_us < now_us:
            self.end_us = self.at_us = now_us
        self.queue.append([count, interval_us])
        self.end_us += max(count, 1) * interval_us

    def abort(self, now_us: int) -> None:
        """Drops all that has not come yet."""
        self.queue.clear()
        self.end_us = self.at_us = now_us

    def run_to(self, now_us: int) -> None:
        """Makes the pulses due until now."""
        queue = self.queue
        while queue:
            word = queue[0]
            whole = word[0] or 1
            interval = word[1]
            done = min((now_us - self.at_us) // interval, whole)
            if word[0] and done > 0:
                self._pulsed(self.at_us + interval, interval, done)
            self.at_us += done * interval
            if done < whole:
                if word[0]:
                    word[0] -= done
                return
            queue.popleft()

    def set_stop(self, down: bool, now_us: int) -> None:
        """STOP's contact opens (`down`) or closes: a pulse at this very microsecond was before it.

        Opened, it clears the driver's enable at once; closed again, it takes a new edge of the permit to enable.
        """
        self.run_to(now_us)
        self.stop_down = down
        if down:
            self.enabled_until_us = min(self.enabled_until_us, now_us)

    def stray(self, count: int) -> None:
        """Pulses that nobody asked for are counted at the pin."""
        self.pulses += count
        self.moved += count

    def _pulsed(self, first_us: int, interval_us: int, number: int) -> None:
        self.pin.add(first_us, interval_us, number)
        if self.deaf:
            self.lost += number
        else:
            self.pulses += number
        if self.stop_down:
            return
        if not self.deaf:
            self.moved += number
        if not self.shaft_held:
            able = min(number, (self.enabled_until_us - first_us) // interval_us + 1)
            self.motor.add(first_us, interval_us, able)

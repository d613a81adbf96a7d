"""The pure core in virtual time: the controller on CPython, a step generator that runs words to the microsecond.

The target "core" of the bench. Pulses are counted where the driver would count them; nothing is taken from the
controller's own word.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable

from pump.base.units import TICK_SPAN
from pump.controller import Controller
from pump.io import Outputs, Snapshot
from pump.tables import messages as m

PL_PULSE = 100_000


class VirtualStepper:
    """Runs (count, interval) words on an exact timeline of microseconds; `times` holds each pulse when recording."""

    def __init__(self, record: bool = False) -> None:
        self.queue: deque[list[int]] = deque()
        self.end_us = 0  # where the queue ends
        self.at_us = 0  # up to where it has run
        self.pulses = 0
        self.times: array[int] | None = array("q") if record else None

    def add(self, count: int, interval_us: int, now_us: int) -> None:
        """Queues a word; an empty queue starts now."""
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
            count, interval = queue[0]
            done = min((now_us - self.at_us) // interval, max(count, 1))
            if count and done:
                if self.times is not None:
                    self.times.extend(self.at_us + interval * (i + 1) for i in range(done))
                self.pulses += done
            self.at_us += done * interval
            if done < max(count, 1):
                queue[0][0] = count - done if count else 0
                return
            queue.popleft()


class Samples:
    """Stands where an oximeter's parser stands: hands out one ready sample a scan. Values may be set at any time."""

    def __init__(self, spo2: int = 97, pulse: int = 72) -> None:
        self.spo2, self.pulse, self.flags = spo2, pulse, m.VIT_VALID
        self.samples = self.rejected = 0

    def take(self, data: bytearray, count: int) -> bool:
        """A new sample is always there."""
        self.samples += 1
        return True


class CorePump:
    """A controller with its virtual board. `people` is called before each scan with this object and may `press`."""

    def __init__(self, period_us: int = 20_000, record: bool = False, start_ms: int = 0, bench: bool = True) -> None:
        self.period_us = period_us
        self.parser = Samples()
        self.controller = Controller(self.parser, PL_PULSE, period_us, bench=bench)
        self.stepper = VirtualStepper(record)
        self.snap, self.out = Snapshot(), Outputs()
        self.snap.ox_n = 1
        self.now_us = 0
        self._start_ms = start_ms
        self.events: list[dict[str, object]] = []
        self._seen = 0
        self._release_us = 0
        self.marks: dict[str, list[int]] = {}

    def load(self, blob: bytes) -> None:
        """Loads a compiled protocol as the link would; raises ValueError with the device's code when refused."""
        self.controller.link.loaded = bytearray(blob)
        self.controller.link.loading = True
        self.scan()
        last = self.events[-1]
        if last["event"] == "load_refused":
            raise ValueError(str(last["code"]))

    def press(self, button: int, hold_ms: int = 200) -> None:
        """Presses a button (bits of pump.io) from the next scan on."""
        self.snap.buttons |= button
        self._release_us = self.now_us + max(hold_ms * 1000, 4 * self.period_us)

    def keys_free(self) -> bool:
        """No key is down, and the last release has lasted long enough to be seen."""
        return not self.snap.buttons and self.now_us >= self._release_us + 4 * self.period_us

    def scan(self) -> None:
        """One scan period passes."""
        self.now_us += self.period_us
        snap = self.snap
        if snap.buttons and self.now_us >= self._release_us:
            snap.buttons = 0
        self.stepper.run_to(self.now_us)
        snap.dt_ms = self.period_us // 1000
        snap.now_ms = (self._start_ms + self.now_us // 1000) % TICK_SPAN
        snap.pulses = self.stepper.pulses
        snap.queue_us = max(0, self.stepper.end_us - self.now_us)
        self.controller.scan(snap, self.out)
        self._apply()
        if self.controller.journal.seq != self._seen:
            self._collect()

    def _apply(self) -> None:
        out = self.out
        if out.abort:
            self.stepper.abort(self.now_us)
        for i in range(out.words):
            self.stepper.add(out.word_count[i], out.word_us[i], self.now_us)

    def _collect(self) -> None:
        from toleramp_bench.records import unpack_record

        journal = self.controller.journal
        work = bytearray(64)
        while self._seen < journal.seq:
            journal.copy(self._seen, work, 0)
            self.events.append(unpack_record(bytes(work[:28])))
            self._seen += 1

    def run(self, people: Callable[[CorePump], None], until: Callable[[CorePump], bool], limit_s: int) -> bool:
        """Scans until `until` holds or `limit_s` simulated seconds have passed; True when it held."""
        end_us = self.now_us + limit_s * 1_000_000
        while self.now_us < end_us:
            people(self)
            self.scan()
            if until(self):
                return True
        return False

"""The core target of a campaign: pings that are really sent, and an oximeter whose readings the bench notes itself."""

from __future__ import annotations

from typing import Any

from pump.protocol.protocol import Protocol
from pump.tables import vitals
from pump.tables.messages import NONE8
from toleramp_bench.devices.samples import Samples
from toleramp_bench.targets.core import CoreTarget
from toleramp_bench.targets.slow_oximeter import Clock, SlowOximeter

SCAN_US = 1_000_000
DEEP = 85  # percent: below it the pump holds after 3 s (VIT-1)
_GAP_US = 3_000_000  # without a reading for so long, what was timed before is over


class Watch:
    """Intervals (first, last; us) in which a condition held at each reading."""

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []
        self._first = self._last = -1

    def see(self, now_us: int, holds: bool) -> None:
        """A reading."""
        if self._first >= 0 and (not holds or now_us - self._last > _GAP_US):
            self.close()
        if holds:
            self._first = now_us if self._first < 0 else self._first
            self._last = now_us

    def close(self) -> None:
        """Ends the interval that is open."""
        if self._first >= 0:
            self.spans.append((self._first, self._last))
        self._first = -1


class WatchedOximeter(SlowOximeter):
    """Notes what it shows: low, very low, pulse out of its limits, and the times without a sure reading."""

    def __init__(self, clock: Clock, protocol: Protocol) -> None:
        super().__init__(clock)
        self._protocol, self._stop = protocol, protocol.spo2_stop
        self._pulses = (protocol.pulse_min, protocol.pulse_max)
        self.low, self.deep, self.beats = Watch(), Watch(), Watch()
        self.gaps: list[tuple[int, int]] = []  # last sure reading before, first after
        self._sure_us = 0

    def baseline(self, spo2: int) -> None:
        """From now on the higher of the absolute limit and the patient's own counts (VIT-1); NONE8: there is none."""
        own = 0 if spo2 == NONE8 else spo2 - self._protocol.spo2_stop_fall
        self._stop = max(self._protocol.spo2_stop, own)

    def measure(self, samples: Samples) -> None:
        """Writes this moment's values, and notes them."""
        super().measure(samples)
        now = self._clock.now_us
        if not samples.flags & vitals.VALID or samples.flags & vitals.UNSURE_FLAGS:
            return
        if now - self._sure_us > _GAP_US:
            self.gaps.append((self._sure_us, now))
        self._sure_us = now
        self.low.see(now, samples.spo2 <= self._stop)
        self.deep.see(now, samples.spo2 < DEEP)
        self.beats.see(now, not self._pulses[0] <= samples.pulse <= self._pulses[1])

    def close(self) -> None:
        """Ends what is open."""
        now = self._clock.now_us
        if now - self._sure_us > _GAP_US:
            self.gaps.append((self._sure_us, now))
        for watch in (self.low, self.deep, self.beats):
            watch.close()


class CampaignTarget(CoreTarget):
    """A pump in virtual time with a scan every second."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__(SCAN_US)
        self.oximeter = self.watched = WatchedOximeter(self.board, protocol)

    def host(self, command: str, **fields: Any) -> None:
        """Sends a command, pings too; nobody reads the answers."""
        self.board.sent.clear()
        self._send(self.line.request(command, **fields))

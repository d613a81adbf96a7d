"""Readings of an oximeter without its bytes: for scans that are too slow for a stream, and for tests of the core."""

from __future__ import annotations

from pump.tables import vitals


class Samples:
    """Stands where an oximeter's parser stands: hands out one ready sample a scan. Values may be set at any time."""

    silence_ms = 10_000  # scans may be a second long

    def __init__(self, spo2: int = 97, pulse: int = 72) -> None:
        self.spo2, self.pulse, self.flags = spo2, pulse, vitals.VALID
        self.samples = self.rejected = 0

    def forget(self) -> None:
        """There is nothing that is learnt of it."""

    def take(self, data: bytearray, count: int) -> bool:
        """A new sample is always there."""
        self.samples += 1
        return True

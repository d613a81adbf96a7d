"""A bad line between oximeter and pump: some of its bytes come with a wrong bit."""

from __future__ import annotations

import random
from typing import Any

from toleramp_bench.scenario.targets.base import NotOnTarget


class NoisyWire:
    """Stands between an oximeter and its line; a share of the bytes gets one bit flipped."""

    def __init__(self, wire: Any, draw: random.Random) -> None:
        self._wire, self._draw = wire, draw
        self.share = 0.0

    @classmethod
    def on(cls, oximeter: Any, draw: random.Random, share: float) -> None:
        """Puts noise on an oximeter's line; 0 ends it."""
        wire = getattr(oximeter, "_wire", None)
        if wire is None:
            raise NotOnTarget("an oximeter without bytes has no noise on its line")
        if not isinstance(wire, cls):
            wire = oximeter._wire = cls(wire, draw)
        wire.share = share

    @property
    def now_ns(self) -> int:
        """The time."""
        return int(self._wire.now_ns)

    def at_ns(self, t_ns: int, call: Any) -> Any:
        """Passes an appointment on."""
        return self._wire.at_ns(t_ns, call)

    def uart_send(self, number: int, data: bytes, baud: int = 9600) -> None:
        """Passes bytes on, some of them spoilt."""
        spoilt = bytes(b ^ 1 << self._draw.randrange(8) if self._draw.random() < self.share else b for b in data)
        self._wire.uart_send(number, spoilt, baud)

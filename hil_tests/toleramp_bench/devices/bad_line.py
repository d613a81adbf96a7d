"""A bad line between oximeter and pump: bytes with a wrong bit, bytes that are lost, the wrong rate."""

from __future__ import annotations

import random
from typing import Any


class NoisyWire:
    """Stands between an oximeter and its line. `share` of the bytes get one bit flipped, `drop` of them are lost."""

    def __init__(self, wire: Any, draw: random.Random) -> None:
        self._wire, self._draw = wire, draw
        self.share = self.drop = 0.0
        self.baud: int | None = None  # the oximeter's rate; None: the one that it is asked to send at
        self.spoilt = self.lost = 0  # bytes so far

    @classmethod
    def on(cls, oximeter: Any, draw: random.Random) -> NoisyWire | None:
        """The bad line of an oximeter, put there at the first call; None for one without bytes."""
        wire = getattr(oximeter, "_wire", None)
        if wire is not None and not isinstance(wire, cls):
            wire = oximeter._wire = cls(wire, draw)
        return wire

    @property
    def now_ns(self) -> int:
        """The time."""
        return int(self._wire.now_ns)

    def at_ns(self, t_ns: int, call: Any) -> Any:
        """Passes an appointment on."""
        return self._wire.at_ns(t_ns, call)

    def uart_send(self, number: int, data: bytes, baud: int = 9600) -> None:
        """Passes bytes on, some of them spoilt or left out."""
        left = bytes(self._spoil(byte) for byte in data if not self._hits(self.drop))
        self.lost += len(data) - len(left)
        if left:
            self._wire.uart_send(number, left, self.baud or baud)

    def _hits(self, share: float) -> bool:
        return share > 0 and self._draw.random() < share

    def _spoil(self, byte: int) -> int:
        if not self._hits(self.share):
            return byte
        self.spoilt += 1
        return byte ^ 1 << self._draw.randrange(8)

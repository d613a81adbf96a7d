"""The oximeter's model, run a little ahead of time so that its bytes are at the rig before they are due."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from toleramp_bench.devices.oximeter import BAUD, Oximeter


class AheadWire:
    """The board that the model thinks it is wired to; its time is that of the rig, ahead of it."""

    def __init__(self, start_us: int) -> None:
        self.now_ns = start_us * 1000
        self._calls: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._sent: list[tuple[int, bytes]] = []

    def at_ns(self, t_ns: int, callback: Callable[[], None]) -> None:
        """Books a call."""
        heapq.heappush(self._calls, (max(t_ns, self.now_ns), next(self._order), callback))

    def uart_send(self, _number: int, data: bytes, _baud: int = BAUD, _parity: int | None = None) -> None:
        """Keeps bytes that begin now."""
        self._sent.append((self.now_ns // 1000, bytes(data)))

    def advance(self, to_us: int) -> None:
        """Lets the model's time pass."""
        while self._calls and self._calls[0][0] <= to_us * 1000:
            self.now_ns, _, call = heapq.heappop(self._calls)
            call()
        self.now_ns = max(self.now_ns, to_us * 1000)

    def collect(self) -> list[tuple[int, bytes]]:
        """What was sent since the last call: (time of the rig's clock in us, bytes)."""
        sent, self._sent = self._sent, []
        return sent


def oximeter_ahead(start_us: int) -> tuple[Oximeter, AheadWire]:
    """An oximeter that begins at a time of the rig's clock, and its wire."""
    wire = AheadWire(start_us)
    oximeter = Oximeter(wire)
    oximeter.start()
    return oximeter, wire

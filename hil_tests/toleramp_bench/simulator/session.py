"""An oximeter that keeps a schedule: each byte is due at a time counted from the start, whenever anybody looks."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import Any, Protocol

from toleramp_bench.devices.bad_line import NoisyWire
from toleramp_bench.devices.happenings import Happenings
from toleramp_bench.devices.oximeter import Oximeter

SECOND = 1_000_000_000
LAG_NS = SECOND // 4  # further behind than this, and the oximeter stands still for as long instead of rushing
PIECE = 16  # bytes that a paced line passes on at once
_SAME_RATE = 0.02  # relative difference of two rates up to which bytes arrive as they were sent
_UART = 1


class Line(Protocol):
    """Where the bytes go. `paced`: it is given each byte when its last bit has come; else it knows its rate itself."""

    paced: bool

    def send(self, data: bytes, baud: int, parity: int | None) -> None: ...


class Session:
    """An oximeter and its line. Time is the oximeter's: nanoseconds since its start."""

    def __init__(self, form: str, line: Line, spo2: float = 97, pulse: float = 72, seed: int = 1) -> None:
        """`form`: the serial format by its name. `seed`: of all damages."""
        self._line = line
        self.now_ns = 0
        self._calls: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._began_ns: int | None = None  # when it was zero by the clock outside
        self._free_ns = 0
        self.frames = self.bytes = self.heard = 0
        self.stood_ns = 0  # for how long it stood still because nobody let it go on
        self._wire = NoisyWire(self, Random(seed))
        self.oximeter = Oximeter(self._wire, _UART, spo2, pulse, form)
        self._baud, self._bits = self.oximeter.baud, 10 if self.oximeter.parity is None else 11
        self._happenings = Happenings(
            Random(seed), lambda ms, call: self.at_ns(self.now_ns + round(ms * 1e6), call), self._send
        )
        self.at_ns(0, self.oximeter.start)

    # -- what happens

    def tell(self, what: Mapping[str, Any]) -> None:
        """Something happens now, by the keys of the scenarios' `oximeter`."""
        self._happenings.happen(self.oximeter, what)

    def hear(self, data: bytes) -> None:
        """What the pump says on the line."""
        self.heard += len(data)
        self.oximeter.hear(data)

    @property
    def spoilt(self) -> int:
        """Bytes that were sent wrong."""
        return self._wire.spoilt

    @property
    def lost(self) -> int:
        """Bytes that were not sent."""
        return self._wire.lost

    # -- time

    def at_ns(self, t_ns: int, call: Callable[[], None]) -> None:
        """Books a call."""
        heapq.heappush(self._calls, (max(t_ns, self.now_ns), next(self._order), call))

    @property
    def due_ns(self) -> int:
        """When there is something to do."""
        return self._calls[0][0] if self._calls else self.now_ns + SECOND

    def run_to(self, t_ns: int) -> None:
        """Lets its time pass, each call at its own time."""
        while self._calls and self._calls[0][0] <= t_ns:
            self.now_ns, _, call = heapq.heappop(self._calls)
            call()
        self.now_ns = max(self.now_ns, t_ns)

    def catch_up(self, clock_ns: int) -> int:
        """Lets its time pass up to now by a clock outside; returns how long (ns) there is nothing to do.

        Its time is the clock's less that of its start: what comes late this time makes nothing later. Far behind (this
        computer slept) it goes on from where it was, as an oximeter that was stopped for as long.
        """
        if self._began_ns is None:
            self._began_ns = clock_ns
        behind_ns = clock_ns - self._began_ns - self.due_ns
        if behind_ns > LAG_NS:
            self.stood_ns += behind_ns
            self._began_ns += behind_ns
        self.run_to(clock_ns - self._began_ns)
        return self.due_ns - self.now_ns

    # -- the oximeter's wire (as devices.oximeter.Wire asks for it)

    def uart_send(self, _number: int, data: bytes, baud: int = 9600) -> None:
        """Bytes that begin now, or when those before are through."""
        self.frames += 1
        self.bytes += len(data)
        if not self._line.paced:
            self._line.send(bytes(data), baud, self.oximeter.parity)
            return
        seen = self._as_received(bytes(data), baud)
        end_ns = max(self._free_ns, self.now_ns)
        for at in range(0, len(seen), PIECE):
            piece = seen[at : at + PIECE]
            end_ns += len(piece) * self._bits * SECOND // baud
            self.at_ns(end_ns, lambda piece=piece: self._line.send(piece, baud, None))  # type: ignore[misc]
        self._free_ns = end_ns

    def _send(self, data: bytes) -> None:
        self.uart_send(_UART, data, self._baud)

    def _as_received(self, data: bytes, baud: int) -> bytes:
        """What a receiver at the first format's rate makes of bytes of another one."""
        if abs(self._baud / baud - 1) <= _SAME_RATE:
            return data
        from toleramp_bench.boards.emulator.serial_line import resample

        return bytes(word & 0xFF for _, word in resample(data, baud, self._baud))

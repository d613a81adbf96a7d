"""A pump's core behind a serial port that the host's client opens: its time passes while the client waits for bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pump.controller import Controller
from pump.io import LINK_MAX
from pump.store.journal import open_log
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump, keyring_of

PERIOD_US = 100_000


class CoreLine:
    """`port` is what the client opens; the pump's board, controller and FRAM are those of the bench's core."""

    def __init__(self, bench: bool, keys: dict[str, bytes]) -> None:
        self.bench, self.keys = bench, keys
        self.pump = CorePump(PERIOD_US, bench=bench, keys=keys)
        self.pump.board.link_bytes = LINK_MAX
        self.pump.board.listening = True
        self.power_at = -1  # bytes of the client that still go through before the power is cut

    def cycle(self) -> None:
        """Power off and on; the FRAM keeps what it holds."""
        pump = self.pump
        number, slot = open_log(pump.board.slot)
        step = pump.board.lost_step()
        pump.board.off()
        pump.board.sent.clear()
        controller = Controller(
            pump.parser, PL_PULSE, pump.period_us, bench=self.bench, keyring=keyring_of(self.keys), first_record=number,
            first_slot=slot, read_slot=pump.board.kept_slot, lost_step=step,
        )  # fmt: skip
        pump.boots(controller, number)
        for _ in range(12):
            pump.scan()

    def open(self, *_: Any) -> Port:
        """In the place of the function that opens a serial port."""
        return Port(self)


class Port:
    """What the client reads and writes: the methods of a serial port that it uses."""

    def __init__(self, line: CoreLine) -> None:
        self._line = line
        self._clock: Callable[[], None] = line.pump.scan

    def write(self, data: bytes) -> int:
        """Bytes on their way; at the byte that `power_at` names the power is cut and comes again."""
        line = self._line
        if 0 <= line.power_at < len(data):
            line.pump.board.to_pump += data[: line.power_at]
            while line.pump.board.to_pump:
                line.pump.scan()
            line.power_at = -1
            line.cycle()
            raise OSError("the device is gone")
        line.power_at -= len(data) if line.power_at >= 0 else 0
        line.pump.board.to_pump += data
        return len(data)

    @property
    def in_waiting(self) -> int:
        """Bytes that have come."""
        return len(self._line.pump.board.sent)

    def read(self, count: int) -> bytes:
        """So many bytes at the most; while there is none, a scan passes."""
        sent = self._line.pump.board.sent
        if not sent:
            self._line.pump.scan()
        data = bytes(sent[:count])
        del sent[:count]
        return data

    def close(self) -> None:
        """Nothing is held."""

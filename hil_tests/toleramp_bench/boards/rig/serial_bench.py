"""The rig and the pump on serial ports, in real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from toleramp.device import ports
from toleramp.errors import PortError, UserError
from toleramp_bench.boards.rig.bench import wait_until
from toleramp_bench.plant.assembly import Plant

_LOOK_US = 2_000
_AGAIN_S = 0.5


class PortStream:
    """A port that is opened again by itself when it was lost: a pump whose power is cut takes its USB line along."""

    def __init__(self, port: str) -> None:
        self._port = port
        self._serial: Any = ports.open_port(port)
        self._serial.timeout = 0
        self._retry_at = 0.0

    def write(self, data: bytes) -> None:
        """Sends bytes; into the void while the port is gone."""
        if self._there():
            try:
                self._serial.write(data)
            except Exception:  # OSError, SerialException, termios.error: the line is gone
                self._lose()

    def read(self) -> bytes:
        """What has come."""
        if not self._there():
            return b""
        try:
            return bytes(self._serial.read(4096))
        except Exception:
            self._lose()
            return b""

    def close(self) -> None:
        """Gives the port back."""
        self._lose()

    def _lose(self) -> None:
        lost, self._serial = self._serial, None
        self._retry_at = time.monotonic() + _AGAIN_S
        if lost is not None:
            try:
                lost.close()
            except Exception:
                return

    def _there(self) -> bool:
        if self._serial is None and time.monotonic() >= self._retry_at:
            try:
                self._serial = ports.open_port(self._port)
                self._serial.timeout = 0
            except PortError:
                self._retry_at = time.monotonic() + _AGAIN_S
        return self._serial is not None


class SerialBench:
    """Two ports. UserError names the one that is not there, or is the same as the other."""

    lead_us = 400_000
    off_us = 2_000_000  # the pump's capacitors run empty

    def __init__(self, pump_port: str, rig_port: str) -> None:
        if pump_port == rig_port:
            raise UserError("pump and rig cannot be on the same port", pump_port, "give each its own")
        self.places = (rig_port, pump_port)
        self.rig = PortStream(rig_port)
        try:
            self.pump = PortStream(pump_port)
        except UserError:
            self.rig.close()
            raise
        self._began = time.monotonic()

    @property
    def now_us(self) -> int:
        """Time since the ports were opened."""
        return round((time.monotonic() - self._began) * 1e6)

    def wait(self, us: int) -> None:
        """Waits."""
        time.sleep(us / 1e6)

    def wait_for(self, holds: Callable[[], bool], limit_us: int) -> bool:
        """Waits until `holds()`."""
        return wait_until(self, holds, limit_us, _LOOK_US)

    def fit(self, plant: Plant, zero_us: Callable[[], int]) -> None:
        """A real pump has a real motor."""

    def close(self) -> None:
        """Gives both ports back."""
        self.rig.close()
        self.pump.close()

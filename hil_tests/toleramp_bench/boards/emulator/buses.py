"""Parts on the board's I2C and SPI buses, and the time a byte takes there."""

from __future__ import annotations

from typing import Any, Protocol

_READ = 1
_IDLE_MISO = 0xFF
_I2C_BITS = 9
_TX_EMPTY = 1 << 4


class I2CDevice(Protocol):
    """A part with an address on an I2C bus."""

    def start(self, read: bool) -> None:
        """The part was addressed, to read from it or to write to it."""

    def write(self, byte: int) -> None:
        """A byte comes from the controller."""

    def read(self) -> int:
        """A byte for the controller."""

    def stop(self) -> None:
        """The bus is released."""


class SpiDevice(Protocol):
    """A part with a select line on an SPI bus."""

    def select(self) -> None:
        """The select line goes low."""

    def transfer(self, byte: int) -> int:
        """Takes a byte and answers with the one that goes back at the same time."""

    def deselect(self) -> None:
        """The select line goes high."""


class I2CBus:
    """One I2C block with its parts. Each byte takes nine bit times, as on the wire."""

    def __init__(self, chip: Any, number: int) -> None:
        self._block, self._chip = chip.i2c[number], chip
        self._alarm = chip.clock.create_alarm(self._byte_over)
        self.devices: dict[int, I2CDevice] = {}
        self.gone: set[int] = set()  # addresses whose part is unplugged
        self._stuck = self._waits = False  # somebody holds the clock low: no byte is over; one waits for that
        self._device: I2CDevice | None = None
        self._reading = False
        self._outcome: tuple[str, int] = ("", 0)
        self._block.on_connect = self._connect
        self._block.on_write_byte = self._write
        self._block.on_read_byte = self._read
        self._block.on_stop = self._stop

    def _byte_ns(self) -> float:
        cycles = self._block.scl_high_period + self._block.scl_low_period
        return _I2C_BITS * max(1, cycles) * 1e9 / float(self._chip.clk_sys)

    def stick(self, stuck: bool) -> None:
        """The clock is held low from now on, or let go: the byte that was under way then ends."""
        self._stuck = stuck
        if self._waits and not stuck:
            self._waits = False
            self._alarm.schedule(self._byte_ns())

    def _later(self, what: str, value: int) -> None:
        self._outcome = (what, value)
        if self._stuck:
            self._waits = True
            return
        self._alarm.schedule(self._byte_ns())

    def _byte_over(self) -> None:
        what, value = self._outcome
        getattr(self._block, what)(value)
        if what == "complete_connect" and not value:
            # The abort has emptied the queue; the emulator does not say so, and the driver waits for it.
            self._block.int_raw |= _TX_EMPTY

    def _connect(self, address: int, mode: int) -> None:
        self._device = None if address in self.gone else self.devices.get(address)
        if self._device is not None:
            self._device.start(mode == _READ)
        self._later("complete_connect", self._device is not None)

    def _write(self, value: int) -> None:
        if self._device is not None:
            self._device.write(value)
        self._later("complete_write", self._device is not None)

    def _read(self, _ack: bool) -> None:
        self._later("complete_read", self._device.read() & 0xFF if self._device is not None else 0xFF)

    def _stop(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.stop()
        self._block.complete_stop()


class SpiBus:
    """One SPI block with its parts; the select lines are the board's outputs. Nobody selected reads as
    ones."""

    def __init__(self, chip: Any, number: int) -> None:
        self._block = chip.spi[number]
        self._selected: list[SpiDevice] = []
        self.gone: list[SpiDevice] = []  # unplugged
        self._block.on_transmit = self._transmit

    def select(self, device: SpiDevice, level: int) -> None:
        """The select line of `device` went to `level`."""
        if level == 0 and device not in self._selected and device not in self.gone:
            self._selected.append(device)
            device.select()
        elif level and device in self._selected:
            self._selected.remove(device)
            device.deselect()

    def _transmit(self, value: int) -> None:
        answer = _IDLE_MISO
        for device in self._selected:
            answer &= device.transfer(value & 0xFF)
        self._block.complete_transmit(answer)

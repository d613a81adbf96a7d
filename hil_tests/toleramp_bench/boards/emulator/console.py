"""The board's console on USB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rp2040py.usb.cdc import USBCDC

_RETRY_NS = 100_000


class UsbConsole:
    """The host's side of the USB serial console."""

    def __init__(self, chip: Any, at_ns: Callable[[int, Callable[[], None]], Any]) -> None:
        self._cdc = USBCDC(chip.usb_ctrl)
        self._clock, self._at_ns = chip.clock, at_ns
        self._cdc.on_serial_data = self._received
        self._cdc.on_device_connected = self._enumerated
        self._out = bytearray()
        self._in = bytearray()
        self._pumping = False
        self._attached = True
        self._on_data: Callable[[bytes], None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the board has been enumerated since its last reset."""
        return bool(self._cdc._initialized)

    @property
    def pending(self) -> int:
        """Bytes typed that the board has not taken yet."""
        return len(self._out) + int(self._cdc.tx_fifo.item_count)

    def on_data(self, callback: Callable[[bytes], None] | None) -> None:
        """Hands what the board writes to `callback` instead of keeping it for `read`."""
        self._on_data = callback

    def attach(self, attached: bool) -> None:
        """A program on the host opens (or closes) the port: it raises (or drops) DTR."""
        self._attached = attached
        if self.connected:
            self._cdc.set_control_lines(dtr=attached, rts=attached)

    def write(self, data: bytes) -> None:
        """Queues `data` for the board."""
        self._out += data
        if not self._pumping:
            self._pump()

    def read(self) -> bytes:
        """What the board has written since the last call."""
        data = bytes(self._in)
        self._in.clear()
        return data

    def _pump(self) -> None:
        """Fills the controller's buffer, and comes again while there is more than it takes."""
        fifo = self._cdc.tx_fifo
        room = fifo.size - fifo.item_count if self.connected else 0
        for byte in self._out[:room]:
            self._cdc.send_serial_byte(byte)
        del self._out[:room]
        self._pumping = bool(self._out)
        if self._pumping:
            self._at_ns(self._clock.ticks // 16 + _RETRY_NS, self._pump)

    def _received(self, data: bytes | bytearray) -> None:
        if self._on_data is not None:
            self._on_data(bytes(data))
        else:
            self._in += data

    def _enumerated(self) -> None:
        if not self._attached:
            self._at_ns(self._clock.ticks // 16 + _RETRY_NS, lambda: self.attach(self._attached))

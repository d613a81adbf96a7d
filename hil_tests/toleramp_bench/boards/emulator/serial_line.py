"""A serial line into the board, bit time by bit time."""

from __future__ import annotations

from typing import Any

from toleramp_bench.boards.emulator.timeline import TICKS_PER_NS, Timeline
from toleramp_bench.devices.line_bits import bits, resample, same_line

_PARITY_ON, _EVEN = 0b010, 0b100  # of UARTLCR_H, RP2040 datasheet 4.2.8
_LINE_CONTROL = 0x2C


class SerialLine:
    """Delivers bytes to one UART when their stop bit is over.

    When the sender's rate or parity is not the receiver's, the receiver samples the same waveform in its own way and
    gets other bytes, some with the flags of a wrong frame or parity: as on a real line.
    """

    def __init__(self, block: Any, clock: Any, timeline: Timeline) -> None:
        self._block, self._clock, self._timeline = block, clock, timeline
        self._free_ns = 0

    def feed(self, word: int) -> None:
        """A word with its error flags is in the receiver now."""
        self._block.feed_byte(word)

    def parity(self) -> int | None:
        """The receiver's: 1 odd, 0 even, None."""
        control = int(self._block.read_uint32(_LINE_CONTROL))
        if not control & _PARITY_ON:
            return None
        return 0 if control & _EVEN else 1

    def send(self, data: bytes, baud: int, parity: int | None = None) -> None:
        """Queues `data` behind what is under way."""
        start = max(self._free_ns, self._clock.ticks // TICKS_PER_NS)
        size = bits(parity) * 1_000_000_000
        there = self._block.enabled and self._block.baud_divider
        if there and not same_line(baud, parity, self._block.baud_rate, self.parity()):
            self._send_resampled(data, baud, parity, start)
        else:
            for index, byte in enumerate(data):
                end = start + (index + 1) * size // baud
                self._timeline.at_ns(end, _Delivery(self._block, byte))
        self._free_ns = start + len(data) * size // baud

    def _send_resampled(self, data: bytes, baud: int, parity: int | None, start: int) -> None:
        for end_s, word in resample(data, baud, self._block.baud_rate, parity, self.parity()):
            self._timeline.at_ns(start + round(end_s * 1e9), _Delivery(self._block, word))


class _Delivery:
    __slots__ = ("_block", "_word")

    def __init__(self, block: Any, word: int) -> None:
        self._block, self._word = block, word

    def __call__(self) -> None:
        self._block.feed_byte(self._word)

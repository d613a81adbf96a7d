"""A serial line into the board, bit time by bit time."""

from __future__ import annotations

from typing import Any

from toleramp_bench.boards.emulator.timeline import TICKS_PER_NS, Timeline

FRAME_ERROR = 0x100
_BITS = 10
_TOLERANCE = 0.02
"""Relative difference of two rates up to which every byte arrives as it was sent."""


class SerialLine:
    """Delivers bytes to one UART when their stop bit is over.

    When the sender's rate is not the receiver's, the receiver samples the same waveform at its own rate and
    gets other bytes, some with the frame error flag: as on a real line.
    """

    def __init__(self, block: Any, clock: Any, timeline: Timeline) -> None:
        self._block, self._clock, self._timeline = block, clock, timeline
        self._free_ns = 0

    def feed(self, word: int) -> None:
        """A word with its error flags is in the receiver now."""
        self._block.feed_byte(word)

    def send(self, data: bytes, baud: int) -> None:
        """Queues `data` behind what is under way."""
        start = max(self._free_ns, self._clock.ticks // TICKS_PER_NS)
        receiver = self._block.baud_rate if self._block.enabled and self._block.baud_divider else baud
        if abs(receiver / baud - 1) > _TOLERANCE:
            self._send_resampled(data, baud, receiver, start)
        else:
            for index, byte in enumerate(data):
                end = start + (index + 1) * _BITS * 1_000_000_000 // baud
                self._timeline.at_ns(end, _Delivery(self._block, byte))
        self._free_ns = start + len(data) * _BITS * 1_000_000_000 // baud

    def _send_resampled(self, data: bytes, baud: int, receiver: int, start: int) -> None:
        for end_s, word in resample(data, baud, receiver):
            self._timeline.at_ns(start + round(end_s * 1e9), _Delivery(self._block, word))


class _Delivery:
    __slots__ = ("_block", "_word")

    def __init__(self, block: Any, word: int) -> None:
        self._block, self._word = block, word

    def __call__(self) -> None:
        self._block.feed_byte(self._word)


def resample(data: bytes, sent_baud: int, received_baud: int) -> list[tuple[float, int]]:
    """What a receiver at `received_baud` makes of `data` sent at `sent_baud`, 8N1 without pauses.

    Gives (seconds from the first start bit, word) for each byte it sees; `FRAME_ERROR` where the stop bit is
    low.
    """
    bits = [bit for byte in data for bit in (0, *((byte >> n) & 1 for n in range(8)), 1)]

    def level(seconds: float) -> int:
        index = int(seconds * sent_baud)
        return bits[index] if 0 <= index < len(bits) else 1

    words: list[tuple[float, int]] = []
    bit = 1 / received_baud
    index = 0
    while index < len(bits):
        if bits[index]:
            index += 1
            continue
        start = index / sent_baud
        word = sum(level(start + (1.5 + n) * bit) << n for n in range(8))
        stop = level(start + 9.5 * bit)
        words.append((start + 10 * bit, word | (0 if stop else FRAME_ERROR)))
        index = max(index + 1, -int(-(start + 9.5 * bit) * sent_baud // 1))
        while not stop and index < len(bits) and not bits[index]:
            index += 1
    return words

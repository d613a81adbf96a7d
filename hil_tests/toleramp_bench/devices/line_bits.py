"""Bytes as levels on a serial line, and what a receiver of other line settings makes of them.

Parity is as everywhere here: 1 odd, 0 even, None for none. One stop bit, low bit first.
"""

from __future__ import annotations

FRAME_ERROR, PARITY_ERROR = 0x100, 0x200  # as the chip has them in what it received
TOLERANCE = 0.02
"""Relative difference of two rates up to which every byte arrives as it was sent."""


def bits(parity: int | None) -> int:
    """How many bits a byte takes."""
    return 10 if parity is None else 11


def same_line(sent_baud: int, sent_parity: int | None, baud: int, parity: int | None) -> bool:
    """True when what is sent arrives as it was sent."""
    return abs(baud / sent_baud - 1) <= TOLERANCE and sent_parity == parity


def parity_bit(byte: int, parity: int) -> int:
    """What makes the number of ones odd, or even."""
    return (byte.bit_count() + parity) & 1


def levels(data: bytes, parity: int | None) -> list[int]:
    """The line's levels, one a bit time, bytes without a pause between them."""
    found: list[int] = []
    for byte in data:
        checked = [] if parity is None else [parity_bit(byte, parity)]
        found += [0, *((byte >> n) & 1 for n in range(8)), *checked, 1]
    return found


def resample(
    data: bytes, sent_baud: int, baud: int, sent_parity: int | None = None, parity: int | None = None
) -> list[tuple[float, int]]:
    """What a receiver makes of `data` sent at another rate or with another parity, without pauses.

    Gives (seconds from the first start bit, word) for each byte it sees; FRAME_ERROR where the stop bit is low,
    PARITY_ERROR where the parity is wrong.
    """
    sent = levels(data, sent_parity)

    def level(seconds: float) -> int:
        index = int(seconds * sent_baud)
        return sent[index] if 0 <= index < len(sent) else 1

    words: list[tuple[float, int]] = []
    bit, stop_at = 1 / baud, bits(parity) - 1
    index = 0
    while index < len(sent):
        if sent[index]:
            index += 1
            continue
        start = index / sent_baud
        word = sum(level(start + (1.5 + n) * bit) << n for n in range(8))
        if parity is not None and level(start + 9.5 * bit) != parity_bit(word, parity):
            word |= PARITY_ERROR
        stop = level(start + (stop_at + 0.5) * bit)
        words.append((start + (stop_at + 1) * bit, word | (0 if stop else FRAME_ERROR)))
        index = max(index + 1, -int(-(start + (stop_at + 0.5) * bit) * sent_baud // 1))
        while not stop and index < len(sent) and not sent[index]:
            index += 1
    return words

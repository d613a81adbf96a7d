"""The text on a screen, read from the pixels that were drawn there with the firmware's own letters.

The letters are looked up where the firmware keeps them, in the chip's memory: 8 columns each, twice as high on the
screen as they are there.
"""

from __future__ import annotations

from toleramp_bench.devices.screen import PAGES, WIDTH, Screen

FIRST, COUNT, COLUMNS = 32, 96, 8
LINES = PAGES // 2
_INVERTED = 128  # the bit of a character that is drawn so
_BLANK, _UNREAD = ord(" "), ord("?")


def doubled(nibble: int) -> int:
    """Four pixels of a column as eight."""
    return sum(3 << 2 * bit for bit in range(4) if nibble >> bit & 1)


_MARK = bytes(map(doubled, range(16))) + bytes(COLUMNS)  # what stands before the letters: this table, and a blank


def letters_in(memory: bytes) -> bytes | None:
    """The letters' columns, where a chip's memory holds them; None before it does."""
    at = memory.find(_MARK)
    return None if at < 0 else memory[at + 16 : at + 16 + COUNT * COLUMNS]


class Reader:
    """Reads a screen. `letters`: the columns of all letters, as `letters_in` finds them."""

    def __init__(self, letters: bytes) -> None:
        self._known: dict[bytes, int] = {}
        for number in range(COUNT):
            columns = letters[number * COLUMNS : (number + 1) * COLUMNS]
            cell = bytes(doubled(bits & 15) for bits in columns) + bytes(doubled(bits >> 4) for bits in columns)
            self._known.setdefault(cell, FIRST + number)
            self._known.setdefault(bytes(byte ^ 255 for byte in cell), FIRST + number | _INVERTED)

    def text(self, screen: Screen) -> bytes:
        """The 64 characters; "?" for one that is drawn in part, blanks where the screen is dark."""
        count = LINES * WIDTH // COLUMNS
        if not screen.on:
            return bytes([_BLANK]) * count
        return bytes(self._known.get(self._cell(screen, at), _UNREAD) for at in range(count))

    @staticmethod
    def _cell(screen: Screen, at: int) -> bytes:
        line, column = divmod(at, WIDTH // COLUMNS)
        top = 2 * line * WIDTH + column * COLUMNS
        ram = screen.ram
        return bytes(ram[top : top + COLUMNS]) + bytes(ram[top + WIDTH : top + WIDTH + COLUMNS])

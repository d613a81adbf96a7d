"""128x64 screen (SSD1309, SSD1306) on I2C: cells of four characters, 16 pixels high, 32 bytes a scan at the most.

Each second it is set up anew, which shows whether it answers, and heals one that was without power for a moment.

Glyphs are MicroPython's own 8x8 font, doubled in height from a table made once. Byte 127 is a solid bar, bit 7 inverts.
"""

import framebuf
from micropython import const

ADDRESS = 0x3C
_FIRST, _LAST, _BAR = const(32), const(126), const(127)
_INIT = bytes(
    (
        0x00,
        0xE3,
        0xE3,
        0xE3,
        0x20,
        0x00,
        0x40,
        0xA1,
        0xC8,
        0xA8,
        63,
        0xD3,
        0,
        0xD5,
        0x80,
        0xDA,
        0x12,
        0x81,
        0xCF,
        0xD9,
        0xF1,
        0xDB,
        0x34,
        0xA4,
        0xA6,
        0x8D,
        0x14,
        0xAF,
    )
)  # fmt: skip  (three NOPs first: they end a command whose arguments were lost)


def _font():
    glyphs = bytearray((_BAR - _FIRST + 1) * 8)
    cell = bytearray(8)
    canvas = framebuf.FrameBuffer(cell, 8, 8, framebuf.MONO_VLSB)
    for code in range(_FIRST, _LAST + 1):
        canvas.fill(0)
        canvas.text(chr(code), 0, 0)
        at = (code - _FIRST) * 8
        glyphs[at : at + 8] = cell
    glyphs[-8:] = b"\x7e" * 7 + b"\x00"
    return glyphs


def _doubled():
    """Each nibble of a column, its four pixels doubled to eight."""
    table = bytearray(16)
    for nibble in range(16):
        for bit in range(4):
            if nibble >> bit & 1:
                table[nibble] |= 3 << 2 * bit
    return table


@micropython.viper
def _render(text: ptr8, at: int, tables: ptr8, halves: ptr8):
    """Four characters from text[at:] to halves: 1 + 32 bytes of the upper half, 1 + 32 of the lower."""
    for i in range(4):
        code = int(text[at + i])
        flip = 0
        if code & 128:
            flip = 255
            code &= 127
        if code < 32:
            code = 32
        glyph = 16 + (code - 32) * 8
        for column in range(8):
            bits = int(tables[glyph + column])
            halves[1 + i * 8 + column] = int(tables[bits & 15]) ^ flip
            halves[34 + i * 8 + column] = int(tables[bits >> 4]) ^ flip


class Screen:
    """`draw` starts a cell, `step` sends what is left of it; `ready` when the next may come."""

    def __init__(self, bus):
        self._bus = bus
        self._tables = _doubled() + _font()
        self._halves = bytearray(66)
        self._halves[0] = self._halves[33] = 0x40
        view = memoryview(self._halves)
        self._top, self._bottom = view[:33], view[33:]
        self._window = bytearray((0x00, 0x21, 0, 0, 0x22, 0, 0))
        self.ready = True
        self.present = False
        self.keep_up()

    @micropython.native
    def keep_up(self):
        """Sets it up; what is shown stays."""
        self.present = self._bus.send(ADDRESS, _INIT)

    @micropython.native
    def draw(self, text, cell):
        """Renders cell `cell` (four to a line of 16) from the screen's text and sends its window and upper half."""
        if not self.present:
            return
        _render(text, cell * 4, self._tables, self._halves)
        window = self._window
        window[2] = (cell & 3) * 32
        window[3] = window[2] + 31
        window[5] = (cell >> 2) * 2
        window[6] = window[5] + 1
        if self._send(window) and self._send(self._top):
            self.ready = False

    @micropython.native
    def step(self):
        """Sends the lower half of the cell under way."""
        if not self.ready:
            self._send(self._bottom)
            self.ready = True

    @micropython.native
    def _send(self, data):
        if self._bus.send(ADDRESS, data):
            return True
        self.present = False
        self.ready = True
        return False

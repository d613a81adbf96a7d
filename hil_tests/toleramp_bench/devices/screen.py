"""A 128x64 screen with an SSD1306 or SSD1309 controller, on I2C."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

WIDTH, HEIGHT, PAGES = 128, 64, 8
_HORIZONTAL, _VERTICAL, _PAGE = 0, 1, 2
_OFF_STATUS = 0x40
_ARGUMENTS = {
    **dict.fromkeys((0x20, 0x81, 0x8D, 0xA8, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB, 0xFD), 1),
    **dict.fromkeys((0x21, 0x22, 0xA3), 2),
    **dict.fromkeys((0x29, 0x2A), 5),
    **dict.fromkeys((0x26, 0x27), 6),
}
"""How many bytes follow a command; none for those that are not here."""


class Screen:
    """The controller's memory and the settings that change what is seen.

    `ram` is its display memory (1024 bytes, a byte is eight pixels down, lowest bit on top); `written` counts
    data bytes.
    """

    def __init__(self) -> None:
        self.written = 0
        self.power_up()

    def power_up(self) -> None:
        """Everything as after power has come up (the real memory holds noise then, here it is dark)."""
        self.ram = bytearray(WIDTH * PAGES)
        self.on = self.inverted = self.all_on = False
        self.contrast = 0x7F
        self.mirrored_x = self.mirrored_y = True
        self.start_line = 0
        self._mode = _PAGE
        self._columns, self._pages = (0, WIDTH - 1), (0, PAGES - 1)
        self._column = self._page = 0
        self._command: list[int] = []
        self._control: int | None = None

    # --- bus -----------------------------------------------------------------------------------------------

    def start(self, read: bool) -> None:
        """A transfer begins."""
        self._control = None

    def read(self) -> int:
        """The status: bit 6 while the screen is off."""
        return 0 if self.on else _OFF_STATUS

    def stop(self) -> None:
        """A transfer ends."""

    def write(self, byte: int) -> None:
        """A control byte, a command or data."""
        if self._control is None:
            self._control = byte
            return
        if self._control & 0x40:
            self._data(byte)
        else:
            self._take_command(byte)
        if self._control & 0x80:
            self._control = None

    def _take_command(self, byte: int) -> None:
        self._command.append(byte)
        if len(self._command) > _ARGUMENTS.get(self._command[0], 0):
            command, *arguments = self._command
            self._command = []
            if arguments:
                self._set(command, arguments)
            else:
                self._switch(command)

    def _set(self, command: int, arguments: list[int]) -> None:
        if command == 0x20:
            self._mode = min(arguments[0] & 3, _PAGE)
        elif command == 0x21:
            self._columns = (arguments[0] & 0x7F, arguments[1] & 0x7F)
            self._column = self._columns[0]
        elif command == 0x22:
            self._pages = (arguments[0] & 7, arguments[1] & 7)
            self._page = self._pages[0]
        elif command == 0x81:
            self.contrast = arguments[0]

    def _switch(self, command: int) -> None:
        if command < 0x10:
            self._column = (self._column & 0x70) | command
        elif command < 0x20:
            self._column = (self._column & 0x0F) | (command & 7) << 4
        elif 0x40 <= command < 0x80:
            self.start_line = command & 0x3F
        elif command in (0xA0, 0xA1):
            self.mirrored_x = command == 0xA0
        elif command in (0xA4, 0xA5):
            self.all_on = command == 0xA5
        elif command in (0xA6, 0xA7):
            self.inverted = command == 0xA7
        elif command in (0xAE, 0xAF):
            self.on = command == 0xAF
        elif 0xB0 <= command < 0xB8:
            self._page = command & 7
        elif command in (0xC0, 0xC8):
            self.mirrored_y = command == 0xC0

    def _data(self, byte: int) -> None:
        self.ram[self._page * WIDTH + self._column] = byte
        self.written += 1
        if self._mode == _PAGE:
            self._column = (self._column + 1) % WIDTH
        elif self._mode == _HORIZONTAL:
            self._column, wrapped = _next(self._column, self._columns)
            if wrapped:
                self._page, _ = _next(self._page, self._pages)
        else:
            self._page, wrapped = _next(self._page, self._pages)
            if wrapped:
                self._column, _ = _next(self._column, self._columns)

    # --- what is seen --------------------------------------------------------------------------------------

    def pixels(self) -> list[bytes]:
        """The 64 rows from the top, 128 bytes each, 1 for a lit pixel.

        The glass is mounted as on the usual modules: upright with commands A1 and C8.
        """
        rows = [bytes(self._lit(x, y) for x in range(WIDTH)) for y in range(HEIGHT)]
        if self.mirrored_x:
            rows = [row[::-1] for row in rows]
        return rows[::-1] if self.mirrored_y else rows

    def _lit(self, x: int, y: int) -> int:
        if not self.on:
            return 0
        line = (y + self.start_line) % HEIGHT
        bit = self.all_on or self.ram[line // 8 * WIDTH + x] >> line % 8 & 1
        return int(bit) ^ int(self.inverted)

    def to_png(self, path: Path, scale: int = 4) -> None:
        """Writes what is seen as a PNG, each pixel `scale` wide. Raises OSError when that fails."""
        flat = b"".join(self.pixels()).translate(bytes([0, 255]) + bytes(254))
        image = Image.frombytes("L", (WIDTH, HEIGHT), flat)
        image.resize((WIDTH * scale, HEIGHT * scale), Image.Resampling.NEAREST).save(path, "PNG")


def _next(value: int, limits: tuple[int, int]) -> tuple[int, bool]:
    return (limits[0], True) if value == limits[1] else ((value + 1) & 0x7F, False)

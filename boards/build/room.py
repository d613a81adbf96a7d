"""An image has to end below its board's file system, whose first writing would overwrite the image's end."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import BuildError

# Bytes of flash on the module that PICO_BOARD names (pico-sdk, src/boards/include/boards/*.h, PICO_FLASH_SIZE_BYTES).
_FLASH = {"pico": 2 << 20, "pico_w": 2 << 20, "pico2": 4 << 20}
_MODULE = re.compile(r'PICO_BOARD\s+"?(\w+)')
_STORAGE = re.compile(r"^#define\s+MICROPY_HW_FLASH_STORAGE_BYTES\s+\((\d+) \* 1024\)", re.MULTILINE)


def room_bytes(board: Path) -> int:
    """How long a board's image may be, by its mpconfigboard.*: what module it is, and what the file system has.

    Raises BuildError (code 2) when they do not.
    """
    module = _MODULE.search((board / "mpconfigboard.cmake").read_text())
    if not module or module[1] not in _FLASH:
        raise BuildError(f"boards/{board.name}/mpconfigboard.cmake: PICO_BOARD has to be {', '.join(_FLASH)}", 2)
    storage = _STORAGE.search((board / "mpconfigboard.h").read_text())
    if not storage:
        raise BuildError(f"boards/{board.name}/mpconfigboard.h: no MICROPY_HW_FLASH_STORAGE_BYTES (N * 1024)", 2)
    return _FLASH[module[1]] - int(storage[1]) * 1024


def check(board: Path, image_bytes: int) -> None:
    """Raises BuildError for an image that reaches into the file system."""
    room = room_bytes(board)
    if image_bytes > room:
        raise BuildError(
            f"boards/{board.name}: the image has {image_bytes:,} bytes and reaches into the file system, which begins"
            f" at {room:,}: less code, or less MICROPY_HW_FLASH_STORAGE_BYTES",
            1,
        )

"""Puts length and CRC-32 of an image where the firmware finds them (drivers/image.py), in the image itself.

They take the place of three entries of the vector table that the processor never uses: numbers 8, 9 and 10. The CRC is
over all bytes of the image but these.
"""

from __future__ import annotations

import struct
import zlib

AT = 0x120  # the table begins at 0x100, behind the second stage of the boot
SIZE = 12
_MARK = b"TLIM"


def sealed(image: bytes) -> bytes:
    """The image with its length, its CRC and the mark."""
    crc = zlib.crc32(image[AT + SIZE :], zlib.crc32(image[:AT]))
    return image[:AT] + struct.pack("<II4s", len(image), crc, _MARK) + image[AT + SIZE :]


def is_sealed(image: bytes) -> bool:
    """Whether an image holds what it should."""
    return sealed(image) == image

"""What the images are built from: exact versions and the SHA-256 of every file, and the check of both."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError

SUITE = "trixie"
MICROPYTHON = "1.25.0"
SOURCE_DATE_EPOCH = 1744675200  # 2025-04-15, the day of MicroPython 1.25.0: the image does not depend on today


@dataclass(frozen=True)
class Pin:
    """One Debian package: a source package, or (binary) a package that carries sources."""

    package: str
    version: str
    binary: bool
    files: tuple[tuple[str, str], ...]  # (name as apt saves it, SHA-256)


PINS = (
    Pin(
        "micropython",
        "1.25.0+ds-1",
        False,
        (
            (
                "micropython_1.25.0+ds-1.dsc",
                "8c7c406be88a6f3bc19e694eb0bbc5841112243fdf2b5a296e000d8fdc5f3c34",
            ),
            (
                "micropython_1.25.0+ds-1.debian.tar.xz",
                "87cd89f7900c86b963885dabe25acf3e5348815993f1500278ad8f6464465af4",
            ),
            (
                "micropython_1.25.0+ds.orig.tar.xz",
                "7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea",
            ),
        ),
    ),
    Pin(
        "mbedtls",
        "3.6.6-0.1~deb13u1",
        False,
        (
            (
                "mbedtls_3.6.6-0.1~deb13u1.dsc",
                "eb9ed1adbbddcb0d00276fac6fcee0056c64ce01481c2522a16dca75792eb5eb",
            ),
            (
                "mbedtls_3.6.6-0.1~deb13u1.debian.tar.xz",
                "210466c522eeebc85cf2f76bd5aef935b4ebac465559cc0a84f9e73a8ed6601c",
            ),
            (
                "mbedtls_3.6.6.orig.tar.bz2",
                "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a",
            ),
        ),
    ),
    Pin(
        "pico-sdk-source",
        "2.1.1-1",
        True,
        (
            (
                "pico-sdk-source_2.1.1-1_all.deb",
                "507a3ca37636641bc90239d7c04dc9dc28c5008087a8162102ea94d2273153d3",
            ),
        ),
    ),
    Pin(
        "tinyusb-source",
        "0.18.0+dfsg-1",
        True,
        (
            (
                "tinyusb-source_0.18.0+dfsg-1_all.deb",
                "01ce2c645df68f14a8a7dcfc8fb355713152543757955820479a87949a61154e",
            ),
        ),
    ),
)


def pin_text(pins: tuple[Pin, ...] = PINS) -> str:
    """The table as text: what the build hash and the cache's key are made of."""
    rows = [f"{pin.package} {pin.version} {name} {digest}" for pin in pins for name, digest in pin.files]
    return "\n".join([SUITE, *sorted(rows)])


def pins_key(pins: tuple[Pin, ...] = PINS) -> str:
    """Twelve hex digits that change with any pin."""
    return hashlib.sha256(pin_text(pins).encode()).hexdigest()[:12]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def missing_files(pin: Pin, folder: Path) -> list[str]:
    """The pin's files that are not in the folder."""
    return [name for name, _ in pin.files if not (folder / name).is_file()]


def check_digests(pin: Pin, folder: Path) -> None:
    """Raises BuildError naming the first file whose content is not the pinned one; the file is removed."""
    for name, pinned in pin.files:
        found = sha256_of(folder / name)
        if found != pinned:
            (folder / name).unlink()
            raise BuildError(
                f"{name}: its SHA-256 is {found[:16]}..., pinned is {pinned[:16]}... "
                "(boards/build/sources.py); it was removed, run again to fetch it anew"
            )

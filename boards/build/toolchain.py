"""MicroPython's sources, ready to build from: the pinned ones in the shared cache, or one's own checkout."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .errors import BuildError
from .paths import cache_dir
from .run import locked, logged, say
from .sources import MICROPYTHON, PINS, pin_text, pins_key

_RECIPE = 1  # counted up when the way of unpacking changes: old caches are then left alone


@dataclass(frozen=True)
class Toolchain:
    """Where MicroPython is, where another SDK is (or None), and what both are, for the build hash."""

    mpy: Path
    sdk: Path | None
    identity: str
    pinned: bool


def described() -> Toolchain:
    """The toolchain that the environment asks for, without preparing it (no network, no time)."""
    own_sdk = _checkout("PICO_SDK_PATH", "pico_sdk_init.cmake")
    own = _checkout("MPY_DIR", "py/mpconfig.h")
    sdk_text = f"\nsdk {_revision(own_sdk)}" if own_sdk else ""
    if own:
        return Toolchain(own, own_sdk, f"checkout {_revision(own)}{sdk_text}", False)
    return Toolchain(_tree() / "micropython", own_sdk, pin_text() + sdk_text, own_sdk is None)


def prepared() -> Toolchain:
    """The same, fetched, unpacked, with mpy-cross built. Safe against a second build and an interruption."""
    chain = described()
    if os.environ.get("MPY_DIR"):
        _check_submodules(chain)
        logged("mpy-cross", ["make", "-C", chain.mpy / "mpy-cross", _jobs()], "mpy-cross")
    elif not chain.mpy.exists():
        with locked(cache_dir() / "lock", "it is preparing MicroPython's sources"):
            if not chain.mpy.exists():
                _prepare(_tree())
    return chain


def _checkout(variable: str, proof: str) -> Path | None:
    value = os.environ.get(variable)
    if not value:
        return None
    folder = Path(value).expanduser().resolve()
    if not (folder / proof).is_file():
        raise BuildError(f"{variable}={value}: no {proof} in it; name the top folder of a checkout", 2)
    return folder


def _check_submodules(chain: Toolchain) -> None:
    proofs = ["lib/tinyusb/src/tusb.h", "lib/mbedtls/include"]
    proofs += [] if chain.sdk else ["lib/pico-sdk/pico_sdk_init.cmake"]
    for proof in proofs:
        if not (chain.mpy / proof).exists():
            raise BuildError(f"MPY_DIR: {proof} is missing; in it run: make -C ports/rp2 submodules", 2)


def _revision(folder: Path) -> str:
    """The checkout's git revision, or its version where it has no git."""
    result = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True)
    if result.returncode == 0:
        return result.stdout.strip()
    text = "".join(path.read_text() for path in folder.glob("py/mpconfig.h"))
    return " ".join(re.findall(r"#define MICROPY_VERSION_\w+ +(\d+)", text)) or folder.name


def _tree() -> Path:
    return cache_dir() / f"toolchain-{_RECIPE}-{pins_key()}-{platform.machine()}"


def _jobs() -> str:
    return f"-j{os.cpu_count() or 1}"


def _prepare(tree: Path) -> None:
    """Fetches, unpacks and compiles beside the final place, then renames: it is there whole or not at all."""
    downloads = cache_dir() / "downloads"
    part = tree.with_name(f"{tree.name}.part")
    for left in (part, *downloads.glob("apt-*")):  # of a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    debian.fetch(downloads)
    part.mkdir()
    say(f"sources: unpacking MicroPython {MICROPYTHON} and building mpy-cross (once for all clones)")
    _unpack(downloads, part)
    _link(part / "micropython")
    logged("mpy-cross", ["make", "-C", part / "micropython/mpy-cross", _jobs()], "mpy-cross")
    part.rename(tree)


def _unpack(downloads: Path, part: Path) -> None:
    for pin in PINS:
        first = downloads / pin.files[0][0]
        command: list[str | Path]
        if pin.binary:
            command = ["dpkg-deb", "-x", first, part / "packages"]
        else:
            command = ["dpkg-source", "--no-check", "-x", first, part / pin.package]
        logged(f"unpacking {first.name}", command, "mpy-cross")


def _link(mpy: Path) -> None:
    """Links what Debian ships apart to where MicroPython looks for it; relative: the tree gets renamed."""
    targets = {
        "pico-sdk": "../../packages/usr/src/pico-sdk",
        "tinyusb": "../../packages/usr/src/tinyusb",
        "mbedtls": "../../mbedtls",
    }
    for name, target in targets.items():
        place = mpy / "lib" / name
        shutil.rmtree(place, ignore_errors=True)
        place.symlink_to(target)

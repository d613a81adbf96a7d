"""Puts an image on a board: asks it to start its boot loader, then copies the UF2 to the drive that appears.

python3 -m boards.build.flash --board pump_pico [--port /dev/ttyACM0]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .errors import BuildError
from .paths import BUILD, ROOT, shown
from .run import say

_MARKER = "INFO_UF2.TXT"  # every UF2 boot loader's drive has it; the label is checked as well
_LABELS = ("RPI-RP2", "RP2350")
_WAIT_S = 10.0


def mounted_volumes(mounts: str | None = None) -> list[Path]:
    """The mounted drives of boards in their boot loader."""
    if mounts is None:
        table = Path("/proc/mounts")
        mounts = table.read_text() if table.exists() else ""
    points = [Path(line.split()[1].replace("\\040", " ")) for line in mounts.splitlines() if line.strip()]
    points += [Path("/Volumes") / label for label in _LABELS]
    return [point for point in points if point.name in _LABELS and (point / _MARKER).is_file()]


def start_boot_loader(port: str) -> bool:
    """Asks the board for its boot loader; False when it does not answer (a running pump does not)."""
    command = [str(ROOT / ".venv/bin/mpremote"), "connect", port, "bootloader"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def wait_for_volume(seconds: float) -> Path | None:
    """The first drive that appears within the time."""
    end = time.monotonic() + seconds
    while True:
        volumes = mounted_volumes()
        if volumes or time.monotonic() > end:
            return volumes[0] if volumes else None
        time.sleep(0.25)


def flash(image: Path, port: str) -> None:
    """Copies the image. Raises BuildError (2: there is no image; 1: no board in its boot loader)."""
    if not image.is_file():
        raise BuildError(f"no image {shown(image)}: make firmware first", 2)
    volume = wait_for_volume(0) or wait_for_volume(_WAIT_S if start_boot_loader(port) else 0)
    if volume is None:
        raise BuildError(
            f"no drive named {_LABELS[0]} is mounted: hold BOOTSEL while plugging the board in, "
            f"mount the drive, then run this again or copy {shown(image)} to it"
        )
    target = volume / "firmware.uf2"
    shutil.copyfile(image, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    say(f"flash: {shown(image)} copied to {volume}; the board starts it by itself")


def main(words: list[str] | None = None) -> int:
    """The command line; exit code 0, 1 or 2."""
    parser = argparse.ArgumentParser(prog="boards.build.flash", description="Puts an image on a board.")
    parser.add_argument("--board", default="pump_pico", help="which image (default: pump_pico)")
    parser.add_argument("--port", default="auto", help="the board's serial port (default: the only one)")
    options = parser.parse_args(words)
    try:
        flash(BUILD / options.board / "firmware.uf2", options.port)
    except BuildError as error:
        print(f"flash: {error}", file=sys.stderr)
        return error.code
    except OSError as error:
        # The board restarts as soon as it has the whole image, now and then before the copy returns.
        print(f"flash: the copy ended with {error.strerror}; check that the board starts", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

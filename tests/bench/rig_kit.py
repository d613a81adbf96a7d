"""The rig's image alone on an emulated board, and with the pump's; not run where an image is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from toleramp_bench.boards.emulator import Board
from toleramp_bench.boards.rig.bench import Stream
from toleramp_bench.boards.rig.emulated import EmulatedPair
from toleramp_bench.boards.rig.link import RigLink
from toleramp_bench.places import image


def rig_image() -> Path:
    """The rig's image; the test is not run without it."""
    try:
        return image("rig_pico")
    except FileNotFoundError as error:
        pytest.skip(f"not run: {error}")


def pair(broken: tuple[str, ...] = ()) -> EmulatedPair:
    """Pump and rig, wired; some wires cut."""
    rig_image()
    try:
        return EmulatedPair(broken=broken)
    except FileNotFoundError as error:
        pytest.skip(f"not run: {error}")


class Line:
    """The laptop's end of the rig's console."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.spoil = 0  # so many of the next lines to the rig are damaged on their way
        self.swallow = 0  # so many of the next answers get lost

    def write(self, data: bytes) -> None:
        """Types it."""
        if self.spoil:
            self.spoil -= 1
            data = data.replace(b" ", b"_", 1)
        self.board.usb_write(data)

    def read(self) -> bytes:
        """What it said."""
        data = self.board.usb_read()
        if self.swallow and b"\n" in data:
            self.swallow -= 1
            return b""
        return data


class LoneRig:
    """A bench with a rig and nothing on its pins but what the test puts there."""

    lead_us, off_us, places = 100_000, 10_000, ("the rig", "nothing")

    def __init__(self) -> None:
        self.board = Board(rig_image())
        self.line = Line(self.board)
        self.link = RigLink(self)
        self.link.hello()

    @property
    def rig(self) -> Stream:
        """Its line."""
        return self.line

    @property
    def pump(self) -> Stream:
        """There is none."""
        raise AssertionError("no pump here")

    @property
    def now_us(self) -> int:
        """Simulated time."""
        return self.board.now_us

    def wait(self, us: int) -> None:
        """Lets it run."""
        self.board.run_for(us)

    def wait_for(self, holds: Callable[[], bool], limit_us: int) -> bool:
        """Lets it run until `holds()`."""
        return self.board.run_until(holds, limit_us, 200)

    def close(self) -> None:
        """Nothing runs by itself."""

"""A provisioned pump: its keyring written into its flash in service mode, as `toleramp keys install` does."""

from __future__ import annotations

from pathlib import Path

from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.places import image as default_image
from toleramp_bench.places import pins


def flash_with_keyring(ring: bytes, image: Path | None = None, flash: bytes | None = None) -> bytes:
    """The flash of a pump that was started in service mode (SILENCE held) and got `ring` as /keyring.bin."""
    board = Board(image or default_image(), flash=flash)
    wires = pins()
    for pin in (wires.START, wires.CONFIRM, wires.UP, wires.DOWN):
        board.set_input(pin, 1)
    board.set_input(wires.SILENCE, 0)
    repl = Repl(board)
    repl.enter()
    repl.run(f"f = open('/keyring.bin', 'wb'); f.write({ring!r}); f.close()")
    board.run_for(200_000)
    return board.flash_image()

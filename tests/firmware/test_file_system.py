"""The file system of the real image: where it always was, made in a blank flash alone, through any cut (INT-2)."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from pump.store.archive import SECTOR_BYTES, SECTORS
from toleramp_bench.boards.emulator.board import FLASH_BYTES, Board
from toleramp_bench.boards.emulator.repl import Repl, ReplError
from toleramp_bench.boards.provision import service
from toleramp_bench.places import pins

FILES = FLASH_BYTES - (1 << 20)  # where it begins, in each image before too
LOG = FILES - SECTORS * SECTOR_BYTES
WRITES = "f = open('/a', 'wb'); f.write(b'kept'); f.close()"
READS = "print(open('/a', 'rb').read())"
SLICE_US = 100


def prompt(firmware: Path, flash: bytes | None = None) -> tuple[Board, Repl]:
    """A board in service mode."""
    board = Board(firmware, flash=flash)
    service(board, pins())
    repl = Repl(board)
    repl.enter()
    return board, repl


def said(repl: Repl, program: str) -> str:
    """What it prints; "" where it fails."""
    with contextlib.suppress(ReplError):
        return repl.run(program).strip()
    return ""


@pytest.mark.req("INT-2", "INT-4")
def test_files_stay_and_lie_in_the_last_megabyte(firmware: Path) -> None:
    """Else after an update the keys are gone; or a file is written into the log."""
    board, repl = prompt(firmware)
    repl.run(WRITES)
    board.run_for(100_000)
    flash = board.flash_image()
    assert flash[FILES : FILES + 2 * SECTOR_BYTES].count(b"littlefs") >= 1
    assert flash[LOG:FILES] == b"\xff" * (FILES - LOG) and flash[-SECTOR_BYTES:] == b"\xff" * SECTOR_BYTES
    assert said(prompt(firmware, flash)[1], READS) == "b'kept'"


@pytest.mark.req("INT-4", "INT-12")
def test_what_cannot_be_read_is_not_written_over(firmware: Path) -> None:
    """Else a damaged superblock costs the keys, and defaults are all that is left."""
    board, repl = prompt(firmware)
    repl.run(WRITES)
    board.run_for(100_000)
    flash = bytearray(board.flash_image())
    for block in (0, 1):
        at = FILES + block * SECTOR_BYTES
        flash[at : at + 64] = bytes(64)
    board, repl = prompt(firmware, bytes(flash))
    assert said(repl, READS) == "" and board.flash_image()[FILES:] == bytes(flash[FILES:])
    far = bytearray(b"\xff" * FLASH_BYTES)
    far[FILES + 200 * SECTOR_BYTES] = 0  # nothing begins there, but something lies there
    board, repl = prompt(firmware, bytes(far))
    assert said(repl, WRITES + READS) == "" and board.flash_image()[FILES:] == bytes(far[FILES:])


@pytest.mark.req("INT-2")
def test_a_power_cut_while_it_is_made_leaves_one_that_can_be_made(firmware: Path) -> None:
    """Else a pump whose first power-on was cut has no place for keys, ever."""
    board = Board(firmware)
    images, before = [], (0, 0)

    def changed() -> bool:
        nonlocal before
        now = board.flash.programs, board.flash.erases
        if now != before:
            before = now
            images.append(board.flash_image())
        return board.now_us > 3_000_000 or len(images) > 40

    board.run_until(changed, 3_000_000, SLICE_US)
    assert 4 <= len(images) <= 40
    for flash in images[:-1]:
        repl = prompt(firmware, flash)[1]
        repl.run(WRITES)
        assert said(repl, READS) == "b'kept'"

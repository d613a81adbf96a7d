"""The memory of orders is emptied on the real image, in service mode, by what `toleramp orders forget` runs there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pump.store.journal import SLOT
from pump.store.orders import FIRST_SLOT, LAST_SLOT
from toleramp.device.orders_memory import FORGET
from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.provision import service
from toleramp_bench.devices.fram import Fram
from toleramp_bench.places import pins

AREA = slice(FIRST_SLOT * SLOT, (LAST_SLOT + 1) * SLOT)


@pytest.mark.req("SES-15", "INT-12")
@pytest.mark.parametrize("there", [True, False])
def test_a_damaged_memory_is_empty_afterwards_and_its_neighbours_are_whole(firmware: Path, there: bool) -> None:
    """Else a pump with a damaged memory takes no order for ever, or its log and settings go with it."""
    board, fram = Board(firmware), Fram()
    fram.contents[:] = b"\x5a" * len(fram.contents)
    board.attach_spi(0, pins().FRAM_CS, fram)
    if not there:
        board.unplug_spi(0, fram, True)
    service(board, pins())
    repl = Repl(board)
    repl.enter()
    assert repl.run(FORGET).strip() == ("1" if there else "0")
    assert not there or not any(fram.contents[AREA])
    fram.contents[AREA] = b"\x5a" * (AREA.stop - AREA.start)
    assert fram.contents == b"\x5a" * len(fram.contents)

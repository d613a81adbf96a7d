"""The log's memory is freed on the real image, in service mode, by what `toleramp log clear` runs there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pump.io import KEPT, Outputs
from pump.store import clearing
from pump.store.journal import RECORD, SLOTS, Journal
from pump.tables import events
from toleramp.device.log_memory import program
from toleramp.pump_log import form
from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.provision import service
from toleramp_bench.devices.fram import Fram
from toleramp_bench.places import pins

RECORDS = 300
OPENED = form.digest_of(b"line 1\n")


@pytest.mark.req("INT-5", "INT-12")
def test_a_log_that_the_laptop_has_is_freed_and_its_neighbours_are_whole(firmware: Path) -> None:
    """Else a full log is full for ever; or orders and settings go with it; or what nobody has."""
    board, fram = Board(firmware), Fram()
    fram.contents[:] = b"\x5a" * len(fram.contents)
    fram.contents[: SLOTS * RECORD] = bytes(SLOTS * RECORD)
    journal, out, digest = Journal(), Outputs(), OPENED
    for slot in range(RECORDS):
        journal.event(events.BOOT)
        journal.store_next(out)
        journal.settle(KEPT)
        fram.contents[slot * RECORD : (slot + 1) * RECORD] = out.fram
        digest = form.linked(digest, slot, bytes(out.fram))
    before = bytes(fram.contents)
    board.attach_spi(0, pins().FRAM_CS, fram)
    service(board, pins())
    repl = Repl(board)
    repl.enter()
    assert repl.run(program(OPENED, digest[::-1])).split()[-1] == f"{clearing.OTHER}"
    assert fram.contents == before
    assert repl.run(program(OPENED, digest)).split()[-1] == f"{clearing.FREED}"
    newest = before[(RECORDS - 1) * RECORD : RECORDS * RECORD]
    assert fram.contents == newest + bytes((SLOTS - 1) * RECORD) + before[SLOTS * RECORD :]

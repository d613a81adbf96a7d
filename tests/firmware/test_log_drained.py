"""The log of the real image goes to the flash while the pump rests: no reset, no edge, every record once (INT-5)."""

from __future__ import annotations

from pathlib import Path

import pytest
from firmware_kit import Cable, tool

from pump.io import KEPT, Outputs
from pump.store.archive import PER_SECTOR, RECORDS
from pump.store.draining import KEEP
from pump.store.journal import RECORD, SLOTS, Journal
from pump.tables import events, states
from pump.tables import messages as m
from toleramp.pump_log import reading
from toleramp_bench.boards.emulator.edges import EdgeLog
from toleramp_bench.boards.emulator.flash import TYPICAL_US, WORST_US
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.fram import Fram
from toleramp_bench.figures.measure import run_session
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace

PAST, WHOLE = 2 * PER_SECTOR + KEEP + 4, 2  # records of an earlier power-on, and the sectors that they fill
START_S = 30  # a nurse has started it by then
DRAIN_S = 12
LATE_US = 2_000


def past() -> Fram:
    """A FRAM with a log."""
    fram, journal, out = Fram(), Journal(), Outputs()
    for slot in range(PAST):
        journal.event(events.ALARM_RAISED if slot else events.BOOT, 0, 0 if slot else m.SIGNED_CONTRACT)
        journal.store_next(out)
        journal.settle(KEPT)
        fram.contents[slot * RECORD : (slot + 1) * RECORD] = out.fram
    return fram


def records(fram: Fram) -> list[bytes]:
    """What lies in its first slots."""
    return [bytes(fram.contents[at : at + RECORD]) for at in range(0, PAST * RECORD, RECORD)]


def places(bench: PumpBench) -> list[bytes]:
    """All that the pump holds, as a laptop asks for it."""
    found: list[bytes] = []
    while True:
        said = bench.ask(m.STORED_GET, slot=len(found), count=m.STORED_MOST).fields
        data = said.get("data", b"")
        found += [data[at : at + RECORD] for at in range(0, len(data), RECORD)]
        if len(found) >= said["end"]:
            return found


def drained(bench: PumpBench) -> bool:
    """Whether the rest has moved down."""
    return not any(bench.fram.contents[(KEEP + PER_SECTOR) * RECORD : PAST * RECORD])


@pytest.mark.req("INT-5", "INT-12", "FLO-1")
@pytest.mark.parametrize("times", [TYPICAL_US, WORST_US], ids=["typical", "worst"])
def test_a_pump_that_rests_drains_its_log_and_starts_as_ever(
    firmware: Path, blob: bytes, times: dict[int, int]
) -> None:
    """Else after a few sessions the pump is full; or an erase resets it, or moves the motor, or costs a record."""
    fram = past()
    kept = records(fram)
    bench = PumpBench(firmware, fram=fram)
    bench.boot()
    bench.board.flash.times_us = times
    erases, heap = bench.board.flash.erases, bench.stats()["free_heap"]
    permit = EdgeLog(bench.board, bench.pins.PERMIT, 1)
    steps = len(bench.step_log.times)
    bench.run_until(lambda: drained(bench), DRAIN_S, "the log to be drained")
    assert bench.board.flash.erases == erases + WHOLE and bench.board.resets == 0
    assert not permit.times and len(bench.step_log.times) == steps
    assert bench.ask(m.STORED_GET, slot=0, count=0).fields["flash"] == WHOLE
    assert bench.stats()["free_heap"] > heap - 2_000
    found = places(bench)
    assert found[:PAST] == kept and len(set(found)) == len(found)
    before = bench.stats()
    bench.load(blob)
    run_session(bench, Nurse(ScreenPace()), lambda: bench.state() == states.NAMES[states.RUNNING], START_S)
    bench.run_for(1)
    after = bench.stats()
    assert after["late_worst_us"] < max(LATE_US, before["late_worst_us"] + 1) and after["overruns"] == 0
    again = places(bench)  # in flow
    assert again[: len(found)] == found and len(set(again)) == len(again) > len(found)
    assert bench.state() == states.NAMES[states.RUNNING] and bench.board.flash.erases == erases + WHOLE
    assert bench.stats()["free_heap"] == after["free_heap"] and bench.board.resets == 0


@pytest.mark.req("INT-2", "INT-5")
def test_a_pull_goes_through_the_drain_and_a_power_cut(firmware: Path, world: Path, tmp_path: Path) -> None:
    """Else who pulls while the log moves, or after a cut, has records twice, or not at all."""
    bench = PumpBench(firmware, fram=past())
    bench.boot()
    path = tmp_path / "log.jsonl"
    cable = Cable(bench)
    try:
        cable.plug()
        assert tool("log", "pull", "--port", cable.port, "-o", str(path)).process.returncode == 0
    finally:
        cable.close()
    bench.run_until(lambda: drained(bench), DRAIN_S, "the log to be drained")
    again = PumpBench(firmware, fram=bench.fram, flash=bench.board.flash_image())
    again.fram.power_cut()
    again.boot()
    cable = Cable(again)
    try:
        cable.plug()
        said = tool("log", "pull", "--port", cable.port, "-o", str(path))
        checked = tool("log", "check", str(path), "--pump", "--port", cable.port)
    finally:
        cable.close()
    assert said.process.returncode == checked.process.returncode == 0, said.out + checked.out
    log = reading.read(path)
    assert len(log.lines) > PAST and "whole and in order" in said.out and f"of {SLOTS + RECORDS}" in said.out
    assert [row.record for row in log.kept][:PAST] == records(past())

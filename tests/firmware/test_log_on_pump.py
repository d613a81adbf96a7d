"""The pump's log pulled from the image on the emulated board: more than its RAM holds, at rest and in flow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from firmware_kit import Cable, Tool, tool

from pump.io import KEPT, Outputs
from pump.store.journal import RECORD, RING, SLOTS, Journal
from pump.tables import events, states
from pump.tables import messages as m
from toleramp.pump_log import reading
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.fram import Fram
from toleramp_bench.figures.measure import run_session
from toleramp_bench.names import EVENTS
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace

START_S = 30  # a nurse has started it by then
OLD, IN_FLOW = 70, 32  # records of an earlier power-on, and those of them that are pulled in flow
WORST_US, LATE_US = 6_000, 2_000


@pytest.fixture
def bench(firmware: Path) -> PumpBench:
    """A pump with a past."""
    fram, journal, out = Fram(), Journal(), Outputs()
    for slot in range(OLD):
        journal.event(events.ALARM_RAISED if slot else events.BOOT, 0, 0 if slot else m.SIGNED_CONTRACT)
        journal.store_next(out)
        journal.settle(KEPT)
        fram.contents[slot * RECORD : (slot + 1) * RECORD] = out.fram
    bench = PumpBench(firmware, fram=fram)
    bench.boot()
    return bench


@pytest.mark.req("INT-5")
def test_the_tool_pulls_the_whole_log_through_a_cut_cable(bench: PumpBench, world: Path, tmp_path: Path) -> None:
    """Else what the pump kept can be read only from what somebody listened to."""
    cable, path = Cable(bench), tmp_path / "log.jsonl"
    try:
        cable.plug()
        cable.cut_by, cable.cut_after = m.STORED[0], 12
        process = Tool("log", "pull", "--port", cable.port, "-o", str(path))
        process.refuses("connection lost", "run it again: it goes on there")
        cable.pull()
        cable.plug()
        said = tool("log", "pull", "--port", cable.port, "-o", str(path))
    finally:
        cable.close()
    log = reading.read(path)
    assert len(log.lines) > RING and said.process.returncode == 0, said.out + said.err
    assert [row.record for row in log.kept] == [
        bytes(bench.fram.contents[at : at + RECORD]) for at in range(0, len(log.lines) * RECORD, RECORD)
    ]
    assert re.search(r"whole and in order.*; \d+ new; the pump's memory holds \d+ of " + str(SLOTS), said.out)
    shown = tool("log", "show", str(path), "--kind", EVENTS.BOOT)
    assert len(shown.out.splitlines()) >= 1 and shown.process.returncode == 0


@pytest.mark.req("INT-5", "INT-7")
def test_a_pull_in_flow_disturbs_nothing(bench: PumpBench, blob: bytes) -> None:
    """Else who reads the log makes the motor late, or the scan long."""
    bench.load(blob)
    run_session(bench, Nurse(ScreenPace()), lambda: bench.state() == states.NAMES[states.RUNNING], START_S)
    before = bench.stats()
    found = b""
    while len(found) < IN_FLOW * RECORD:
        found += bench.ask(m.STORED_GET, slot=len(found) // RECORD, count=m.STORED_MOST).fields["data"]
    assert found == bytes(bench.fram.contents[: IN_FLOW * RECORD])
    stats = bench.stats()
    assert stats["overruns"] == 0 and stats["worst_us"] <= max(before["worst_us"], WORST_US), stats
    assert stats["late_worst_us"] < LATE_US and stats["free_heap"] == before["free_heap"], stats
    assert bench.state() == states.NAMES[states.RUNNING] and not bench.find(events.NAMES[events.FAULT])

"""Faults of parts and buses, floods and counters near their ends, on the image on the emulated board."""

from __future__ import annotations

import re
from typing import Any

import pytest
from firmware_kit import in_its_fork
from long_form import examples

from pump.tables import messages as m
from pump.tables import parts
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.provision import service
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.figures.heap import locked_scans_at_the_ends, locked_scans_without_a_laptop

Flowing = tuple[PumpBench, Any]
PHASES, SCAN_MS = examples(25), 20  # of a scan, at which code stands still


def codes(bench: PumpBench, event: str) -> list[str]:
    return [str(found["code"]) for found in bench.events if found["event"] == event]


@pytest.mark.req("INT-9", "INT-12", "FLO-2")
@in_its_fork
def test_parts_and_their_bus_come_and_go_in_a_step(flowing: Flowing) -> None:
    """Else one lost transfer leaves a dead screen, a held clock ends the session, or records go nowhere."""
    bench, _ = flowing
    bench.run_for(1)
    before = bench.stats()
    # The clock of the bus is held low, then let go.
    bench.board.stick_i2c(0, bench.pins.SCL, True)
    bench.run_for(1.5)
    bench.board.stick_i2c(0, bench.pins.SCL, False)
    bench.send(m.PING)
    assert set(codes(bench, "part_lost")) == {"screen", "lights", "clock"}
    bench.run_for(4)
    bench.send(m.PING)
    assert sorted(codes(bench, "part_back")) == ["clock", "lights", "screen"]
    stats = bench.stats()
    assert stats["overruns"] == before["overruns"] and stats["free_heap"] == before["free_heap"]
    # Screen and lights lose their power: they come back set up, lit and drawn.
    picture = bytes(bench.screen.ram)
    for part in (parts.SCREEN, parts.LIGHTS):
        bench.unplug(part, True)
    bench.run_for(2)
    for part in (parts.SCREEN, parts.LIGHTS):
        bench.unplug(part, False)
    bench.send(m.PING)
    bench.run_for(4)
    assert bench.screen.on and [bench.expander.output(pin) for pin in range(4)].count(None) == 0
    assert sum(a != b for a, b in zip(picture, bench.screen.ram, strict=True)) < 300  # a line or two say other things
    assert bench.state() == "running"
    # The log's memory: what happened while it was away is in it afterwards.
    bench.send(m.PING)
    bench.unplug(parts.FRAM, True)
    bench.run_for(3)
    assert "log-lost" in codes(bench, "alarm_raised")
    bench.unplug(parts.FRAM, False)
    bench.send(m.PING)
    bench.run_for(4)
    kept = {int.from_bytes(bench.fram.contents[at : at + 4], "little") for at in range(0, 48 * 100, 48)}
    assert {event["seq"] for event in bench.events} <= kept
    assert bench.state() == "running" and bench.board.resets == 0


@pytest.mark.req("INT-9", "FLO-11")
@pytest.mark.parametrize("stall_ms", [2, 45, 400])
@in_its_fork
def test_code_that_stands_still_is_no_part_that_does_not_answer(flowing: Flowing, stall_ms: int) -> None:
    """Else a write to the flash in the middle of a transfer raises the alarms of screen and lights."""
    bench, _ = flowing
    for phase in range(PHASES):
        bench.board.stall_code(stall_ms * 1000)
        bench.run_for((stall_ms + 3 * SCAN_MS + SCAN_MS / PHASES) / 1000)
        if phase % 10 == 0:
            bench.send(m.PING)
    bench.run_for(2)
    bench.send(m.PING)
    bench.run_for(0.2)
    assert codes(bench, "part_lost") == []
    assert bench.board.resets == 0 and bench.screen.on


@pytest.mark.req("INT-10", "INT-7")
def test_counters_near_their_ends_and_floods_take_no_heap() -> None:
    """Else after weeks, or a megabyte of rubbish, each scan takes memory until the watchdog ends the session."""
    failed, scans, state = locked_scans_at_the_ends(400)
    assert scans == 400 and failed == 0, state


@pytest.mark.req("INT-11", "INT-8")
def test_a_laptop_that_is_lost_costs_no_heap_while_it_flows() -> None:
    """Else the alarm that says so resets the pump after a minute or two of flow, and the session is lost."""
    assert locked_scans_without_a_laptop(100) == 0


@pytest.mark.req("INT-11", "FLO-11")
@pytest.mark.parametrize("kind", ["MemoryError", "ValueError"])
def test_an_exception_in_the_scan_stops_is_recorded_and_resets(kind: str) -> None:
    """Else it ends at a prompt on the host's line, with the motor in whatever state it was."""
    bench = PumpBench(bench_mode=False)
    service(bench.board, bench.pins)
    repl = Repl(bench.board)
    bench.board.usb.on_data(None)
    repl.enter()
    bench.run_for(power_up.DONE_MS / 1000)
    repl.start(_FAILING % kind)
    seen = bytearray()
    bench.board.usb.on_data(seen.extend)
    bench.board.run_until(lambda: bench.board.resets > 0, 8e6)
    assert bench.board.resets == 1
    edges = len(bench.permit.windows)
    bench.board.usb.on_data(bench._received)
    bench.boot()
    bench.run_for(0.5)
    assert b">>>" not in seen and b"Traceback" not in seen
    assert len(bench.permit.windows) == edges + 1, "the self-test tries the permit once, and nobody else"
    assert not len(bench.motor.times)
    kept = bytes(bench.fram.contents[: 48 * 40])
    assert re.search(rb"<stdin>:\d+ " + kind.encode()[:5], kept), "where it was is not in the log"


_FAILING = """
import drivers.loop as L
scan = L.Pump.scan
n = [0]
def failing(self):
    n[0] += 1
    if n[0] > 60:
        raise %s("as if")
    scan(self)
L.Pump.scan = failing
import time
time.sleep_ms(300)
import main
"""

"""The plant behind the emulated board: loop and replay agree, and the chip's own converter reads the plant."""

from __future__ import annotations

from pathlib import Path

import pytest

from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.provision import service
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.places import ROOT
from toleramp_bench.runs.pumped import Pumped
from toleramp_bench.runs.runner import Run
from toleramp_bench.runs.walk import step_runs
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.rp2040 import Rp2040Target

SCENARIOS = ROOT / "hil_tests" / "scenarios"


@pytest.mark.req("TST-1")
def test_loop_and_replay_deliver_the_same(firmware: Path) -> None:
    """Else the image reads another world than the one it is judged by: bags that change, and air."""
    read = read_scenario(SCENARIOS / "empty-bag.toml")
    run = Run(read, Rp2040Target())
    recording = run.go()
    pumped = Pumped(read, recording, step_runs(recording.records, recording.moved_us))
    loop, replay = run.plant, pumped.plant
    assert loop.liquid_pl == replay.liquid_pl > 0
    assert (loop.delivered_pg, loop.vein_pg()) == (replay.delivered_pg, replay.vein_pg())
    assert loop.encoder.counts == replay.encoder.counts


@pytest.mark.req("TST-1", "ALM-5")
def test_the_chips_converter_reads_the_plant(firmware: Path) -> None:
    """Else a battery that runs down on the bench is full at the pin."""
    bench = PumpBench(bench_mode=False)
    service(bench.board, bench.pins)
    bench.board.usb.on_data(None)  # the line is the interpreter's
    repl = Repl(bench.board)
    repl.enter()
    code = "from machine import ADC\nprint(*[ADC(pin).read_u16() >> 4 for pin in (26, 28)])"
    full, open_line = (int(word) for word in repl.run(code).split())
    bench.plant.do("battery_volts", {"volts": 3.3})
    bench.plant.do("occlude", {})
    bench.plant.plant.flow.tubing.outlet.stored_nl = 100_000.0  # 50 kPa in a tube of 2 uL/kPa
    low, shut = (int(word) for word in repl.run(code).split())
    assert (full, low) == (round(2.1 / 3.3 * 4095), round(1.65 / 3.3 * 4095))
    assert shut - open_line == pytest.approx(50 / 200 * 4 * 2 / 3 / 3.3 * 4095, abs=1)

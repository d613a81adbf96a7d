"""What leaves the board besides pulses: lights, tone, screen, records in the FRAM, seen by the parts around it."""

from __future__ import annotations

import struct

import pytest
from firmware_kit import in_its_fork

from pump.store.journal import RECORD, SLOT
from pump.tables import messages as m
from pump.tables import states
from toleramp_bench.boards.emulator.edges import EdgeLog
from toleramp_bench.figures import measure
from toleramp_bench.records import is_part, unpack_record

RED, YELLOW, CALL = 0, 1, 3


def blinks(bench: measure.PumpBench, light: int, seconds: float) -> int:
    """How often a light goes on within so many seconds."""
    count, before = 0, 0
    for _ in range(int(seconds * 100)):
        bench.run_for(0.01)
        level = bench.expander.output(light) or 0
        count += level > before
        before = level
    return count


@pytest.mark.req("ALM-1", "FLO-10")
@in_its_fork
def test_a_desaturation_blinks_red_sounds_and_calls(flowing: tuple[measure.PumpBench, measure.OximeterTap]) -> None:
    """Else a held pump is silent."""
    bench, _ = flowing
    bench.oximeter.set(spo2=88)
    measure.run_session(bench, None, lambda: bool(bench.find("alarm_raised", code="spo2-stop")), 20)
    pulses, tone = len(bench.step_log), EdgeLog(bench.board, bench.pins.BUZZER, 1)
    assert 1.4 <= blinks(bench, RED, 5) / 5 <= 2.8
    assert bench.expander.output(CALL) == 1
    assert len(tone) > 500, "the buzzer's line carries a tone"
    assert len(bench.step_log) == pulses, "held is zero flow"


@pytest.mark.req("INT-5")
def test_every_record_of_a_run_lies_in_the_fram() -> None:
    """Else a session cannot be reconstructed."""
    bench, _, nurse = measure.running_bench(measure.Fraction(1, 250))
    measure.to_step(bench, nurse, 2)
    bench.run_for(1)
    memory = bytes(bench.fram.contents[: SLOT * 64])
    stored = []
    for slot in range(64):
        record = memory[slot * SLOT : slot * SLOT + RECORD]
        if struct.unpack_from("<I", record)[0] == slot and any(record) and not is_part(record):
            stored.append(unpack_record(record))
    streamed = {event["seq"]: event["event"] for event in bench.events}
    assert len(stored) >= 8
    assert {r["seq"]: r["event"] for r in stored} == streamed
    assert stored[0]["event"] == "boot"


@pytest.mark.req("ALM-2")
def test_the_screen_says_what_is_going_on() -> None:
    """Else the nurse sees an old picture: it changes with the state and is drawn in full within two seconds."""
    bench = measure.PumpBench()
    bench.run_for(2.5)
    idle = bench.screen.pixels()
    assert any(any(row) for row in idle)
    bench.boot()
    bench.load(measure.standard_blob(measure.Fraction(1, 50)))
    bench.run_for(2.5)
    ready = bench.screen.pixels()
    assert ready != idle
    bench.run_for(2)
    assert bench.screen.pixels() == ready, "a picture at rest does not flicker"
    assert bench.ask(m.STATUS_GET).fields["state"] == states.READY

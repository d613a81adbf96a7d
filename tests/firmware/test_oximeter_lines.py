"""Lines of other oximeter formats at the emulated board: their rate, what is said on them, a session with each."""

from __future__ import annotations

from pathlib import Path

import pytest
from oximeter_sessions import DEEP, judged

from pump.tables import messages as m
from pump.tables import vitals
from pump.tables.oximeters import NAMES
from toleramp_bench.boards.kept_settings import memory_for
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices import bci5, contec9
from toleramp_bench.figures import oximeter_cost
from toleramp_bench.figures.heap import locked_scans

UART = 1


def bench_with(firmware: Path, form: str) -> PumpBench:
    """A pump that was set to a format, and an oximeter of that format."""
    return PumpBench(firmware, fram=memory_for(form), form=form)


@pytest.mark.req("VIT-2")
def test_a_contec_is_started_and_kept_awake(firmware: Path) -> None:
    """Else the device is silent, or stops after half a minute."""
    bench = bench_with(firmware, "contec9")
    said: list[tuple[float, int]] = []
    hear = bench.oximeter.hear

    def heard(data: bytes) -> None:
        said.append((bench.board.now_us / 1e6, data[0]))
        hear(data)

    bench.oximeter.hear = heard  # type: ignore[method-assign]
    bench.boot()
    bench.run_for(6.5)
    assert abs(bench.board.uart_baud(UART) / contec9.BAUD - 1) < 0.02
    words = [bytes(byte for _, byte in said[at : at + 9]) for at in range(0, len(said), 9)]
    assert words == [contec9.START, contec9.KEEP_ALIVE]
    assert round(said[9][0] - said[0][0]) == 5
    status = bench.ask(m.STATUS_GET).fields
    assert (status["spo2"], status["pulse"], status["vitals"]) == (97, 72, vitals.VALID)
    bench.oximeter.cable_out = True
    said.clear()
    bench.run_for(2.5)
    again = [bytes(byte for _, byte in said[at : at + 9]) for at in range(0, len(said), 9)]
    assert len(again) >= 2 and set(again) == {contec9.START}, "it is asked again each second"


@pytest.mark.req("VIT-3")
def test_a_line_with_parity_has_its_rate_and_says_nothing(firmware: Path) -> None:
    """Else a device of 19200 baud and odd parity is read as noise."""
    bench = bench_with(firmware, "bci5")
    said: list[int] = []
    bench.oximeter.hear = lambda data: said.extend(data)  # type: ignore[method-assign]
    bench.boot()
    bench.run_for(2)
    assert abs(bench.board.uart_baud(UART) / bci5.BAUD - 1) < 0.02
    control = bench.board.chip.read_uint32(0x4003_802C)  # UART1's line control, RP2040 datasheet 4.2.8
    assert control & 0b110 == 0b010, "parity on, odd"
    assert said == []
    status = bench.ask(m.STATUS_GET).fields
    assert (status["spo2"], status["pulse"], status["vitals"]) == (97, 72, vitals.VALID)


@pytest.mark.req("VIT-1", "VIT-4")
@pytest.mark.parametrize("form", ["contec9", pytest.param("masimo-ascii", marks=pytest.mark.long)])
def test_a_session_on_the_emulated_board(form: str, tmp_path: Path, firmware: Path) -> None:
    """Else the board reads another line than the core. Whole sessions are in the library of scenarios."""
    rows = judged(tmp_path, form, "rp2040", DEEP)
    assert rows and all(row["met"] for row in rows), rows


@pytest.mark.req("FLO-11", "INT-7")
def test_each_reader_keeps_within_its_share_and_takes_no_memory(firmware: Path) -> None:
    """Else a fast format takes the scan's time, or garbage is collected while the drug flows."""
    _, repl = oximeter_cost.service_board()
    for form in NAMES:
        found = oximeter_cost.cost(repl, form, 4)
        assert found.percent < 5 and found.worst_ms < 3 and found.wanted_memory == 0, (form, found)
        assert found.readings >= 2 and found.last == (oximeter_cost.SPO2, oximeter_cost.PULSE, vitals.VALID), form


@pytest.mark.req("FLO-11")
def test_a_device_that_must_be_spoken_to_costs_no_memory(firmware: Path) -> None:
    """Else each keep-alive takes memory while the drug flows."""
    failed, pulses = locked_scans(300, form="contec9")  # six seconds: one keep-alive at least
    assert failed == 0 and pulses > 0

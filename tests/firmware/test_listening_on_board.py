"""A search for the oximeter where MicroPython runs it: on the emulated board (by its registers) and the Unix port."""

from __future__ import annotations

from pathlib import Path

import pytest

from oximeters.registry import module
from pump.io import START
from pump.store.journal import SLOT
from pump.store.settings import FIRST_SLOT
from pump.tables import lines, oximeters, searches, streams
from pump.tables import messages as m
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices import contec9
from toleramp_bench.figures.listen import Case, board_pump, device
from toleramp_bench.targets.unix import UnixTarget

UART = 1
_CONTROL, _INTERRUPTS = 0x4003_802C, 0x4003_8038  # UART1's line control and interrupt mask, RP2040 datasheet 4.2.8
SCAN_S = 0.02


def line_of(bench: PumpBench) -> tuple[int, int, int]:
    """The row of tables.lines whose rate the board has, its parity bits, whether the port's reader is on."""
    baud, read = bench.board.uart_baud(UART), bench.board.chip.read_uint32
    near = next(row for row in range(1, lines.COUNT) if abs(lines.BAUD[row] / baud - 1) < 0.02)
    return near, read(_CONTROL) & 0b110, int(bool(read(_INTERRUPTS)))


def settings_of(bench: PumpBench) -> bytes:
    """Both slots of the FRAM that hold settings."""
    held = bytes(bench.fram.contents[FIRST_SLOT * SLOT : (FIRST_SLOT + 2) * SLOT])
    assert any(held)
    return held


@pytest.mark.req("VIT-2", "SES-1", "FLO-10")
def test_the_board_finds_a_device_and_is_as_set_again(firmware: Path) -> None:
    """Else a search that works on the laptop leaves the real line at another rate, or without its reader."""
    bench = board_pump(Case(oximeters.CONTEC9, 2, awake=False))
    said: list[tuple[int, int]] = []
    hear = bench.oximeter.hear

    def heard(data: bytes) -> None:
        said.append((line_of(bench)[0], data[0]))
        hear(data)

    bench.oximeter.hear = heard  # type: ignore[method-assign]
    was = line_of(bench)
    held = settings_of(bench)
    bench.ask(m.LISTEN, wanted=1)
    bench.run_for(1)
    assert bench.ask(m.STATUS_GET).fields["stream"] == streams.SEARCH
    assert line_of(bench) == (1, 0, 0) and not said
    bench.run_for(1.9)
    found = bench.ask(m.HEARD_GET, line=2).fields
    assert (found["search"], found["fits"]) == (searches.FOUND, 1 << oximeters.CONTEC9)
    assert found["broken"] == 0 and found["data"][0] == 1
    assert {row for row, _ in said} == {2} and bytes(byte for _, byte in said) == contec9.START
    assert line_of(bench) == was

    bench.ask(m.LISTEN, wanted=1)
    bench.run_for(0.3)
    assert line_of(bench) == (1, 0, 0)
    bench.press(START)
    bench.run_for(2 * SCAN_S)
    assert line_of(bench) == was
    assert bench.ask(m.HEARD_GET, line=1).fields["search"] == searches.KEY_DOWN
    assert bench.stats()["overruns"] == 0 and not bench.board.resets
    assert [event["event"] for event in bench.events if event["event"] not in ("boot", "self_test", "pressed")] == []
    assert settings_of(bench) == held


@pytest.mark.req("VIT-2")
def test_the_unix_port_finds_what_the_core_finds() -> None:
    """Else small integers or memory make MicroPython's search another one."""
    case = Case(oximeters.MASIMO_ASCII, 1)
    target = UnixTarget()
    try:
        target.choose(case.other)
        target.oximeter = device(target.board, case)
        target.start(True)
        answers = []
        target.board.to_pump += target.line._encode(m.LISTEN, wanted=1)
        for _ in range(12):
            target.board.run_to(target.now_us + 250_000, lambda: False)
            target.board.to_pump += target.line._encode(m.HEARD_GET, line=1)
            answers += [one for one in target.line.wire.feed(target._take_sent()) if one.type == m.HEARD[0]]
        assert [answers[0].fields["search"], answers[-1].fields["search"]] == [searches.UNDER_WAY, searches.FOUND]
        assert answers[-1].fields["fits"] == 1 << oximeters.MASIMO_ASCII
        form = module(case.other)
        assert (target.board.ox_baud, target.board.ox_parity) == (form.BAUD, form.PARITY)
    finally:
        target.close()

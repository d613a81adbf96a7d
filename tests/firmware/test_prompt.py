"""The interpreter's prompt on the image: in service mode alone, by hands at power-up, and the permit is off (SEC-3)."""

from __future__ import annotations

import pytest

from pump.io import SILENCE
from pump.tables import messages as m
from toleramp.device.wire import Message
from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.provision import service
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.places import image, pins

ASKS = (b"\r\x03\x03", b"\x03" * 40, b"\x01", b"\r\x03\x03\x01", b"\x04", b"\x02", b"\x05", b"\x05A\x01", b"help()\r\n")
PROMPTS = (b">>>", b"raw REPL", b"MicroPython", b"Traceback", b"paste mode")


@pytest.mark.req("SEC-3", "INT-11")
@pytest.mark.parametrize("held", [0, SILENCE], ids=["hands off", "SILENCE without CONFIRM"])
def test_no_byte_on_the_line_brings_a_prompt(held: int) -> None:
    """Else a laptop is at the interpreter of a pump that drives a motor."""
    bench = PumpBench(bench_mode=False)
    said = bytearray()
    took = bench._received

    def hear(data: bytes) -> None:
        said.extend(data)
        took(data)

    bench.board.usb.on_data(hear)
    if held:
        bench.keys(held, True)
        bench.board.at_ns(600_000_000, lambda: bench.keys(held, False))
    for number in range(12):
        bench.board.usb_write(ASKS[number % len(ASKS)])
        bench.run_for(0.01)
    bench.run_for(6 if held else 0.5)
    for asks in ASKS:
        bench.board.usb_write(asks)
        bench.run_for(0.1)
    bench.board.usb_write(b"\0")
    answer: Message = bench.ask(m.HELLO, contract=m.CONTRACT)
    assert answer.type == m.HELLO_REPLY[0] and bench.board.resets == 0
    assert not [prompt for prompt in PROMPTS if prompt in said]


@pytest.mark.req("SEC-3")
def test_service_mode_is_an_act_at_power_up_and_never_gives_the_permit() -> None:
    """Else keys cannot be set, or what is typed at the prompt lets the motor run."""
    board, wires = Board(image()), pins()
    edges: list[int] = []
    board.on_edge(wires.PERMIT, lambda t_ns, level: edges.append(level), undriven=0)
    service(board, wires)
    repl = Repl(board)
    repl.enter()
    assert repl.run("print(6 * 7)").strip() == "42"
    board.run_for(500_000)
    assert not any(edges)

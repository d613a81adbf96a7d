"""Each behaviour of the emulator that the bench relies on, so that a new version shows at once what changed.

Pulses are in test_emulator_pulses, serial lines and buses in test_emulator_buses.
"""

import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from toleramp_bench.boards.emulator import Board, EdgeLog, Repl, ReplError
from toleramp_bench.boards.emulator.flash import TYPICAL_US
from toleramp_bench.boards.emulator.pty import serve

OUT_PIN, IN_PIN = 3, 4


def test_boots_to_the_console_and_runs_a_snippet(repl: Repl) -> None:
    assert repl.run("print(6 * 7)") == "42\n"
    with pytest.raises(ReplError, match="ZeroDivisionError"):
        repl.run("1 / 0")


def test_console_takes_and_gives_more_than_its_buffers(repl: Repl) -> None:
    """Output in pieces: the pump's image never waits for its host, and would drop the rest of one."""
    code = "import time\nfor n in range(40): print('x' * 99); time.sleep_ms(5)\n"
    assert repl.run(code + "#" * 3000) == ("x" * 99 + "\n") * 40


def test_outputs_inputs_and_the_time_of_an_edge(board: Board, repl: Repl) -> None:
    log = EdgeLog(board, OUT_PIN)
    board.set_input(IN_PIN, 1)
    code = f"""
from machine import Pin
import time
i = Pin({IN_PIN}, Pin.IN)
o = Pin({OUT_PIN}, Pin.OUT, value=0)
print(i.value())
t = time.ticks_us(); o(1); print(time.ticks_diff(time.ticks_us(), t)); print(t)
"""
    seen, took, at = repl.run(code).split()
    assert seen == "1"
    assert board.level(OUT_PIN) == 1 and board.driven(OUT_PIN) and not board.driven(IN_PIN)
    assert len(log) == 1 and log.between(0, board.now_ns) == 1
    # The chip's own microseconds start when its timer does, shortly after power-up.
    assert 0 <= log.times[0] // 1000 - int(at) < 20_000 and int(took) < 1000


def test_an_undriven_input_reads_its_pull(board: Board, repl: Repl) -> None:
    board.set_input(IN_PIN, None)
    code = "from machine import Pin\nprint(Pin({p}, Pin.IN, Pin.PULL_UP)(), Pin({p}, Pin.IN, Pin.PULL_DOWN)())"
    assert repl.run(code.format(p=IN_PIN)) == "1 0\n"


@pytest.mark.req("FLO-6")
def test_a_press_is_seen_within_microseconds(board: Board, repl: Repl) -> None:
    """An input's edge reaches an interrupt handler within 100 us."""
    board.set_input(IN_PIN, 0)
    log = EdgeLog(board, OUT_PIN)
    repl.run(
        f"from machine import Pin\no = Pin({OUT_PIN}, Pin.OUT, value=0)\n"
        f"i = Pin({IN_PIN}, Pin.IN)\ni.irq(lambda p: o(1), Pin.IRQ_RISING, hard=True)"
    )
    pressed = board.now_us + 1234
    board.at(pressed, lambda: board.set_input(IN_PIN, 1))
    board.run_for(2000)
    repl.run("i.irq(None)")
    assert 0 < log.times[0] - pressed * 1000 < 100_000


def test_callbacks_come_exactly_in_time(board: Board) -> None:
    times: list[int] = []

    def call() -> None:
        times.append(board.now_ns)
        if len(times) < 100:
            board.at_ns(start + len(times) * 13_333_333, call)

    start = board.now_ns + 777
    board.at_ns(start, call)
    board.at(board.now_us + 100, lambda: times.append(-1)).cancel()
    board.run_for(2e6)
    assert times == [start + n * 13_333_333 for n in range(100)]


def test_a_callback_s_exception_comes_out(board: Board) -> None:
    def fail() -> None:
        raise ValueError("from a model")

    board.at(board.now_us + 100, fail)
    with pytest.raises(ValueError, match="from a model"):
        board.run_for(1000)
    before = board.now_us
    board.run_for(1000)
    assert board.now_us == before + 1000


@pytest.mark.parametrize("interrupts", [False, True])
def test_the_watchdog_ends_a_hang_and_says_so(fresh: tuple[Board, Repl], interrupts: bool) -> None:
    board, repl = fresh
    causes: list[str] = []
    board.on_reset(causes.append)
    repl.run(f"from machine import WDT, Pin\no = Pin({OUT_PIN}, Pin.OUT, value=1)")
    repl.start("w = WDT(timeout=200)\nwhile True: w.feed()")
    board.run_for(300_000)
    assert not causes
    board.hang_cpu(interrupts)
    hung = board.now_us
    assert board.run_until(lambda: bool(causes), 1e6)
    assert 195_000 < board.now_us - hung < 205_000
    assert causes == ["watchdog"] and board.reset_cause == "watchdog" and not board.driven(OUT_PIN)
    repl.enter()
    assert repl.run("import machine\nprint(machine.reset_cause() == machine.WDT_RESET)") == "True\n"


@pytest.mark.req("INT-1")
@pytest.mark.parametrize("code", ["bx(r0)", "data(2, 0xBE00)"])
@pytest.mark.parametrize("to", [0x2300_0001, 0x5020_0001, 0x0000_5001])
def test_code_that_runs_away_locks_the_processor_up_until_the_watchdog(
    fresh: tuple[Board, Repl], code: str, to: int
) -> None:
    """Else damaged code ends in a run without end, or goes on behind a fault that stops the chip."""
    board, repl = fresh
    repl.run("from machine import WDT, Timer\nt = Timer(period=1, callback=lambda _: w.feed())\nw = WDT(timeout=200)")
    repl.run(f"@micropython.asm_thumb\ndef away(r0):\n {code}\n")
    board.run_for(300_000)
    assert not board.resets
    repl.start(f"away({to})")
    assert board.run_until(lambda: board.resets == 1, 1e6)
    assert board.processor.lock_ups == 1 and board.reset_cause == "watchdog" and not board.processor.hung
    repl.enter()


def test_resets_by_software_and_by_the_button(fresh: tuple[Board, Repl]) -> None:
    board, repl = fresh
    assert board.reset_cause == "power_on"
    repl.start("import machine\nmachine.reset()")
    assert board.run_until(lambda: board.resets == 1, 1e6) and board.reset_cause == "software"
    repl.enter()
    board.press_reset()
    repl.enter()
    assert board.resets == 2 and board.reset_cause == "run_pin"
    assert repl.run("import machine\nprint(machine.reset_cause() == machine.PWRON_RESET)") == "True\n"


def test_flash_survives_a_power_cut(fresh: tuple[Board, Repl], boot: Callable[..., Board]) -> None:
    board, repl = fresh
    repl.run("f = open('kept', 'w'); f.write('here'); f.close()")
    after = Repl(boot(board.flash_image()))
    after.enter()
    assert after.run("print(open('kept').read())") == "here\n"


def test_flash_takes_its_time_when_told_so(fresh: tuple[Board, Repl]) -> None:
    """Code stands still for the erase and the programs; without the times the emulator's flash is instant."""
    board, repl = fresh
    write = """
import time
t = time.ticks_us()
f = open("b", "w"); f.write("y" * 3000); f.close()
print(time.ticks_diff(time.ticks_us(), t))
"""
    quick = int(repl.run(write))
    programs, erases = board.flash.programs, board.flash.erases
    board.flash.times_us = TYPICAL_US
    slow = int(repl.run(write))
    expected = 700 * (board.flash.programs - programs) + 45_000 * (board.flash.erases - erases)
    assert quick < 30_000 and expected > 45_000
    assert abs(slow - expected - quick) < 10_000


def test_the_console_on_a_pseudo_terminal(boot: Callable[..., Board]) -> None:
    """Opened, closed and opened again; each client finds the prompt."""
    answers: list[bytes] = []

    def client(path: str) -> None:
        for _ in range(2):
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
            seen = b""
            os.write(fd, b"\r\x03print(6*7)\r")
            while b"\n42" not in seen and select.select([fd], [], [], 10)[0]:
                seen += os.read(fd, 1000)
            answers.append(seen)
            os.close(fd)

    board = boot()
    threads: list[threading.Thread] = []

    def announce(path: str) -> None:
        threads.append(threading.Thread(target=client, args=(path,), daemon=True))
        threads[0].start()

    serve(board, pace=4.0, until=lambda: not threads[0].is_alive() or board.now_us > 60e6, announce=announce)
    assert [b"\n42" in seen for seen in answers] == [True, True]


def test_a_missing_image_is_an_error() -> None:
    with pytest.raises(OSError):
        Board(Path("no-such-image.uf2"))

"""The emulated PIO: pulses at exact times whatever the processor does. See test_emulator_behaviour."""

from collections.abc import Callable

import pytest

from toleramp_bench.boards.emulator import Board, EdgeLog, Repl, ReplError

STEP_PIN, OUT_PIN = 2, 3
PULSE_US = 5
# Two programs like the pump's: packed (delay, pulses - 1) words become pulses on a side-set pin, and a second
# machine counts the pulses on that pin. One pulse takes the delay and eight cycles.
PROGRAMS = f"""
import rp2, time, machine
from machine import Pin
@rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def steps():
    wrap_target()
    pull(block).side(0)
    out(y, 8).side(0)
    label("again")
    mov(x, osr).side(0)
    label("delay")
    jmp(x_dec, "delay").side(0)
    nop().side(1)[{PULSE_US - 1}]
    jmp(y_dec, "again").side(0)
    wrap()
@rp2.asm_pio()
def count():
    wrap_target()
    wait(1, pin, 0)
    jmp(x_dec, "next")
    label("next")
    wait(0, pin, 0)
    wrap()
for block in (rp2.PIO(0), rp2.PIO(1)):
    block.remove_program()
pin = Pin({STEP_PIN})
gen = rp2.StateMachine(0, steps, freq=1000000, sideset_base=pin)
cnt = rp2.StateMachine(1, count, freq=1000000, in_base=pin)
cnt.exec("mov(x, invert(null))")
cnt.active(1)
gen.active(1)
def word(interval, pulses):
    return ((interval - 8) << 8) | (pulses - 1)
def counted():
    cnt.exec("mov(isr, invert(x))")
    cnt.exec("push(noblock)")
    return cnt.get()
"""
BUSY = "t = time.ticks_ms()\nwhile time.ticks_diff(time.ticks_ms(), t) < {ms}: pass\n"


@pytest.fixture(scope="module")
def steps(boot: Callable[..., Board]) -> tuple[Board, Repl, EdgeLog]:
    """A board with both machines running, and the log of its pulses."""
    board = boot()
    repl = Repl(board)
    repl.enter()
    log = EdgeLog(board, STEP_PIN)
    repl.run(PROGRAMS)
    return board, repl, log


@pytest.fixture
def pulses(steps: tuple[Board, Repl, EdgeLog]) -> tuple[Board, Repl, EdgeLog]:
    """The same with an empty log and a count of zero."""
    board, repl, log = steps
    repl.run('gen.active(0)\ngen.restart()\ngen.active(1)\ncnt.exec("mov(x, invert(null))")')
    log.clear()
    return board, repl, log


@pytest.mark.parametrize("how", ["time.sleep_ms(1000)", BUSY.format(ms=1000), "print('y' * 9000)\ntime.sleep_ms(990)"])
def test_pulses_are_exact_asleep_busy_and_with_usb(pulses: tuple[Board, Repl, EdgeLog], how: str) -> None:
    """Every interval within 1 us of what was asked, across the borders of bursts; the second machine's count
    is exact."""
    _board, repl, log = pulses
    out = repl.run(f"for n in range(4): gen.put(word(4545, 50))\n{how}\nprint()\nprint(counted())")
    assert int(out.split()[-1]) == len(log) == 200
    inside = [took for n, took in enumerate(log.intervals(), 1) if n % 50]
    borders = [took for n, took in enumerate(log.intervals(), 1) if not n % 50]
    assert set(inside) == {4_545_000} and set(borders) == {4_547_000}


def test_pulses_at_the_highest_and_the_lowest_rate(pulses: tuple[Board, Repl, EdgeLog]) -> None:
    _board, repl, log = pulses
    repl.run("for n in range(4): gen.put(word(300, 250))\ntime.sleep_ms(400)")
    assert len(log) == 1000 and {took // 1000 for took in log.intervals()} == {300, 302}
    log.clear()
    out = repl.run("gen.put(word(3600000, 3))\ntime.sleep_ms(11000)\nprint(counted())", 20)
    assert out == "1003\n" and log.intervals() == [3_600_000_000] * 2


def test_the_queue_s_level_is_right(pulses: tuple[Board, Repl, EdgeLog]) -> None:
    """One word at work, the others in the queue; a stopped machine takes none."""
    _board, repl, _log = pulses
    code = """
for n in range(4): gen.put(word(1000, 10))
print(gen.tx_fifo()); time.sleep_ms(15); print(gen.tx_fifo()); time.sleep_ms(40); print(gen.tx_fifo())
gen.active(0); gen.put(1); print(gen.tx_fifo()); gen.active(1); time.sleep_ms(1); print(gen.tx_fifo())
"""
    assert repl.run(code).split() == ["3", "2", "0", "1", "0"]


@pytest.mark.req("FLO-6")
@pytest.mark.parametrize("how", ["active(0)", "restart()"])
def test_stopping_the_machine_acts_at_once(pulses: tuple[Board, Repl, EdgeLog], how: str) -> None:
    """No pulse after the machine is stopped or restarted in the middle of a delay, and none is left over."""
    board, repl, log = pulses
    mark = EdgeLog(board, OUT_PIN)
    code = f"""
o = Pin({OUT_PIN}, Pin.OUT, value=0)
gen.put(word(400, 250)); time.sleep_us(9111)
o(1); gen.{how}
time.sleep_ms(100); print(counted())
"""
    count = int(repl.run(code))
    assert count == len(log) == log.between(0, mark.times[0] + 100_000)
    assert 20 < count < 25
    log.clear()
    assert int(repl.run("gen.active(1)\ngen.put(word(400, 7))\ntime.sleep_ms(200)\nprint(counted())")) >= count + 7


def test_emptying_the_queue(pulses: tuple[Board, Repl, EdgeLog]) -> None:
    """Joining and parting the FIFOs empties them, as on the chip."""
    _board, repl, log = pulses
    code = """
gen.active(0)
for n in range(3): gen.put(word(400, 5))
shiftctrl = 0x50200000 + 0xd0
machine.mem32[shiftctrl] ^= 1 << 31; machine.mem32[shiftctrl] ^= 1 << 31
print(gen.tx_fifo()); gen.active(1); time.sleep_ms(20)
"""
    assert repl.run(code) == "0\n" and len(log) == 0


def test_a_counting_loop_can_be_looked_into(pulses: tuple[Board, Repl, EdgeLog]) -> None:
    """A machine in its delay shows the right rest of it, and goes on without losing time."""
    _board, repl, log = pulses
    code = """
gen.put(word(100000, 2)); time.sleep_us(40000)
gen.exec("mov(isr, x).side(0)"); gen.exec("push(noblock).side(0)")
print(gen.get()); time.sleep_ms(200)
"""
    left = int(repl.run(code))
    assert 55_000 < left < 60_000
    assert log.intervals() == [100_000_000]


def test_dma_feeds_the_pulses_while_the_core_sleeps(pulses: tuple[Board, Repl, EdgeLog]) -> None:
    _board, repl, log = pulses
    code = """
import array
words = array.array("I", [word(500, 10)] * 12)
d = rp2.DMA()
d.config(read=words, write=gen, count=12, ctrl=d.pack_ctrl(inc_write=False, treq_sel=0))
d.active(1); time.sleep_ms(100); print(counted()); d.close()
"""
    assert repl.run(code) == "120\n" and len(log) == 120


@pytest.mark.req("FLO-11")
def test_a_hung_processor_leaves_the_pulses_running_until_the_queue_is_empty(
    fresh: tuple[Board, Repl],
) -> None:
    board, repl = fresh
    repl.run(PROGRAMS)
    repl.run("for n in range(3): gen.put(word(4000, 20))")
    log = EdgeLog(board, STEP_PIN)
    board.hang_cpu()
    board.run_for(5e6)
    assert 55 < len(log) <= 60
    assert max(log.intervals()) == 4_002_000
    with pytest.raises(ReplError):
        Repl(board).enter(1)


def test_pulses_again_after_a_reset(fresh: tuple[Board, Repl]) -> None:
    board, repl = fresh
    log = EdgeLog(board, STEP_PIN)
    for _ in range(2):
        repl.run(PROGRAMS + "gen.put(word(1000, 5))\ntime.sleep_ms(3)")
        board.press_reset()
        count = len(log)
        repl.enter()
        assert len(log) == count == 2 or len(log) == count == 3
        log.clear()
    assert repl.run(PROGRAMS + "gen.put(word(1000, 5))\ntime.sleep_ms(30)\nprint(counted())") == "5\n"


def test_stalled_code_and_peripherals_that_go_on(fresh: tuple[Board, Repl]) -> None:
    board, repl = fresh
    repl.run(PROGRAMS)
    repl.run("for n in range(3): gen.put(word(1000, 100))")
    log, code = EdgeLog(board, STEP_PIN), EdgeLog(board, OUT_PIN)
    repl.start(f"o = Pin({OUT_PIN}, Pin.OUT)\nwhile True: o(0); o(1); time.sleep_us(200)")
    board.run_for(20_000)
    stalled = board.now_ns
    board.stall_code(45_000)
    board.run_for(100_000)
    assert code.between(stalled, stalled + 45_000_000) <= 1 < code.between(stalled + 45_000_000, board.now_ns)
    assert log.between(stalled, stalled + 45_000_000) in (44, 45, 46)
    repl.enter()
    assert repl.run("print(1)") == "1\n"


def test_identical_runs_give_identical_edges(boot: Callable[..., Board]) -> None:
    def run() -> tuple[list[int], int]:
        board = boot()
        repl = Repl(board)
        repl.enter()
        log = EdgeLog(board, STEP_PIN)
        board.uart_send(1, bytes(200))
        repl.run(PROGRAMS)
        repl.run("for n in range(6): gen.put(word(777, 30)); print(n, time.ticks_us())\ntime.sleep_ms(50)")
        return list(log.times), board.now_ns

    assert run() == run()

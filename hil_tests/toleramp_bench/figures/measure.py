"""What is measured of the pump, each as one function that others can run: on the pure core and on the emulated board.

Times in simulated time are exact and repeatable; wall times depend on the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from oximeters.nonin_df2 import Parser
from pump.io import CONFIRM, DOWN, STOP, UP
from pump.tables import messages as m
from pump.tables import states
from toleramp.device.loading import load
from toleramp.device.wire import Layout, Message
from toleramp.protocol.file import compile_file, compile_protocol, scaled
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.devices.oximeter import Oximeter
from toleramp_bench.names import CAUSES, EVENTS, STATES
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.people.seen import seen_at
from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.delivered import on_pumps_clock
from toleramp_bench.runs.walk import step_runs

_BYTE_NS = 10 * 1_000_000_000 // 9600
SAMPLE_US = 333_333  # a Nonin's three packets a second
OVER = STATES.of(states.OVER)


def standard_blob(scale: Fraction = Fraction(1)) -> bytes:
    """The standard 12-step protocol, compiled, at a scale."""
    blob, protocol = compile_file(standard_protocol())
    return blob if scale == 1 else compile_protocol(scaled(protocol, scale), "the scaled protocol")


# -- the pure core


@dataclass(frozen=True)
class CoreRun:
    """A session on the pure core: pulses of each completed step, its events (without presses), wall seconds."""

    pulses: list[int]
    events: list[dict[str, Any]]
    wall_s: float
    state: str


def attend(pump: CorePump, nurse: Nurse) -> None:
    """Lets a nurse answer what the core asks, unless a key is down."""
    if pump.controller.session.state != states.RUNNING and pump.keys_free():
        button = nurse.press(seen_at(pump.controller), pump.now_us // 1000)
        if button:
            pump.press(button)


def core_session(period_us: int, scale: Fraction = Fraction(1)) -> CoreRun:
    """The standard protocol on the core in virtual time with this scan period; a nurse confirms the bags."""
    pump = CorePump(period_us, sample_us=SAMPLE_US)
    pump.load(standard_blob(scale))
    session = pump.controller.session
    nurse = Nurse(ScreenPace())
    began = time.perf_counter()
    pump.run(lambda core: attend(core, nurse), lambda core: states.NAMES[session.state] in OVER, 30_000)
    wall_s = time.perf_counter() - began
    for _ in range(max(1, 200_000 // period_us)):
        pump.scan()  # the alarm of the end comes a few scans later
    events = [event for event in pump.events if event["event"] != EVENTS.PRESSED]
    return CoreRun(pulses_per_step(events), events, wall_s, states.NAMES[session.state])


def pulses_per_step(events: list[dict[str, Any]]) -> list[int]:
    """Pulses from each step's start to its completion, by the records."""
    return [run.said for run in step_runs(events) if run.completed_ms is not None]


# -- the emulated board


class OximeterTap:
    """Stands between an oximeter and the board's line; notes when the last byte of each packet has arrived."""

    def __init__(self, bench: PumpBench) -> None:
        self._board = bench.board
        self._parser = Parser()
        self.packets: list[tuple[int, int]] = []  # (time of the last byte in ns, SpO2)

    @property
    def now_ns(self) -> int:
        """Simulated time."""
        return self._board.now_ns

    def at_ns(self, t_ns: int, callback: Any) -> Any:
        """Passes an appointment on."""
        return self._board.at_ns(t_ns, callback)

    def uart_send(self, number: int, data: bytes, baud: int = 9600, parity: int | None = None) -> None:
        """Passes a frame on and reads it along."""
        if self._parser.take(bytearray(data), len(data)):
            self.packets.append((self._board.now_ns + len(data) * _BYTE_NS, self._parser.spo2))
        self._board.uart_send(number, data, baud, parity)


def running_bench(
    scale: Fraction = Fraction(1, 50), stream_ms: int = 200, blob: bytes = b""
) -> tuple[PumpBench, OximeterTap, Nurse]:
    """A pump on the emulated board, loaded and started; its oximeter is tapped. The standard protocol, or `blob`."""
    bench = PumpBench(oximeter=False)
    tap = OximeterTap(bench)
    bench.oximeter = Oximeter(tap, uart=1)
    bench.oximeter.start()
    bench.boot(stream_ms)
    bench.load(blob or standard_blob(scale))
    nurse = Nurse(ScreenPace())
    run_session(bench, nurse, lambda: bench.state() == STATES.RUNNING, 30)
    return bench, tap, nurse


def run_session(bench: PumpBench, nurse: Nurse | None, until: Callable[[], bool], limit_s: float) -> None:
    """Lets the session go on, a nurse (if any) at the keys, a laptop that pings once a second, until `until()`."""
    end_us = bench.board.now_us + limit_s * 1e6
    pinged_us = bench.board.now_us
    while not until() and bench.board.now_us < end_us:
        bench.run_for(0.1)
        if nurse:
            bench.attend(nurse)
        if bench.board.now_us - pinged_us >= 1_000_000:
            pinged_us = bench.board.now_us
            bench.send(m.PING)


def to_step(bench: PumpBench, nurse: Nurse, step: int, limit_s: float = 400) -> None:
    """Lets the session go on until a step has started."""
    run_session(bench, nurse, lambda: bool(bench.find(EVENTS.STEP_STARTED, step=step)), limit_s)


def steps_at_pin(bench: PumpBench) -> list[int]:
    """Pulses at the pin of each step, told apart by the count that the pump gives in its records at the borders.

    The pulses are the pin's; the border lies where the rate changes, in the pause after a step's last pulse.
    """
    return [run.pulses for run in step_runs(bench.events, on_pumps_clock(bench, bench.step_log.times))]


def interval_errors_us(bench: PumpBench, step: int, interval_us: int) -> tuple[int, float]:
    """(pulses, worst error in us) of a step's intervals at the pin against the ideal."""
    begin = bench.find(EVENTS.STEP_STARTED, step=step)[-1]["t_ms"] * 1_000_000 + bench.offset_ns
    done = bench.find(EVENTS.STEP_COMPLETED, step=step)
    end = done[-1]["t_ms"] * 1_000_000 + bench.offset_ns if done else bench.board.now_ns
    times = [t for t in bench.step_log.times if begin < t <= end]
    errors = [abs(later - sooner - interval_us * 1000) for sooner, later in zip(times, times[1:], strict=False)]
    return len(times), max(errors, default=0) / 1000


def desaturation_ms(bench: PumpBench, tap: OximeterTap, spo2: int = 91, stop: int = 92, delay_s: int = 10) -> float:
    """From the last byte of the packet that completes the delay to the last pulse at the pin, in ms."""
    packets = len(tap.packets)
    bench.oximeter.set(spo2=spo2)
    run_session(bench, None, lambda: bool(bench.find(EVENTS.PAUSED, code=CAUSES.SPO2_STOP)), delay_s + 10)
    bench.run_for(2)
    low = [t for t, value in tap.packets[packets:] if value <= stop]
    completing = next(t for t in low if t - low[0] >= delay_s * 1_000_000_000 - _BYTE_NS)
    return (bench.step_log.times[-1] - completing) / 1e6


def stop_ms(bench: PumpBench) -> tuple[float, float]:
    """From the edge of STOP to the last pulse (at the pin, at the motor), in ms; 0 when none came after it."""
    edge = bench.board.now_ns
    bench.press(STOP, 300)
    bench.run_for(2)
    return max(0.0, (bench.step_log.times[-1] - edge) / 1e6), max(0.0, (bench.motor.times[-1] - edge) / 1e6)


def hang_ms(bench: PumpBench) -> tuple[float, float]:
    """From a hung loop (interrupts off too) to the last pulse (at the pin, at the motor), in ms."""
    edge = bench.board.now_ns
    bench.board.hang_cpu()
    bench.run_for(0.9)
    return max(0.0, (bench.step_log.times[-1] - edge) / 1e6), max(0.0, (bench.motor.times[-1] - edge) / 1e6)


def decision_ms(bench: PumpBench, back: int) -> float:
    """The longest scan so far (ms), when the pump has gone so many steps back, the last offer of a bag taken."""
    mild, highest = (UP, UP, CONFIRM), UP  # nothing is preselected
    presses = (STOP, *mild, highest, *(DOWN for _ in range(back)), CONFIRM, DOWN, CONFIRM)
    for button in presses:
        bench.press(button, 200)
        run_session(bench, None, lambda: False, 0.5)
        bench.send(m.PING)
    if bench.state() != STATES.RESUMABLE:
        raise AssertionError(f"the decision ended in {bench.state()}")
    return float(bench.stats()["worst_us"]) / 1000


def accept_ms(blob: bytes) -> tuple[float, int]:
    """Last frame of a load to the answer, in ms, and the free heap (bytes) that four more loads cost."""
    bench = PumpBench()
    bench.boot()
    free = []
    for _ in range(5):
        bench.load(blob)
        bench.run_for(0.5)
        free.append(bench.stats()["free_heap"])
    return check_ms(bench, blob), free[0] - free[-1]


def check_ms(bench: PumpBench, blob: bytes) -> float:
    """Loads a protocol; from the last frame to the pump's answer, in ms."""
    began = 0

    def ask(layout: Layout, **fields: Any) -> Message:
        nonlocal began
        began = bench.board.now_us
        return bench.ask(layout, **fields)

    answer = load(blob, ask)
    if answer.type != m.ACK[0]:
        raise BenchFault(f"the protocol was refused: {answer.fields}")
    return (bench.board.now_us - began) / 1000


def boot_ms() -> float:
    """From power-on to the first answer to a hello, in ms (asked every 10 ms)."""
    bench = PumpBench()
    while not any(message.type == m.HELLO_REPLY[0] for message in bench.inbox) and bench.board.now_us < 5_000_000:
        bench.send(m.HELLO, contract=m.CONTRACT)
        bench.run_for(0.01)
    return bench.board.now_us / 1000

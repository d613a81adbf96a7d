"""The target "rp2040": the image that would be flashed, on the emulated board, in simulated time."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from pump.store.journal import SLOT, SLOTS
from pump.tables import messages as m
from toleramp.device.loading import refusal
from toleramp.device.wire import layout_of
from toleramp_bench.boards.kept_settings import memory_for
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.devices.clock import RealTimeClock, happen
from toleramp_bench.devices.fram import Fram
from toleramp_bench.devices.oximeter import DEFAULT_FORM
from toleramp_bench.devices.pulses import Joined, NsLog
from toleramp_bench.people.seen import OFF, Seen
from toleramp_bench.places import image, mechanism_pl_pulse
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant
from toleramp_bench.scenario.model import LINES_KEPT
from toleramp_bench.targets.base import NotOnTarget, TargetFault
from toleramp_bench.targets.core import DRIVER, LOG_PART, SHARED_BUS, part_row

SLICE_US = 20_000
STREAM_MS = 100
_BOOT_S = 3.0
_DEAF_US = 2_000_000
_LINES = {"usb": "host to pump", "uart1": "oximeter"}  # by the names that the other targets have
_SRAM_BYTES = 264 * 1024
CONTROLS_COPY = 5  # of the rows of pulses in the memory (plan and course of control and guard), found by trying


class Rp2040Target:
    """One pump after another: each power-on is a new board with the FRAM and the flash of the one before."""

    name = "rp2040"
    scan_us = 20_000

    def __init__(self, bench: PumpBench | None = None, image_path: Any = None) -> None:
        self.pl_pulse = mechanism_pl_pulse()
        self.build: dict[str, str] = {}
        self.moved, self.pin = Joined([]), Joined([])
        self.form = DEFAULT_FORM
        self._image = image_path or image()
        self._base_us = 0  # power-on of the present board since the first one
        self._bench = bench
        self._bench_mode = True
        self._taken = self._heard_us = 0
        self._kept: tuple[Fram, bytes, RealTimeClock, int] | None = None  # and when the power went
        self._unplugged: dict[str, bool] = {}
        self._loaded = b""
        self._live: LivePlant | None = None
        self._look: Callable[[int, bytes, int], None] | None = None
        self._jammed = 0
        self.lines: deque[tuple[int, str, bytes]] = deque(maxlen=LINES_KEPT)

    @property
    def bench(self) -> PumpBench:
        """The board that has power."""
        if self._bench is None:
            raise TargetFault("rp2040: the pump has no power")
        return self._bench

    @property
    def oximeter(self) -> Any:
        """The present board's oximeter."""
        return self.bench.oximeter

    @property
    def now_us(self) -> int:
        """Time since the first power-on."""
        return self._base_us + (self._bench.board.now_us if self._bench else 0)

    def fit(self, plant: Plant) -> LivePlant:
        """Puts a plant behind the motor; it stays there when the power goes."""
        self._live = LivePlant(plant, self.moved, lambda: self.now_us)
        return self._live

    def choose(self, form: str) -> None:
        """An oximeter of another format; a board that was handed over booted is left for a new one."""
        self.form = form
        self._bench = None

    def start(self, bench_mode: bool) -> None:
        """Powers it up, unless it was handed over booted."""
        self._bench_mode = bench_mode
        if self._bench is None:
            fram = memory_for(self.form)
            self._bench = PumpBench(self._image, fram=fram, bench_mode=bench_mode, form=self.form, jammed=self._jammed)
        self._watch()
        if not self.bench.status:
            self._boot()

    def _watch(self) -> None:
        bench = self.bench
        self.moved.parts.append(NsLog(bench.motor.times, self._base_us))
        self.pin.parts.append(NsLog(bench.step_log.times, self._base_us))
        self._taken = 0
        if self._live:
            bench.wire_plant(self._live)
        bench.board.on_reset(lambda cause: self._came_back())
        bench.board.usb.on_data(self._heard)
        bench.board.tap = self._sent

    def _sent(self, line: str, data: bytes) -> None:
        self.lines.append((self.now_us, _LINES[line], bytes(data)))

    def _heard(self, data: bytes) -> None:
        self.lines.append((self.now_us, "pump to host", bytes(data)))
        self._heard_us = self.now_us
        self.bench._received(data)

    def _boot(self) -> None:
        try:
            self.bench.boot(STREAM_MS)
            self._name()
            self.bench.run_until(lambda: bool(self.bench.status), _BOOT_S, "the first status")
        except BenchFault as fault:
            raise TargetFault(f"rp2040: {fault}") from None

    def _name(self) -> None:
        said = self.bench.ask(m.HELLO, contract=m.CONTRACT).fields
        self.build = {
            "version": said["version"], "build": said["build"], "contract": f"{said['contract']:08x}"
        }  # fmt: skip

    def close(self) -> None:
        """Nothing runs behind our back: time passes only when asked."""
        self._bench = None

    # -- time

    def run_to(self, t_us: int) -> None:
        """Lets time pass until `t_us` or until a record has come."""
        if self._bench is None:
            self._base_us = max(self._base_us, t_us)
            return
        board = self._bench.board
        while self.now_us < t_us and not self._news():
            board.run_to(min(t_us - self._base_us, board.now_us + SLICE_US))
            if self._look:
                self._look(self.now_us, self._bench.face(), self._bench.tone_hz())

    def _news(self) -> bool:
        """Records are there, and it is known when the pump's time began."""
        return bool(self.bench.status) and len(self.bench.events) > self._taken

    def at(self, t_us: int, call: Callable[[], None]) -> None:
        """Books a call."""
        self.bench.board.at_ns((t_us - self._base_us) * 1000, call)

    def records(self) -> list[dict[str, Any]]:
        """Records since the last call."""
        if self._bench is None or not self._news():
            return []
        new = self._bench.events[self._taken :]
        self._taken += len(new)
        zero_ms = (self._bench.offset_ns // 1_000_000) + self._base_us // 1000
        return [{**{k: v for k, v in e.items() if k != "at_ns"}, "t_ms": e["t_ms"] + zero_ms} for e in new]

    def seen(self) -> Seen:
        """What a person sees, by the newest status."""
        return self._bench.seen() if self._bench else OFF

    def state(self) -> str:
        """The session's state."""
        return str(self.seen().state)

    def _came_back(self) -> None:
        """After a reset the pump's time starts anew and nobody is subscribed."""
        bench = self.bench
        bench.offset_ns = 0
        bench.status = {}
        self._greet(bench, 0)

    def _greet(self, bench: PumpBench, tries: int) -> None:
        if bench is self._bench and not bench.status and tries < 100:
            bench.send(m.STREAM, period_ms=STREAM_MS)
            bench.board.at_ns(bench.board.now_ns + 50_000_000, lambda: self._greet(bench, tries + 1))

    # -- the host line

    def load(self, blob: bytes) -> str:
        """Loads over the line."""
        try:
            answer = self.bench.load(blob)
        except BenchFault as fault:
            raise TargetFault(f"rp2040: {fault}") from None
        self._loaded = blob
        return refusal(answer)

    def host(self, command: str, **fields: Any) -> None:
        """Sends a command."""
        bench = self.bench
        if command == "garbage":
            bench.board.usb_write(fields["data"])
        elif command == "hang":
            bench.send(m.HANG, data=fields["code"].encode())
        else:
            bench.send(layout_of(command))
            if command == "ping" and self.now_us - self._heard_us > _DEAF_US:
                bench.send(m.STREAM, period_ms=STREAM_MS)  # the pump ends its stream when nobody pings

    # -- people and faults

    def key(self, button: int, down: bool) -> None:
        """A key goes down or up."""
        self._jammed = self._jammed if down else self._jammed & ~button
        self.bench.keys(button, down)

    def watch(self, look: Callable[[int, bytes, int], None]) -> None:
        """Screen and buzzer are looked at every 20 ms; what is seen is pixels, and the pin's registers."""
        self._look = look

    def jam(self, keys: int) -> None:
        """Keys that are down when the power comes; a board that was handed over booted is left for a new one."""
        self._jammed |= keys
        self._bench = None

    def power(self, on: bool) -> None:
        """Cuts or restores the power: at this very instruction."""
        if not on:
            bench = self.bench
            bench.fram.power_cut()
            bench.clock.power_cut()
            self._base_us += bench.board.now_us
            self._kept = bench.fram, bench.board.flash_image(), bench.clock, self._base_us
            self._bench = None
        elif self._bench is None:
            fram, flash, clock, cut_us = self._kept or (Fram(), None, None, 0)
            self._bench = PumpBench(
                self._image, fram=fram, flash=flash, bench_mode=self._bench_mode, form=self.form, jammed=self._jammed,
                clock=clock, away_us=self._base_us - cut_us,
            )  # fmt: skip
            for part in [part for part, out in self._unplugged.items() if out]:
                self._plug(part, True)
            self._watch()
            self._boot()

    def hang(self) -> None:
        """The processor works no more, interrupts included, until its watchdog bites."""
        self.bench.board.hang_cpu()

    def stall_code(self, ms: float) -> None:
        """No instruction for so long."""
        self.bench.board.stall_code(ms * 1000)

    def corrupt(self, where: str) -> None:
        """Flips one bit: of each copy of the protocol's bytes, of one of the plan's rows of pulses, of the FRAM."""
        if where == LOG_PART:
            contents = self.bench.fram.contents
            taken = [k for k in range(SLOTS) if any(contents[k * SLOT : (k + 1) * SLOT])]
            contents[max(taken, default=0) * SLOT + 5] ^= 1
            return
        ram = self.bench.board.chip.sram
        if where == "plan":
            row = self._plan_row()
            _flip(ram, row, self.bench.status.get("step", 1) * 4, 1 << 6, CONTROLS_COPY)
        else:
            _flip(ram, self._loaded, len(self._loaded) // 2, 1)

    def _plan_row(self) -> bytes:
        from pump.course.plan import Plan
        from pump.protocol.protocol import decode

        plan = Plan(decode(bytearray(self._loaded)), self.pl_pulse)
        return struct.pack(f"<{plan.count}I", *plan.pulses)

    def noise(self, line: str, data: bytes) -> None:
        """Bytes on a line."""
        if line == "host":
            self.bench.board.usb_write(data)
        else:
            self.bench.board.uart_send(1, data)

    def motor(self, stalled: bool) -> None:
        """The shaft stands: the driver's steps move nothing."""
        motor = self.bench.motor
        enabled = self.bench._enabled_at
        motor._enabled_at = (lambda _t: False) if stalled else enabled

    def door(self, is_open: bool) -> None:
        """The door opens or shuts."""
        self.bench.plant.do("door", {"is_open": is_open})

    def battery(self, volts: float, supply: bool = False) -> None:
        """The battery has this voltage from now on, and feeds the pump; with `supply` the mains do."""
        self.bench.plant.do("battery_volts", {"volts": volts, "supply": supply})

    def clock(self, **what: Any) -> None:
        """Something happens to the clock, which goes on without power."""
        kept = self._kept[2] if self._kept and self._bench is None else None
        happen(kept or self.bench.clock, **what)

    def unplug(self, part: str, out: bool) -> None:
        """A part answers no more, or again; with the power off, from the next power-on."""
        self._unplugged[part] = out
        if self._bench:
            self._plug(part, out)

    def _plug(self, part: str, out: bool) -> None:
        if part == DRIVER:
            self.bench.driver_cut = out
        else:
            self.bench.unplug(part_row(self.name, part), out)

    def bus_stuck(self, part: str, for_ms: int) -> None:
        """The clock of the screen's and the lights' bus is held low."""
        if part_row(self.name, part) not in SHARED_BUS:
            raise NotOnTarget(f"rp2040: the bus of the part {part} has no clock that others can hold")
        board, scl = self.bench.board, self.bench.pins.SCL
        board.stick_i2c(0, scl, True)
        board.at_ns(board.now_ns + for_ms * 1_000_000, lambda: board.stick_i2c(0, scl, False))

    def screen(self) -> bytes | None:
        """A picture of the screen."""
        import io

        target = io.BytesIO()
        self.bench.screen.to_png(target, 4)  # type: ignore[arg-type]
        return target.getvalue()


def _flip(ram: Any, pattern: bytes, offset: int, bit: int, only: int | None = None) -> None:
    """Flips a bit at `offset` of each place where the memory holds `pattern`, or of one of them by its number."""
    memory = bytes(ram[:_SRAM_BYTES])
    places = []
    at = memory.find(pattern)
    while at >= 0:
        places.append(at)
        at = memory.find(pattern, at + 1)
    if not places:
        raise TargetFault("rp2040: what is to be corrupted is nowhere in the memory")
    for place in places if only is None else [places[min(only, len(places) - 1)]]:
        ram[place + offset] ^= bit

"""The target "core": the controller on CPython in virtual time, its virtual board around it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from oximeters.registry import module
from pump.controller import Controller
from pump.senses.power_up import BENCH_KEYS
from pump.senses.vitals import FRESH_MS
from pump.store.journal import SLOTS
from pump.store.settings import Settings
from pump.tables import messages as m
from pump.tables import parts
from pump.tables.oximeters import NAMES
from pump.tables.settings import OXIMETER
from toleramp import __version__
from toleramp.replay.identity import core_hash
from toleramp_bench.boards import power_up
from toleramp_bench.boards.kept_settings import slot_for
from toleramp_bench.boards.local_brain import LocalBrain
from toleramp_bench.boards.virtual import VirtualBoard
from toleramp_bench.devices.clock import happen
from toleramp_bench.devices.oximeter import DEFAULT_FORM, Oximeter
from toleramp_bench.names import EVENTS
from toleramp_bench.people.seen import OFF, Seen
from toleramp_bench.places import mechanism_pl_pulse
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant
from toleramp_bench.targets.base import NotOnTarget
from toleramp_bench.targets.host_line import HostLine
from toleramp_bench.targets.slow_oximeter import SlowOximeter

BOOT_US = 100_000  # from power-on to the first scan, about as on the board
LOOKS = 5  # within the time that a status is old
WATCHDOG_US = 1_000_000
SLOW_US = 100_000  # scans as long as this take samples instead of bytes
START_US = power_up.DONE_MS * 1000  # somebody may load then
TESTED_US = 3_000_000
POWER_ON, BY_WATCHDOG = 1, 3  # reset causes as the board names them


RETRY_US = 1_000_000  # a lost part is tried again each second
LOG_PART = parts.NAMES[parts.FRAM]
DRIVER = "driver"  # no part that answers: its enable is a wire
SHARED_BUS = [part for part in range(1, parts.COUNT) if parts.BUS[part] == parts.SHARED]


def part_row(target: str, part: str) -> int:
    """The row of a part in tables.parts. Raises NotOnTarget for one that the pump does not talk to."""
    if part not in parts.NAMES:
        raise NotOnTarget(f"{target}: the pump does not talk to a part {part} yet")
    return parts.NAMES.index(part)


@dataclass(frozen=True)
class Phase:
    """Where a pump's scans stand beside the rest of the world.

    `late_us`: the first one comes so much later. `unsteady_us`: each may begin up to so much before or after its time.
    `old_ms`: people see a status that is so old, as over a line.
    """

    late_us: int = 0
    unsteady_us: int = 0
    old_ms: int = 0

    def early(self) -> Callable[[], int]:
        """By how much the next scan is early, from a stream that is the same each time."""
        drawn = Random(self.late_us)
        return lambda: drawn.randint(-self.unsteady_us, self.unsteady_us) if self.unsteady_us else 0


IN_STEP = Phase()


class OldStatus:
    """What stood on a pump's screen some time ago, as a line brings it."""

    def __init__(self, target: CoreTarget, old_ms: int) -> None:
        self._target, self._old_us = target, old_ms * 1000
        self._kept: deque[tuple[int, Seen]] = deque([(0, OFF)])

    def look(self) -> None:
        """Takes one, and books the next."""
        now = self._target.now_us
        self._kept.append((now, self._target.now_seen()))
        while len(self._kept) > 1 and self._kept[1][0] <= now - self._old_us:
            self._kept.popleft()
        self._target.at(now + self._old_us // LOOKS, self.look)

    def seen(self) -> Seen:
        """The newest that is old enough."""
        return next(seen for t_us, seen in reversed(self._kept) if t_us <= self._target.now_us - self._old_us)


class CoreTarget:
    """A pump in virtual time. `scan_us`: 20 ms as shipped; from 100 ms on the oximeter gives samples, not bytes.

    `phase`: where it stands beside the rest of the world.
    """

    name = "core"

    def __init__(self, scan_us: int = 20_000, phase: Phase = IN_STEP) -> None:
        self.scan_us, self._phase = scan_us, phase
        self._status = OldStatus(self, phase.old_ms) if phase.old_ms else None
        self.pl_pulse = mechanism_pl_pulse()
        self.board = VirtualBoard(scan_us, early=phase.early())
        self.slow = scan_us >= SLOW_US
        self.oximeter: Any = SlowOximeter(self.board) if self.slow else Oximeter(self.board)
        self.board.samples = self.slow
        self.form = DEFAULT_FORM
        self.moved, self.pin, self.lines = self.board.moved, self.board.pin, self.board.lines
        self.build = {"version": __version__, "contract": f"{m.CONTRACT:08x}"}
        self.line = HostLine()
        self.brain: Any = None
        self._bench = False
        self._records: list[dict[str, Any]] = []
        self._life = 0

    def fit(self, plant: Plant) -> LivePlant:
        """Puts a plant behind the motor."""
        return self.board.fit(plant)

    def choose(self, form: str) -> None:
        """An oximeter of another format; slow scans take samples, which have none."""
        self.form = form
        slot, content = slot_for(form)
        self.board.fram[slot] = content
        if not self.slow:
            self.oximeter = Oximeter(self.board, form=form)

    # -- time

    @property
    def now_us(self) -> int:
        """Time since the first power-on."""
        return self.board.now_us

    def start(self, bench_mode: bool) -> None:
        """Powers it up."""
        self.oximeter.start()
        self._bench = bench_mode
        if self._status:
            self._status.look()
        self._boot(bench_mode, POWER_ON)
        self.run_to(START_US)
        self._to_tested()

    def _to_tested(self) -> None:
        """Lets the self-test come to its verdict: until then nothing is loaded. A key that is held keeps it waiting."""
        self.board.run_to(self.now_us + TESTED_US, lambda: not self.board.tests.first)

    def close(self) -> None:
        """Nothing stays."""
        self.brain = self.board.brain = None

    def run_to(self, t_us: int) -> None:
        """Lets time pass until `t_us` or until a record has come."""
        self.board.run_to(t_us, self._news)

    def at(self, t_us: int, call: Callable[[], None]) -> None:
        """Books a call."""
        self.board.at_us(t_us, call)

    # -- power and resets

    def _make_brain(self, bench: bool, cause: int) -> Any:
        first, slot = self.board.log_end()
        settings = Settings()
        settings.read(self.board.slot)
        form = module(NAMES[settings.values[OXIMETER]])
        chosen = self.oximeter.samples if self.slow else form.Parser()
        held, lost, last_s = self.board.keys, self.board.lost_step(), self.board.newest_s()
        controller = Controller(
            chosen, self.pl_pulse, self.scan_us, first_record=first, bench=bench, settings=settings, held=held,
            first_slot=slot, lost_step=lost, read_slot=self.board.kept_slot, last_s=last_s,
        )  # fmt: skip
        if not self.slow:
            controller.vitals.fresh_ms = max(FRESH_MS, form.SILENCE_MS)
        self.board.read_clock()
        recorder = controller.link.recorder
        recorder.core = core_hash().encode()
        recorder.begin(controller, None, (first, bench, held, slot, lost, last_s))
        controller.boot(cause, self.board.snap, True)
        controller.self_test(self.board.parts)
        recorder.booted(cause, self.board.snap, self.board.parts, True)
        return LocalBrain(controller, first)

    def _boot(self, bench: bool, cause: int) -> None:
        self._collect()
        self._life += 1
        if bench and not self.slow:
            power_up.act(self._act_key, self._later, BENCH_KEYS)
            bench = False  # not given: it is asked for
        self.brain = self._make_brain(bench, cause)
        self.board.listen(module(self.form), lambda said: self.oximeter.hear(said))
        self.board.boot(self.brain, self.board.now_us + BOOT_US + self._phase.late_us, True)

    def _act_key(self, keys: int, down: bool) -> None:
        """A jammed key stays down when people let go of it."""
        self.board.key(keys if down else keys & ~self.board.jammed, down)

    def watch(self, look: Callable[[int, bytes, int], None]) -> None:
        """Screen and tone as they leave the core: the cells that it draws."""
        self.board.watch = look

    def jam(self, keys: int) -> None:
        """These keys are down when the power comes."""
        self.board.jammed |= keys
        self.board.key(keys, True)

    def _later(self, ms: int, call: Callable[[], None]) -> None:
        self.board.at_us(self.now_us + ms * 1000, call)

    def power(self, on: bool) -> None:
        """Cuts or restores the power; the FRAM keeps what it holds."""
        if on:
            self._boot(self._bench, POWER_ON)
        else:
            self._collect()
            self.board.clock.power_cut()
            self.board.off()
            self.brain = None
            self._life += 1

    def hang(self) -> None:
        """No scan until the watchdog resets the processor."""
        life = self._life
        self.board.freeze()
        self.board.at_us(self.now_us + WATCHDOG_US, lambda: self._reset(life))

    def _reset(self, life: int) -> None:
        if life == self._life:
            self.board.off()
            self._boot(False, BY_WATCHDOG)

    def stall_code(self, ms: float) -> None:
        """No scan for so long."""
        self.board.delay_scan(self.now_us + round(ms * 1000))

    # -- what it says

    def _news(self) -> bool:
        return self.brain is not None and bool(self.brain.news)

    def _collect(self) -> None:
        if self.brain is not None:
            zero_ms = self.board.zero_us // 1000
            for record in self.brain.records():
                self._records.append({**record, "t_ms": record["t_ms"] + zero_ms})

    def records(self) -> list[dict[str, Any]]:
        """Records since the last call."""
        self._collect()
        found, self._records = self._records, []
        return found

    def seen(self) -> Seen:
        """What a person sees."""
        return self._status.seen() if self._status else self.now_seen()

    def now_seen(self) -> Seen:
        """What stands on the screen at this moment."""
        return self.brain.seen() if self.brain else OFF

    def state(self) -> str:
        """The session's state."""
        return str(self.now_seen().state)

    # -- the host line

    def load(self, blob: bytes) -> str:
        """Loads over the line; with slow scans the bytes are handed over at once."""
        if self.slow:
            return self._hand_over(blob)
        for request in self.line.load_requests(blob):
            code = self._ask(request)
            if code:
                return code
        return ""

    def _hand_over(self, blob: bytes) -> str:
        self._collect()
        before = len(self._records)
        self.brain.hand_over(blob)
        self.board.run_to(self.now_us + 4 * self.scan_us, lambda: False)
        self._collect()
        refused = [record for record in self._records[before:] if record["event"] == EVENTS.LOAD_REFUSED]
        return str(refused[-1]["code"]) if refused else ""

    def _ask(self, request: bytes) -> str:
        self.line.listen()
        self.board.listening = True
        self._send(request)
        end = self.now_us + 3_000_000
        while self.now_us < end:
            self.board.run_to(self.now_us + self.scan_us, lambda: False)
            answer = self.line.answer(self._take_sent())
            if answer is not None:
                return answer
        return "no answer"

    def _take_sent(self) -> bytes:
        data = bytes(self.board.sent)
        self.board.sent.clear()
        return data

    def _send(self, data: bytes) -> None:
        self.board.to_pump += data

    def host(self, command: str, **fields: Any) -> None:
        """Sends a command; slow scans take the whole frame at once."""
        if command == "ping" and self.slow:
            return
        self._send(self.line.request(command, **fields))

    # -- people and faults

    def key(self, button: int, down: bool) -> None:
        """A key goes down or up."""
        if not down:
            self.board.jammed &= ~button
        self.board.key(button, down)

    def corrupt(self, where: str) -> None:
        """Flips one bit."""
        if where == LOG_PART:
            newest = max((slot for slot in self.board.fram if slot < SLOTS), default=-1)
            if newest >= 0:
                data = bytearray(self.board.fram[newest])
                data[5] ^= 1
                self.board.fram[newest] = bytes(data)
        else:
            self.brain.corrupt(where)

    def noise(self, line: str, data: bytes) -> None:
        """Bytes on a line."""
        if line == "host":
            self._send(data)
        else:
            self.board.uart_send(1, data)

    def motor(self, stalled: bool) -> None:
        """The motor moves no more."""
        self.board.hold_shaft(stalled)

    def door(self, is_open: bool) -> None:
        """The door opens or shuts."""
        self.board.plant.do("door", {"is_open": is_open})

    def battery(self, volts: float, supply: bool = False) -> None:
        """The battery has this voltage from now on, and feeds the pump; with `supply` the mains do."""
        self.board.plant.do("battery_volts", {"volts": volts, "supply": supply})

    def unplug(self, part: str, out: bool) -> None:
        """A part answers no more, or again."""
        if part == DRIVER:
            self.board.cut_driver(out)
        else:
            self.board.unplug(part_row(self.name, part), out)

    def bus_stuck(self, part: str, for_ms: int) -> None:
        """Screen and lights share a bus: neither answers, until the board's next try after it is free again."""
        if part_row(self.name, part) not in SHARED_BUS:
            raise NotOnTarget(f"{self.name}: the bus of the part {part} has no clock that others can hold")
        for row in SHARED_BUS:
            self.board.unplug(row, True)
        self.board.at_us(self.now_us + for_ms * 1000 + RETRY_US, self._bus_free)

    def _bus_free(self) -> None:
        for row in SHARED_BUS:
            self.board.unplug(row, False)

    def clock(self, **what: Any) -> None:
        """Something happens to the clock."""
        happen(self.board.clock, **what)

    def screen(self) -> bytes | None:
        """The core's screen is text only."""
        return None

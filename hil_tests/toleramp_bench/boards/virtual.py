"""A pump board in virtual time around a brain: step generator, permit's monostable, lines, FRAM, keys.

The brain is the controller, in this process or in MicroPython for Unix; the board is the same for both.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any, Protocol

from oximeters.detection import Line
from pump.base import calendar
from pump.base.units import TICK_SPAN
from pump.io import FAILED, KEPT, NO_WRITE, OX_MAX, STOP, TAKEN, Outputs, Snapshot
from pump.senses.wall import newest
from pump.store.journal import SLOT, SLOTS, open_log, unfinished, unknown_log, valid
from pump.tables import inputs, parts
from pump.tables.lines import AS_SET
from toleramp_bench.boards.talking import Talking
from toleramp_bench.devices.clock import EPOCH, START, RealTimeClock, to_bcd
from toleramp_bench.devices.line_bits import bits, resample, same_line
from toleramp_bench.devices.monostable import HOLD_NS
from toleramp_bench.devices.pulses import RunLog
from toleramp_bench.devices.self_test import SelfTest
from toleramp_bench.devices.step_generator import StepGenerator
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant
from toleramp_bench.scenario.model import LINES_KEPT

UART_BAUD = 9600
OX_CHUNK = 16  # bytes of a long stream that are there at once
_DARK, _CELL = b" " * 64, 4  # the screen's text; characters of a cell
LINK_BYTES = 24  # of the host a scan, as the board takes at rest


class Brain(Protocol):
    """What decides: one scan from snapshot to outputs."""

    def scan(self, snap: Snapshot, out: Outputs) -> None: ...


class VirtualBoard:
    """Time, lines and parts; `scan` runs the brain once. Times in microseconds since the first power-on."""

    def __init__(self, scan_us: int, start_ms: int = 0, early: Callable[[], int] = lambda: 0) -> None:
        """`start_ms`: the device's ticks when a brain boots. `early`: by how much (us) the next scan is too early."""
        self.scan_us, self._early = scan_us, early
        self._start_ms = start_ms
        self.now_us = 0
        self.pin, self.moved = RunLog(), RunLog()
        self.snap, self.out = Snapshot(), Outputs()
        self.fram: dict[int, bytes] = {}
        self.listening = False
        self.heard: Callable[[bytes], None] = lambda data: None  # told each frame to the host
        self.sent = bytearray()  # what the pump sent to the host while somebody listened, and nobody has read yet
        self.lines: deque[tuple[int, str, bytes]] = deque(maxlen=LINES_KEPT)
        self._permit_us = max(HOLD_NS // 1000, 5 * scan_us)
        self._calls: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._ox: deque[tuple[int, bytes]] = deque()
        self._ox_bad: deque[int] = deque()  # when bytes come whose stop bit or parity is wrong
        self._ox_free_ns = 0
        self.to_pump = bytearray()
        self.link_bytes = LINK_BYTES
        self.brain: Brain | None = None
        self.keys = self.jammed = 0  # those that are down, and those of them that nobody lets go of
        self.watch: Callable[[int, bytes, int], None] | None = None  # told time, screen and tone after each scan
        self._face = bytearray(_DARK)
        self._zero_us = 0
        self._grid_us = self._scan_due_us = 0
        self._scanned_us = 0
        self.stepper = self._generator()
        self._shaft_held = False
        self.parts = parts.ALL  # those that answer, as bits
        self.clock = RealTimeClock(lambda: self.now_us * 1000, START)
        self._clock_due_us = 0
        self.tests = SelfTest()
        self.driver_cut = False  # the driver's enable is broken: it says so, and nothing moves
        self._kept = NO_WRITE
        self._idle = self._idle_seen = 0
        self.plant = self.fit(Plant())
        self.samples = False  # the oximeter is asked, and sends no bytes:
        self.sample_us = self._sample_due_us = 0  # so often; 0: in each scan
        self.ox_baud, self.ox_parity = UART_BAUD, None
        self._form: Any = None
        self._ox_line = AS_SET
        self._talk: Talking | None = None
        self._told: Callable[[bytes], None] = lambda said: None

    def listen(self, form: Any, told: Callable[[bytes], None]) -> None:
        """The oximeter's line as a format (a module of oximeters) has it; `told` hears what the pump says there."""
        self._form, self._told = form, told
        self._open(form)

    def _open(self, form: Any) -> None:
        """The line as a format, or a row of tables.lines, has it; what had come is dropped, as by the chip."""
        self.ox_baud, self.ox_parity, self._talk = form.BAUD, form.PARITY, Talking(form)
        self._ox.clear()
        self._ox_bad.clear()

    def fit(self, plant: Plant) -> LivePlant:
        """Puts a plant behind the motor. Its time is the board's."""
        self.plant = LivePlant(plant, self.moved, lambda: self.now_us)
        return self.plant

    # -- power

    def boot(self, brain: Brain, at_us: int, tests: bool = False) -> None:
        """A brain whose first scan comes at `at_us`; its time counts from there. `tests`: it awaits the board's."""
        self.brain = brain
        self.tests.begin(tests)
        self._zero_us = self._scanned_us = at_us
        self._grid_us = self._scan_due_us = at_us + self.scan_us
        self.stepper = self._generator()
        self.stepper.shaft_held = self._shaft_held
        self.stepper.stop_down = bool(self.keys & STOP)
        self.snap, self.out = Snapshot(), Outputs()
        self.read_clock()
        self._kept, self._idle, self._idle_seen = NO_WRITE, 0, 0
        self.to_pump.clear()
        self._ox.clear()
        self._ox_bad.clear()
        self._ox_line = AS_SET
        self._sample_due_us = 0
        self._face = bytearray(_DARK)

    def _generator(self) -> StepGenerator:
        """A step generator at power-on: its driver has no permit yet."""
        made = StepGenerator(self.pin, self.moved)
        made.enabled_until_us = -1
        return made

    @property
    def zero_us(self) -> int:
        """When the brain's own time began."""
        return self._zero_us

    def log_end(self) -> tuple[int, int]:
        """Number and slot of the first record of a power-on now, as the board finds them."""
        return open_log(self.slot) if self.parts & parts.BIT[parts.FRAM] else unknown_log(self.now_us)

    def lost_step(self) -> int:
        """The step of a session that the log leaves open, as the board finds it; 0: none."""
        return unfinished(self.slot, self.log_end()[1]) if self.parts & parts.BIT[parts.FRAM] else 0

    def slot(self, number: int) -> bytearray:
        """What a slot of the FRAM holds."""
        return bytearray(self.fram.get(number, bytes(SLOT)))

    def kept_slot(self, number: int) -> bytearray | None:
        """The same as the core asks for it: None when the FRAM does not answer."""
        return self.slot(number) if self.parts & parts.BIT[parts.FRAM] else None

    def newest_s(self) -> int:
        """The newest time in the log, as the board finds it."""
        return newest(self.slot, self.log_end()[1]) if self.parts & parts.BIT[parts.FRAM] else calendar.NO_TIME

    def off(self) -> None:
        """No brain, no pulses."""
        self.brain = None
        self.stepper.run_to(self.now_us)
        self.stepper.abort(self.now_us)

    def freeze(self) -> None:
        """No scan any more; what is queued goes on, until the permit or the queue ends it."""
        self._scan_due_us = 1 << 62

    def delay_scan(self, until_us: int) -> None:
        """No scan before `until_us`."""
        if self._scan_due_us < until_us:
            self._scan_due_us = until_us

    # -- time

    def at_us(self, t_us: int, call: Callable[[], None]) -> None:
        """Books a call."""
        heapq.heappush(self._calls, (max(t_us, self.now_us), next(self._order), call))

    def run_to(self, t_us: int, ended: Callable[[], bool]) -> None:
        """Scans and calls until `t_us`, or until `ended()` after a scan."""
        while True:
            call_us = self._calls[0][0] if self._calls else 1 << 62
            scan_us = self._scan_due_us if self.brain else 1 << 62
            nearest = min(call_us, scan_us)
            if nearest > t_us:
                self._pass(t_us)
                return
            self._pass(nearest)
            if call_us <= scan_us:
                heapq.heappop(self._calls)[2]()
            else:
                self._scan()
                if ended():
                    return

    def _pass(self, t_us: int) -> None:
        if t_us > self.now_us:
            self.now_us = t_us
            self.stepper.run_to(t_us)

    def _scan(self) -> None:
        assert self.brain is not None
        snap, now = self.snap, self.now_us
        passed_us = now - self._scanned_us
        self._scanned_us = now
        self._scan_due_us = self._next_us(now)
        snap.dt_ms = passed_us // 1000
        self._scanned_us -= passed_us % 1000
        snap.now_ms = (self._start_ms + (now - self._zero_us) // 1000) % TICK_SPAN
        snap.buttons = self.keys
        self._fill_pulses(snap)
        snap.queue_us = max(0, self.stepper.end_us - now)
        self._fill_oximeter(snap)
        self._fill_link(snap)
        self._fill_raw(snap)
        if now >= self._clock_due_us:
            self.read_clock()
        self.tests.look(snap, self.driver_cut)
        self.brain.scan(snap, self.out)
        self._apply()

    def _next_us(self, now: int) -> int:
        """When the next scan begins; a scan that came late shifts those after it."""
        self._grid_us = max(self._grid_us, now) + self.scan_us
        return self._grid_us - self._early()

    def _fill_pulses(self, snap: Snapshot) -> None:
        """As the board counts: what the driver itself called idle is apart from what moved."""
        stepper = self.stepper
        snap.parts = self.parts
        enabled = stepper.enabled_until_us >= self.now_us and not self.driver_cut
        snap.driver_off = bool(self.parts & parts.BIT[parts.LIGHTS]) and not enabled
        if self.driver_cut:
            self._idle += stepper.moved - self._idle_seen
        self._idle_seen = stepper.moved
        snap.pulses, snap.idle = stepper.pulses % TICK_SPAN, self._idle % TICK_SPAN
        snap.moved = (stepper.moved - self._idle) % TICK_SPAN
        snap.fram = self._kept

    def cut_driver(self, cut: bool) -> None:
        """The driver's enable breaks, or is whole again."""
        self.stepper.run_to(self.now_us)
        self.driver_cut = cut
        self.stepper.shaft_held = cut or self._shaft_held

    def unplug(self, part: int, out: bool) -> None:
        """A part (row of tables.parts) answers no more, or again; one of the lights' own chip also reads the driver."""
        self.parts = self.parts & ~parts.BIT[part] if out else self.parts | parts.BIT[part]

    def read_clock(self) -> None:
        """Once a second, as the board does; one that does not answer leaves what it said last."""
        self._clock_due_us = self.now_us + 1_000_000
        self.snap.parts = self.parts
        if self.parts & parts.BIT[parts.CLOCK]:
            self.snap.wall_s = calendar.seconds(to_bcd(self.clock.time))
            self.snap.wall_lost = self.clock.lost

    def _fill_oximeter(self, snap: Snapshot) -> None:
        if self.samples:
            snap.ox_n = self._asked()
            return
        n, now_ns = 0, self.now_us * 1000
        while self._ox and self._ox[0][0] <= now_ns and n + len(self._ox[0][1]) <= OX_MAX:
            data = self._ox.popleft()[1]
            snap.ox[n : n + len(data)] = data
            n += len(data)
        snap.ox_n = n
        snap.ox_broken = 0
        while self._ox_bad and self._ox_bad[0] <= now_ns:
            self._ox_bad.popleft()
            snap.ox_broken += 1
        said = self._talk.due(snap.dt_ms, snap.ox, n) if self._talk else b""
        if said:
            self._told(said)

    def _asked(self) -> int:
        """1 when a ready sample is due, else 0."""
        if self.now_us < self._sample_due_us:
            return 0
        self._sample_due_us = self.now_us + self.sample_us
        return 1

    def _fill_link(self, snap: Snapshot) -> None:
        if not self.to_pump:
            snap.link_n = 0
            return
        data = self.to_pump[: self.link_bytes]
        snap.link[: len(data)] = data
        snap.link_n = len(data)
        self.lines.append((self.now_us, "host to pump", bytes(data)))
        del self.to_pump[: len(data)]

    def _fill_raw(self, snap: Snapshot) -> None:
        """The raw inputs, as the parts behind the board's pins give them."""
        names: tuple[str, ...] = inputs.NAMES
        for row, name in enumerate(names):
            snap.raw[row] = self.plant.reading(name)

    def _apply(self) -> None:
        out, stepper, now = self.out, self.stepper, self.now_us
        if out.abort:
            stepper.abort(now)
        if out.permit:
            stepper.enabled_until_us = now + self._permit_us
        for i in range(out.words):
            stepper.add(out.word_count[i], out.word_us[i], now)
        if self.watch is not None:
            self._draw(out)
            self.watch(now, bytes(self._face), out.tone_hz)
        self._kept = self._write(out) if out.fram_slot >= 0 else NO_WRITE
        if out.read_slot >= 0:
            self._look_up(out.read_slot)
        if out.tx_n:
            data = bytes(out.tx[: out.tx_n])
            self.lines.append((now, "pump to host", data))
            self.heard(data)
            if self.listening:
                self.sent += data
        if out.ox_line != self._ox_line and self._form is not None:
            self._ox_line = out.ox_line
            self._open(self._form if out.ox_line == AS_SET else Line(out.ox_line))
        if out.tests:
            self.tests.again()
        if out.clock_s > 0:
            self.clock.set_to(EPOCH + timedelta(seconds=out.clock_s))
            self._clock_due_us = 0

    def _draw(self, out: Outputs) -> None:
        """The cell that is drawn in this scan; a screen that does not answer is dark."""
        if not self.parts & parts.BIT[parts.SCREEN]:
            self._face = bytearray(_DARK)
        elif out.screen_cell >= 0:
            at = out.screen_cell * _CELL
            self._face[at : at + _CELL] = out.screen[at : at + _CELL]

    def _write(self, out: Outputs) -> int:
        """A write to the FRAM as the board's driver makes it: nothing sound of the log is written over."""
        if not self.parts & parts.BIT[parts.FRAM]:
            return FAILED
        number, data = out.fram_slot, bytes(out.fram)
        if number < SLOTS and valid(self.slot(number), number):
            return KEPT if self.fram[number] == data else TAKEN
        self.fram[number] = data
        return KEPT

    def _look_up(self, number: int) -> None:
        """Reads a slot for the next scan, as the board does after its outputs."""
        self.snap.read = number if self.parts & parts.BIT[parts.FRAM] else -1
        if self.snap.read >= 0:
            self.snap.slot[:] = self.slot(number)

    def hold_shaft(self, held: bool) -> None:
        """The shaft stands whatever pulses come, or turns again."""
        self._shaft_held = self.stepper.shaft_held = held

    # -- keys and the oximeter's wire (as devices.oximeter.Wire asks for it)

    def key(self, button: int, down: bool) -> None:
        """A key goes down or up now; STOP acts on the driver at once."""
        self.keys = self.keys | button if down else self.keys & ~button
        if button & STOP:
            self.stepper.set_stop(down, self.now_us)

    @property
    def now_ns(self) -> int:
        """The time in nanoseconds."""
        return self.now_us * 1000

    def at_ns(self, t_ns: int, call: Callable[[], None]) -> None:
        """Books a call; up to a microsecond late."""
        self.at_us(-(-t_ns // 1000), call)

    def uart_send(self, _number: int, data: bytes, baud: int = 9600, parity: int | None = None) -> None:
        """Bytes of the oximeter; each chunk is there when its last byte has come."""
        start = max(self._ox_free_ns, self.now_ns)
        byte_ns = bits(parity) * 1_000_000_000 // baud
        if not same_line(baud, parity, self.ox_baud, self.ox_parity):
            self._send_otherwise(start, data, baud, parity)
            self._ox_free_ns = start + len(data) * byte_ns
            return
        for at in range(0, len(data), OX_MAX if len(data) <= OX_MAX else OX_CHUNK):
            piece = bytes(data[at : at + (OX_MAX if len(data) <= OX_MAX else OX_CHUNK)])
            start += len(piece) * byte_ns
            self._ox.append((start, piece))
            self.lines.append((start // 1000, "oximeter", piece))
        self._ox_free_ns = start

    def _send_otherwise(self, start: int, data: bytes, baud: int, parity: int | None) -> None:
        """What the pump's receiver makes of another line; bytes with errors come through too, as on the chip."""
        for end_s, word in resample(data, baud, self.ox_baud, parity, self.ox_parity):
            end = start + round(end_s * 1e9)
            self._ox.append((end, bytes((word & 0xFF,))))
            self.lines.append((end // 1000, "oximeter", bytes((word & 0xFF,))))
            if word > 0xFF:
                self._ox_bad.append(end)

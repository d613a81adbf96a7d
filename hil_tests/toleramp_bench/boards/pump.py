"""A pump on the bench: the real image on the emulated board, with the parts of boards/pump_pico around it.

What is measured is measured at the pins: step pulses that reach an enabled driver, the screen's memory, bytes on the
lines. The firmware's own word is only used where the test is about what it says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.senses.power_up import BENCH_KEYS
from pump.tables import messages as m
from pump.tables import parts, states
from toleramp.approval.key_files import Person
from toleramp.device.loading import load
from toleramp.device.signing import KEYED, Signer
from toleramp.device.wire import Message, Wire
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.edges import EdgeLog
from toleramp_bench.devices.clock import START as CLOCK_START
from toleramp_bench.devices.clock import RealTimeClock
from toleramp_bench.devices.expander import Expander
from toleramp_bench.devices.fram import Fram
from toleramp_bench.devices.glyphs import Reader, letters_in
from toleramp_bench.devices.monostable import Monostable
from toleramp_bench.devices.motor import Motor
from toleramp_bench.devices.oximeter import DEFAULT_FORM, Oximeter
from toleramp_bench.devices.pulses import NsLog
from toleramp_bench.devices.screen import Screen
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.seen import Seen, is_tested, seen_in
from toleramp_bench.places import image as default_image
from toleramp_bench.places import mechanism_pl_pulse, pins
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant
from toleramp_bench.plant.readings import READINGS
from toleramp_bench.records import named

_ANSWER_US = 3_000_000
_CHALLENGE_US = 3_000_000  # a pump's challenge ends with 5 s of silence
_PWM, _SLICE, _CSR, _DIV, _CC, _TOP = 0x4005_0000, 0x14, 0, 4, 12, 16  # RP2040 datasheet, 4.5.3
ADC_PIN = 26  # the first of the ADC's pins
_CORE_TEMP, _CORE_V = 4, 0.706  # the processor's thermometer, at 27 degrees (RP2040 data sheet, 4.9.5)


class BenchFault(Exception):
    """The bench or the pump did not do what the run needs; says what was awaited and for how long."""


class PumpBench:
    """One emulated pump. `fram` and `flash` may come from another run whose power was cut.

    In bench mode somebody asks for it at power-up (boards.power_up): protocols load without approval.
    """

    def __init__(
        self,
        image: Path | None = None,
        *,
        fram: Fram | None = None,
        flash: bytes | None = None,
        oximeter: bool = True,
        form: str = DEFAULT_FORM,
        bench_mode: bool = True,
        jammed: int = 0,
        clock: RealTimeClock | None = None,
        away_us: int = 0,
    ) -> None:
        """`jammed`: keys (bits of pump.io) that are down before power-on, and that nobody lets go of at power-up;
        `clock`: of another run, whose power was away for `away_us`."""
        self.pins = pins()
        self.pl_pulse = mechanism_pl_pulse()
        self.board = Board(image or default_image(), flash=flash)
        self.screen, self.expander = Screen(), Expander()
        self.fram = fram or Fram()
        if clock:
            clock.moved_to(lambda: self.board.now_ns, away_us * 1000)
        self.clock = clock or RealTimeClock(lambda: self.board.now_ns, CLOCK_START)
        self.permit = Monostable()
        self.driver_cut = False  # the driver's enable is broken
        self.motor = Motor(self._enabled_at, lambda: self.board.level(self.pins.DIR) == 0)
        self._wire_parts()
        self.wire_plant(LivePlant(Plant(), NsLog(self.motor.times), lambda: self.board.now_us))
        self.oximeter = Oximeter(self.board, uart=1, form=form)
        self.board.uart_on_transmit(1, lambda byte: self.oximeter.hear(bytes((byte,))))
        if oximeter:
            self.oximeter.start()
        self.wire = Wire()
        self.inbox: deque[Message] = deque()
        self.events: list[dict[str, Any]] = []
        self.status: dict[str, Any] = {}
        self.on_message: Callable[[Message], None] = lambda message: None
        self.offset_ns = 0  # bench time of the device's time zero
        self._sequence = 0
        self.signer: Signer | None = None
        self._challenged_us = 0
        self._reader: Reader | None = None
        self._face, self._face_of = b" " * 64, (-1, False)
        self._presses: list[int] = []
        self.board.usb.on_data(self._received)
        self._bench_mode, self._jammed = bench_mode, jammed
        if jammed:
            self.keys(jammed, True)
        self._come_up()

    def _come_up(self) -> None:
        """The power has come: in bench mode somebody asks for that."""
        if self._bench_mode:
            self._ask_at_power_up(BENCH_KEYS, self._jammed)

    def switch_off_and_on(self) -> None:
        """The power goes and comes: what lies in FRAM and flash stays. The console's line stays, too."""
        self.screen.power_up()
        self.expander.power_up()
        self.fram.power_cut()
        self.board.press_reset()
        self._come_up()

    def keys(self, bits: int, down: bool) -> None:
        """Keys (bits of pump.io) go down or up."""
        p = self.pins
        for bit, pin in enumerate((p.START, p.CONFIRM, p.SILENCE, p.UP, p.DOWN, p.STOP)):
            if bits & 1 << bit:
                self._set_key(pin, down)

    def _ask_at_power_up(self, keys: int, jammed: int) -> None:
        def key(bits: int, down: bool) -> None:
            self.keys(bits if down else bits & ~jammed, down)

        power_up.act(key, lambda ms, call: self.board.at_ns(self.board.now_ns + ms * 1_000_000, call), keys)

    def _wire_parts(self) -> None:
        board, p = self.board, self.pins
        board.attach_i2c(0, 0x3C, self.screen)
        board.attach_i2c(0, 0x20, self.expander)
        board.attach_i2c(0, p.CLOCK_ADDR, self.clock)
        board.attach_spi(0, p.FRAM_CS, self.fram)
        board.on_edge(p.PERMIT, self.permit.edge, undriven=0)
        board.on_edge(p.STEP, self.motor.edge, undriven=0)
        self.step_log = EdgeLog(board, p.STEP, 1)
        for pin in (p.START, p.CONFIRM, p.SILENCE, p.UP, p.DOWN):
            board.set_input(pin, 1)
        board.set_input(p.STOP, 0)
        board.set_adc_volts(_CORE_TEMP, _CORE_V)

    def wire_plant(self, live: LivePlant) -> None:
        """Lets the board's parts read a plant: what it has at an ADC pin of its own name,,
        the door's switch and the mains."""
        self.plant = live
        for name in READINGS:
            pin = getattr(self.pins, name.upper(), -1)
            if pin >= ADC_PIN:
                self.board.set_adc_source(pin - ADC_PIN, partial(live.reading, name))
        self.expander.set_source(8 + self.pins.GPB_DRIVER_ON, lambda: int(self._enabled_at(self.board.now_ns)))
        self.expander.set_source(8 + self.pins.GPB_DOOR, lambda: live.reading("door"))
        self.expander.set_source(8 + self.pins.GPB_SUPPLY_OK, lambda: live.reading("supply"))

    def tone_hz(self) -> int:
        """What the buzzer's pin makes now, by the registers of its PWM; 0 for none."""
        pin, read = self.pins.BUZZER, self.board.chip.read_uint32
        at = _PWM + _SLICE * (pin >> 1 & 7)
        on, divider, level, top = (read(at + register) for register in (_CSR, _DIV, _CC, _TOP))
        if not on & 1 or not level >> 16 * (pin & 1) & 0xFFFF:
            return 0
        return round(16 * self.board.chip.clk_sys / max(divider, 1) / (top + 1))

    def face(self) -> bytes:
        """The 64 characters on the screen, read from its pixels; blanks before the firmware has begun."""
        if self._reader is None:
            letters = letters_in(bytes(self.board.chip.sram))
            if letters is None:
                return b" " * 64
            self._reader = Reader(letters)
        if self._face_of != (self.screen.written, self.screen.on):
            self._face_of = self.screen.written, self.screen.on
            self._face = self._reader.text(self.screen)
        return self._face

    def _enabled_at(self, t_ns: int) -> bool:
        return not self.driver_cut and self.permit.enabled_at(t_ns)

    def unplug(self, part: int, out: bool) -> None:
        """A part (row of tables.parts) answers no more; plugged in again it has had no power."""
        board = self.board
        if part == parts.FRAM:
            board.unplug_spi(0, self.fram, out)
            return
        address, device = self._on_the_bus(part)
        board.unplug_i2c(0, address, out)
        if not out:
            device.power_up()

    def _on_the_bus(self, part: int) -> tuple[int, Screen | Expander | RealTimeClock]:
        if part == parts.SCREEN:
            return self.pins.SCREEN_ADDR, self.screen
        if part == parts.CLOCK:
            return self.pins.CLOCK_ADDR, self.clock
        return self.pins.EXPANDER_ADDR, self.expander

    # -- time and people

    def run_for(self, seconds: float) -> None:
        """Lets simulated time pass."""
        self.board.run_for(seconds * 1e6)

    def run_until(self, predicate: Callable[[], bool], seconds: float, what: str) -> None:
        """Runs until `predicate()` holds; BenchFault after `seconds`."""
        if not self.board.run_until(predicate, seconds * 1e6):
            raise BenchFault(f"waited {seconds} s for {what}; state {self.status.get('state')}")

    def press(self, button: int, hold_ms: int = 200) -> None:
        """Presses a button (bits of pump.io) now, releases it later; STOP opens its contact and cuts the driver."""
        p = self.pins
        pin = {START: p.START, CONFIRM: p.CONFIRM, SILENCE: p.SILENCE, UP: p.UP, DOWN: p.DOWN, STOP: p.STOP}[button]
        self._set_key(pin, True)
        self.board.at_ns(self.board.now_ns + hold_ms * 1_000_000, lambda: self._set_key(pin, False))

    def _set_key(self, pin: int, pressed: bool) -> None:
        if pin == self.pins.STOP:
            self.permit.set_stop(self.board.now_ns, pressed)
            self.board.set_input(pin, int(pressed))
        else:
            self.board.set_input(pin, int(not pressed))
        self._presses = [p for p in self._presses if p != pin] + ([pin] if pressed else [])

    def seen(self) -> Seen:
        """What a person sees, from the newest status."""
        return seen_in(self.status)

    def attend(self, nurse: Nurse) -> None:
        """Lets a nurse answer what the pump asks, unless a key is down."""
        if not self._presses:
            button = nurse.press(self.seen(), self.board.now_us // 1000)
            if button:
                self.press(button)

    # -- the host line

    def send(self, layout: tuple[int, str, str], **fields: Any) -> int:
        """Sends a request; returns its sequence number."""
        self._sequence = self._sequence % 255 + 1
        if self.signer and layout[0] in KEYED:
            layout, fields = m.SIGNED, self.signer.sign(layout, fields)
        self.board.usb_write(self.wire.encode(layout, self._sequence, **fields))
        return self._sequence

    def sign_as(self, person: Person) -> None:
        """What takes a key is signed with this person's from now on."""
        self.signer = Signer(person)
        self.challenge()

    def challenge(self) -> None:
        """Lets the pump say what the next signed requests are to be made with."""
        if self.signer:
            self._challenged_us = self.board.now_us
            self.signer.take(self.ask(m.CHALLENGE_GET, data=self.signer.person.id.encode()).fields)

    def ask(self, layout: tuple[int, str, str], **fields: Any) -> Message:
        """Sends a request and runs until its answer is there."""
        self.inbox.clear()
        number = self.send(layout, **fields)
        found: list[Message] = []

        def answered() -> bool:
            found.extend(message for message in self.inbox if message.sequence == number)
            self.inbox.clear()
            return bool(found)

        if not self.board.run_until(answered, _ANSWER_US):
            raise BenchFault(f"no answer to request {layout[0]:#x} within {_ANSWER_US // 10**6} s")
        return found[0]

    def _received(self, data: bytes) -> None:
        for message in self.wire.feed(data):
            if message.type == m.STATUS[0]:
                self.status = message.fields
                self._set_offset(message.fields)
            if message.type == m.EVENT[0] and not message.fields["part"]:
                self._event(message.fields)
            if message.sequence:
                self.inbox.append(message)
            self.on_message(message)

    def _set_offset(self, fields: dict[str, Any]) -> None:
        """Device time zero lies where the newest status says; the least seen is nearest (a frame takes its time)."""
        zero = self.board.now_ns - (fields["t_s"] * 1000 + fields["t_ms"]) * 1_000_000
        self.offset_ns = min(self.offset_ns, zero) if self.offset_ns else zero

    def _event(self, fields: dict[str, Any]) -> None:
        if any(fields["seq"] == event["seq"] for event in self.events[-70:]):
            return
        self.events.append({**named(fields), "at_ns": self.board.now_ns})

    # -- usual sequences

    def boot(self, stream_ms: int = 200) -> None:
        """Runs until the pump answers a hello, then lets it stream."""
        for _ in range(20):
            self.run_for(0.1)
            self.send(m.HELLO, contract=m.CONTRACT)
            self.run_for(0.06)
            if any(message.type == m.HELLO_REPLY[0] for message in self.inbox):
                break
        else:
            raise BenchFault("no hello from the pump within 3 s")
        self.inbox.clear()
        if self._bench_mode:  # before that a protocol which nobody approved is refused
            self.run_for(max(0, power_up.DONE_MS - self.board.now_us // 1000) / 1000)
        self.ask(m.STREAM, period_ms=stream_ms)
        self.run_until(self.tested, _ANSWER_US / 1e6, "the self-test")

    def tested(self) -> bool:
        """Whether the self-test at power-up lets a protocol be loaded, or has failed; by the newest status."""
        return is_tested(self.status)

    def load(self, blob: bytes) -> Message:
        """Loads a compiled protocol; returns the last answer (ACK or REFUSED)."""
        if self.board.now_us - self._challenged_us > _CHALLENGE_US:
            self.challenge()
        return load(blob, self.ask)

    def state(self) -> str:
        """State of the newest status."""
        return states.NAMES[self.status.get("state", 0)]

    def stats(self) -> dict[str, Any]:
        """The pump's own figures of its loop."""
        return self.ask(m.STATS_GET).fields

    def find(self, event: str, **match: Any) -> list[dict[str, Any]]:
        """The events of that name with those fields."""
        return [e for e in self.events if e["event"] == event and all(e[k] == v for k, v in match.items())]

"""The pump's board: fills a Snapshot from the pins, carries an Outputs to them. Decides nothing."""

from array import array
from time import sleep_ms, ticks_diff, ticks_us

import board_pins as pins
from machine import ADC, PWM, UART, Pin, mem32

from drivers.bus import Bus
from drivers.clock import Clock
from drivers.console import Console
from drivers.expander import Expander
from drivers.fram import Fram
from drivers.screen import Screen
from drivers.step_generator import PulseCounter, StepGenerator
from oximeters.talk import Talk
from pump.base.units import TICK_MASK
from pump.base.units import ticks_add as core_ticks_add
from pump.io import NO_WRITE, OX_MAX, STOP
from pump.senses.power_up import GRANTED, PENDING, SERVICE_KEYS, Act
from pump.store.journal import SLOTS, valid
from pump.tables import inputs, parts
from pump.tables.lines import AS_SET

# In the order of pump.io's bits; STOP is normally closed to ground: high is pressed, or a broken wire.
_KEYS = (pins.START, pins.CONFIRM, pins.SILENCE, pins.UP, pins.DOWN, pins.STOP)
TONE_DUTY = 32768
_LOOK_MS = 20
# Bytes of the host taken a scan: each costs about 0.1 ms, and its line may not take the scan's time.
READ_FLOWING = 16
READ_RESTING = 24
# Turns of the scan, of fifty a second: the parts take theirs one after the other.
_TURNS, _POLL_EVERY = 50, 5
_SCREEN_TURN, _LIGHTS_TURN, _FRAM_TURN, _CLOCK_TURN, _BUS_TURN = 11, 22, 33, 38, 44
_SCREEN = parts.BIT[parts.SCREEN]
_LIGHTS = parts.BIT[parts.LIGHTS]
_FRAM = parts.BIT[parts.FRAM]
_CLOCK = parts.BIT[parts.CLOCK]
_DRIVER_ON = 1 << pins.GPB_DRIVER_ON
_LEVEL = array("B", [1 << getattr(pins, row[2]) if row[1] == inputs.PORT else 0 for row in inputs.ROWS])
_UART1_IMSC = 0x40038038  # no interrupt: nobody reads but us
OX_RXBUF = 1024  # holds 1.8 s of the fastest stream, 540 B/s


def keys_held():
    """The keys that are down now, as bits of pump.io without STOP: what is held at power-up asks for a privilege."""
    bits = 0
    for bit in range(5):
        if Pin(_KEYS[bit], Pin.IN, Pin.PULL_UP)() == 0:
            bits |= 1 << bit
    return bits


def service_asked():
    """Service mode, in which nothing here is started: SILENCE held at power-up, released, then CONFIRM (power_up)."""
    if keys_held() != SERVICE_KEYS:
        return False
    act, answer = Act(SERVICE_KEYS), PENDING
    while answer == PENDING:
        sleep_ms(_LOOK_MS)
        answer = act.take(keys_held(), _LOOK_MS)
    return answer == GRANTED


@micropython.viper
def _pressed(masks: ptr32) -> int:
    """Bits of pump.io from one read of all pins; masks: five keys (pressed is low), then STOP (pressed is high)."""
    levels = ptr32(0xD0000004)[0]  # SIO GPIO_IN
    bits = 0
    for i in range(5):
        if not (levels & masks[i]):
            bits |= 1 << i
    if levels & masks[5]:
        bits |= 32
    return bits


@micropython.viper
def _caught(buf: ptr8, most: int) -> int:
    """Takes what UART1 holds into buf[:most]: how many bytes, and 256 times how many with a wrong stop bit or parity.

    The port's own reader drops what says that, so it is kept from reading: 32 bytes are held in between.
    """
    uart = ptr32(0x40038000)
    n = broken = 0
    while n < most and not (uart[6] & 16):  # UARTFR: RXFE
        word = uart[0]  # UARTDR
        if word & 0xF00:  # overrun, break, parity, frame
            broken += 1
        buf[n] = word
        n += 1
    return n | broken << 8


class PumpBoard:
    """All parts of boards/pump_pico."""

    def __init__(self, snap, out):
        self._permit = Pin(pins.PERMIT, Pin.OUT, value=0)
        self._direction = Pin(pins.DIR, Pin.OUT, value=0)
        self.steps = StepGenerator(pins.STEP)
        for number in _KEYS:
            Pin(number, Pin.IN, Pin.PULL_UP)
        self.counter = PulseCounter(pins.STEP, pins.STOP)
        self._masks = array("I", [1 << number for number in _KEYS])
        self._uart = self._talk = self._form = self._parser = None
        self._line = AS_SET
        self.bus = Bus(pins.SDA, pins.SCL)
        self.screen = Screen(self.bus)
        self.expander = Expander(self.bus)
        self.fram = Fram(pins.FRAM_SCK, pins.FRAM_MOSI, pins.FRAM_MISO, pins.FRAM_CS)
        self.clock = Clock(self.bus)
        self.console = Console(out.tx)
        self._buzzer = PWM(Pin(pins.BUZZER), freq=550, duty_u16=0)
        self._adc = [ADC(Pin(getattr(pins, row[2]))) if row[1] == inputs.ADC else None for row in inputs.ROWS]
        self._tone = 0
        self._lights = 0
        # A list made in the scan's own function would cost it a cell of the heap a call, even when not made.
        view = memoryview(snap.ox)
        self._views = [view[:n] for n in range(OX_MAX + 1)]
        self._last_us = ticks_us()
        self._rest_us = 0
        self._now_ms = 0
        self._turn = 0
        self._moved = -1
        self._idle = 0
        self._kept = NO_WRITE  # what became of the write of the scan before
        self._snap = snap

    def listen(self, form, parser):
        """Opens the oximeter's line as its format (a module of oximeters) has it; `parser` reads what comes there."""
        self._form, self._parser = form, parser
        self._open(form, parser)

    def _follow(self, row):
        """Opens it as a row of tables.lines has it, for a search at rest, or as its format has it again."""
        self._line = row
        if row == AS_SET:
            self._open(self._form, self._parser)
            return
        from oximeters.detection import Line

        self._open(Line(row))
        mem32[_UART1_IMSC] = 0

    def _open(self, form, parser=None):
        self._talk = Talk(form, parser)
        self._uart = UART(
            1, form.BAUD, parity=form.PARITY, tx=Pin(pins.OX_TX), rx=Pin(pins.OX_RX), rxbuf=OX_RXBUF, timeout=0
        )

    @micropython.native
    def parts(self):
        """What answers, as bits of tables.parts."""
        bits = _SCREEN if self.screen.present else 0
        if self.expander.present:
            bits |= _LIGHTS
        if self.clock.present:
            bits |= _CLOCK
        return bits | _FRAM if self.fram.present else bits

    @micropython.native
    def sample(self, snap, flowing):
        """Fills the snapshot."""
        now = ticks_us()
        passed = ticks_diff(now, self._last_us) + self._rest_us
        self._last_us = now
        snap.dt_ms = passed // 1000
        self._rest_us = passed % 1000
        self._now_ms = snap.now_ms = core_ticks_add(self._now_ms, snap.dt_ms)
        snap.buttons = _pressed(self._masks)
        self._ask(snap, flowing)
        self._count(snap)
        self._raw(snap)
        if not flowing:
            self.steps.rest()
        snap.queue_us = self.steps.queue_us(now)
        snap.ox_n = self._oximeter(snap)
        snap.link_n = self.console.read_into(snap.link, READ_FLOWING if flowing else READ_RESTING)
        snap.screen_ready = self.screen.ready

    @micropython.native
    def _raw(self, snap):
        """The raw inputs; a lost expander's pins are low."""
        expander = self.expander
        for i in range(inputs.COUNT):
            bit = _LEVEL[i]
            if not bit:
                snap.raw[i] = self._adc[i].read_u16() >> 4
            else:
                snap.raw[i] = 1 if expander.present and expander.port & bit else 0

    @micropython.native
    def _count(self, snap):
        """The pulses. In this order: one between the two readings never looks like one made with STOP down.

        What the driver made idle moved nothing. With STOP down its contact did that, and the counter saw it by itself:
        what came before the press has moved the motor, although the driver says in the same scan that it is off.
        """
        snap.pulses = self.counter.made()
        moved = self.counter.moved()
        if snap.driver_off and self._moved >= 0 and not snap.buttons & STOP:
            self._idle += (moved - self._moved) & TICK_MASK
        self._moved = moved
        snap.idle = self._idle
        snap.moved = (moved - self._idle) & TICK_MASK

    @micropython.native
    def _ask(self, snap, flowing):
        """Each part in its turn: a lost one is tried again, one that answers shows that it still does.

        While the drug flows and the driver said that it was off it is asked again at once: what it said at rest is old.
        """
        turn = self._turn = self._turn + 1 if self._turn < _TURNS - 1 else 0
        expander = self.expander
        if turn % _POLL_EVERY == 0 or (flowing and snap.driver_off):
            expander.poll()
        elif turn == _SCREEN_TURN:
            if self.screen.ready:
                self.screen.keep_up()
        elif turn == _LIGHTS_TURN:
            expander.keep_up()
        elif turn == _FRAM_TURN:
            self.fram.keep_up()
        elif turn == _BUS_TURN and self.bus.stuck:
            self.bus.recover()
        snap.parts = self.parts()
        snap.driver_off = self.driver_off()
        snap.fram = self._kept

    @micropython.native
    def between(self, snap):
        """Between two scans, where there is time left: once a second the clock is asked, which takes half a ms."""
        if self._turn == _CLOCK_TURN:
            self.clock.read()
            self.tell_time(snap)

    @micropython.native
    def tell_time(self, snap):
        """What the clock said last."""
        snap.wall_s = self.clock.wall_s
        snap.wall_lost = self.clock.lost

    @micropython.native
    def _oximeter(self, snap):
        n = 0 if self._line else self._uart.any()
        if n:
            n = self._uart.readinto(self._views[n if n < OX_MAX else OX_MAX]) or 0
        elif self._line:
            caught = _caught(self._views[OX_MAX], OX_MAX)
            n, snap.ox_broken = caught & 255, caught >> 8
        said = self._talk.due(snap.dt_ms)
        if said:
            self._uart.write(said)
        return n

    @micropython.native
    def apply(self, out):
        """Carries out the outputs: what stops comes first."""
        if out.abort:
            self.steps.abort()
        if out.permit:
            self.renew()
        if out.words:
            for i in range(out.words):
                self.steps.push(out.word_count[i], out.word_us[i])
        if out.tone_hz != self._tone:
            self._tone = out.tone_hz
            self.sound(out.tone_hz)
        if out.lights != self._lights:
            self._lights = out.lights
            self.expander.lights(out.lights)
        self._kept = NO_WRITE
        if out.fram_slot >= 0:
            self._kept = self.keep(out)
        if out.read_slot >= 0:
            self._look_up(out.read_slot)
        screen = self.screen
        if not screen.ready:
            screen.step()
        elif out.screen_cell >= 0:
            screen.draw(out.screen, out.screen_cell)
        if out.tx_n:
            self.console.write(out.tx_n)
        if out.ox_line != self._line:
            self._follow(out.ox_line)
        if out.clock_s > 0:
            self.clock.set(out.clock_s)
            self._turn = _CLOCK_TURN - 1  # it is asked in the next scan

    @micropython.native
    def keep(self, out):
        """Writes to the FRAM: KEPT, FAILED or TAKEN (pump.io); over nothing sound of the log."""
        return self.fram.put(out.fram_slot, out.fram, valid if out.fram_slot < SLOTS else None)

    @micropython.native
    def _look_up(self, slot):
        """Reads a slot of the FRAM for the next scan."""
        snap = self._snap
        snap.read = -1
        if self.fram.present:
            self.fram.read_into(slot, snap.slot)
            snap.read = slot

    def kept_slot(self, slot):
        """What a slot of the FRAM holds, None when it does not answer now; at rest."""
        self.fram.keep_up()
        return self.fram.read_slot(slot) if self.fram.present else None

    @micropython.native
    def renew(self):
        """The permit's edge: the monostable behind it holds the driver enabled for a while."""
        self._permit.toggle()

    @micropython.native
    def driver_off(self):
        """The driver says that it is not enabled, when it was last asked; False while nobody can ask it."""
        return self.expander.present and not self.expander.port & _DRIVER_ON

    def sound(self, tone_hz):
        """The sounder makes this tone from now on, 0: none."""
        if tone_hz:
            self._buzzer.freq(tone_hz)
        self._buzzer.duty_u16(TONE_DUTY if tone_hz else 0)

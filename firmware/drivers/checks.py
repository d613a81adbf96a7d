"""The board's part of the self-test: makes the checks of tables.checks one after the other, between two scans (INT-1).

At power-up and when it is asked for at rest all are made in the table's order, which ends with the permit: so the
driver is never enabled on a pump in which something has failed, and never with a pulse in the queue. Later, flow or
not, those that are periodic go on in small pieces that take no memory.
"""

from time import ticks_diff, ticks_us

import board_pins as pins
from machine import ADC

from drivers import processor
from drivers.image import Image
from drivers.memory import Memory
from pump.base.compat import micropython
from pump.io import STOP
from pump.store.settings import LOST
from pump.tables import checks, parts

KEPT_US = 6_000  # of the time between two scans at rest stays free: a step and the clock take less
IMAGE_BYTES = 1_024  # a piece, at any time; in each other scan: 50 a second
WORDS = 64  # of the RAM, in each other: interrupts wait meanwhile
AT_ONCE_BYTES = 16_384  # a piece at power-up
AT_ONCE_WORDS = 256
NO_CLOCK = -1000
WAIT = True
PERMIT_RISE_US = 40_000  # the monostable holds for 80 to 120 ms
PERMIT_FALL_US = 160_000
_SCRATCH = 5_460  # the FRAM's last slot: nothing else lies there (pump.store.entries)
_WHOLE_ID = b"\x04\x7f\x48\x03"  # 256 KB: smaller ones answer at several addresses
_COLDEST, _HOTTEST = -10, 85  # degrees: the board's parts are for these
_TONE_HZ, _TONE_US, _BOTH = 5_000, 2_000, 3
_SECONDS = 1
_NO_EDGE_US = 2_500_000
_GIVE_UP_US = 6_000_000
LATE_US = 40_000  # a second whose beginning was seen later (a load takes some scans' time) tells nothing
APART = 60  # permille; reading it once a scan makes up to 40 of 1 s; what is finer is seen while running (senses.wall)


@micropython.viper
def _watchdog() -> int:
    """Microseconds until it bites; -1: it is not enabled."""
    control = int(ptr32(0x40058000)[0])
    if not (control >> 30) & 1:
        return -1
    return (control & 0xFFFFFF) >> 1  # it counts twice a microsecond (RP2040-E1)


@micropython.viper
def _levels(pin: int, us: int) -> int:
    """Which levels the pin has within `us`: 1 low, 2 high."""
    timer = ptr32(0x40054028)
    sio = ptr32(0xD0000004)
    began = int(timer[0])
    seen = 0
    while int(timer[0]) - began < us and seen != 3:
        seen |= 1 << ((int(sio[0]) >> pin) & 1)
    return seen


def _watchdog_runs():
    """Microseconds left, 0 when it does not count down."""
    before = _watchdog()
    began = ticks_us()
    while ticks_diff(ticks_us(), began) < 50:
        pass
    after = _watchdog()
    return after if 0 < after < before <= 1_000_000 else 0


class SelfTest:
    """`step` between two scans; what it finds stands in the snapshot. `found`: what became of the settings, `people`:
    keys in the keyring, -1: it is damaged."""

    def __init__(self, board, snap, found, people):
        self._board, self._snap = board, snap
        self._settings, self._people = found, people
        self._image, self._memory = Image(), Memory()
        self._core = ADC(ADC.CORE_TEMP)
        self._turn = False
        self._made = 0
        self._steps = None

    def begin(self):
        """All are made, from the first on."""
        self._image.restart()
        self._memory.restart()
        self._steps = self._all()

    @micropython.native
    def step(self, flowing, rest_us):
        """The next pieces; `rest_us` are left until the next scan."""
        if self._steps is not None:
            if not flowing and rest_us > KEPT_US:
                self._go_on(rest_us - KEPT_US)
            return
        self._turn = not self._turn
        if self._turn:
            if self._image.piece(IMAGE_BYTES):
                self._turn_over()
        elif self._memory.piece(WORDS):
            self._tell_memory()

    def _go_on(self, most_us):
        began = ticks_us()
        try:
            while ticks_diff(ticks_us(), began) < most_us and next(self._steps) != WAIT:
                pass
        except StopIteration:
            self._steps = None

    def _tell(self, check, good, value):
        snap = self._snap
        snap.found[check] = value
        if good:
            snap.passed |= 1 << check
        elif checks.DOES[snap.failed] == checks.TELLS:  # one that stops the pump is named, whatever else only tells
            snap.failed = check
        return good

    def _tell_memory(self):
        memory = self._memory
        return self._tell(checks.RAM, memory.sound, 256 if memory.sound else memory.wrong_at)

    def _tell_image(self):
        return self._tell(checks.IMAGE, self._image.sound, self._image.length >> 10)

    def _turn_over(self):
        """The image was read once more, some tens of seconds after the last time: the small ones are due as well."""
        self._tell_image()
        wrong, left_us = processor.wrong(), _watchdog_runs()
        self._tell(checks.PROCESSOR, wrong == 0, wrong)
        self._tell(checks.WATCHDOG, left_us > 0, left_us // 1000)

    # -- all, one after the other; a step says whether it waits for the next scan

    def _all(self):
        self._made = self._board.counter.made() if self._made else 0
        wrong = processor.wrong()
        if not self._tell(checks.PROCESSOR, wrong == 0, wrong):
            return
        while not self._memory.piece(AT_ONCE_WORDS):
            yield not WAIT
        if not self._tell_memory():
            return
        while not self._image.piece_at_rest(AT_ONCE_BYTES):
            yield not WAIT
        if not self._tell_image():
            return
        for check in (
            self._watchdog, self._clock, self._fram, self._kept, self._keyring, self._screen, self._lights,
            self._sensors, self._tone, self._pulses,
        ):  # fmt: skip
            yield not WAIT
            if not check():
                return
        yield from self._permit()
        if self._snap.failed:
            return
        yield from self._crystal()

    def _watchdog(self):
        left_us = _watchdog_runs()
        return self._tell(checks.WATCHDOG, left_us > 0, left_us // 1000)

    def _clock(self):
        """What follows without it stands in its row of tables.parts."""
        clock = self._board.clock
        clock.read()
        self._tell(checks.CLOCK, clock.present, clock.wall_s if clock.present else 0)
        return True

    def _fram(self):
        fram = self._board.fram
        if fram.identity() != _WHOLE_ID:
            return self._tell(checks.FRAM, False, 1)
        for first in (0x5A, 0xA5):
            pattern = bytes([first ^ i for i in range(48)])
            fram.write_slot(_SCRATCH, pattern)
            if fram.read_slot(_SCRATCH) != pattern:
                return self._tell(checks.FRAM, False, 2)
        return self._tell(checks.FRAM, True, 0)

    def _kept(self):
        return self._tell(checks.SETTINGS, self._settings != LOST, self._settings)

    def _keyring(self):
        return self._tell(checks.KEYRING, self._people >= 0, self._people)

    def _screen(self):
        return self._answers(checks.SCREEN, parts.SCREEN)

    def _lights(self):
        self._board.expander.keep_up()
        return self._answers(checks.LIGHTS, parts.LIGHTS)

    def _answers(self, check, part):
        there = self._board.parts()
        return self._tell(check, there & parts.BIT[part] != 0, there)

    def _sensors(self):
        """The converter of the analog sensors, by the processor's thermometer: 0.706 V at 27, less 1.721 mV each."""
        uv = (self._core.read_u16() >> 4) * 806
        degrees = 27 - (uv - 706_000) // 1721
        return self._tell(checks.SENSORS, _COLDEST <= degrees <= _HOTTEST, degrees)

    def _tone(self):
        board = self._board
        board.sound(_TONE_HZ)
        seen = _levels(pins.BUZZER, _TONE_US)
        board.sound(0)
        return self._tell(checks.TONE, seen == _BOTH, seen)

    def _pulses(self):
        made = self._board.counter.made() - self._made
        self._made += made
        return self._tell(checks.PULSES, made == 0, made)

    def _permit(self):
        """The driver is off without the permit, on with it, off again by itself. STOP cuts it: that is awaited."""
        board = self._board
        while self._snap.buttons & STOP:
            yield WAIT
        if not self._off():
            self._tell(checks.PERMIT, False, 1)
            return
        board.renew()
        began = ticks_us()
        on = False
        while not on and ticks_diff(ticks_us(), began) < PERMIT_RISE_US:
            yield WAIT
            on = on or not self._off()
        if not on:
            self._tell(checks.PERMIT, False, 2)
            return
        while ticks_diff(ticks_us(), began) < PERMIT_FALL_US:
            yield WAIT
        self._tell(checks.PERMIT, self._off(), 0 if self._off() else 3)

    def _off(self):
        self._board.expander.poll()
        return self._board.driver_off()

    def _crystal(self):
        """The processor's crystal against the seconds of the clock, over _SECONDS."""
        clock = self._board.clock
        began = edge_us = now = ticks_us()
        first_s = last_s = -1
        while ticks_diff(ticks_us(), edge_us) < _NO_EDGE_US and ticks_diff(ticks_us(), began) < _GIVE_UP_US:
            asked_us = now
            clock.read()
            now = ticks_us()
            if not clock.present or clock.wall_s <= 0:
                break
            if last_s < 0:
                last_s = clock.wall_s
            elif clock.wall_s != last_s:
                late = ticks_diff(now, asked_us) > LATE_US
                if first_s < 0 or late or clock.wall_s != last_s + 1:
                    first_s, first_us = -1 if late else clock.wall_s, now
                last_s, edge_us = clock.wall_s, now
                if first_s >= 0 and last_s - first_s == _SECONDS:
                    off = (ticks_diff(now, first_us) - _SECONDS * 1_000_000 + _SECONDS * 500) // (_SECONDS * 1_000)
                    self._tell(checks.CRYSTAL, -APART <= off <= APART, off)
                    return
            yield WAIT
        self._tell(checks.CRYSTAL, True, NO_CLOCK)

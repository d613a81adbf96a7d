"""Step pulses from a PIO state machine at 1 MHz, fed with counted bursts; a second one counts them at the pin.

A word is count (8 bits) and waiting cycles (24 bits). Each pulse of a word takes exactly count_cycles + OVERHEAD
microseconds, the first one included, so words follow each other without a gap and without drift. Count 0 is a pause.
No word, no pulse: the machine blocks on an empty queue and the motor stands still.
"""

from time import ticks_add, ticks_diff, ticks_us

import machine
import rp2
from machine import Pin
from micropython import const

_PULSE_OVERHEAD = const(12)  # 8 cycles of program and 4 of pulse
_PAUSE_OVERHEAD = const(6)
_SHORTEST_US = const(20)
_FIFO_WORDS = const(8)
_PIO0 = 0x50200000
_SM_INSTR = 0xD8
_PULL_NOBLOCK = 0x8080


@rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, fifo_join=rp2.PIO.JOIN_TX, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def _steps():
    mov(isr, null).side(0)  # after a restart nothing old is waited for
    label("pause")
    mov(x, isr).side(0)
    label("paused")
    jmp(x_dec, "paused").side(0)
    wrap_target()
    pull(block).side(0)
    out(y, 8).side(0)
    out(isr, 24).side(0)
    jmp(not_y, "pause").side(0)
    jmp(y_dec, "pulse").side(0)
    label("again")
    nop().side(0)[4]  # as long as fetching a word takes
    label("pulse")
    mov(x, isr).side(0)
    label("wait")
    jmp(x_dec, "wait").side(0)
    nop().side(1)[3]
    jmp(y_dec, "again").side(0)
    wrap()


@rp2.asm_pio()
def _count():
    wrap_target()
    wait(1, pin, 0)
    jmp(x_dec, "made")  # every pulse
    label("made")
    jmp(pin, "low")  # STOP's contact is open: the driver is off, nothing moves
    jmp(y_dec, "low")
    label("low")
    wait(0, pin, 0)
    wrap()


class StepGenerator:
    """`push` words, `queue_us` tells how far they reach, `abort` drops them at once."""

    def __init__(self, step_pin):
        pin = Pin(step_pin, Pin.OUT, value=0)
        self._sm = rp2.StateMachine(0, _steps, freq=1_000_000, sideset_base=pin)
        self._instr = _PIO0 + _SM_INSTR
        self._sm.active(1)
        self._end_us = ticks_us()
        self._resting = True  # nothing is due yet: the next word may begin a timeline
        self._ran_dry = False  # a word came after the queue had run dry in flow

    @micropython.native
    def push(self, count, interval_us):
        """Queues `count` pulses of `interval_us` each, or a pause (count 0)."""
        sm = self._sm
        if sm.tx_fifo() >= _FIFO_WORDS or interval_us < _SHORTEST_US:
            return  # a word for which there is no room, or none so short: the queue runs dry, which is a fault
        now = ticks_us()
        if ticks_diff(self._end_us, now) < 0:
            self._end_us = now
            if not self._resting:
                self._ran_dry = True
        self._resting = False
        if count:
            sm.put(count | (interval_us - _PULSE_OVERHEAD) << 8)
            self._end_us = ticks_add(self._end_us, count * interval_us)
        else:
            sm.put((interval_us - _PAUSE_OVERHEAD) << 8)
            self._end_us = ticks_add(self._end_us, interval_us)

    @micropython.native
    def queue_us(self, now):
        """How far the queue reaches beyond `now` (ticks_us); 0 when it is dry, or was when the last words came.

        A stall in the middle of a scan is thus seen by the next one: a late burst is a fault, never caught up.
        """
        if self._ran_dry:
            self._ran_dry = False
            return 0
        ahead = ticks_diff(self._end_us, now)
        return ahead if ahead > 0 else 0

    def rest(self):
        """Nothing flows: the queue may be dry, and the next word begins a timeline."""
        self._resting = True
        self._ran_dry = False

    def abort(self):
        """Stops within a microsecond: what is queued is dropped, the pin is low."""
        sm = self._sm
        sm.active(0)
        while sm.tx_fifo():
            machine.mem32[self._instr] = _PULL_NOBLOCK
        sm.restart()
        sm.active(1)
        self._end_us = ticks_us()


@micropython.viper
def _read_count(read: int, push: int) -> int:
    """Lets state machine 1 push what `read` puts into its ISR, and takes it from its FIFO."""
    pio = ptr32(0x50200000)
    pio[60] = read  # SM1_INSTR
    pio[60] = push
    while pio[1] & 0x200:  # FSTAT: its receive queue is empty
        pass
    return pio[9] & 0x3FFFFFFF  # RXF1; beyond 31 bits a number would come from the heap


class PulseCounter:
    """Counts rising edges at the STEP pin, in hardware, modulo 2**30: all of them, and those with STOP released."""

    def __init__(self, step_pin, stop_pin):
        self._sm = rp2.StateMachine(1, _count, freq=1_000_000, in_base=Pin(step_pin), jmp_pin=Pin(stop_pin))
        # X and Y count down from all ones, so their complements count up from zero.
        self._sm.exec("mov(x, invert(null))")
        self._sm.exec("mov(y, invert(null))")
        self._read_made = rp2.asm_pio_encode("mov(isr, invert(x))", 0)
        self._read_moved = rp2.asm_pio_encode("mov(isr, invert(y))", 0)
        self._push = rp2.asm_pio_encode("push(noblock)", 0)
        self._sm.active(1)

    def made(self):
        """All pulses since power-on: a runaway shows in them whatever STOP does."""
        return _read_count(self._read_made, self._push)

    def moved(self):
        """The pulses since power-on that came while STOP was released, so that the driver could be enabled (FLO-12)."""
        return _read_count(self._read_moved, self._push)

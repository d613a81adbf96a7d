"""Plays the oximeter: bytes at their own times on UART0, to the microsecond, however busy the processor is.

A state machine at 1 MHz takes words of a byte and a pause, waits, and hands the byte on; one DMA channel brings it the
words from a ring, another carries the bytes to the UART. The laptop sends ahead; what is not there in time is silence.
"""

import binascii

import micropython
import rp2
import uctypes
from machine import UART, Pin
from micropython import const

from rig.clock import now_us
from rig.line import Refuse

_PIO1_TXF0 = const(0x50300010)
_PIO1_RXF0 = const(0x50300020)
_UART0_DATA = const(0x40034000)
_DREQ_TX, _DREQ_RX = const(8), const(12)
_WORD = const(2)
_WORDS = const(2048)
_FOR_EVER = const(0xFFFFFFFF)
_OVERHEAD_US = const(6)  # of a word, besides its pause
_LONGEST_US = const(8_000_000)


@rp2.asm_pio(out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def _pace():
    wrap_target()
    pull(block)
    out(y, 8)
    out(x, 24)
    label("pause")
    jmp(x_dec, "pause")
    mov(isr, y)
    push(block)
    wrap()


@micropython.viper
def _fill(ring: ptr32, at: int, data: ptr8, first: int, end: int, pause: int) -> int:
    """Words for the bytes from `first` to `end`, the first one after `pause`; returns the place after them."""
    for i in range(first, end):
        ring[at] = int(data[i]) | (pause << 8)
        pause = 0
        at = (at + 1) & 2047
    return at


class Player:
    """`play` bytes at a time of the rig's clock; `arm` often: it lets the DMA have what was added."""

    def __init__(self, pins):
        self._pins = pins
        self._ring = bytearray(4 * _WORDS)
        self._at = uctypes.addressof(self._ring)
        self._write = self._armed = self._begun = 0
        self._end_us = 0
        self._busy = False  # the timer's tick must not come between
        self._empty = rp2.asm_pio_encode("pull(noblock)", 0)
        self.late = 0
        self.baud = 0
        self.set_baud(pins.OX_BAUD)
        self._machine = rp2.StateMachine(4, _pace, freq=1_000_000)
        self._carry, self._feed = rp2.DMA(), rp2.DMA()
        self._carry.config(
            read=_PIO1_RXF0,
            write=_UART0_DATA,
            count=_FOR_EVER,
            ctrl=self._carry.pack_ctrl(size=_WORD, inc_read=False, inc_write=False, treq_sel=_DREQ_RX),
            trigger=True,
        )
        self._control = self._feed.pack_ctrl(size=_WORD, inc_write=False, treq_sel=_DREQ_TX)
        self._machine.active(1)

    def set_baud(self, baud):
        """From now on the line has another rate."""
        self.baud = baud
        UART(self._pins.OX_UART, baud, tx=Pin(self._pins.OX_TX), rx=Pin(self._pins.OX_RX))

    def room(self):
        """Bytes that can be added."""
        return _WORDS - 1 - ((self._write - self._begun) & (_WORDS - 1))

    def play(self, t_us, span_us, size, text):
        """Adds bytes (base64) in pieces of `size`, spread evenly over `span_us` from `t_us` on.

        What is queued goes first. A piece whose time is past goes at once, and is counted as late.
        """
        data = binascii.a2b_base64(text)
        count = len(data) // size
        if not count or count * size != len(data):
            raise Refuse("size", "%d bytes are no pieces of %d" % (len(data), size))
        if len(data) > self.room():
            raise Refuse("full", "%d bytes, there is room for %d" % (len(data), self.room()))
        now = now_us()
        if t_us + span_us - now > _LONGEST_US:
            raise Refuse("far", "more than 8 s ahead")
        end_us = max(self._end_us, now)
        for k in range(count):
            due_us = t_us + k * span_us // count
            if due_us < now:
                self.late += 1
            pause_us = max(due_us - end_us, _OVERHEAD_US)
            self._write = _fill(self._ring, self._write, data, k * size, k * size + size, pause_us - _OVERHEAD_US)
            end_us += pause_us + (size - 1) * _OVERHEAD_US
        self._end_us = end_us
        self.arm()

    def arm(self):
        """Lets the DMA have what was added since its last run, once that is over."""
        if self._busy or self._feed.active():
            return
        self._busy = True
        first = self._begun = self._armed
        if first != self._write:
            end = self._write if self._write > first else _WORDS
            self._armed = end & (_WORDS - 1)
            at, count = self._at + 4 * first, end - first
            self._feed.config(read=at, write=_PIO1_TXF0, count=count, ctrl=self._control, trigger=True)
        self._busy = False

    def drop(self):
        """Silence from now on: what was to come is forgotten."""
        self._busy = True
        self._feed.active(False)
        self._machine.active(0)
        while self._machine.tx_fifo():
            self._machine.exec(self._empty)
        self._machine.restart()
        self._machine.active(1)
        self._write = self._armed = self._begun = 0
        self._end_us = 0
        self._busy = False

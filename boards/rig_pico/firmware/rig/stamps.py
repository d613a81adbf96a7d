"""Time stamps of edges at an input, to the microsecond and without the processor.

A state machine waits for the edge and pushes a word; that lets one DMA channel take the word away and start a second
one, which copies the chip's timer into a ring. An edge takes well under a microsecond; the queue takes four at once.
"""

import machine
import rp2
import uctypes
from machine import Pin
from micropython import const

from rig.clock import TIMER_LOW

_PIO0 = const(0x50200000)
_PIO1_RXF1 = const(0x50300024)
_RXF0 = const(0x20)
_DREQ_RX0 = const(4)
_WORD = const(2)
_COUNTER = const(5)  # a state machine of PIO1: counts by itself, so that a lost stamp shows


@rp2.asm_pio()
def _rising():
    wrap_target()
    wait(1, pin, 0)
    push(noblock)
    wait(0, pin, 0)
    wrap()


@rp2.asm_pio()
def _both():
    wrap_target()
    wait(1, pin, 0)
    push(noblock)
    wait(0, pin, 0)
    push(noblock)
    wrap()


@rp2.asm_pio()
def _count():
    wrap_target()
    wait(1, pin, 0)
    jmp(x_dec, "low")
    label("low")
    wait(0, pin, 0)
    wrap()


class Stamps:
    """Edges at pin `number`: all rising ones, or with `both` each edge, the first a rising one.

    The ring holds `2 ** bits` bytes, four an edge; `taken` counts the edges that were taken from it.
    """

    def __init__(self, machine_number, number, bits, both=False):
        size = 1 << bits
        self._raw = bytearray(2 * size)
        start = uctypes.addressof(self._raw)
        self._base = (start + size - 1) & ~(size - 1)
        self._ring = memoryview(self._raw)[self._base - start : self._base - start + size]
        self._size = size
        self._read = 0
        self.taken = 0
        self._feed(machine_number, bits)
        program = _both if both else _rising
        self._machine = rp2.StateMachine(machine_number, program, in_base=Pin(number, Pin.IN))
        self._machine.active(1)

    def _feed(self, machine_number, bits):
        drain, stamp = rp2.DMA(), rp2.DMA()
        self._junk = bytearray(4)
        stamp.config(
            read=TIMER_LOW,
            write=self._base,
            count=1,
            ctrl=stamp.pack_ctrl(size=_WORD, inc_read=False, ring_sel=True, ring_size=bits, chain_to=drain.channel),
        )
        taking = drain.pack_ctrl(
            size=_WORD, inc_read=False, inc_write=False, treq_sel=_DREQ_RX0 + machine_number, chain_to=stamp.channel
        )
        drain.config(read=_PIO0 + _RXF0 + 4 * machine_number, write=self._junk, count=1, ctrl=taking, trigger=True)
        self._drain, self._stamp = drain, stamp

    def take(self, most):
        """(index of the first, bytes): up to `most` stamps that have come, four bytes each, the lowest first."""
        written = self._stamp.write - self._base
        end = written if written >= self._read else self._size
        end = min(end, self._read + 4 * most)
        first, piece = self.taken, self._ring[self._read : end]
        self.taken += (end - self._read) >> 2
        self._read = end & (self._size - 1)
        return first, piece


class Counter:
    """Rising edges at a pin since power-on, counted by a state machine of its own."""

    def __init__(self, number):
        self._machine = rp2.StateMachine(_COUNTER, _count, in_base=Pin(number, Pin.IN))
        self._machine.exec("mov(x, invert(null))")
        self._copy, self._push = rp2.asm_pio_encode("mov(isr, invert(x))", 0), rp2.asm_pio_encode("push(noblock)", 0)
        self._machine.active(1)

    def read(self):
        """How many there were."""
        self._machine.exec(self._copy)
        self._machine.exec(self._push)
        return machine.mem32[_PIO1_RXF1]

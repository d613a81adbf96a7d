"""The loop ended by an exception: no pulse, no permit, a record of what it was and where, then a reset (INT-11)."""

import gc
import io
import sys

import machine
from board_pins import PERMIT, STEP

from pump.store.journal import parts_of
from pump.tables.events import EXCEPTION

_TEXT_MAX = 88  # bytes of the record's continuation


def say(fault):
    """Stops the motor first; then, with the memory tidied, writes what happened to the log. Never raises."""
    _stop()
    try:
        from drivers import loop

        pump = loop.running
        gc.enable()
        gc.collect()
        line, text = _place(fault)
        if pump is not None:
            _record(pump, line, text)
    except BaseException:  # noqa: BLE001 S110 (whatever it is, the reset comes)
        pass


def _stop():
    """The pins become inputs: resistors hold permit and step low, and the monostable ends the driver's enable."""
    machine.Pin(PERMIT, machine.Pin.IN)
    machine.Pin(STEP, machine.Pin.IN)


def _place(fault):
    """(line, text) of the innermost known place: "pump/link/link.py:88 MemoryError"."""
    trace = io.StringIO()
    sys.print_exception(fault, trace)
    line, at = 0, "?"
    for row in trace.getvalue().split("\n"):
        parts = row.split('"')
        if len(parts) > 2 and ", line " in parts[2]:
            number = parts[2].split(", line ")[1].split(",")[0]
            line, at = int(number), parts[1]
    return line, ("%s:%d %s" % (at, line, type(fault).__name__)).encode()[:_TEXT_MAX]


def _record(pump, line, text):
    """The record and its continuation, into the log at once: what was not yet stored goes first."""
    core, out = pump.core, pump.out
    core.note(EXCEPTION, 0, line, parts_of(text))
    core.journal.more(EXCEPTION, text)
    for _ in range(2 * (core.journal.seq - core.journal.stored) + 2):
        out.fram_slot = -1
        core.journal.store_next(out)
        if out.fram_slot < 0:
            return
        core.journal.settle(pump.board.keep(out))

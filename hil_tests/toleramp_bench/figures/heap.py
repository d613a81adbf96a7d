"""Scans with the heap locked, on the image: whatever allocates in the scan raises MemoryError and is counted."""

from __future__ import annotations

import re
from fractions import Fraction

from pump.io import STOP
from pump.tables import causes, states
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.provision import service
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.figures.measure import run_session, standard_blob, to_step
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace

_SNIPPET = """
import gc, micropython, time
from main import Pump, PERIOD_US, full_speed
full_speed()
P = Pump()
core = P.core
core.bench = True
P.tidy()
def turn(locked):
    failed = 0
    if locked:
        micropython.heap_lock()
    try:
        P.scan()
    except MemoryError:
        failed = 1
    if locked:
        micropython.heap_unlock()
    return failed
def go(n, locked):
    failed = 0
    due = time.ticks_us()
    for _ in range(n):
        failed += turn(locked)
        if P.out.tidy:
            gc.collect()
            due = time.ticks_us()
        due = time.ticks_add(due, PERIOD_US)
        rest = time.ticks_diff(due, time.ticks_us())
        if rest > 0:
            time.sleep_us(rest)
    return failed
while core.session.state != 4 or core.session.progress.reactions < %d:
    go(1, False)
before = gc.mem_alloc()
failed = go(%d, True)
print("LOCKED", %d, failed, core.session.state, core.session.progress.total)
while True:
    go(50, False)
"""
_RESULT = re.compile(rb"LOCKED (\d+) (\d+) (\d+) (\d+)")


def locked_scans(scans: int, scale: Fraction = Fraction(1, 10)) -> tuple[int, int]:
    """Runs so many scans of a running session with the heap locked: (scans that wanted memory, pulses delivered).

    A laptop streams and an oximeter talks all the while. The board is in service mode: the same frozen modules, the
    same scan, started from the REPL.
    """
    return _locked(scans, scale, 0)


def locked_scans_after_a_reaction(scans: int) -> tuple[int, int]:
    """The same in step 8, hung again from step 9: the line holds the stronger bag, so that the rate changes in it."""
    return _locked(scans, Fraction(1, 250), 1)


def _react(bench: PumpBench, nurse: Nurse) -> None:
    """A mild reaction in step 9, one step back, on the weaker bag."""
    to_step(bench, nurse, 9)
    wishes = nurse.wishes
    wishes.cause, wishes.step, wishes.bag = causes.MILD, 8, 1
    bench.run_for(1)
    bench.press(STOP)


def _locked(scans: int, scale: Fraction, reactions: int) -> tuple[int, int]:
    bench = PumpBench(bench_mode=False)
    service(bench.board, bench.pins)
    repl = Repl(bench.board)
    bench.board.usb.on_data(None)
    repl.enter()
    bench.run_for(power_up.DONE_MS / 1000)
    service(bench.board, bench.pins)  # asked for again when main is imported
    repl.start(_SNIPPET % (reactions, scans, scans))
    seen = bytearray()

    def received(data: bytes) -> None:
        seen.extend(data)
        bench._received(data)

    bench.board.usb.on_data(received)
    bench.run_for(power_up.DONE_MS / 1000)
    bench.boot()
    bench.load(standard_blob(scale))
    nurse = Nurse(ScreenPace())
    if reactions:
        _react(bench, nurse)
    run_session(bench, nurse, lambda: _RESULT.search(seen) is not None, scans * 0.02 + 60)
    found = _RESULT.search(seen)
    if not found:
        raise BenchFault(f"no result of {scans} locked scans; state {bench.state()}; {bytes(seen[-200:])!r}")
    count, failed, state, pulses = (int(group) for group in found.groups())
    if count != scans or state != states.RUNNING:
        raise BenchFault(f"the session ran {count} locked scans and was then {states.NAMES[state]}")
    return failed, pulses

"""Scans with the heap locked, on the image: whatever allocates in the scan raises MemoryError and is counted."""

from __future__ import annotations

import re
from fractions import Fraction

from pump.io import STOP
from pump.tables import causes, states
from pump.tables import messages as m
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.kept_settings import memory_for
from toleramp_bench.boards.provision import service
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.devices.oximeter import DEFAULT_FORM
from toleramp_bench.figures.measure import run_session, standard_blob, to_step
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace

_PUMP = """
import gc, micropython, time
from drivers.clocking import full_speed
from drivers.loop import Pump, PERIOD_US
full_speed()
from drivers import checks
from pump.tables.checks import AT_POWER_UP
checks._watchdog_runs = lambda: 1  # in service mode there is none
P = Pump()
P.tests._steps = None
P.snap.passed = AT_POWER_UP
core = P.core
core.bench = True
P.tidy()
def rested(due):
    if P.out.tidy:
        gc.collect()
        due = time.ticks_us()
    due = time.ticks_add(due, PERIOD_US)
    rest = time.ticks_diff(due, time.ticks_us())
    if rest > 0:
        time.sleep_us(rest)
    return due
"""
_SNIPPET = """
def turn(locked):
    failed = 0
    if locked:
        micropython.heap_lock()
    try:
        P.scan()
        P.between(12000)
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
        due = rested(due)
    return failed
while core.session.state != 4 or %s:
    go(1, False)
before = gc.mem_alloc()
failed = go(%d, True)
print("LOCKED", %d, failed, core.session.state, core.session.progress.total)
while True:
    go(50, False)
"""
_RESULT = re.compile(rb"LOCKED (\d+) (\d+) (\d+) (\d+)")


def locked_scans(scans: int, scale: Fraction = Fraction(1, 10), form: str = DEFAULT_FORM) -> tuple[int, int]:
    """Runs so many scans of a running session with the heap locked: (scans that wanted memory, pulses delivered).

    A laptop streams and an oximeter talks all the while. The board is in service mode: the same frozen modules, the
    same scan, started from the REPL.
    """
    return _locked(scans, scale, 0, form)


def locked_scans_after_a_reaction(scans: int) -> tuple[int, int]:
    """The same in step 4, hung again from step 5: the line holds the stronger bag, so that the rate changes in it."""
    return _locked(scans, Fraction(1, 250), 1)


def locked_scans_without_a_laptop(scans: int) -> int:
    """The same while the alarm sounds that the laptop is lost, which is of low priority: scans that wanted memory."""
    bench, seen = _booted(_SNIPPET % ("core.alarms.priority != 1", scans, scans))
    bench.load(standard_blob(Fraction(1, 10)))
    run_session(bench, Nurse(ScreenPace()), lambda: bench.state() == states.NAMES[states.RUNNING], 60)
    bench.run_for(10 + scans * 0.02)
    return _result(seen, scans, bench)[0]


_ENDS = """
END = 1 << 29
def to_the_end():
    link, journal = core.link, core.journal
    core.parser.state[6] = END - 3
    core.parser.samples = END - 2
    link.receiver.bad = P.board.console.dropped = END - 2
    core.rejected._more = END - 2
    journal.lost = END - 2
    for k in (0, 4, 7):
        core.stats[k] = END - 2
    core.vitals._sample_ms = (P.snap.now_ms - (1 << 28)) & 0x3FFFFFFF
    core.vitals.seal.close()
    core.t_s = END
def go(n, locked):
    failed = 0
    due = time.ticks_us()
    for _ in range(n):
        if locked:
            micropython.heap_lock()
        try:
            P.scan()
            P.measure(time.ticks_us(), due)
            P.between(12000)
        except MemoryError:
            failed += 1
        if locked:
            micropython.heap_unlock()
        due = rested(due)
    return failed
while core.session.state != 4:
    go(1, False)
to_the_end()
failed = go(%d, True)
print("LOCKED", %d, failed, core.session.state, core.session.progress.total)
while True:
    go(50, False)
"""


def locked_scans_at_the_ends(scans: int) -> tuple[int, int, str]:
    """Scans of a running session with the heap locked, all counts just before their ends, rubbish on both lines, and
    a bus that is held for a while: (scans that wanted memory, scans, state at the end)."""
    bench, seen = _booted(_ENDS % (scans, scans))
    bench.load(standard_blob(Fraction(1, 50)))
    nurse = Nurse(ScreenPace())
    run_session(bench, nurse, lambda: bench.state() == states.NAMES[states.RUNNING], 60)
    for turn in range(scans * 2 // 50 + 200):
        if _RESULT.search(seen):
            break
        bench.board.uart_send(1, b"BP 120/80 MAP 93 HR 72\r\n" * 2)
        for _ in range(4):
            bench.send(m.HANG, data=b"TLR-X-9999")
        bench.send(m.LOG_GET, seq=(1 << 30) - 1)
        bench.board.usb_write(b"rubbish without an end")
        if turn in (4, 8):
            bench.board.stick_i2c(0, bench.pins.SCL, turn == 4)
        bench.run_for(0.2)
    found = _RESULT.search(seen)
    if not found:
        raise BenchFault(f"no result of {scans} locked scans; state {bench.state()}; {bytes(seen[-200:])!r}")
    count, failed, state, _ = (int(group) for group in found.groups())
    return failed, count, states.NAMES[state]


def _react(bench: PumpBench, nurse: Nurse) -> None:
    """A mild reaction in step 5, one step back, on the weaker bag."""
    to_step(bench, nurse, 5)
    wishes = nurse.wishes
    wishes.cause, wishes.step, wishes.bag = causes.MILD, 4, 0
    bench.run_for(1)
    bench.press(STOP)


def _booted(program: str, form: str = DEFAULT_FORM) -> tuple[PumpBench, bytearray]:
    """A board in service mode that runs the program, answering its host; all that it has said."""
    bench = PumpBench(bench_mode=False, fram=memory_for(form), form=form)
    service(bench.board, bench.pins)
    repl = Repl(bench.board)
    bench.board.usb.on_data(None)
    repl.enter()
    bench.run_for(power_up.DONE_MS / 1000)
    repl.start(_PUMP + program)
    seen = bytearray()

    def received(data: bytes) -> None:
        seen.extend(data)
        bench._received(data)

    bench.board.usb.on_data(received)
    bench.run_for(0.5)  # the modules are imported
    bench.boot()
    return bench, seen


def _locked(scans: int, scale: Fraction, reactions: int, form: str = DEFAULT_FORM) -> tuple[int, int]:
    bench, seen = _booted(_SNIPPET % (f"core.session.progress.reactions < {reactions}", scans, scans), form)
    bench.load(standard_blob(scale))
    nurse = Nurse(ScreenPace())
    if reactions:
        _react(bench, nurse)
    run_session(bench, nurse, lambda: _RESULT.search(seen) is not None, scans * 0.02 + 60)
    return _result(seen, scans, bench)


def _result(seen: bytearray, scans: int, bench: PumpBench) -> tuple[int, int]:
    """(scans that wanted memory, pulses delivered), as the board has said."""
    found = _RESULT.search(seen)
    if not found:
        raise BenchFault(f"no result of {scans} locked scans; state {bench.state()}; {bytes(seen[-200:])!r}")
    count, failed, state, pulses = (int(group) for group in found.groups())
    if count != scans or state != states.RUNNING:
        raise BenchFault(f"the session ran {count} locked scans and was then {states.NAMES[state]}")
    return failed, pulses

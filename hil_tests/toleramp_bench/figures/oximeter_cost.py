"""What reading an oximeter costs the emulated board's processor at the format's full rate, with the heap locked."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass

from pump.io import OX_MAX
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.provision import service
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.devices.oximeter import bytes_of
from toleramp_bench.evidence.oximeter_lines import stream

SPO2, PULSE = 97, 72
_PACKETS_PER_SECOND = 3  # of the model
_SCANS = 50  # a second
_RESULT = re.compile(r"COST" + r" (\d+)" * 7)
_PROGRAM = """
import gc, micropython, time
from binascii import a2b_base64
from drivers.clocking import full_speed
from oximeters.registry import parser
full_speed()
P = parser(%r)
line = bytearray(a2b_base64(%r))
views = [memoryview(line)[k:k + %d] for k in range(0, len(line), %d)]
def go(locked):
    spent = worst = samples = failed = 0
    if locked:
        micropython.heap_lock()
    for k in range(len(views)):
        began = time.ticks_us()
        try:
            samples += P.take(views[k], len(views[k]))
        except MemoryError:
            failed += 1
        took = time.ticks_diff(time.ticks_us(), began)
        spent += took
        if took > worst:
            worst = took
    if locked:
        micropython.heap_unlock()
    return spent, worst, samples, failed, P.spo2, P.pulse, P.flags
gc.collect()
go(False)
P.forget()
print("COST %%d %%d %%d %%d %%d %%d %%d" %% go(True))
"""


def service_board() -> tuple[PumpBench, Repl]:
    """A board in service mode, its modules those of the image; nothing runs but what the REPL is given."""
    bench = PumpBench(bench_mode=False, oximeter=False)
    service(bench.board, bench.pins)
    repl = Repl(bench.board)
    bench.board.usb.on_data(None)
    repl.enter()
    bench.run_for(power_up.DONE_MS / 1000)
    return bench, repl


@dataclass(frozen=True)
class Cost:
    """Share of the processor, the longest call, readings, calls in which the parser wanted memory, the last reading."""

    percent: float
    worst_ms: float
    readings: int
    wanted_memory: int
    last: tuple[int, int, int]


def cost(repl: Repl, form: str, seconds: int = 6) -> Cost:
    """Reads so many seconds of a format's stream on the board.

    The line comes in pieces as a scan each 20 ms has them, or a whole line of text or packet at once, up to OX_MAX.
    """
    packets = stream(form, seconds * _PACKETS_PER_SECOND // bytes_of(form).EVERY, SPO2, PULSE)
    line = b"".join(packets)
    a_scan = -(-len(line) // (seconds * _SCANS))
    piece = a_scan if bytes_of(form).CHUNKS > 1 else min(len(packets[0]), OX_MAX)
    said = repl.run(_PROGRAM % (form, b64encode(line).decode(), piece, piece))
    found = _RESULT.search(said)
    if not found:
        raise BenchFault(f"no cost of {form}: {said[-200:]!r}")
    spent_us, worst_us, samples, failed, *last = (int(group) for group in found.groups())
    return Cost(spent_us / (seconds * 1e4), worst_us / 1000, samples, failed, (last[0], last[1], last[2]))

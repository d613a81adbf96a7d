# Runs under MicroPython for Unix with the core frozen in: the controller as a process, one request a scan on standard
# input, its answer on standard output. The other end is toleramp_bench.targets.unix; layout.py says what the bytes
# mean. Standard input's end is this process's end. Nothing here is imported on CPython.
import sys

import layout
from build_info import BUILD_HASH, VERSION

from oximeters.registry import module
from pump.controller import Controller
from pump.io import FRAM_SLOT, Outputs, Snapshot
from pump.senses.vitals import FRESH_MS
from pump.store.orders import FIRST_SLOT
from pump.tables import messages as m
from pump.tables import parts
from pump.tables.oximeters import NAMES

FRAM = parts.BIT[parts.FRAM]
MANY = 64  # frames a slow scan sends at most


class Samples:
    # Stands where a parser stands while scans are slow: takes (there is one, SpO2, pulse, flags) instead of a stream.
    spo2, pulse, flags, samples, rejected = m.NONE8, m.NONE16, 0, 0, 0
    silence_ms = 10_000

    def forget(self):
        pass

    def take(self, data, count):
        there, self.spo2, self.pulse, self.flags = layout.unpack_sample(data)
        self.samples += there
        return bool(there)


class Brain:
    def __init__(self):
        self.core = None
        self.slow = False
        self.kept = {}  # slots of the FRAM that the core reads again while it runs
        self.snap, self.out = Snapshot(), Outputs()
        self.tx = bytearray(MANY * len(self.out.tx))
        words = layout.WORD * len(self.out.word_us)
        self.reply = bytearray(layout.ANSWER + words + len(self.out.fram) + len(self.tx))

    def boot(self, request):
        scan_us, bench, cause, first, slot, parts, pl_pulse, self.slow, form, lost = layout.unpack_boot(request)
        line = module(NAMES[form])
        chosen = Samples() if self.slow else line.Parser()
        self.core = core = Controller(
            chosen,
            pl_pulse,
            scan_us,
            first_record=first,
            first_slot=slot,
            bench=bool(bench & 1),
            held=bench >> 1,
            lost_step=lost,
            read_slot=self.slot,
        )
        if not self.slow:
            core.vitals.fresh_ms = max(FRESH_MS, line.SILENCE_MS)
        core.boot(cause)
        core.self_test(parts)
        if self.slow:
            core.link._period_ms = 1  # the stream without a request: a host that never spoke is never lost
        return layout.booted(m.CONTRACT, VERSION.encode(), BUILD_HASH.encode())

    def scan(self, request):
        layout.unpack_scan(request, self.snap)
        self.core.scan(self.snap, self.out)
        if self.out.fram_slot >= FIRST_SLOT:
            self.kept[self.out.fram_slot] = bytes(self.out.fram)
        tx_n = self.frames()
        return memoryview(self.reply)[: layout.pack_answer(self.reply, self.out, self.tx, tx_n)]

    def slot(self, number):
        return bytearray(self.kept.get(number, bytes(FRAM_SLOT))) if self.snap.parts & FRAM else None

    def frames(self):
        # What the scan sends; a slow one all that there is to say.
        out, n = self.out, 0
        for _ in range(MANY if self.slow else 1):
            if not out.tx_n:
                break
            self.tx[n : n + out.tx_n] = memoryview(out.tx)[: out.tx_n]
            n += out.tx_n
            out.tx_n = 0
            if self.slow:
                self.core.link.send(out, self.core, self.snap.now_ms)
        return n

    def corrupt(self, where):
        if where == layout.PLAN:
            session = self.core.session
            session.case.course.pulses[min(session.progress.step + 1, session.case.plan.count - 1)] ^= 1 << 6
        else:
            blob = self.core.guard.blob
            blob[len(blob) // 2] ^= 1

    def load(self, blob):
        link = self.core.link
        link.loader.loaded, link.loading = bytearray(blob), True


def main():
    source, target = sys.stdin.buffer, sys.stdout.buffer
    request = bytearray(layout.REQUEST)
    view = memoryview(request)
    brain = Brain()
    while source.readinto(request) == layout.REQUEST:
        kind = request[0]
        if kind == layout.SCAN:
            target.write(brain.scan(view))
        elif kind == layout.BOOT:
            target.write(brain.boot(request))
        elif kind == layout.CORRUPT:
            brain.corrupt(request[1])
        elif kind == layout.LOAD:
            brain.load(source.read(layout.unpack_load(request)))
        elif kind == layout.KEEP:
            slot, content = layout.unpack_keep(request)
            brain.kept[slot] = content


main()

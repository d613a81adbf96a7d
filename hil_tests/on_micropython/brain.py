# Runs under MicroPython for Unix with the core frozen in: the controller as a process, one request a scan on standard
# input, its answer on standard output. The other end is toleramp_bench.targets.unix; layout.py says what the bytes
# mean. Standard input's end is this process's end. Nothing here is imported on CPython.
#
# Memory is had as on the board (drivers.loop): nothing is collected by itself, and between scans only where the loop
# does it. Where the core promises to take none the heap is locked.
import gc
import sys

import layout
import micropython
from build_info import BUILD_HASH, VERSION

from oximeters.registry import module
from pump.base.copying import copy
from pump.controller import Controller
from pump.io import FRAM_SLOT, Outputs, Snapshot
from pump.senses.vitals import FRESH_MS
from pump.store.entries import FIRST_SLOT
from pump.store.keyring import Keyring
from pump.store.orders import LAST_SLOT
from pump.store.settings import Settings
from pump.tables import messages as m
from pump.tables import parts
from pump.tables.oximeters import NAMES
from pump.tables.states import FLOWS, GROUP, UNTESTED
from pump.tables.states import NAMES as STATES

FRAM = parts.BIT[parts.FRAM]
MANY = 64  # frames a slow scan sends at most
TIDY_SCANS = 3_000  # as the board's loop


class Samples:
    # Stands where a parser stands while scans are slow: takes (there is one, SpO2, pulse, flags) instead of a stream.
    silence_ms = 10_000

    def __init__(self):
        self.spo2, self.pulse, self.flags = m.NONE8, m.NONE16, 0
        self.samples = self.rejected = 0

    def forget(self):
        pass

    def take(self, data, count):
        self.spo2, self.pulse, self.flags = data[1], data[2] | data[3] << 8, data[4]
        self.samples += data[0]
        return data[0] != 0


class Brain:
    def __init__(self):
        self.core = None
        self.slow = False
        self.kept = bytearray((LAST_SLOT + 1 - FIRST_SLOT) * FRAM_SLOT)  # what the core reads again while it runs
        self.slot, self.blank = bytearray(FRAM_SLOT), bytearray(FRAM_SLOT)  # of the log nothing is at hand
        self.snap, self.out = Snapshot(), Outputs()
        self.tx = bytearray(MANY * len(self.out.tx))
        words = layout.WORD * len(self.out.word_us)
        self.reply = bytearray(layout.ANSWER + words + len(self.out.fram) + len(self.tx))
        self.since_tidy = 0
        self.handed = False  # a protocol came at once: the loop tidies as after one that came over the line

    def boot(self, request):
        scan_us, bench, cause, first, slot, parts, pl_pulse, pace, form, lost, last_s, wall, osf = layout.unpack_boot(
            request
        )
        self.slow = bool(pace & layout.SLOW)
        line = module(NAMES[form])
        chosen = Samples() if pace & layout.SAMPLES else line.Parser()
        self.core = core = Controller(
            chosen,
            pl_pulse,
            scan_us,
            first_record=first,
            first_slot=slot,
            bench=bool(bench & 1),
            keyring=Keyring((None, None)),
            seed=bytes(range(32)),
            held=bench >> 1,
            lost_step=lost,
            settings=self.settings(),
            read_slot=self.read_slot,
            last_s=last_s,
        )
        if not pace & layout.SAMPLES:
            core.vitals.fresh_ms = max(FRESH_MS, line.SILENCE_MS)
        self.snap.parts, self.snap.wall_s, self.snap.wall_lost = parts, wall - 1, osf != 0
        core.boot(cause, self.snap, bool(pace & layout.TESTS))
        core.self_test(parts)
        if self.slow:
            core.link._period_ms = 1  # the stream without a request: a host that never spoke is never lost
        return layout.booted(m.CONTRACT, VERSION.encode(), BUILD_HASH.encode())

    def settings(self):
        # As read at power-on.
        found = Settings()
        found.read(self.read_slot)
        return found

    def scan(self, request):
        # How many bytes of `reply` are the answer.
        layout.unpack_scan(request, self.snap)
        self.guarded()
        out = self.out
        if out.fram_slot >= FIRST_SLOT:
            copy(self.kept, (out.fram_slot - FIRST_SLOT) * FRAM_SLOT, out.fram, 0, FRAM_SLOT)
        n = layout.pack_answer(self.reply, out, self.tx, self.frames())
        self.since_tidy += 1
        if out.tidy or self.handed or (self.since_tidy >= TIDY_SCANS and not out.flowing):
            self.tidy()
        return n

    def guarded(self):
        core, snap = self.core, self.snap
        state = core.session.state
        locked = self.may_lock()
        if locked:
            micropython.heap_lock()
        try:
            core.scan(snap, self.out)
        except MemoryError:
            if locked:
                micropython.heap_unlock()
            how = "that may take none" if locked else "more than there is"
            gc.collect()
            said = f"a scan took memory, {how}: state {STATES[state]} at {snap.now_ms} ms"
            raise MemoryError(said) from None
        if locked:
            micropython.heap_unlock()

    def may_lock(self):
        # While the drug flows nothing may be taken, whatever comes; else where nobody is at the keys or on the line,
        # and nothing that the power cut off is taken up.
        core, snap = self.core, self.snap
        group = GROUP[core.session.state]
        if group & FLOWS:
            return True
        if group & UNTESTED:
            return False
        return not (snap.buttons or not core.buttons.quiet or snap.link_n or core.link.loading or self.searches)

    @property
    def searches(self):
        # Lines are tried for the oximeter, at rest.
        return self.core.oximeter.searches

    def tidy(self):
        gc.collect()
        self.handed = False
        self.since_tidy = 0

    def read_slot(self, number):
        if not self.snap.parts & FRAM:
            return None
        if not FIRST_SLOT <= number <= LAST_SLOT:
            return self.blank
        copy(self.slot, 0, self.kept, (number - FIRST_SLOT) * FRAM_SLOT, FRAM_SLOT)
        return self.slot

    def frames(self):
        # What the scan sends; a slow one all that there is to say.
        out, n = self.out, 0
        for _ in range(MANY if self.slow else 1):
            if not out.tx_n:
                break
            copy(self.tx, n, out.tx, 0, out.tx_n)
            n += out.tx_n
            out.tx_n = 0
            if self.slow:
                self.core.link.send(out, self.core, self.snap)
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
        link.loader.loaded, link.loading = blob, True
        self.handed = True

    def run(self, source, size):
        # What the program leaves in `said`. The bench's memory is not the core's: it is collected.
        gc.enable()
        names = {"brain": self, "said": ""}
        exec(str(taken(source, size), "utf-8"), names)
        answer = layout.said(str(names["said"]))
        names = None
        gc.collect()
        gc.disable()
        return answer


def taken(source, size):
    data = bytearray(size)
    source.readinto(data)
    return data


def main():
    source, target = sys.stdin.buffer, sys.stdout.buffer
    request = bytearray(layout.REQUEST)
    brain = Brain()
    while source.readinto(request) == layout.REQUEST:
        kind = request[0]
        if kind == layout.SCAN:
            target.write(brain.reply, brain.scan(request))
        elif kind == layout.BOOT:
            target.write(brain.boot(request))
            brain.tidy()
            gc.disable()
        elif kind == layout.CORRUPT:
            brain.corrupt(request[1])
        elif kind == layout.LOAD:
            brain.load(taken(source, layout.unpack_load(request)))
        elif kind == layout.KEEP:
            slot, content = layout.unpack_keep(request)
            copy(brain.kept, (slot - FIRST_SLOT) * FRAM_SLOT, content, 0, FRAM_SLOT)
        elif kind == layout.RUN:
            target.write(brain.run(source, layout.unpack_run(request)))


main()

# Runs under MicroPython for Unix with the core frozen in: the controller as a process, one request a scan on standard
# input, its answer on standard output. The other end is toleramp_bench.targets.unix, which says what the
# layouts mean. Standard input's end is this process's end. Nothing here is imported on CPython.
import struct
import sys

from build_info import BUILD_HASH, VERSION

from oximeters.registry import parser
from pump.controller import Controller
from pump.io import LINK_MAX, OX_MAX, Outputs, Snapshot
from pump.tables import messages as m

SCAN = "<BIIBIIIBB"
BOOT = "<BIBBIIB"
HEAD = struct.calcsize(SCAN)
REQUEST = HEAD + OX_MAX + LINK_MAX
ANSWER = "<HBBBHHh"
BODY = struct.calcsize(ANSWER)
MANY = 64  # frames a slow scan sends at most


class Samples:
    # Stands where a parser stands while scans are slow: takes (there is one, SpO2, pulse, flags) instead of a stream.
    spo2, pulse, flags, samples, rejected = m.NONE8, m.NONE16, 0, 0, 0

    def take(self, data, count):
        there, self.spo2, self.pulse, self.flags = struct.unpack_from("<BBHB", data, 0)
        self.samples += there
        return bool(there)


class Brain:
    def __init__(self):
        self.core = None
        self.slow = False
        self.snap, self.out = Snapshot(), Outputs()
        self.tx = bytearray(MANY * len(self.out.tx))
        self.reply = bytearray(BODY + 8 * len(self.out.word_us) + len(self.out.fram) + len(self.tx))

    def boot(self, request):
        _, scan_us, bench, cause, first, pl_pulse, self.slow = struct.unpack_from(BOOT, request, 0)
        chosen = Samples() if self.slow else parser("nonin-df2")
        self.core = core = Controller(chosen, pl_pulse, scan_us, first_record=first, bench=bool(bench))
        core.boot(cause)
        core.self_test(7)
        if self.slow:
            core.link._period_ms = 1  # the stream without a request: a host that never spoke is never lost
        return struct.pack("<I12s8s", m.CONTRACT, VERSION.encode(), BUILD_HASH.encode())

    def scan(self, request):
        snap, out = self.snap, self.out
        (
            _, snap.dt_ms, snap.now_ms, snap.buttons, snap.pulses, snap.moved, snap.queue_us, ox_n, link_n,
        ) = struct.unpack_from(SCAN, request, 0)  # fmt: skip
        snap.ox_n, snap.link_n = ox_n, link_n
        snap.ox[:ox_n] = request[HEAD : HEAD + ox_n]
        at = HEAD + OX_MAX
        snap.link[:link_n] = request[at : at + link_n]
        self.core.scan(snap, out)
        return self.answer(self.frames())

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

    def answer(self, tx_n):
        out, reply, at = self.out, self.reply, BODY
        for i in range(out.words):
            struct.pack_into("<II", reply, at, out.word_count[i], out.word_us[i])
            at += 8
        if out.fram_slot >= 0:
            reply[at : at + len(out.fram)] = out.fram
            at += len(out.fram)
        reply[at : at + tx_n] = memoryview(self.tx)[:tx_n]
        at += tx_n
        stops = (1 if out.abort else 0) | (2 if out.permit else 0)
        struct.pack_into(ANSWER, reply, 0, at, stops, out.words, out.lights, out.tone_hz, tx_n, out.fram_slot)
        return memoryview(reply)[:at]

    def corrupt(self, where):
        if where:
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
    request = bytearray(REQUEST)
    view = memoryview(request)
    brain = Brain()
    while source.readinto(request) == REQUEST:
        kind = request[0]
        if kind == 83:  # S
            target.write(brain.scan(view))
        elif kind == 66:  # B
            target.write(brain.boot(request))
        elif kind == 67:  # C
            brain.corrupt(request[1])
        elif kind == 76:  # L
            brain.load(source.read(request[1] | request[2] << 8))


main()

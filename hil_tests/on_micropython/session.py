# Runs under MicroPython for Unix with the core frozen in: a whole session in virtual time, printed record by record.
# Arguments: the file of the compiled protocol (an argument itself holds 255 bytes at most), the scan period in
# microseconds. Nothing here is imported on CPython.
import struct
import sys

from pump.controller import Controller
from pump.io import CONFIRM, START, UP, Outputs, Snapshot
from pump.store.journal import RECORD
from pump.tables import messages as m

PL_PULSE = 100_000


class Samples:
    spo2, pulse, flags, samples, rejected = 97, 72, m.VIT_VALID, 0, 0

    def take(self, data, count):
        return True


class Stepper:
    def __init__(self):
        self.words = []
        self.end_us = self.at_us = self.pulses = 0

    def add(self, count, interval_us, now_us):
        if self.end_us < now_us:
            self.end_us = self.at_us = now_us
        self.words.append([count, interval_us])
        self.end_us += max(count, 1) * interval_us

    def run_to(self, now_us):
        while self.words:
            word = self.words[0]
            whole = max(word[0], 1)
            done = min((now_us - self.at_us) // word[1], whole)
            self.pulses += done if word[0] else 0
            self.at_us += done * word[1]
            if done < whole:
                word[0] -= done if word[0] else 0
                return
            self.words.pop(0)


def main(blob, period_us):
    core, snap, out, stepper = Controller(Samples(), PL_PULSE, period_us, bench=True), Snapshot(), Outputs(), Stepper()
    core.link.loader.loaded, core.link.loading = bytearray(blob), True
    snap.ox_n, snap.dt_ms = 1, period_us // 1000
    record = bytearray(RECORD)
    now_us = seen = held = wanted = 0
    for _ in range(40_000_000_000 // period_us):
        now_us += period_us
        stepper.run_to(now_us)
        snap.now_ms = now_us // 1000 % (1 << 30)
        snap.pulses = snap.moved = stepper.pulses
        snap.queue_us = max(0, stepper.end_us - now_us)
        # A key goes down for eight scans in every sixteen while the pump waits for one.
        held = (held + 1) % 16
        if held == 0:
            bag = UP if core.session.question.shown <= core.session.case.solution() else CONFIRM
            wanted = {m.READY: START, m.ARMED: bag, m.BAG: bag}.get(core.session.state, 0)
        snap.buttons = wanted if held < 8 else 0
        core.scan(snap, out)
        if out.abort:
            stepper.words.clear()
            stepper.end_us = stepper.at_us = now_us
        for i in range(out.words):
            stepper.add(out.word_count[i], out.word_us[i], now_us)
        while seen < core.journal.seq:
            core.journal.copy(seen, record, 0)
            fields = struct.unpack(m.EVENT[1], record)
            print(m.EVENTS[fields[5]], fields[8], fields[14])
            seen += 1
        if core.session.state in (m.COMPLETED, m.FAULT, m.STOPPED):
            return
    print("no end")


with open(sys.argv[1], "rb") as file:
    main(file.read(), int(sys.argv[2]))

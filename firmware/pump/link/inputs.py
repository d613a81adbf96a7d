"""The recording of a run: what went into each scan, as far as it changed, and what was decided, for `toleramp replay`.

It begins at power-on, or when a laptop asks for it anew as soon as nothing flows: with the core as it stands
(link.standing) and what the memory holds beside the log. Then each scan appends its changes; a laptop fetches them and
with that frees their room. When there is none left the recording ends: what is missing could not be made up for.

A scan: two bytes of bits, what belongs to each bit that is set, in this order, and a sum of all until here. The
decisions stand beside the inputs: a core that is given the inputs makes the same bytes, or the first that differs shows
what it decided otherwise.
"""

from array import array

from pump.base.compat import collect, micropython
from pump.base.copying import copy
from pump.base.units import TICK_MASK
from pump.io import COUNT_MAX, FRAM_SLOT
from pump.link.authentication import NOTHING_TOLD
from pump.link.frames import HEAD, MAX_PAYLOAD
from pump.link.laid import append, fetch, run, stand, sum_of, word, words
from pump.link.standing import put_bytes, put_number, put_whole
from pump.store.journal import LOOK, SLOTS, unparted
from pump.store.orders import LAST_SLOT
from pump.tables import inputs as raw_rows
from pump.tables import parts

RING = 1 << 14  # bytes of a recording that begins at rest: all that the core holds has to have room
FROM_POWER_ON = 1 << 13  # of one from power-on: some ten seconds of flow without a laptop
FORMAT = 1
USUAL_MS = 20
SLOW_MS = 80
LOOK_SCANS = 31  # each 32nd scan tells how things stand
OFF, GOES, AWAITS, ENDED = range(4)  # how it stands: m.INPUTS
_AT_MOST = 1 << 29  # bytes of a recording
_HEAD = 17  # of the answer
MOST = MAX_PAYLOAD - _HEAD
# Bits of a scan.
DT, KEYS, FACTS, OXIMETER, LINE, PULSES, ALL_PULSES, QUEUE = 1, 2, 4, 8, 16, 32, 64, 128
OUTS, WORDS, STORES, RECORDS, TONE = 256, 512, 1024, 2048, 4096
# A line each: frozen with others they are objects, and what is computed with them comes from the heap.
STANDS = 8192
TOLD = 16384
RARE = 32768
BROKEN, RAW, WALL, READ, NOW, PROOFS, CHECKS = 1, 2, 4, 8, 16, 32, 64  # of what is rare
_DRIVER_OFF, _READY, _WALL_LOST = 32, 64, 128
assert parts.ALL < _DRIVER_OFF


class Recorder:
    """`begin` at power-on, `scan` at each scan's end, `ask` and `fill` for the laptop. `told`: why an approval was not
    accepted, from 1 on, in this scan (0: it was, or none came): the keys are not in the recording."""

    def __init__(self):
        self.stands = OFF
        self.scans = 0  # since power-on
        self.told = 0
        self.core = b"unknown"  # which core this is: the board's build knows
        self._ring = None
        self._work = bytearray(256)
        self._raw = array("i", [0] * raw_rows.COUNT)  # as told last
        self._head = self._tail = 0  # bytes made, and fetched
        self._run = 0
        self.anew = False
        self._forget()

    def _forget(self):
        """The next scan tells all."""
        self._keys = self._facts = self._queue = self._outs = self._tone = -1
        self._pulses = self._moved = self._idle = self._now = self._seq = -1
        self._broken = -1
        for k in range(raw_rows.COUNT):
            self._raw[k] = -1
        self._wall = -2
        self._reads = False
        self._check = 1

    # -- its beginning

    def begin(self, pump, out=None, built=None):
        """From here on: the controller as it stands, and what the memory holds beside the log. It allocates. `out`:
        of the scan that ends now. `built`: of one that has just been built, instead, from what: first_record, bench,
        held, first_slot, lost_step, last_s."""
        size = FROM_POWER_ON if built else RING
        if self._ring is None or len(self._ring) < size:
            self._ring = None
            collect()
            self.anew = False
            self.stands = OFF  # where there is no memory for it
            try:
                self._ring = bytearray(size)
            except MemoryError:
                return
        self._run += 1
        self._head = self._tail = 0
        self.anew = False
        self.stands = GOES
        self._forget()
        self.told = 0
        pump.link.auth.told = NOTHING_TOLD  # what was proved before is in no scan of it
        put = self.put
        put(FORMAT)
        put_bytes(put, self.core)
        put_number(put, self.scans)
        pump.keyring.put(put, put_bytes)
        put(1 if built else 0)
        put_whole(put, list(built) + [pump.vitals.fresh_ms, pump.settings] if built else pump)
        if out and out.fram_slot >= SLOTS:  # it is written behind this scan
            put_number(put, out.fram_slot + 1)
            put_bytes(put, out.fram)
        self._memory(pump)
        put(0)  # no power-on follows

    @micropython.native
    def put(self, byte):
        """One byte more; where there is no room the recording ends."""
        if self._head - self._tail >= len(self._ring):
            self.stands = ENDED
            return
        self._ring[self._head & (len(self._ring) - 1)] = byte
        self._head += 1

    def _memory(self, pump):
        """What the FRAM holds beside the log, and the log's newest record: slot + 1 and bytes of each; 0 ends it."""
        read, put = pump.read_slot, self.put
        slot, end = SLOTS, LAST_SLOT + 1
        while read and slot < end:
            held = read(slot)
            if held is None:
                break
            if held != _VOID:
                put_number(put, slot + 1)
                put_bytes(put, held)
            slot += 1
        slot = pump.journal.slot - 1
        least = max(-1, slot - LOOK)
        while read and slot > least:
            held = read(slot)
            if held is None:
                break
            put_number(put, slot + 1)
            put_bytes(put, held)
            if unparted(held, slot):
                break
            slot -= 1
        put_number(put, 0)

    def booted(self, cause, snap, answered, tests=False):
        """A power-on is over: what the controller was told at boot (`cause`, `snap`, `tests`), and what `answered`."""
        if self.stands != GOES:
            return
        self._head -= 1
        for byte in (1, cause, answered, snap.parts, int(snap.wall_lost), self.told, int(tests)):
            self.put(byte)
        put_number(self.put, snap.wall_s)
        self.told = 0

    # -- the laptop

    def ask(self, buf, at):
        """A request's four bytes: where the laptop goes on, which has all before that; with the highest bit it asks
        for a recording from now on."""
        if buf[at + 3] & 128:
            self.anew = True
            return
        where = buf[at] | buf[at + 1] << 8 | buf[at + 2] << 16 | (buf[at + 3] & 63) << 24
        if self._tail < where <= self._head:
            self._tail = where

    def fill(self, buf, boot):
        """Writes the INPUTS payload to buf[HEAD:]; returns its length."""
        n = min(MOST, self._head - self._tail)
        at = word(buf, HEAD, boot << 8 | self._run & 255)
        at = word(buf, at, self._tail)
        at = word(buf, at, self._head)
        at = word(buf, at, self.scans)
        buf[at] = AWAITS if self.anew else self.stands
        if n:
            fetch(buf, self._ring, self._tail, n << 16 | len(self._ring) - 1)
        return _HEAD + n

    # -- each scan

    @micropython.native
    def scan(self, pump, snap, out):
        """At its end. A recording that is asked for begins with the next scan, when nothing flows."""
        self.scans = self.scans + 1 if self.scans < COUNT_MAX else 0
        if self.stands == GOES:
            work = self._work
            n = self._inputs(pump, snap, work)
            self._mask = 0
            n = self._outputs(pump, out, work, n)
            mask = self._in_mask | self._mask
            if mask & RARE:
                n = self._seldom(pump, snap, work, n)
            work[0] = mask & 255
            work[1] = mask >> 8
            self._check = sum_of(work, n, self._check)
            work[n] = self._check & 255
            self._keep(work, n + 1)
        if self.anew and not out.flowing:
            pump.link.loading = True  # it may allocate, and its time is not the scan's
            out.tidy = True
            self.begin(pump, out)
        self._reads = out.read_slot >= 0

    @micropython.native
    def _keep(self, work, n):
        """Appends a scan whole, or ends the recording."""
        head = self._head
        if head - self._tail + n > len(self._ring) or head > _AT_MOST:
            self.stands = ENDED
            return
        append(self._ring, work, head, n << 16 | len(self._ring) - 1)
        self._head = head + n

    @micropython.native
    def _inputs(self, pump, snap, work):
        """What a scan is given, as far as it is another than in the scan before; returns where the rest goes."""
        n, mask = 2, 0
        dt_ms = snap.dt_ms
        if dt_ms != USUAL_MS:
            mask = DT
            n = word(work, n, dt_ms)
        byte = snap.buttons | snap.fram << 6
        if byte != self._keys:
            self._keys = work[n] = byte
            mask |= KEYS
            n += 1
        byte = snap.parts
        if snap.driver_off:
            byte |= _DRIVER_OFF
        if snap.screen_ready:
            byte |= _READY
        if snap.wall_lost:
            byte |= _WALL_LOST
        if byte != self._facts:
            self._facts = work[n] = byte
            mask |= FACTS
            n += 1
        if snap.ox_n:
            mask |= OXIMETER
            n = run(work, n, snap.ox, snap.ox_n)
        if snap.link_n:
            mask |= LINE
            n = run(work, n, snap.link, snap.link_n)
        if snap.pulses != self._pulses or snap.moved != self._moved or snap.idle != self._idle:
            n = self._counts(snap, work, n)
            mask |= self._counted
        queue_us = snap.queue_us
        if queue_us != self._queue:  # at most some hundreds of ms
            self._queue = queue_us
            mask |= QUEUE
            n = word(work, n, queue_us) - 1
        if self._rare(pump, snap, dt_ms):
            mask |= RARE
        self._in_mask = mask
        return n

    @micropython.native
    def _rare(self, pump, snap, dt_ms):
        """Whether something changed that seldom does; a raw input counts where the core looks at it."""
        now_ms = (self._now + dt_ms) & TICK_MASK
        self._now = snap.now_ms
        self._jumped = now_ms != self._now
        if self._jumped or self._reads or snap.wall_s != self._wall or snap.ox_broken != self._broken:
            return True
        if pump.link.auth.told != NOTHING_TOLD or snap.passed or snap.failed:
            return True
        return (pump.turn & 3 == 1 or dt_ms >= SLOW_MS) and self._reads_other(snap.raw)

    @micropython.native
    def _reads_other(self, raw):
        """Whether a raw input is another than when they were last told."""
        told = self._raw
        for k in range(len(raw)):
            if raw[k] != told[k]:
                return True
        return False

    @micropython.native
    def _counts(self, snap, work, n):
        """The pulses: mostly some more, which have all moved."""
        more = snap.pulses - self._pulses
        self._counted = ALL_PULSES
        if 0 <= more < 256 and snap.moved - self._moved == more and snap.idle == self._idle and self._pulses >= 0:
            self._counted = PULSES
            work[n] = more
            n += 1
        else:
            n = word(work, word(work, word(work, n, snap.pulses), snap.moved), snap.idle)
        self._pulses, self._moved = snap.pulses, snap.moved
        self._idle = snap.idle
        return n

    @micropython.native
    def _outputs(self, pump, out, work, n):
        """What the scan decided."""
        mask = 0
        byte = out.lights << 4
        if out.abort:
            byte |= 1
        if out.permit:
            byte |= 2
        if out.flowing:
            byte |= 4
        if out.tidy:
            byte |= 8
        if byte != self._outs:
            self._outs = work[n] = byte
            mask = OUTS
            n += 1
        if out.words:
            mask |= WORDS
            n = words(out, work, n)
        if out.fram_slot >= 0:
            mask |= STORES
            n = word(work, n, out.fram_slot | sum_of(out.fram, FRAM_SLOT, 1) << 13 & 0x1FFFE000)
        journal = pump.journal
        if journal.seq != self._seq:
            self._seq = journal.seq
            mask |= RECORDS
            work[n] = journal.seq & 255
            journal.chain_to(work, n + 1)
            n += 5
        if out.tone_hz != self._tone:
            self._tone = out.tone_hz
            mask |= TONE
            n = word(work, n, out.tone_hz) - 2
        if self.scans & LOOK_SCANS == 0:
            mask |= STANDS
            n = stand(pump, work, n)
        if self.told:
            mask |= TOLD
            work[n] = self.told
            self.told = 0
            n += 1
        self._mask = mask
        return n

    @micropython.native
    def _seldom(self, pump, snap, work, n):
        """Inputs that change seldom: a byte of bits, then they."""
        at, bits = n, 0
        n += 1
        if snap.ox_broken != self._broken:
            self._broken = work[n] = snap.ox_broken
            bits = BROKEN
            n += 1
        if (pump.turn & 3 == 1 or snap.dt_ms >= SLOW_MS) and self._reads_other(snap.raw):
            bits |= RAW
            for k in range(raw_rows.COUNT):
                self._raw[k] = snap.raw[k]
                work[n] = snap.raw[k] & 255
                work[n + 1] = snap.raw[k] >> 8
                n += 2
        if snap.wall_s != self._wall:
            self._wall = snap.wall_s
            bits |= WALL
            n = word(work, n, snap.wall_s)
        if self._reads:
            bits |= READ
            n = word(work, n, snap.read)
            if snap.read >= 0:
                copy(work, n, snap.slot, 0, FRAM_SLOT)
                n += FRAM_SLOT
        if self._jumped:
            bits |= NOW
            n = word(work, n, snap.now_ms)
        auth = pump.link.auth
        if auth.told != NOTHING_TOLD:
            bits |= PROOFS
            work[n] = auth.told
            auth.told = NOTHING_TOLD
            n += 1
        if snap.passed or snap.failed:
            bits |= CHECKS
            n = self._checked(snap, work, n)
        work[at] = bits
        return n

    @micropython.native
    def _checked(self, snap, work, n):
        """Which checks of the self-test have passed, which one failed, and what each of them found."""
        n = word(work, n, snap.passed)
        work[n] = snap.failed
        n += 1
        for check in range(len(snap.found)):
            if snap.passed >> check & 1 or check == snap.failed:
                n = word(work, n, snap.found[check])
        return n


_VOID = bytearray(FRAM_SLOT)

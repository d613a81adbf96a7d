"""The scan: samples in, the same chain of modules in the same order, outputs out. Nothing else decides anything.

vitals -> guard's account -> link -> session -> delivery -> guard's judgement -> alarms -> display, journal, link
"""

import struct

from pump.base.compat import micropython
from pump.course.plan import Plan
from pump.delivery.delivery import Delivery
from pump.guard.guard import Guard
from pump.io import SILENCE, UP
from pump.link.link import Link
from pump.panel.alarms import Alarms
from pump.panel.display import Display
from pump.protocol import protocol as p
from pump.protocol.admission import admit
from pump.protocol.fingerprint import fingerprint
from pump.senses.keys import Buttons
from pump.senses.vitals import Vitals
from pump.session.session import Session
from pump.store.journal import Journal
from pump.tables import alarms as a
from pump.tables import events
from pump.tables import messages as m

BENCH_MODE = 1
PART_FRAM = 4
SLOW_SCAN_MS = 80  # a scan as long as four of the usual ones goes through the alarms each time
DRIVE_LATE = m.HOLD["drive-late"]
_ALARM_OF = {
    m.HOLD["over-delivery"]: a.OVER, m.HOLD["under-delivery"]: a.UNDER, m.HOLD["memory"]: a.MEMORY,
}  # fmt: skip


class Controller:
    """The pump's core. `parser` is an oximeter's; `build` three byte strings (version, build hash, git).

    `keys`: the keyring, a dict of id to key; `bench`: a person held the bench key at power-up.
    `scan(snapshot, outputs)` once a period. `stats` holds the figures of the board's loop, kept by the board.
    """

    def __init__(
        self, parser, pl_pulse, period_us=20_000, build=(b"0", b"-", b"-"), first_record=0, bench=False, keys=None
    ):
        self.pl_pulse = pl_pulse
        self.parser = parser
        self.journal = Journal(first_record)
        self.buttons = Buttons(UP if bench else 0)  # the bench key is still down
        self.vitals = Vitals()
        self.guard = Guard(pl_pulse)
        self.delivery = Delivery(period_us)
        self.session = Session(self.delivery, self._log)
        self.alarms = Alarms(self._log)
        self.link = Link(self.journal, build)
        self.display = Display()
        self.fingerprint = b"--------"
        self.bench = bench
        self.keys = keys or {}
        self.stats = [0] * 10
        self.t_s = self.t_ms = 0
        self._snap = None
        self._turn = 0
        self._last_signs = -1
        self._no_log = False
        self.link.journal.sent = first_record

    def boot(self, cause=0):
        """The first record: why the processor started (arg: the board's reset cause)."""
        self._log(events.BOOT, cause, 0)

    def self_test(self, parts):
        """Records what answered at power-on (bits of the board); a pump without its FRAM says so by an alarm."""
        self._log(events.SELF_TEST, 0, parts)
        self._no_log = not parts & PART_FRAM

    def mode(self):
        """1 in bench mode, in which protocols without two approvals load; the screen says so all the time."""
        return BENCH_MODE if self.bench else 0

    def may_resume(self):
        """True when a resume wants nothing but a person's two presses."""
        return self.session.may_resume(self._snap, self.vitals)

    # -- the scan

    @micropython.native
    def scan(self, snap, out):
        """One pass from inputs to outputs; allocates nothing while nothing is loaded or decided.

        What is judged in seconds (ages, alarms, the screen) takes turns over eight scans, or over one slow scan.
        """
        out.clear()
        self._snap = snap
        # One line each: four targets at once would make a tuple on the heap.
        session, delivery = self.session, self.delivery
        guard, link = self.guard, self.link
        turn = self._turn = (self._turn + 1) & 7
        slow = snap.dt_ms >= SLOW_SCAN_MS
        self._clock(snap.dt_ms)
        presses = 0
        if snap.buttons or not self.buttons.quiet:
            presses = self.buttons.update(snap.buttons, snap.dt_ms)
        self._sense(snap, slow or turn & 3 == 1)
        guard.account(snap)
        if snap.link_n or slow or turn & 3 == 3 or link.loading or link.request:
            self._listen(snap, out)
        if presses:
            self._presses(presses)
        trip = guard.trip
        if not trip and snap.queue_us <= 0 and delivery.late(0):
            trip = DRIVE_LATE
        state = session.state
        out.abort = session.update(snap, presses, link.request, self.vitals, trip)
        if session.state != state and not delivery.flowing:
            out.tidy = True
        if delivery.flowing:
            delivery.feed(out, snap.queue_us)
        guard.judge(session.claim, snap)
        out.permit = guard.permit
        self._show(snap, out, turn, slow)
        if self.journal.stored != self.journal.seq:
            self.journal.store_next(out)
        link.send(out, self, snap.now_ms)

    def _listen(self, snap, out):
        """The host's bytes; a protocol that has come in full is judged at once."""
        link = self.link
        session = self.session
        link.may_hang = session.asks_bag()
        link.receive(snap, session.idle())
        if link.loading:
            out.tidy = True
        if link.hung is not None:
            self._hang(snap)
        if link.loaded is not None:
            self._load()

    @micropython.native
    def _show(self, snap, out, turn, slow):
        """By turns a line is composed, changed cells are drawn, alarms are gone through; lights and tone go on."""
        alarms = self.alarms
        if turn == 0:
            self.display.compose(self)
        elif turn & 1 and snap.screen_ready:
            out.screen_cell = self.display.next_cell()
        if slow or turn & 3 == 2:
            self._alarm()
        if alarms.priority or alarms.paused_ms > 0:
            alarms.update(snap.dt_ms)
        out.lights = alarms.lights
        out.tone_hz = alarms.tone_hz

    @micropython.native
    def _clock(self, dt_ms):
        self.t_ms += dt_ms
        while self.t_ms >= 1000:
            self.t_ms -= 1000
            self.t_s += 1

    def _log(self, kind, code=0, arg=0):
        """Appends a record as things stand now."""
        self._context()
        self.journal.event(kind, code, arg)

    def _context(self):
        s = self.session
        self.journal.context(self.t_s, self.t_ms, s.state, s.step + 1 if s.plan else 0, s.rate_e4(), s.total)

    @micropython.native
    def _sense(self, snap, look):
        vitals, parser = self.vitals, self.parser
        if snap.ox_n and parser.take(snap.ox, snap.ox_n):
            vitals.sample(parser.spo2, parser.pulse, parser.flags, snap.now_ms)
        if look:
            vitals.watch(snap.now_ms)

    def _presses(self, presses):
        self._log(events.PRESSED, presses, 0)
        if presses & SILENCE:
            self.alarms.silence()

    def _hang(self, snap):
        """A scanned code is judged; one that comes with the bag's end is too late."""
        code, self.link.hung = self.link.hung, None
        if not self.session.asks_bag():
            self.link.refuse("busy")
        elif not self.session.scanned(code, snap, self.vitals):
            self.link.refuse("range")

    # -- loading: only while no session runs

    def _load(self):
        blob, self.link.loaded = self.link.loaded, None
        try:
            protocol = p.decode(blob)
            admit(protocol, blob, self.bench, self.keys)
            plan = Plan(protocol, self.pl_pulse)
        except p.Refusal as refusal:
            self.link.refuse(refusal.name, refusal.where, refusal.detail & 0xFFFFFFFF)
            self._log(events.LOAD_REFUSED, refusal.code, refusal.where)
            return
        self.session.adopt(plan)
        self.guard.adopt(blob)
        self.vitals.adopt(protocol)
        self.fingerprint = fingerprint(blob).encode()
        self._log(events.LOADED, 0, plan.count)

    # -- alarms

    def _alarm(self):
        """Alarms follow conditions; they are gone through only when one of those has changed."""
        signs = self._signs()
        if signs != self._last_signs:
            self._last_signs = signs
            self._set_alarms()

    @micropython.native
    def _signs(self):
        s, v = self.session, self.vitals
        signs = s.state | s.hold_code << 4
        if v.early:
            signs |= 1 << 10
        if v.alert:
            signs |= 1 << 11
        if self.link.lost:
            signs |= 1 << 12
        if self.buttons.stuck:
            signs |= 1 << 13
        if self._no_log or self.journal.full():
            signs |= 1 << 14
        return signs

    def _set_alarms(self):
        s, v, alarms = self.session, self.vitals, self.alarms
        running, held = s.running(), s.state == m.HELD
        alarms.set(a.SPO2_STOP, held and s.hold_code == m.HOLD["spo2-stop"])
        alarms.set(a.PULSE_STOP, held and s.hold_code == m.HOLD["pulse-stop"])
        alarms.set(a.SIGNAL_HOLD, held and s.hold_code == m.HOLD["signal-lost"])
        alarms.set(a.SPO2_EARLY, running and v.early and not v.alert)
        alarms.set(a.SIGNAL_LOST, running and v.alert)
        alarms.set(a.HELD, m.HELD <= s.state <= m.RESUMABLE)
        alarms.set(a.BAG, s.state == m.BAG)
        alarms.set(a.SEVERE, s.state == m.LOCKED)
        alarms.set(a.LINK, self.link.lost and running)
        alarms.set(a.KEY, self.buttons.stuck)
        alarms.set(a.DONE, s.state == m.COMPLETED)
        alarms.set(a.JOURNAL, self._no_log or self.journal.full())
        if s.state == m.FAULT:
            alarms.set(_ALARM_OF.get(s.hold_code, a.DRIVE), True)

    # -- messages

    def _flags(self):
        s = self.session
        flags = m.FLAG_FLOW if self.delivery.flowing else 0
        if self.guard.permit:
            flags |= m.FLAG_PERMIT
        if s.plan:
            flags |= m.FLAG_LOADED
        if self.bench:
            flags |= m.FLAG_BENCH
        if self.alarms.paused_ms > 0:
            flags |= m.FLAG_SILENCED
        if s.state == m.RESUMABLE and self.may_resume():
            flags |= m.FLAG_RESUMABLE
        if s.want_confirm:
            flags |= m.FLAG_CONFIRM
        return flags

    def fill_status(self, buf):
        """Writes the STATUS payload to buf[2:]; returns its length."""
        s, v = self.session, self.vitals
        struct.pack_into(
            m.STATUS[1], buf, 2, s.state, s.step + 1 if s.plan else 0, s.plan.count if s.plan else 0, s.solution(),
            s.hold_code, s.choice, self.alarms.top, self.alarms.priority, self._flags(), s.rate_e4(), s.done,
            s.target, s.total,
            self.pl_pulse, s.step_ms, self.t_s, self.t_ms, v.spo2, v.flags, v.pulse, self._loss(), self.journal.seq,
        )  # fmt: skip
        return _STATUS_SIZE

    def _loss(self):
        """Bytes and packets of the oximeter thrown away, per thousand packets (at most 65534)."""
        parser = self.parser
        return min(parser.rejected * 1000 // max(parser.samples, 1), m.NONE16 - 1)

    def fill_stats(self, buf):
        """Writes the STATS payload to buf[2:]; returns its length."""
        s = self.stats
        s[6] = self.link.receiver.bad
        s[9] = self.parser.rejected
        struct.pack_into(m.STATS[1], buf, 2, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9])
        return _STATS_SIZE


_STATUS_SIZE = struct.calcsize(m.STATUS[1])
_STATS_SIZE = struct.calcsize(m.STATS[1])

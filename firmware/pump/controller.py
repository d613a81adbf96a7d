"""The scan: samples in, the same chain of rooms in the same order, outputs out. Nothing else decides anything.

senses -> guard's account -> link -> session -> delivery -> guard's judgement -> alarms -> display, journal, link
"""

from pump import acts, looks, requests
from pump.base.compat import micropython
from pump.checks import Checks
from pump.delivery.delivery import Delivery
from pump.guard.guard import Guard
from pump.io import STOP
from pump.keeping import keep
from pump.link.link import Link
from pump.loading import load
from pump.panel.alarms import Alarms
from pump.panel.attention import Attention
from pump.panel.display import LINES, Display
from pump.recovery import NO_FINGERPRINT, recover
from pump.senses.budget import Budget
from pump.senses.conditions import Conditions
from pump.senses.driver import Driver
from pump.senses.keys import Buttons
from pump.senses.lost import Lost
from pump.senses.oximeter import Oximeter
from pump.senses.parts import Parts
from pump.senses.power_up import BENCH_KEYS, GRANTED, PENDING, Act
from pump.senses.vitals import Vitals
from pump.senses.wall import Wall
from pump.session.session import Session
from pump.store.journal import Journal, parts_of
from pump.store.keyring import Keyring
from pump.store.minutes import Minutes
from pump.store.orders import Orders
from pump.store.saved import Saved
from pump.store.settings import Settings
from pump.store.throttle import Throttle
from pump.tables import events, inputs
from pump.tables import parts as part_rows
from pump.tables.messages import SIGNED_CONTRACT

BENCH_MODE = 1
SLOW_SCAN_MS = 80  # a scan as long as four of the usual ones goes through the alarms each time


def senses_of_inputs():
    """A sense for each row of tables.inputs, from the module that the row names; the battery's knows of the mains."""
    senses = [__import__("pump.senses." + row[3], None, None, ("Sense",)).Sense() for row in inputs.ROWS]
    senses[inputs.BATTERY].supply = senses[inputs.SUPPLY]
    return senses


class Controller:
    """The pump's core. `parser` is an oximeter's; `build` three byte strings (version, build hash, git).

    `keyring`: the people's keys; `seed`: bytes that nobody can guess, for the line's nonces; `held`: the keys down at
    power-up (bits of pump.io), of which those for bench mode ask for it, by an act (senses.power_up); `bench`: it is in
    bench mode from the start; `settings`: as read at power-on; `first_record`, `first_slot`, `lost_step` (of a session
    that was cut off): as found in the log;
    `read_slot(slot)`: what the FRAM holds, asked for at rest only; `last_s`: the newest time in the log.
    `scan(snapshot, outputs)` once a period. `stats`: the figures of the board's loop, kept by the board.
    """

    def __init__(
        self, parser, pl_pulse, period_us=20_000, build=(b"0", b"-", b"-"), first_record=0, bench=False, keyring=None,
        settings=None, held=0, first_slot=None, lost_step=0, read_slot=None, last_s=0, seed=b"",
    ):  # fmt: skip
        self.pl_pulse = pl_pulse
        self.parser = parser
        self.settings = settings or Settings()
        self.journal = Journal(first_record, first_slot)
        self.minutes = Minutes()
        self.orders, self.saved = Orders(read_slot), Saved(pl_pulse)
        self.read_slot = read_slot
        self.buttons = Buttons(held)
        self.act = Act(held) if held == BENCH_KEYS else None
        self.vitals = Vitals()
        self.oximeter = Oximeter()
        self.display = Display()
        self.guard = Guard(pl_pulse, self.display.lines)
        self.delivery = Delivery(period_us)
        self.session = Session(self.delivery, self.vitals, self.log)
        self.session.case.on_named = self.orders.begin  # the next press may let it flow
        self.alarms = Alarms(self.log)
        self.keyring = keyring or Keyring()
        self.link = Link(self.journal, build, self.keyring, seed)
        self.rejected = Throttle(self.log, events.BAG_REJECTED)
        self.inputs = senses_of_inputs()
        self.budget = Budget()
        self.parts, self.driver = Parts(self.log), Driver()
        self.lost = Lost(lost_step)
        self.wall = Wall(self.log, self.settings, last_s)
        self.conditions = Conditions(
            [self.vitals, self.buttons, self.link, self.journal, self.budget, self.session, self.parts, self.lost,
             self.wall, self.keyring] + self.inputs,
            self.alarms,
        )  # fmt: skip
        self.fingerprint = NO_FINGERPRINT
        self.bench = bench
        self.stats = [0] * 10
        self.t_s = self.t_ms = 0
        self.turn = 0
        self.sampled = False  # a sample, or a person's act, came in this scan: the vital signs' judge is another
        self.spare = True  # this scan has time for what can wait for the next one
        self._seq = first_record  # of the journal, when a scan was last shown
        self.busy = False  # this scan made a record
        self.attention = Attention()
        self.checks = Checks(self.log)
        self.seen_parts = part_rows.ALL  # the bits of Snapshot.parts
        self.link.journal.sent = first_record

    def boot(self, cause=0, snap=None, tests=False):
        """The first record: why the processor started (code: the board's reset cause), and by which tables the records
        behind it are to be read. What was cut off goes on, or is lost, by what the memory says; where the board
        `tests` itself first (pump.checks), after that. `snap`: what the clock says."""
        if snap is not None:
            self._wall(snap)
        if tests:
            self.checks.begin(self, cause)
        self.log(events.BOOT, cause, SIGNED_CONTRACT)
        if not tests:
            recover(self, cause)
        self.vitals.seal.close()

    def self_test(self, parts):
        """Records what answered at power-on (bits of tables.parts); a pump without its FRAM says so by an alarm."""
        self.log(events.SELF_TEST, 0, parts)
        if not parts & part_rows.BIT[part_rows.FRAM]:
            self.journal.unheard()

    def mode(self):
        """1 in bench mode, in which protocols without two approvals load; the screen says so all the time."""
        return BENCH_MODE if self.bench else 0

    # -- the scan

    @micropython.native
    def scan(self, snap, out):
        """One pass from inputs to outputs; allocates nothing while nothing is loaded or decided.

        What is judged in seconds (ages, alarms, the screen) takes turns over eight scans, or over one slow scan.
        """
        out.clear()
        # One line each: four targets at once would make a tuple on the heap.
        session, delivery = self.session, self.delivery
        guard, link = self.guard, self.link
        turn = self.turn = (self.turn + 1) & 7
        slow = snap.dt_ms >= SLOW_SCAN_MS
        self._clock(snap.dt_ms)
        presses = 0
        if snap.buttons or not self.buttons.quiet:
            presses = self.buttons.update(snap.buttons, snap.dt_ms)
        if self.act is not None:
            presses = self._ask_bench(snap)
        if self.attention.awaits:
            drawn = slow or self.display.lines == self.display.shown
            presses = self.attention.counts(presses, snap, drawn, session.question.kind)
        looks = turn & 3 == 1
        self.spare = slow or not looks
        self._sense(snap, slow or looks, out)
        guard.account(snap)
        if snap.link_n or slow or turn & 3 == 3 or link.loading or link.request:
            presses = self._listen(snap, out, presses)
        if self.checks.pending or snap.passed or snap.failed:
            presses = self.checks.look(self, snap, out, presses)
        if presses:
            acts.presses(self, presses)
        trip = self.checks.trip or guard.trip
        if not trip and snap.queue_us <= 0 and delivery.late(0):
            trip = delivery.fault
        if not trip and snap.driver_off:
            trip = self.driver.trip(not snap.buttons & STOP, delivery.flowing, snap.dt_ms)
        self.conditions.gather()
        state = session.state
        second = presses and session.question.second
        out.abort = session.update(snap, presses, link.request, self.conditions.hold, trip)
        if presses or session.state != state:
            self._follow(state, second, out)
        if delivery.flowing:
            delivery.feed(out, snap.queue_us)
        out.flowing = delivery.flowing
        session.claim.leased_ms = self.vitals.leased_ms
        guard.judge(session.claim, snap)
        out.permit = guard.permit
        self._show(snap, out, turn, slow)
        keep(self, snap, out)
        link.send(out, self, snap)

    def _ask_bench(self, snap):
        """Bench mode is asked for: until that is decided no press counts for anything else."""
        answer = self.act.take(snap.buttons, snap.dt_ms)
        if answer != PENDING:
            self.act = None
            self.bench = answer == GRANTED
        return snap.buttons & STOP

    @micropython.native
    def _follow(self, state, second, out):
        """Another question stands now, or this one asks for its second press."""
        session = self.session
        self.sampled = True
        if session.state != state and not self.delivery.flowing:
            out.tidy = True
            self.attention.anew()
        elif session.question.second and not second:
            self.attention.second()

    @micropython.native
    def _listen(self, snap, out, presses):
        """The host's bytes; a protocol that has come in full is judged at once. Returns the presses that still count:
        in a scan that loads there is none, what they were meant for is gone."""
        link = self.link
        link.auth.bench = self.bench
        link.receive(snap, self.session.state)
        if link.proved:
            out.tidy = True
            requests.of_keys(self)
        if link.loading:
            out.tidy = True
            self.oximeter.asked(snap.buttons or self.buttons.stable, self, out)
        if link.hung is not None:
            requests.hang(self, snap)
        if link.setting >= 0:
            requests.set_value(self)
        if link.clock_s:
            requests.set_clock(self, snap, out)
        if link.tests:
            requests.self_test(self, out)
        if link.loader.loaded is not None:
            blob, link.loader.loaded = link.loader.loaded, None
            load(self, blob)
            presses &= STOP
        self.journal.user = 0
        return presses

    @micropython.native
    def _show(self, snap, out, turn, slow):
        """By turns a line is composed, changed cells are drawn, alarms are gone through; lights and tone go on.

        At rest all lines are new within three scans, so before the next press counts: the guard reads them too. A slow
        scan, in which a person reads several, composes all.
        """
        alarms, session = self.alarms, self.session
        lines = 1 if turn == 0 else 0
        if slow:
            lines = LINES
        elif not out.flowing and not out.tidy:
            lines = 2  # but for the scan that changed the state, which has enough to do
        for _ in range(lines):
            self.display.compose(self)
        # A scan that made a record has enough to do: these have other turns.
        busy = self.busy = self.journal.seq != self._seq
        self._seq = self.journal.seq
        self.spare = slow or (self.spare and not busy)
        if turn & 1 and snap.screen_ready and not busy:
            out.screen_cell = self.display.next_cell()
        if slow or (turn & 3 == 2 and not busy):
            self.rejected.age(snap.now_ms)
            self.conditions.judge(session.face(), session.progress.cause, self.t_s)
        if slow or turn == 4:
            acts.follow(self)
            if slow or not busy:
                self._wall(snap)
        if alarms.priority or alarms.paused_ms > 0:
            alarms.update(snap.dt_ms)
        if slow or turn & 3 == 1 or self.sampled or not out.flowing:  # else nobody has changed them
            self.vitals.seal.close()
            self.sampled = False
        out.lights = alarms.lights
        out.tone_hz = alarms.tone_hz
        out.screen = self.display.lines

    @micropython.native
    def _wall(self, snap):
        """The wall clock, for the records alone."""
        wall = self.wall
        wall.look(self.t_s, snap)
        self.journal.wall_s = wall.now_s

    @micropython.native
    def _clock(self, dt_ms):
        self.t_ms += dt_ms
        while self.t_ms >= 1000:
            self.t_ms -= 1000
            self.t_s += 1
            self.alarms.now_s = self.t_s
            if self.session.progress.total:
                self.orders.book(self.session.case.dose_ppm(), self.delivery.flowing)
            if self.budget.due(self.t_s):
                looks.tell_left_out(self)

    @micropython.native
    def log(self, kind, code=0, arg=0, content=b""):
        """Appends a record as things stand now, unless that kind has had its share (ALM-8)."""
        if not self.budget.take(kind):
            return
        self.note(kind, code, arg, parts_of(content) if content else 0)
        if content:
            self.journal.more(kind, content)

    @micropython.native
    def note(self, kind, code, arg, parts):
        """The same whatever its share; `parts` continuation records follow it."""
        session = self.session
        case, progress = session.case, session.progress
        step = progress.step + 1 if case.plan is not None else 0
        self.journal.context(
            self.t_s,
            self.t_ms,
            session.state,
            step,
            case.solution(),
            session.rate_e4(),
            progress.total,
            case.dose_ppm(),
        )
        self.journal.event(kind, code, arg, parts)

    @micropython.native
    def _sense(self, snap, look, out):
        vitals, parser, oximeter = self.vitals, self.parser, self.oximeter
        came = False
        if oximeter.searches:
            oximeter.go_on(snap, self, out)
        elif snap.ox_n:
            came = oximeter.take(snap, parser)
        if (look or came or snap.buttons) and not vitals.seal.whole():
            self.guard.doubt()
        if came:
            self.sampled = True
            vitals.sample(parser.spo2, parser.pulse, parser.flags, snap.now_ms)
            if vitals.worsened:
                vitals.worsened = False
                self.alarms.worsened()
        if look:
            vitals.watch(snap.now_ms)
            acts.monitor(self)
            oximeter.look(snap.now_ms, parser)
            looks.look(self, snap)
            self.guard.look()
            for i in range(len(self.inputs)):
                self.inputs[i].sense(snap.raw[i])

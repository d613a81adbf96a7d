"""The explored world: the shipped core, a motor, what really hangs, the patient, the people, the laptop.

An input is a word of a space (tests.explore.spaces); `apply` carries it out, scan by scan, and judges each scan by all
invariants. What the pump believes is never asked here: pulses are counted at the motor, bags by what really hangs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.explore.abstractions import TICK_MS, Kept, Line, Log, Screen
from tests.explore.account import Account
from tests.explore.motor import LONG_US, Motor
from tests.explore.openings import FALLS, LASTS_MS, READINGS, Openings
from tests.explore.protocols import PL_PULSE, STRENGTHS
from tests.explore.said import Said

from pump.base.units import TICK_MASK, US_RATE
from pump.controller import Controller
from pump.course.plan import Plan
from pump.guard.levels import Levels
from pump.guard.mirror import Mirror
from pump.guard.sealed import Sealed
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP, Outputs, Snapshot
from pump.packed import pack
from pump.protocol.encoding import encode
from pump.protocol.protocol import Protocol
from pump.protocol.vein import SALINE
from pump.senses.battery import GOOD_COUNTS
from pump.senses.budget import Budget
from pump.session import case
from pump.store.orders import Orders
from pump.store.settings import Settings
from pump.store.throttle import Throttle
from pump.tables import causes, events, messages
from pump.tables.states import BAG, BOUNDARY, DECISION, GROUP, HOLDS, READY, RESUMABLE, RUNNING, SUPERVISED
from pump.tables.vitals import DEGRADED, VALID
from toleramp_bench.devices.samples import Samples

KEYS = {"START": START, "CONFIRM": CONFIRM, "UP": UP, "DOWN": DOWN, "STOP": STOP, "SILENCE": SILENCE}
READ_AS = {name: at for at, name in enumerate(READINGS)}
# By the shortened times, and a scan: of a low reading, and of none, that hold; of good ones after which it may go on.
LOW_MS, UNSEEN_MS, RECOVER_MS = 2_000, 6_000, 5_000
FRESH_MS = 2_000  # for which a reading is one of now
DOWN_SCANS, UP_SCANS = 3, 3  # of a press, and before the next one: both are debounced; STOP is not
WAIT_FLOW, WAIT_REST = 40, 8  # scans of "wait" at the most: then it may be waited again
SHORT_MS = 200  # of a scan while a key goes down or up
QUIET_MOST_MS = 10_000
CHOICES = (DECISION, BOUNDARY)
FIXED = (Openings, Plan, Protocol, Levels, Sealed, Mirror, Orders, Settings, Budget, Throttle)


def _strength(bag: int) -> int:
    return 0 if bag == SALINE else STRENGTHS[bag]


class Violation(Exception):
    """An invariant does not hold: its name, and what was seen."""


class World:
    """`protocols`: what a laptop may load, the first is loaded; `faults`: how many pulses may go wrong; `words`: the
    inputs; `idle_keys`: also keys are pressed that mean nothing.

    `judge(world)` raises Violation; it is called after each scan.
    """

    def __init__(
        self,
        protocols: list[Protocol],
        judge: Callable[[World], None],
        faults: int = 0,
        words: tuple[str, ...] = (),
        idle_keys: bool = True,
    ) -> None:
        self.blobs = [bytearray(encode(protocol)) for protocol in protocols]
        self.snap, self.out = Snapshot(), Outputs()
        for row in range(len(self.snap.raw)):
            self.snap.raw[row] = GOOD_COUNTS + 100
        self.parser = Samples()
        self.parser.silence_ms = 2 * TICK_MS
        self.pump = pump = Controller(self.parser, PL_PULSE, TICK_MS * 1000, bench=True)
        log, line = Log(), Line()
        pump.conditions.senses = [{pump.journal: log, pump.link: line}.get(s, s) for s in pump.conditions.senses]
        pump.journal, pump.link, pump.saved = log, line, Kept()
        pump.display.__class__ = Screen
        self.log, self.line = log, line
        self.motor = Motor(self._moved)
        self.plans = [Plan(protocol, PL_PULSE) for protocol in protocols]
        self.most_still_ms = self._longest_still_ms()
        self.loaded = self._sent = 0
        self.account = Account(self.plans[0])
        self.hung = -1
        self.reading = "good"
        self.up_s = UP_SCANS  # scans for which no key has been down
        self.same_ms = 0  # ms for which the reading has been what it is
        self.bad_ms = self.good_ms = self.low_ms = 0  # ms for which the reading has been so
        self.faults_left = faults
        self.said = Said()
        self.saw = False  # START went down when the present protocol was on the screen, and no STOP since
        self.counts = False  # a key has been down for long enough with this scan
        self.quiet_ms = 0  # ms for which an alarm's sound has been paused
        self.pressed = self.before = self.new = self.request = self.keys = self.trip_before = self.alarm_before = 0
        self.flow_before = False
        self.step_before = self.rate_before = 0
        self.still_before = 0
        self.ended_step = self.ended_pulses = 0  # of a step that was completed in this scan
        # Of each pulse of the scan: strength that came, interval_us, step, least strength that the pump reckons with.
        self.vein: list[tuple[int, int, int, int]] = []
        self.came: list[tuple[int, int, int]] = []  # the records of the scan
        self.fresh = False  # the flow has begun in this scan
        self._judge = judge
        self.openings = Openings(self, words, idle_keys)
        self._load(0)
        for _ in range(6):
            self.scan(0)

    # -- the world's own clockwork

    def _load(self, which: int) -> None:
        self._sent = which
        self.line.loader.loaded = bytearray(self.blobs[which])
        self.line.loading = True

    def _longest_still_ms(self) -> int:
        """So far the time without flow is counted: beyond the longest hold all is the same."""
        longest_min = max(plan.protocol.max_hold_min for plan in self.plans)
        return longest_min * case.MIN_MS + 2 * TICK_MS

    @property
    def plan(self) -> Plan:
        """What the loaded protocol means, worked out beside the pump."""
        return self.plans[self.loaded]

    def vein_limit(self, step: int) -> float:
        """Strength a microsecond between pulses that the dose rate of a step allows at the vein."""
        up, down = self.plan.dose_rate(step)
        return 1.0001 * up / (down * PL_PULSE * US_RATE)  # intervals are whole microseconds

    def _moved(self, since_us: int) -> None:
        """A pulse of the bag that hangs enters the line, as much leaves it at the vein."""
        account, hung, step = self.account, self.hung, self.step_before
        account.own[hung] += 1
        account.in_step += 1
        account.flowed = account.began  # one that nobody asked for came behind the end of the step before
        if not self.plan.counts[step] and account.filled[step] < self.plan.pulses[step]:
            account.filled[step] += 1
            account.free += STRENGTHS[hung]
        came, believed = account.enters(hung)
        self.vein.append((_strength(came), since_us, step, min(_strength(bag) for bag in believed)))

    def scan(self, keys: int, contact_open: bool = False, ms: int = TICK_MS) -> None:
        """One scan with these keys down, so long after the last one."""
        pump, snap, out, motor = self.pump, self.snap, self.out, self.motor
        session = pump.session
        self._remember(keys)
        made = motor.moved
        motor.run(ms * 1000, contact_open)
        self.new = motor.moved - made
        snap.now_ms = (snap.now_ms + ms) & TICK_MASK
        snap.dt_ms = ms
        snap.pulses, snap.moved, snap.buttons, snap.queue_us = motor.made, motor.moved, keys, motor.ahead_us
        self._sample(ms)
        pump.scan(snap, out)
        motor.permitted = out.permit
        if out.abort:
            motor.abort()
        if not pump.delivery.flowing:
            motor.since_us = LONG_US  # from rest a pulse comes after a whole interval
        for i in range(out.words):
            motor.add(out.word_count[i], out.word_us[i])
        self.came = self.log.lines[:]
        self.log.lines.clear()
        self._book(session, ms)
        self._judge(self)
        self.settle()

    def _remember(self, keys: int) -> None:
        session, guard = self.pump.session, self.pump.guard
        self.before, self.flow_before = session.state, self.pump.delivery.flowing
        self.trip_before, self.alarm_before = guard.trip, self.pump.alarms.priority
        self.step_before = session.claim.step
        self.rate_before = session.rate_e4()
        self.said.look(session.question)
        self.pressed = keys & ~self.keys
        self.keys = keys
        self.up_s = 0 if keys else min(self.up_s + 1, UP_SCANS)
        self.request = self.line._next
        self.vein.clear()

    def _sample(self, ms: int) -> None:
        reading, parser = self.reading, self.parser
        self.snap.ox_n = 0 if reading == "silent" else 1
        parser.spo2 = READINGS[reading]
        parser.flags = VALID | DEGRADED if reading == "unsure" else VALID
        self.bad_ms = 0 if reading in ("good", "low") else min(self.bad_ms + ms, UNSEEN_MS + TICK_MS)
        self.same_ms = min(self.same_ms + ms, LASTS_MS)
        if reading == "good":
            self.good_ms = min(self.good_ms + ms, RECOVER_MS)
        elif reading != "silent" or self.bad_ms > FRESH_MS:  # what was good stays the newest reading for so long
            self.good_ms = 0
        if reading == "good":
            self.low_ms = 0
        elif reading == "low":
            self.low_ms = min(self.low_ms + ms, LOW_MS + TICK_MS)

    def _book(self, session: Any, ms: int) -> None:
        """What this scan has changed."""
        account = self.account
        if self.pressed & START:
            self.saw = True
        if self.keys & STOP:
            self.saw = False
        self.said.book(session, self.before, self.keys, self.pressed, ms)
        self._book_people(session, ms)
        if session.state == READY:
            self.hung = -1  # whoever starts begins with her own bags
        paused = self.pump.alarms.paused_ms > 0 and not self.pressed & SILENCE
        self.quiet_ms = min(self.quiet_ms + ms, QUIET_MOST_MS) if paused else 0
        self.still_before = account.still_ms
        self.fresh = self.pump.delivery.flowing and not self.flow_before
        if self.new > 0:
            account.still_ms = 0
        elif account.flowed < 0 and not GROUP[self.before] & HOLDS:
            account.still_ms = 0  # before the first pulse a hold begins anew
        elif self.before != RUNNING:
            account.still_ms = min(account.still_ms + ms, self.most_still_ms)
        if self.low_ms > LOW_MS and GROUP[session.state] & (SUPERVISED | HOLDS):
            account.unwell = True
        for kind, _, _ in self.came:
            self._record(kind)

    def _book_people(self, session: Any, ms: int) -> None:
        """What people have said in a hold, how long it lasts, how long a bag is waited for."""
        account = self.account
        if GROUP[self.before] & HOLDS:
            account.held_ms = min(account.held_ms + ms, self.plan.protocol.min_hold_min * case.MIN_MS)
        else:
            account.held_ms = 0
        if self.before != BAG:
            account.waited_ms = 0
        elif not self.counts:  # the pump counts no time in a scan that has a press
            account.waited_ms = min(account.waited_ms + ms, self.most_still_ms)
        if self.said.word == causes.MILD:
            account.react(self.step_before)
        elif session.state == RESUMABLE and self.before in CHOICES:
            account.chooses = False

    def _record(self, kind: int) -> None:
        account = self.account
        if kind == events.ARMED:
            account.begin(self.plan)
            self.said.begin()
        elif kind == events.LOADED:
            self.pump.guard.mirror = self.pump.guard.sealed = None  # what looks for bits that have changed
            self.loaded, self.saw = self._sent, False
            account.begin(self.plan)
            self.said.begin()
        elif kind == events.BAG_REQUESTED:
            account.asked = True
        elif kind == events.BAG_CONFIRMED:
            account.asked = False
        elif kind == events.STEP_COMPLETED:
            self.ended_step, self.ended_pulses = self.step_before, account.in_step
            account.completed[self.step_before] = True
        elif kind == events.STEP_STARTED:
            account.in_step = 0
            account.began = self.pump.session.claim.step

    def settle(self) -> None:
        """After the judgement: what a flow that has begun makes past."""
        if self.fresh:
            account = self.account
            account.unwell = False
            account.reacted_at = -1

    # -- inputs

    def open(self) -> Iterator[str]:
        """The inputs that this world has now."""
        return self.openings.now()

    def apply(self, word: str) -> None:
        """Carries an input out. Raises Violation."""
        if word in ("tick", "wait"):
            self._wait() if word == "wait" else self.scan(0)
        elif word in READINGS:
            self._read(word)
            self.scan(0)
        elif word.startswith("hang "):
            self.hung = ord(word[5]) - 65
        elif word == "scan":
            self._keys_up()
            self.scan(0)  # nobody scans a bag in the moment in which it is asked for
            self.line.hung = self.pump.session.case.plan.protocol.solutions[self.hung].code.encode()
            self.scan(0)
            self.scan(0)
        elif word in ("pause", "stop"):
            self.line.ask(messages.PAUSE[0] if word == "pause" else messages.STOP[0])
            self.scan(0)
        elif word.startswith("load"):
            self._load(int(word[5:] or 1) - 1)
            self.scan(0)
        elif word.startswith("pulse"):
            self._wrong_pulse(1 if word == "pulse+" else -1)
        elif word == "fall":
            self._fall()
        else:
            self._press(word)

    def _shares(self, scans: int) -> list[int]:
        """Of several scans within a second all are short but the last, so that ages stay whole seconds; in flow none
        is: pulses are queued for whole scans."""
        if self.pump.delivery.flowing or not scans:
            return [TICK_MS] * scans
        return [SHORT_MS] * (scans - 1) + [TICK_MS - (scans - 1) * SHORT_MS]

    def _keys_up(self) -> None:
        """The last release has settled."""
        for ms in self._shares(UP_SCANS - self.up_s):
            self.scan(0, ms=ms)

    def _read(self, reading: str) -> None:
        self.reading, self.same_ms = reading, 0

    def _press(self, word: str) -> None:
        """KEY or KEY+KEY, alone or with what comes as it settles: another reading, "load" (of the second protocol),
        "taken" back by STOP; "early": STOP's contact opens a whole scan before it is seen."""
        names, _, beside = word.partition(" ")
        keys = 0
        for name in names.split("+"):
            keys |= KEYS[name]
        if not keys & STOP:
            self._keys_up()
        down = 1 if keys == STOP else DOWN_SCANS
        for at, ms in enumerate(self._shares(down)):
            if beside == "load" and at == down - 1:
                self._load(1)
            if beside in READINGS and at == down - 1:
                self._read(beside)
            if beside == "taken" and at == down - 1:
                keys |= STOP
            self.counts = at == down - 1 and not keys & SILENCE
            self.scan(keys, bool(keys & STOP) and (at > 0 or beside == "early"), ms)
        self.counts = False
        self._let_go()

    def _let_go(self) -> None:
        """At rest nobody does anything else while a key comes up."""
        if not self.pump.delivery.flowing:
            self._keys_up()

    def _wrong_pulse(self, by: int) -> None:
        self.faults_left -= 1
        self.account.faults += 1
        if by > 0:
            self.account.still_ms = 0
        self.step_before = self.pump.session.claim.step
        self.motor.stray(by)
        self.scan(0)

    def _fall(self) -> None:
        self.faults_left -= 1
        self.account.fell = True
        self.motor.made -= FALLS
        self.motor.moved -= FALLS
        self.scan(0)

    def _wait(self) -> None:
        """Until something changes that a person could see, or that a press would meet otherwise."""
        before = self._face()
        for _ in range(WAIT_FLOW if self.pump.delivery.flowing else WAIT_REST):
            self.scan(0)
            if self._face() != before:
                return

    def _face(self) -> tuple[Any, ...]:
        pump = self.pump
        session, vitals, question = pump.session, pump.vitals, pump.session.question
        return (
            session.state, session.progress.step, question.second, question.shown, pump.conditions.bits, vitals.hold,
            vitals.recovered, vitals.sure, pump.alarms.priority, pump.guard.trip, pump.conditions.monitoring.second,
            session.may_resume(), session.running.resting,
        )  # fmt: skip

    # -- what it is

    def row(self) -> tuple[int, ...]:
        """All that decides what comes next: the pump's own row, the motor's queue, the world's account."""
        to: list[int] = []
        pack(self.pump, to, self.snap.now_ms)
        motor, account = self.motor, self.account
        to += (motor.permitted, motor.ahead_us, motor.gone_us, motor.since_us, self.faults_left, self.hung)
        for word in motor.queue:
            to += word
        to += (
            self.up_s,
            self.same_ms,
            self.bad_ms,
            self.good_ms,
            self.low_ms,
            self.saw,
            self.quiet_ms,
            self.keys,
            READ_AS[self.reading],
        )
        to += account.row() + self.said.row()
        return tuple(to)

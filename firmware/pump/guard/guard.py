"""The independent supervisor: measures what came out, computes what may have come out, holds the permit.

It shares nothing with the control channel but the snapshot and control's claim (what it says that it does). Its copy of
the protocol is decoded by itself from its own bytes; its volumes come from the counted pulses; its presses from the raw
buttons. It can only refuse: without the permit's edge in every scan an external monostable disables the driver.
"""

from pump.base import crc
from pump.base.compat import collect, micropython
from pump.base.units import TICK_MASK, ticks_diff
from pump.claim import LEASE_MS
from pump.course.course import Course, Tally
from pump.course.plan import TOLERANCE_SHARE, Plan
from pump.guard.bounds import Bounds
from pump.guard.hanging import Hanging
from pump.guard.kept import Kept
from pump.guard.mirror import Mirror
from pump.guard.sealed import Sealed
from pump.io import CONFIRM, COUNT_MAX, START, STOP
from pump.protocol.protocol import decode
from pump.tables.causes import BOUNDS, CLAIM, COUNT, MEMORY, OVER_DELIVERY, RUNAWAY, UNDER_DELIVERY, UNWATCHED
from pump.tables.states import FIRST_LINE, READY

SLACK_PULSES = 1
SEAM_SCANS = 3
CHECK_MS = 80  # volumes are compared this often; FLO-5 asks for a trip within 1 s
MISSING_MS = 5_000  # pulses of a step that are still missing so long after all were due do not come any more
AFTER_PULSES = 2
AFTER_US = 5_000  # from the sample of the inputs to the abort that it caused
_NEVER = 1 << 29
_FALL = 1 << 29  # a difference modulo 2**30 from here on is a count that fell
QUIET_MS = 100  # after the flow ends, a pulse begun may still be counted


class Guard(Kept):
    """`account` and `judge` once a scan; `trip` is 0 or the latched reason; `permit` says whether to renew it."""

    def __init__(self, pl_pulse, screen=b""):
        """`screen`: the text that the person at the pump reads, four lines of 16."""
        self.pl_pulse = pl_pulse
        self._screen = screen
        self.bounds = self.hanging = None
        self.mirror = None  # what judges beside the protocol's protected copy
        self.sealed = None  # what was worked out from it
        self._others = None  # what control has worked out
        self.plan = None
        self.blob = bytearray(0)
        self.trip = 0
        self.permit = False
        self._count = -1  # pulses that moved the motor, as last seen
        self._made = -1  # all pulses at the pin, as last seen: a runaway is one with STOP pressed too
        self._session = 0
        self._step = -1
        self._base = 0  # pulses in this step before `_count` was last settled
        self._done = False  # the step's volume was seen to be complete
        self._due = self._since_ms = 0
        self._due_us = 0
        self._missing_ms = 0
        self._flow = False
        self._quiet_ms = 0
        self._pressed = False
        self._raw = 0
        self._entry = 0
        self._turn = 0
        self._back_step, self._back_bag = 0, -1  # the last decision's
        self._came = False  # a step had begun between that and the one before
        self._course = None
        self._tally = None
        self._bag = -1  # from which it flowed last
        self._leg = 0
        self._goal = _NEVER
        self._loose = 0  # pulses not yet put to a bag
        self._after = 0  # pulses counted since the flow ended
        self._after_most = 0

    def adopt(self, blob):
        """Takes its own copy of a protocol's bytes (already accepted by control) and decodes it by itself."""
        self.blob = bytearray(blob)
        self.plan = Plan(decode(self.blob), self.pl_pulse)
        collect()
        self._course = Course(self.plan)
        self._tally = Tally(self.plan)
        self.hanging = Hanging(self.plan.protocol, self._screen)
        self.bounds = Bounds(self.plan, self.hanging) if self._screen else None
        self.sealed = Sealed(self.plan, self.bounds)
        self._step = self._bag = -1
        self._goal = _NEVER
        self._base = self._leg = self._loose = 0
        self._done = False

    def compare(self, protocol, vitals, plan=None):
        """Control's protocol and the limits of the vital signs are compared with its own from now on, and control's
        plan stays as it is now (INT-4)."""
        self.mirror = Mirror(self.plan.protocol, protocol, vitals)
        self._others = Sealed(plan, None) if plan else None

    @micropython.native
    def look(self):
        """In the background: the next of what is compared, and of what is sealed."""
        if self.mirror is not None and not self.mirror.next():
            self._latch(MEMORY)
        if self.sealed is not None and not self.sealed.next():
            self._latch(MEMORY)
        if self._others is not None and not self._others.next():
            self._latch(MEMORY)

    def doubt(self):
        """What others judge by is not what it was."""
        self._latch(MEMORY)

    @micropython.native
    def _settle(self):
        """Puts the pulses counted in this step to its bag and to the line."""
        if self._step >= 0:
            self._tally.settle(self._step, self._bag, self._loose)
        self._loose = 0

    @micropython.native
    def account(self, snap):
        """Adds the pulses that moved the motor since the last scan to its own account, and sees the raw presses."""
        new = 0 if self._count < 0 else (snap.moved - self._count) & TICK_MASK  # the counters go round
        self._count = snap.moved
        made = 0 if self._made < 0 else (snap.pulses - self._made) & TICK_MASK
        self._made = snap.pulses
        if new >= _FALL or made >= _FALL:
            self._latch(COUNT)
            return 0
        raw = snap.buttons
        if raw & ~self._raw & (START | CONFIRM):
            self._pressed = True
        bounds = self.bounds
        if bounds is not None:  # an object asked for its truth looks two names up, in vain
            if not self._flow:
                self._look(raw, new, snap.dt_ms)
            if bounds.count(new, snap.dt_ms):
                self._latch(BOUNDS)
        self._raw = raw
        if new:
            self._base += new
            self._loose += new
            if self._base >= self._goal:
                self._done = True
        if made and not self._flow:
            self._after = min(self._after + made, COUNT_MAX)
            if self._quiet_ms <= 0 or self._after > self._after_most:
                self._latch(RUNAWAY)
        return new

    @micropython.native
    def _look(self, raw, new, dt_ms):
        """Nothing flows: which bag hangs is learnt, and a new session begins with START at its question."""
        hanging = self.hanging
        if raw & ~self._raw & START and hanging.stands(0, FIRST_LINE[READY]):
            hanging.forget()
            self.bounds.restart()
        hanging.look(raw, dt_ms)
        if not new:
            self.bounds.rest()

    def scanned(self, code):
        """A bag's code came from the scanner."""
        if self.bounds:
            self.hanging.scanned(code)

    @micropython.native
    def judge(self, claim, snap):
        """Checks the claim of this scan against its own account; renews the permit or refuses it."""
        if claim.flow and not self.trip:
            self._flowing(claim, snap)
        elif self._flow:
            self._quiet_ms = QUIET_MS
            self._flow = False
            self._after = 0
        else:
            self._rest(claim, snap)
        self.permit = claim.flow and not self.trip and not snap.buttons & STOP

    def _rest(self, claim, snap):
        """Nothing flows: the time to check what would cost a scan in flow."""
        if self._quiet_ms > 0:
            self._quiet_ms -= snap.dt_ms
        if claim.session != self._session:
            self._new_session(claim)
        if claim.turn != self._turn and self.plan is not None:
            self._go_back(claim)
        if claim.over and not self._complete(claim):
            self._latch(UNDER_DELIVERY)

    def _complete(self, claim):
        """By its own account nothing of the course is left: else control's took a wrong number for the dose (PRO-4)."""
        entered = self._entered()
        if entered and not self._done:
            return False
        for k in range(self._step + 1 if entered else claim.step, self.plan.count):
            if self._course.pulses[k]:
                return False
        return True

    def _new_session(self, claim):
        self._session = claim.session
        self._turn = claim.turn
        self._step = self._bag = -1
        self._done = True  # nothing stands before the first step
        self._loose = 0
        self._entry = -1
        self._course.restart()
        self._tally.restart()

    def _go_back(self, claim):
        """The session goes on at the step claimed, on its own bag or on the one that hangs.

        What each step may give within the order, and how fast, is worked out from its own account while nothing flows;
        no claim may ask for more.
        """
        self._turn = claim.turn
        self._settle()
        self._came = self._entered()
        self._back_step, self._back_bag = claim.step, claim.bag
        self._entry = -1
        self._leg = 0
        if claim.step > self._highest() or (claim.bag >= 0 and claim.bag != self._bag):
            self._latch(CLAIM)
            return
        self._course.leave(self._tally, claim.step, claim.bag)

    @micropython.native
    def _flowing(self, claim, snap):
        if self.plan is None or claim.session != self._session:
            self._latch(CLAIM)
            return
        age_ms = ticks_diff(snap.now_ms, claim.leased_ms)
        if claim.leased_ms < 0 or age_ms > LEASE_MS or age_ms < 0:
            self._latch(UNWATCHED)
        seamless = self._flow
        if not seamless:
            self._begin_flow()
        if claim.entry != self._entry:
            self._enter(claim, seamless)
        self._since_ms += snap.dt_ms
        if claim.step != self._step:
            self._latch(CLAIM)
        elif self._since_ms >= CHECK_MS:
            self._volume(claim, snap.dt_ms)

    def _begin_flow(self):
        """From rest: a person must have pressed since the flow ended."""
        if not self._pressed:
            self._latch(CLAIM)
        self._pressed = False
        self._flow = True
        self._due = self._base
        self._due_us = self._since_ms = self._missing_ms = 0

    @micropython.native
    def _enter(self, claim, seamless):
        """A step begins: the next one after a complete one; from rest also an earlier one; never one too far."""
        k = claim.step
        if k > self._highest() or k >= self.plan.count or (seamless and not self._follows(k)):
            self._latch(CLAIM)
            return
        if seamless and self._base > self._goal + SLACK_PULSES:
            self._latch(OVER_DELIVERY)  # more came in the scan that ended the step before
        if not crc.holds(self.blob, len(self.blob) - crc.SIZE):
            self._latch(MEMORY)
        self._settle()
        self._entry = claim.entry
        self._step = k
        self._bag = self._course.bag[k]
        self._take_step(k)
        self._base = self._due = self._due_us = self._since_ms = 0
        self._done = not self._goal

    @micropython.native
    def _take_step(self, k):
        """What a step may give, and how late a pulse of it may still come."""
        course = self._course
        self._goal = course.pulses[k]
        self._leg = course.first[k]
        self._after_most = AFTER_PULSES + AFTER_US // self._fastest_us(k)

    @micropython.native
    def _fastest_us(self, k):
        """The least interval of a step's legs: the flow may end in any of them."""
        course, leg = self._course, self._course.first[k]
        fastest = course.interval_us[leg]
        while leg + 1 < len(course.end) and course.end[leg] < course.pulses[k]:
            leg += 1
            fastest = min(fastest, course.interval_us[leg])
        return fastest

    @micropython.native
    def _highest(self):
        """The step that may begin from rest, or any below it."""
        return self._step + 1 if self._done else self._step

    @micropython.native
    def _follows(self, step):
        """True for the step after the present one, on the same bag: all that may begin while the drug flows."""
        return step == self._step + 1 and self._course.bag[step] == self._bag

    @micropython.native
    def _volume(self, claim, scan_ms):
        target = self._goal
        if claim.target != target:
            self._latch(CLAIM)
        spent_us = self._since_ms * 1000
        self._since_ms = 0
        interval = self._fall_due(spent_us)
        plan, due = self.plan, self._due
        given = self._base
        tolerance = plan.tolerance_pulses + due // TOLERANCE_SHARE
        if tolerance > plan.tolerance_max_pulses:
            tolerance = plan.tolerance_max_pulses
        # What flows between two looks or around a change of rate, which cannot be placed more exactly.
        seam_us = SEAM_SCANS * scan_ms * 1000
        tolerance += (spent_us if spent_us > seam_us else seam_us) // interval
        if given > due + tolerance or given > target + SLACK_PULSES:
            self._latch(OVER_DELIVERY)
        elif due > given + tolerance:
            self._latch(UNDER_DELIVERY)
        self._missing_ms = self._missing_ms + spent_us // 1000 if given < due == target else 0
        if self._missing_ms > MISSING_MS + interval // 1000:
            self._latch(UNDER_DELIVERY)

    @micropython.native
    def _fall_due(self, spent_us):
        """So much time of flow makes pulses due, leg by leg; returns the interval of the present leg."""
        course, leg = self._course, self._leg
        due, rest_us = self._due, self._due_us + spent_us
        goal, interval = self._goal, course.interval_us[leg]
        while due < goal:
            if due >= course.end[leg]:
                leg += 1
                interval = course.interval_us[leg]
            if rest_us < interval:
                break
            more = rest_us // interval
            if more > course.end[leg] - due:
                more = course.end[leg] - due
            due += more
            rest_us -= more * interval
        self._due, self._leg = due, leg
        self._due_us = rest_us if due < goal else 0
        return interval

    def _latch(self, reason):
        if not self.trip:
            self.trip = reason

    def pack(self, to, claim):
        """Appends what decides from here on; numbers of entries, turns and sessions as they stand to the claim's."""
        flow = self._flow
        quiet_ms = max(self._quiet_ms, 0)
        for value in (
            self.trip, self.permit, flow, quiet_ms, self._pressed, self._raw, self._step, self._base, self._done,
            self._bag, self._leg, self._goal, self._loose, self._after if quiet_ms and not flow else 0,
            self._after_most, claim.entry - self._entry if self._entry >= 0 else _NEVER, claim.turn - self._turn,
            claim.session - self._session,
        ):  # fmt: skip
            to.append(value)
        if flow:
            for value in (self._due, self._due_us, self._missing_ms, self._since_ms):
                to.append(value)
        if self.plan:
            self._course.pack(to)
            self._tally.pack(to)
            if self.bounds:
                self.hanging.pack(to)
                self.bounds.pack(to)

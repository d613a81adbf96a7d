"""The escalation: start, steps ended by confirmed volume, bag changes, holds, reactions, resume, completion.

A step ends when its volume has been counted and its dwell is over, never by the clock alone. Held means zero flow on
the drug line. A person classifies each hold, chooses the step to resume at, and starts the flow with two presses.
"""

from pump.base.compat import micropython
from pump.base.units import ticks_diff
from pump.course.course import Course, Tally
from pump.guard.guard import Claim
from pump.io import START, STOP
from pump.session.bags import BagCheck
from pump.session.decisions import BY_OXIMETER, Decisions
from pump.session.hanging import Hanging
from pump.tables import events
from pump.tables import messages as m
from pump.tables.messages import RUNNING

CONFIRM_MS = 30_000  # the second press of a start must follow within this
SEAM_MS = 100  # the timeline stays alive this long around a step's end, for a change of rate without a gap
# Tuples of other modules' names are made once: made in the scan they would allocate.
_SUPERVISED = (m.RUNNING, m.BAG)
_HOLDABLE = (m.RUNNING, m.BAG, m.DECISION, m.BOUNDARY, m.RESUMABLE)
_AT_REST = (m.IDLE, m.READY, m.STOPPED, m.COMPLETED)


class Session(Decisions, Hanging):
    """One run of a protocol. `update` once a scan; delivery is told what to do, the claim says it to the guard."""

    def __init__(self, delivery, log):
        self.delivery = delivery
        self.log = log
        self.claim = Claim()
        self.bags = BagCheck()
        self.plan = None
        self.course = None
        self.tally = None
        self.state = m.IDLE
        self.step = 0  # index of the present or next step
        self.leg = 0  # of the course: the step's stretch at one rate
        self.leg_end = 0  # pulses in the step at which it ends
        self.target = 0  # its pulses
        self.done = 0  # pulses counted in it
        self.step_ms = 0  # time in it, holds excluded
        self.total = 0  # pulses counted in the session
        self.hold_code = 0
        self.want_confirm = False
        self.resting = False  # the step's volume is in, its dwell or a valid reading is missing
        self._loose = 0  # pulses not yet put to a bag
        self._count = -1
        self._entered = False  # the present step has been started; otherwise it begins in full
        self._entries = 0  # steps begun, repeats counted
        self._hung = -1  # bag that hangs
        self._pressed_ms = 0
        self._abort = False
        self._nothing_decided()

    # -- loading

    def adopt(self, plan):
        """Takes the plan of an accepted protocol; only while nothing runs."""
        self.plan = plan
        self.course = Course(plan)
        self.tally = Tally(plan)
        self.bags.adopt(plan.protocol)
        self._to(m.READY)
        self.step = self.leg = self.target = self.done = self.total = self.step_ms = 0

    def idle(self):
        """True while a protocol may be loaded."""
        return self.state in _AT_REST

    @micropython.native
    def running(self):
        """True from the first press of a start to the end of the session."""
        return m.ARMED <= self.state <= m.LOCKED

    def rate_e4(self):
        """The rate at which the drug flows now (0.0001 mL/h); 0 while it is held."""
        flows = self.state == m.RUNNING and self.delivery.flowing and not self.resting
        return self.course.rate_e4[self.leg] if flows else 0

    def solution(self):
        """Index of the bag that the present step runs on."""
        return self.course.bag[self.step] if self.plan else 0

    # -- the scan

    @micropython.native
    def update(self, snap, presses, request, vitals, trip):
        """One scan: request is a type of messages (PAUSE, STOP) or 0, trip the guard's or drive's reason or 0.

        Returns True when what is queued must be dropped at once.
        """
        self._abort = False
        if snap.pulses != self._count:
            self._count_pulses(snap)
        if self.state == RUNNING and not (trip or request or vitals.hold or snap.buttons & STOP):
            if self.done < self.leg_end:  # what holds most of the time, the same as below in one look
                self.step_ms += snap.dt_ms
                return False
            self._running(snap, vitals)
        elif not self._urgent(snap, request, vitals, trip):
            self._advance(snap, presses, vitals)
        self._publish()
        return self._abort

    @micropython.native
    def _count_pulses(self, snap):
        new = 0 if self._count < 0 else snap.pulses - self._count
        self._count = snap.pulses
        if new and self.plan and self.state != m.IDLE:
            self.done += new
            self.total += new
            self._loose += new

    def _settle(self):
        """Puts the pulses counted in this step to its bag and to the line."""
        self.tally.settle(self.step, self.course.bag[self.step], self._loose)
        self._loose = 0

    @micropython.native
    def _urgent(self, snap, request, vitals, trip):
        """What stops, whatever else is going on. True when the state was decided by it."""
        if trip:
            if self.state != m.FAULT:
                self._end(m.FAULT, events.FAULT, trip)
            return True
        if not self.running():
            return False
        if request == m.STOP[0] and self.state != m.LOCKED:
            self._end(m.STOPPED, events.STOPPED, m.HOLD["host-stop"])
            return True
        return self._hold_for(snap, request, vitals)

    @micropython.native
    def _hold_for(self, snap, request, vitals):
        code = 0
        if snap.buttons & STOP:
            code = m.HOLD["stop-button"]
        elif vitals.hold and self.state in _SUPERVISED:
            code = vitals.hold
        elif request == m.PAUSE[0]:
            code = m.HOLD["host-pause"]
        if not code:
            return False
        if self.state == m.ARMED:
            self._to(m.READY)
            return True
        if self.state in _HOLDABLE:
            self._hold(code, snap.now_ms)
            return True
        return False

    def _hold(self, code, now_ms):
        first = self.state in _SUPERVISED
        self._stop_flow()
        if first:
            self.held_ms = now_ms
            self.hold_code = code
            self._by_vitals = False
        self._by_vitals = self._by_vitals or code in BY_OXIMETER
        self.choice = 0
        self._to(m.HELD)
        self.log(events.PAUSED, code, self.step + 1)

    def _stop_flow(self):
        self.delivery.stop()
        self._abort = True

    def _end(self, state, event, code):
        self._stop_flow()
        self.hold_code = code
        self._to(state)
        self.log(event, code, 0)

    def _to(self, state):
        self.state = state
        self.want_confirm = False

    @micropython.native
    def _publish(self):
        claim = self.claim
        claim.flow = self.delivery.flowing
        claim.step = self.step
        claim.target = self.target
        claim.entry = self._entries

    # -- the states

    @micropython.native
    def _advance(self, snap, presses, vitals):
        state = self.state
        if state == m.RUNNING:
            self._running(snap, vitals)
        elif state == m.HELD:
            self._held(snap, presses)
        elif presses:
            if state == m.READY:
                self._ready(snap, presses, vitals)
            elif state == m.ARMED or state == m.BAG:
                self._bag(snap, presses, vitals)
            elif state == m.DECISION:
                self._decision(presses)
            elif state == m.BOUNDARY:
                self._boundary(presses)
            elif state == m.RESUMABLE:
                self._resumable(snap, presses, vitals)
        elif (self.want_confirm or state == m.ARMED) and ticks_diff(snap.now_ms, self._pressed_ms) > CONFIRM_MS:
            self._late(state)

    def _late(self, state):
        """The second press, or the bag of a start, did not come in time: as if the first had not been made."""
        self.want_confirm = False
        self.bags.forget()
        self.choice = 0
        if state == m.ARMED:
            self._to(m.READY)

    def _ready(self, snap, presses, vitals):
        if presses & START and vitals.good():
            self._loose = 0
            self.tally.restart()
            self.course.restart()
            self.step = self.done = self.total = self.step_ms = self.reactions = self.hold_code = 0
            self._entered = self._reacted = False
            self._hung = -1
            self.claim.session += 1
            self._to(m.ARMED)
            self._pressed_ms = snap.now_ms
            self.log(events.ARMED, 0, 0)
            self._request_bag()

    def _ask(self, snap):
        self.want_confirm = True
        self._pressed_ms = snap.now_ms

    def _begin(self):
        """The present step flows: from its start, or the rest of it after a technical hold."""
        k = self.step
        bag = self.course.bag[k]
        if bag != self._hung:
            self.delivery.stop()
            self._to(m.BAG)
            self._request_bag()
            return
        started = False
        if not self._entered:
            self.done = self.step_ms = 0
            self.target = self.course.pulses[k]
            self.leg = self.course.first[k]
            self._entered = True
            self._entries += 1
            started = True
        self.resting = False
        self._to(m.RUNNING)
        self._flow()
        if started:
            self.log(events.STEP_STARTED, 0, bag)

    @micropython.native
    def _flow(self):
        """What is left of the present leg flows at its rate."""
        course = self.course
        leg = self.leg
        end = self.leg_end = min(course.end[leg], self.target)
        self.delivery.set_rate(course.interval_us[leg], course.remainder[leg], course.rate_e4[leg])
        self.delivery.start(max(0, end - self.done))

    @micropython.native
    def _running(self, snap, vitals):
        """A step's end. Until then nothing is left to queue, and the guard goes on watching that nothing comes."""
        self.step_ms += snap.dt_ms
        if self.done < self.leg_end:
            return
        if self.leg_end < self.target:
            self.leg += 1
            self._flow()
            return
        left_ms = self.plan.duration_ms[self.step] - self.step_ms if self.target else 0
        if self._cut() or (left_ms <= 0 and vitals.good()):
            self._complete()
        else:
            self.resting = abs(left_ms) > SEAM_MS

    def _cut(self):
        """True in a step shortened because the dose is complete with it."""
        return self.course.cut and self.step == self.course.last

    def _complete(self):
        self.log(events.STEP_COMPLETED, 0, self.reactions)
        self._entered = False
        if self.step == self.course.last:
            self._end(m.COMPLETED, events.COMPLETED, 0)
            return
        self._settle()
        self.step += 1
        self._begin()

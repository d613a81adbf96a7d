"""The escalation: start, steps ended by confirmed volume, bag changes, holds, reactions, resume, completion.

A step ends when its volume has been counted and its dwell is over, never by the clock alone. Held means zero flow on
the drug line. A person classifies each hold, chooses the step to resume at, and starts the flow with two presses.

Here is what is urgent (trip, STOP, hold) and how one state follows another. What a state does stands in its situation,
a file each: `enter` when it begins, `press` for a scan with presses, `tick` for one without. Each returns 0 to stay,
else the next state, with the cause of an end in the bits above.
"""

from pump.base.compat import micropython
from pump.base.seal import Seal
from pump.base.units import TICK_MASK, ticks_diff
from pump.claim import Claim
from pump.io import STOP
from pump.session.bags import Bags, FirstBag
from pump.session.case import Case
from pump.session.going_back import ChoosingBag, ChoosingStep, Ways
from pump.session.held import Held
from pump.session.ready import Ready
from pump.session.recovered import Recovered
from pump.session.resuming import Resuming
from pump.session.running import Running
from pump.tables import causes, events, messages, questions, states
from pump.tables.causes import BIT, RECOVERED, WAITS
from pump.tables.states import (
    AT_REST,
    FAULTY,
    FLOWS,
    GROUP,
    HANGING,
    HOLDABLE,
    HOLDS,
    ON,
    RUNNING,
    SUPERVISED,
)  # fmt: skip

_PAUSE = messages.PAUSE[0]
_STOP = messages.STOP[0]
_STATE = 255
_CAUSE_SHIFT = 8
_FALL = 1 << 29  # a difference modulo 2**30 from here on is a count that fell


@micropython.native
def _folded(session):
    """What changes at decisions, and at the ends of steps and legs, alone (INT-4)."""
    progress = session.progress
    question = session.question
    bits = session.state ^ question.kind ^ question.second ^ session.running.resting
    bits ^= progress.step ^ progress.leg ^ progress.leg_end ^ progress.target ^ progress.entered ^ progress.reacted
    bits ^= progress.by_vitals ^ progress.reactions ^ progress.cause ^ progress.resume_step ^ progress.wrong_bags
    bits ^= progress.hung ^ progress.back_bag ^ progress.back_step ^ progress.session ^ progress.entries
    return bits ^ progress.turn


class Session:
    """One run of a protocol. `update` once a scan; delivery is told what to do, the claim says it to the guard."""

    def __init__(self, delivery, vitals, log):
        self.delivery = delivery
        self.log = log
        self.claim = Claim()
        self.case = case = Case(vitals, log)
        self.progress = case.progress
        self.question = case.question
        self.state = states.IDLE
        self.ways = ways = Ways(case)
        self.running = Running(case, delivery)
        self.resuming = Resuming(case)
        self.bags = Bags(case)
        self._first_bag = FirstBag(case)
        self.held = Held(case)
        self.recovered = Recovered(case)
        self._situation = [None] * len(GROUP)
        for situation in (
            Ready(case), self._first_bag, self.bags, self.running, self.held, ChoosingStep(case, ways),
            ChoosingBag(case, ways), self.resuming, self.recovered,
        ):  # fmt: skip
            self._situation[situation.state] = situation
        self._moved = -1  # pulses that moved the motor, as last seen
        self._made = -1  # all pulses at the pin
        self.bits = 0  # conditions of tables.causes: what people did wrong
        self._fell = False  # a count was less than before
        self._cut = 0  # how many of them moved nothing, the most that was seen
        self._abort = False
        self.untested = False  # the self-test at power-up is not over
        self.check = 0  # the one that failed, a row of tables.checks
        self._seal = Seal(_folded, self)

    # -- the self-test

    def test(self):
        """At power-up: nothing is loaded or taken up until it has passed."""
        self.untested = True
        self.state = states.TESTING
        self._seal.close()

    def tested(self):
        """The pump may be used."""
        self.state = states.IDLE
        self._seal.close()

    def _fail(self):
        """A check has failed before anything could flow: what is kept stays as it is, and no record ends a session."""
        self._stop_flow()
        self.progress.cause = causes.SELF_TEST
        self._to(states.FAILED)

    # -- loading

    def adopt(self, plan):
        """Takes the plan of an accepted protocol; only while nothing runs."""
        self.case.adopt(plan)
        self.bags.adopt(plan.protocol)
        self._first_bag.adopt(plan.protocol)
        self._to(states.READY)
        self._seal.close()

    def go_on(self, record, reset, older=False):
        """A session whose case is as it was before the power went: a person is asked for."""
        self.recovered.begin(record, reset, older)
        self._to(states.RECOVERED)
        self._seal.close()

    def give_up(self):
        """No protocol is loaded."""
        self.case.plan = None
        self.state = states.IDLE
        self.question.ask(questions.NONE, 0, 0)
        self._seal.close()

    def idle(self):
        """True while a protocol may be loaded."""
        return GROUP[self.state] & AT_REST != 0

    def asks_bag(self):
        """True while a bag is to be hung."""
        return GROUP[self.state] & HANGING != 0

    @micropython.native
    def rate_e4(self):
        """The rate at which the drug flows now (0.0001 mL/h); 0 while it is held."""
        flows = GROUP[self.state] & FLOWS and self.delivery.flowing and not self.running.resting
        return self.case.course.rate_e4[self.progress.leg] if flows else 0

    @micropython.native
    def face(self):
        """The state that screen and alarms show: that of the emergency from the first of its two presses on."""
        return states.LOCKED if self.held.calls() else self.state

    def may_resume(self):
        """True when a resume wants nothing but a person's two presses."""
        return self.state == states.RESUMABLE and self.resuming.may()

    def hears(self):
        """True when a scanned code has a question that people can see."""
        return self.asks_bag() and self._situation[self.state].hears()

    def scanned(self, code):
        """A bag's code as scanned (bytes): True when it is that of the bag asked for; a press still confirms it."""
        right = self.asks_bag() and self._situation[self.state].scanned(code)
        self._seal.close()
        return right

    # -- the scan

    @micropython.native
    def update(self, snap, presses, request, hold, trip):
        """One scan: request is a type of messages (PAUSE, STOP) or 0; hold a cause for which the flow may not go on, or
        0; trip the guard's or the drive's cause or 0.

        Returns True when what is queued must be dropped at once.
        """
        self._abort = False
        progress = self.progress
        lost = False
        if snap.pulses != self._made or snap.moved != self._moved:
            lost = self._count_pulses(snap)
            if self._fell and not trip:
                trip = causes.COUNT
        if self.state == RUNNING and not (lost or trip or request or hold or snap.buttons & STOP):
            if progress.done < progress.leg_end:  # what holds most of the time, the same as below in one look
                progress.step_ms += snap.dt_ms
                return False
            if self._seal.whole():
                self._go(self.running.tick(snap.dt_ms))
            else:
                self._urgent(False, 0, 0, causes.MEMORY)
        else:
            self._seldom(snap, presses, request, hold, trip, lost)
        self._seal.close()
        self._publish()
        return self._abort

    @micropython.native
    def _count_pulses(self, snap):
        """Books what moved the motor. True when pulses were lost: STOP's contact was open when they came.

        The board reads the two counts one after the other, all pulses first: one that comes between is in the second
        alone until the next scan. So what counts is their difference, not what each gained.
        """
        new = 0 if self._moved < 0 else (snap.moved - self._moved) & TICK_MASK  # the counters go round
        cut = ticks_diff(snap.pulses, snap.moved) - snap.idle
        if new >= _FALL or (self._made >= 0 and (snap.pulses - self._made) & TICK_MASK >= _FALL):
            self._fell = True  # what was counted is no longer known
            new = 0
        lost = cut > self._cut and self._made >= 0
        if cut > self._cut:
            self._cut = cut
        self._moved = snap.moved
        self._made = snap.pulses
        progress = self.progress
        if new and self.case.plan is not None:
            progress.done += new
            progress.total += new
            progress.loose += new
            if progress.entered and progress.flowed != progress.step:  # else it came behind the end of the one before
                progress.flow(progress.step)
            if progress.still_ms:
                progress.move()
        return lost

    def _seldom(self, snap, presses, request, hold, trip, lost):
        self._pass(GROUP[self.state], snap.dt_ms)
        if not trip and not (self.progress.whole() and self._seal.whole()):
            trip = causes.MEMORY
        if self._urgent(snap.buttons & STOP != 0 or (lost and self.delivery.flowing), request, hold, trip):
            return
        situation = self._situation[self.state]
        if situation:
            self._go(situation.press(presses) if presses else situation.tick(snap.dt_ms))
        question = self.question
        self.bits = BIT[causes.WRONG_BAG] if question.refused and question.kind == questions.BAG else 0

    def _pass(self, group, dt_ms):
        """Time without flow: since the hold began, and since the last pulse, whatever was waited for (SES-6)."""
        progress = self.progress
        if group & ON and not group & FLOWS:
            progress.stand(group & HOLDS, dt_ms)

    def _urgent(self, stop, request, hold, trip):
        """What stops, whatever else is going on. True when the state was decided by it."""
        if trip:
            if not GROUP[self.state] & FAULTY:
                if trip == causes.SELF_TEST and (self.untested or not GROUP[self.state] & ON):
                    self._fail()
                    return True
                if self.held.calls():  # a person has said severe: that stands, whatever else happens
                    self.log(events.REACTION, causes.SEVERE, self.case.reached() + 1)
                self._end(states.FAULT, trip)
            return True
        group = GROUP[self.state]
        if not group & ON:
            return stop and self._take_back()
        if request == _STOP and self.state != states.LOCKED and not self.held.calls():
            self._end(states.STOPPED, causes.HOST_STOP)
            return True
        cause = 0
        if stop:
            cause = causes.STOP_BUTTON
        elif hold and group & SUPERVISED:
            cause = hold
        elif request == _PAUSE and group & SUPERVISED:
            cause = causes.HOST_PAUSE  # while it is held, or a person is choosing, there is nothing to pause
        return cause != 0 and self._hold_for(cause, group)

    def _take_back(self):
        """STOP is down: what START has begun is no start. True when that was decided."""
        if self.state != states.READY:
            return False
        self._to(states.READY)
        return True

    def _hold_for(self, cause, group):
        """True when it held, or when a start that was not yet a session is taken back."""
        if group & HOLDABLE:
            self._hold(cause, group & SUPERVISED)
            return True
        if self.state == states.ARMED:
            self._to(states.READY)
            return True
        return False

    def _hold(self, cause, first):
        progress = self.progress
        self._stop_flow()
        if first:
            progress.hold()
            progress.cause = cause
            progress.by_vitals = False
        progress.by_vitals = progress.by_vitals or WAITS[cause] == RECOVERED
        self._to(states.HELD)
        self.log(events.PAUSED, cause, progress.step + 1)

    def _stop_flow(self):
        self.delivery.stop()
        self._abort = True

    # -- from state to state

    @micropython.native
    def _go(self, answer):
        """Where a situation leads: nowhere (0), to a state, or to an end with its cause."""
        if not answer:
            return
        state = answer & _STATE
        if states.EVENT[state]:
            self._end(state, answer >> _CAUSE_SHIFT)
        elif state == states.HELD:
            self._hold(answer >> _CAUSE_SHIFT, True)
        else:
            self._to(state)

    def _end(self, state, cause):
        self._stop_flow()
        self.progress.cause = cause
        self._to(state)
        self.log(states.EVENT[state], cause, 0)

    @micropython.native
    def _to(self, state):
        """A state begins; its situation may lead on at once (a step whose bag does not hang)."""
        while state:
            self.state = state
            if not GROUP[state] & FLOWS and self.delivery.flowing:
                self._stop_flow()  # what is queued beyond the volume goes, too: more pulses than its own may have come
            situation = self._situation[state]
            if situation is None:
                self.question.ask(questions.NONE, 0, 0)
                return
            state = situation.enter()

    @micropython.native
    def _publish(self):
        claim, progress = self.claim, self.progress
        claim.flow = self.delivery.flowing
        claim.step = progress.step
        claim.target = progress.target
        claim.entry = progress.entries
        claim.turn = progress.turn
        claim.bag = progress.back_bag
        claim.session = progress.session
        claim.over = self.state == states.COMPLETED

    def pack(self, to):
        """Appends what decides from here on; numbers that the claim carries as they stand to its own."""
        claim, progress = self.claim, self.progress
        for value in (
            self.state, self.bits, self._fell, claim.flow, claim.step, claim.target, claim.bag,
            progress.entries - claim.entry, progress.turn - claim.turn, progress.session - claim.session, self.untested,
        ):  # fmt: skip
            to.append(value)
        self.case.pack(to, self.state)
        situation = self._situation[self.state]
        if hasattr(situation, "pack"):  # else it keeps nothing of its own
            situation.pack(to)

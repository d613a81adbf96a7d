"""The power came back in a session: nothing flows until a person has looked at the patient (SES-14, INT-2).

What was given, how surely that is known, and how long the power was off stand on the screen. CONFIRM says that somebody
has looked; then it is held, and goes on as after any other hold: a person says what it was, the oximeter is good for a
minute, START and CONFIRM, the bag is named anew (which one hangs nobody knows any more) and confirmed twice. Time
without power is time without flow (SES-7); a time that nobody knows is longer than any.

The session as it stands is one record, written while it flows; the account of the bags is written at each decision,
and what has flowed since is booked anew. Both channels write, and take up, their own.
"""

import struct

from pump.base.compat import micropython
from pump.course.kept import SIZE as TALLY
from pump.course.kept import book_since, put_tally, take_tally
from pump.io import CONFIRM
from pump.session.progress import AGE_MAX_MS
from pump.tables import causes, events, questions
from pump.tables.states import FLOWS, GROUP, HELD, HOLDS, ON, RECOVERED, SUPERVISED

KNOWN_MS = 5_000  # a clock that is read later may have been set since the power came back: it tells nothing
RESET_S = 2  # at most so long the watchdog and a start take
STEP_NL = 10_000  # so much flows between two records of it; from there until one is whole, at the most:
LAG_MS = 190  # four scans to see it, one that made a record, three to write, and what came in the last of them
MOST_NL = 50_000  # INT-2: never more, since FAST_E4 (pump.store.saved) is seen to in each other scan
HANG_MS = 300  # beyond that, when the processor hung: until the permit ended the flow (FLO-7)
FACE_MS = 2_000  # what is to be said stands by turns
ENTRY = SESSION = 1  # as pump.guard.kept has them: both channels begin to count there
_ENTERED, _REACTED, _OPEN, _FLOWING, _BENCH, _SEVERE = 1, 2, 4, 8, 16, 32  # flags
_SECONDS_MAX = 0xFFFF
# pulses: all, in the step; time in the step; seconds held, without flow; clock and its era; power-on, protocol,
# session; step, decision, step and bag decided, step of the last pulse, flags, reactions, baseline
_NOW = "<IIIHHIBHHHBBBbbBBB"
NOW = struct.calcsize(_NOW)
_TURN = "<BBbHHI"  # decision, its step and bag, protocol, session, all pulses
_ACCOUNT_AT = struct.calcsize(_TURN)
TURN = _ACCOUNT_AT + TALLY


class Record:
    """The session as it stood: the fields of _NOW by their names."""

    def __init__(self, buf, at):
        (
            self.total, self.done, self.step_ms, self.held_s, self.still_s, self.now_s, self.era, self.boot, self.mark,
            self.run, self.step, self.turn, self.back_step, self.back_bag, self.flowed, self.flags, self.reactions,
            self.baseline,
        ) = struct.unpack_from(_NOW, buf, at)  # fmt: skip
        self.entered, self.reacted = self.flags & _ENTERED != 0, self.flags & _REACTED != 0
        self.open, self.flowing = self.flags & _OPEN != 0, self.flags & _FLOWING != 0
        self.bench = self.flags & _BENCH != 0
        self.severe = self.flags & _SEVERE != 0  # a person had said so, and had not pressed a second time


@micropython.native
def put_now(session, buf, at, mark, run, boot, wall, bench):
    """Writes the session as it stands to buf[at:at+NOW]; `mark`: of its protocol, `run`: its own, `boot`: the
    power-on's. Takes no memory."""
    progress, group = session.progress, GROUP[session.state]
    flags = _ENTERED if progress.entered else 0
    if progress.reacted:
        flags |= _REACTED
    if group & ON and (group & (SUPERVISED | HOLDS) or session.question.second):  # or the next press lets it flow
        flags |= _OPEN
    if group & FLOWS:
        flags |= _FLOWING
    if bench:
        flags |= _BENCH
    if session.held.calls():
        flags |= _SEVERE
    struct.pack_into(
        _NOW, buf, at, progress.total, progress.done, progress.step_ms, _seconds(progress.held_ms, 0),
        _seconds(progress.still_ms, 999), wall.now_s, wall.era, boot, mark, run, progress.step, progress.turn & 255,
        progress.back_step & 255, progress.back_bag, progress.flowed, flags, min(progress.reactions, 255),
        session.case.vitals.baseline,
    )  # fmt: skip


@micropython.native
def _seconds(ms, more_ms):
    return min((ms + more_ms) // 1000, _SECONDS_MAX)


@micropython.native
def put_turn(case, buf, at, mark, run):
    """Writes the account as it stands, at a decision, to buf[at:at+TURN]; takes no memory."""
    progress = case.progress
    struct.pack_into(
        _TURN, buf, at, progress.turn & 255, progress.back_step & 255, progress.back_bag, mark, run, progress.total
    )
    put_tally(case.tally, buf, at + _ACCOUNT_AT)


def restore(case, record, turns):
    """The case, which has adopted the protocol, as it stood; `turns`: its accounts at decisions, as far as they are
    sound. False where they do not belong together: then it is not taken up."""
    if record.step >= case.plan.count or (record.turn and record.back_step >= case.plan.count):
        return False
    if not _account(case, record, turns):
        return False
    progress, course = case.progress, case.course
    for name in ("total", "step_ms", "step", "turn", "back_bag", "flowed", "entered", "reacted", "reactions"):
        setattr(progress, name, getattr(record, name))
    progress.back_step = record.back_step if record.turn else -1
    progress.entries, progress.session = ENTRY, SESSION
    progress.held_ms = record.held_s * 1000
    progress.still_ms = record.still_s * 1000 if record.still_s < _SECONDS_MAX else AGE_MAX_MS
    progress.pair()
    progress.cause, progress.by_vitals = causes.POWER_OFF, True
    if record.entered:
        progress.done = progress.loose = record.done
        progress.target = course.pulses[record.step]
    progress.leg = _leg_at(course, record.step, progress.done)
    return True


def _leg_at(course, step, done):
    leg, target = course.first[step], course.pulses[step]
    while course.end[leg] <= done and course.end[leg] < target:
        leg += 1
    return leg


def _account(case, record, turns):
    """Tally and course: as at the last decision, and what came since. True when they are known."""
    tally, course = case.tally, case.course
    first, total = _stands(case, record, turns, record.turn)
    if first >= 0:
        since = record.total - total - (record.done if record.entered else 0)
        return first <= record.step and since >= 0 and not book_since(tally, course, first, record.step, since)
    if record.entered or not record.turn or record.step != record.back_step:
        return False
    first, total = _stands(case, record, turns, record.turn - 1)  # the decision was made, its account not written yet
    since = record.total - total
    if first < 0 or since < 0 or (since and book_since(tally, course, first, record.flowed + 1, since)):
        return False
    course.leave(tally, record.back_step, record.back_bag)
    return True


def _stands(case, record, turns, turn):
    """Tally and course as at a decision by its number; (the step that it led to, -1: not known, all pulses then)."""
    case.tally.restart()
    case.course.restart()
    if not turn:
        return 0, 0
    for kept in turns:
        number, step, bag, mark, run, total = struct.unpack_from(_TURN, kept, 0)
        if number == turn and mark == record.mark and run == record.run:
            take_tally(case.tally, kept, _ACCOUNT_AT)
            case.course.leave(case.tally, step, bag)
            return step, total
    return -1, 0


def _fastest_e4(course, step, leg):
    """The highest rate from a leg on to the end of the step after it: there the flow may be by now."""
    end = course.first[step + 2] if step + 2 < len(course.first) else len(course.rate_e4)
    return max(course.rate_e4[leg : max(end, leg + 1)])


class Recovered:
    """The situation of the state recovered.

    `off_s`: how long the power was off, -1: not known; `open`: that may still become known; `reset`: the processor
    started anew while the power stayed; `given_e4`, `unsure_e4`: what was given and to within which volume, in 0.0001
    mL, for the screen; `unsure_nl`: the same for the record.
    """

    state = RECOVERED

    def __init__(self, case):
        self.case = case
        self.off_s = -1
        self.open = self.reset = False
        self.given_e4 = self.unsure_e4 = self.unsure_nl = 0
        self._wall_s = self._era = self._still_ms = self._age_ms = 0

    def begin(self, record, reset, older=False):
        """The session is as in `record`; `reset`: the processor started anew, and no power-on came in between;
        `older`: a newer record may have been there, and is not sound."""
        case = self.case
        self.reset = reset
        course, pl_pulse = case.course, case.plan.pl_pulse
        rate_e4 = _fastest_e4(course, case.progress.step, case.progress.leg)
        lag_nl = rate_e4 * LAG_MS // 36_000
        self.unsure_nl = min((2 * STEP_NL if older else STEP_NL) + lag_nl, MOST_NL)
        if reset:
            self.unsure_nl += rate_e4 * HANG_MS // 36_000
        self.unsure_e4 = (self.unsure_nl + 9_999) // 10_000 * 100
        self.given_e4 = (case.progress.total * pl_pulse // 100_000 + 5) // 10 * 10
        self._wall_s, self._era = record.now_s, record.era
        self._still_ms, self._age_ms = case.progress.still_ms, 0
        self.off_s, self.open = -1, True
        self._stand(AGE_MAX_MS)
        if reset:
            self._known(RESET_S)

    def _stand(self, ms):
        """So long nothing has flowed."""
        progress = self.case.progress
        progress.move()
        progress.stand(False, ms)

    def _known(self, off_s):
        self.open = False
        self.off_s = off_s
        if off_s >= 0:
            self._stand(min(self._still_ms + min(off_s, AGE_MAX_MS // 1000) * 1000 + self._age_ms, AGE_MAX_MS))
        self.case.log(events.TIME_OFF, 0, off_s)

    @micropython.native
    def look(self, wall_s, era, dt_ms):
        """While `open`: the clock's time and its era, as pump.senses.wall has them; times of one even era belong
        together."""
        self._age_ms += dt_ms
        if wall_s and self._wall_s and era == self._era and not era & 1:
            off_s = wall_s - self._wall_s
            self._known(off_s if off_s >= 0 else -1)
        elif self._age_ms >= KNOWN_MS:
            self._known(-1)

    @micropython.native
    def face(self):
        """Which of the things to be said stands on the screen now: 0, 1, 2, again from 0."""
        return self._age_ms // FACE_MS % 3

    def enter(self):
        """A person is asked for."""
        self.case.question.ask(questions.LOOKED, 0, 0)
        return 0

    def press(self, presses):
        """CONFIRM: somebody has looked at the patient. Then it is a hold like any other. Before the time off and the
        volume have stood there nobody has seen them."""
        if not presses & CONFIRM or self.open or self._age_ms < 2 * FACE_MS:
            return 0
        return HELD | causes.POWER_OFF << 8

    def tick(self, dt_ms):
        """It waits for a person."""
        self._age_ms = min(self._age_ms + dt_ms, AGE_MAX_MS) if not self.open else self._age_ms
        return 0

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.open)
        to.append(min(self._age_ms, KNOWN_MS if self.open else 2 * FACE_MS))
        to.append(self._wall_s if self.open else 0)
        to.append(self._era if self.open else 0)
        to.append(self._still_ms if self.open else 0)

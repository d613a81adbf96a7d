"""The guard's own account in bytes: what it has counted and seen tolerated outlives the power, from its own record.

It asks nobody else: which step it was in and how far, what it drew from each bag before the last decision, and the
highest dose rate that it has itself seen last (PRO-2). Who writes the bytes puts a head before them and a CRC behind.
Which bag hangs nobody knows after a power cut: that is learnt anew.
"""

import struct

from pump.base import crc
from pump.base.compat import micropython
from pump.course.kept import SIZE as TALLY
from pump.course.kept import book_since, put_tally, take_tally

_NOW = "<bBbBBBBbHI"  # step, its volume is in, bag, decision, entered, came, step and bag decided, protocol, pulses
_LEVEL_AT = struct.calcsize(_NOW)
_LEVEL = "<BI"  # dose rates seen tolerated, for how long the next one
NOW = _LEVEL_AT + struct.calcsize(_LEVEL)
_TURN = "<BBbH"  # decision, its step and bag, protocol
_ACCOUNT_AT = struct.calcsize(_TURN)
TURN = _ACCOUNT_AT + TALLY
ENTRY = 1  # number of the present step's beginning, by which both channels go on after a power cut
SESSION = 1  # and of the session


class Kept:
    """What a guard writes of itself, and takes up again."""

    @micropython.native
    def put_now(self, buf, at):
        """Writes what changes while the drug flows to buf[at:at+NOW]; takes no memory."""
        struct.pack_into(
            _NOW, buf, at, self._step, self._done, self._bag, self._turn & 255, self._entered(), self._came,
            self._back_step, self._back_bag, mark_of(self.blob), self._base,
        )  # fmt: skip
        bounds = self.bounds
        if bounds is not None:
            struct.pack_into(_LEVEL, buf, at + _LEVEL_AT, bounds.reached, bounds.seen_ms)

    @micropython.native
    def _entered(self):
        """Whether a step has begun since the last decision."""
        return self._step >= 0 and self._entry >= 0

    @micropython.native
    def put_turn(self, buf, at):
        """Writes the account as it stands, at a decision, to buf[at:at+TURN]; takes no memory."""
        struct.pack_into(_TURN, buf, at, self._turn & 255, self._back_step, self._back_bag, mark_of(self.blob))
        put_tally(self._tally, buf, at + _ACCOUNT_AT)

    def take_up(self, now, turns):
        """Goes on from its own record `now`; `turns`: its accounts at decisions, as far as they are sound. Only after
        `adopt` of the protocol. False where they do not belong together: then nothing may flow."""
        step, done, bag, turn, entered, came, back_step, back_bag, mark, base = struct.unpack_from(_NOW, now, 0)
        if mark != mark_of(self.blob) or step >= self.plan.count or back_step >= self.plan.count:
            return False
        self._step, self._base, self._back_step, self._back_bag = step, base, back_step, back_bag
        if not self._account(turns, turn, entered, came):
            return False
        self._session, self._turn, self._bag, self._done = SESSION, turn, bag, bool(done)
        self._entry, self._came = ENTRY if entered else -1, bool(came)
        self._loose = base if entered else 0
        if entered:
            self._take_step(step)
        if self.bounds:
            drawn = list(self._tally.drawn)
            drawn[bag] += self._loose
            self._take_level(drawn, *struct.unpack_from(_LEVEL, now, _LEVEL_AT))
        return True

    def _take_level(self, drawn, reached, seen_ms):
        """So much was drawn from each bag, so many dose rates were seen tolerated, the next one for so long."""
        bounds = self.bounds
        bounds.restart()
        bounds.drawn = drawn
        bounds.reached = min(reached, bounds.levels.top)
        bounds.seen_ms = seen_ms

    def _account(self, turns, turn, entered, came):
        """Tally and course: as at the last decision, and what came since. True when they are known."""
        first = self._stands(turns, turn)
        if first >= 0:
            return not entered or self._book(first, self._step, 0)
        if entered or not turn:
            return False
        first = self._stands(turns, turn - 1)  # that decision was made, its account not written any more
        if first < 0 or (came and not self._book(first, self._step + 1, self._base)):
            return False
        self._course.leave(self._tally, self._back_step, self._back_bag)
        return True

    def _stands(self, turns, turn):
        """Tally and course as at a decision by its number; the step that it led to, -1: not known."""
        self._tally.restart()
        self._course.restart()
        if not turn:
            return 0
        for kept in turns:
            number, step, bag, mark = struct.unpack_from(_TURN, kept, 0)
            if number == turn and mark == mark_of(self.blob):
                take_tally(self._tally, kept, _ACCOUNT_AT)
                self._course.leave(self._tally, step, bag)
                return step
        return -1

    def _book(self, first, end, pulses):
        """Books all steps from `first` to before `end`, with what else came in the last of them."""
        for k in range(first, min(end, self._step)):
            pulses += self._course.pulses[k]
        return first <= end and not book_since(self._tally, self._course, first, end, pulses)


@micropython.native
def mark_of(blob):
    """By which a protocol's bytes are known among the last two: a half of their own CRC."""
    at = len(blob) - crc.SIZE
    return blob[at] | blob[at + 1] << 8 if at >= 0 else 0

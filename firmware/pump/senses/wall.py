"""The wall clock, held against the pump's own time each second: what it says is trusted, or it is told why not.

The clock (DS3231, 3.5 ppm) and the pump's crystal (30 ppm) may run apart by 1.5 s in SPAN_S; reading whole seconds adds
2 s. Beyond APART_S within a span the clocks are APART: 1 % is found within 12 min, 0.02 % within the span, less never.
A reading that is more than JUMP_S off the one before, and the next one with it, is a jump; one alone is a misread.
A clock whose readings do not change for STOPPED_S stands; one that says so itself has lost its battery, or was never
set.

Nothing here touches a session: the pump's own time decides all of it. `now_s` is for records, and for the time that
passed without power. That time is known only when both ends of it were trusted and are of one `era`: it is another
one after each setting, and an odd one, kept through power-off, after a jump or clocks that run apart, until somebody
sets the clock.
"""

import struct

from pump.base.calendar import NO_TIME, UNREAD
from pump.base.compat import micropython
from pump.store.journal import LOOK, valid
from pump.tables import causes, parts
from pump.tables.causes import BIT
from pump.tables.events import CLOCK_SET, CLOCK_WRONG

JUMP_S = 3
APART_S = 4
SPAN_S = 43_200
STOPPED_S = 5
_APART_READINGS = 3
_PART = parts.BIT[parts.CLOCK]
_RIGHT = causes.NONE
_LOST = causes.CLOCK_LOST
_UNSET = causes.CLOCK_UNSET
_STOPPED = causes.CLOCK_STOPPED
_JUMPED = causes.CLOCK_JUMPED
_APART = causes.CLOCKS_APART
_WALL_AT = struct.calcsize("<IIH")  # in a record


def newest(read, slot):
    """The newest time that one of the last records before `slot` has; NO_TIME: none. `read`: as journal.open_log's."""
    for back in range(slot - 1, max(-1, slot - 1 - LOOK), -1):
        record = read(back)
        wall_s = struct.unpack_from("<I", record, _WALL_AT)[0] if valid(record, back) else NO_TIME
        if wall_s:
            return wall_s
    return NO_TIME


class Wall:
    """`look` several times a second, it looks once; `set` at rest; `bits`: conditions of tables.causes.

    `said_s`: what the clock said last (pump.base.calendar); `now_s`: the same when it can be trusted, else NO_TIME;
    `era`: of it; `why` it cannot, a row of tables.causes: the first of lost, stopped, unset, jumped or apart.
    """

    def __init__(self, log, settings, last_s=NO_TIME):
        """`last_s`: of the log at power-on: a clock that says less was set back by nobody who told."""
        self.bits = 0
        self.said_s = UNREAD
        self.now_s = NO_TIME
        self.why = _RIGHT
        self._wrong = _JUMPED  # what an odd era is
        self._log = log
        self._settings = settings
        self._last_s = last_s
        self._t_s = -1  # own time of the last look
        self._since_s = 0  # own time when it said something else than before
        self._known = False  # there is something to hold readings against:
        self._lag_s = 0  # the clock's seconds less the pump's own, at the reading before
        self._base_s = self._span_s = 0  # the same at the beginning of a span, and when that was
        self._odd = False  # the reading before was off
        self._odd_s = 0
        self._beyond = 0  # readings in a row beyond APART_S
        self._set = False  # in this scan: what was read is old
        self._due = self._due_s = 0  # a cause to be recorded, and by how much it is ahead

    @property
    def era(self):
        """Of its time: times of one even era may be subtracted."""
        return self._settings.era

    @micropython.native
    def look(self, t_s, snap):
        """`t_s`: the pump's own time since power-on."""
        said_s = snap.wall_s
        if t_s == self._t_s or said_s < 0 or self._set:
            self._set = False
            return
        self._t_s = t_s
        there = snap.parts & _PART
        if self._due:
            self._log(CLOCK_WRONG, self._due, self._due_s)
            self._due = 0
        if said_s != self.said_s:
            self.said_s = said_s
            self._since_s = t_s
            if there and said_s and not snap.wall_lost:
                self._judge(t_s, said_s - t_s)
            else:
                self._known = False
        elif not there or not said_s:
            self._since_s = t_s
        self._conclude(t_s, snap, there)

    @micropython.native
    def _conclude(self, t_s, snap, there):
        """Whether the time is trusted, or why it is not; that it does not answer is told with the other parts."""
        why = _RIGHT
        if not there:
            why = _LOST
        elif t_s - self._since_s >= STOPPED_S:
            why = _STOPPED
        elif snap.wall_lost or not self.said_s:
            why = _UNSET
        elif self._settings.era & 1:
            why = self._wrong
        self.why = why
        self.bits = BIT[why] if there else 0
        self.now_s = self.said_s if why == _RIGHT and not self._odd else NO_TIME

    @micropython.native
    def _judge(self, t_s, lag_s):
        """A new reading of a clock that says of itself that it is right."""
        if not self._known:
            self._begin(t_s, lag_s)
            return
        moved_s = lag_s - self._lag_s
        if -JUMP_S <= moved_s <= JUMP_S:
            self._odd = False
            self._lag_s = lag_s
            self._compare(t_s, lag_s)
        elif self._odd and -JUMP_S <= lag_s - self._odd_s <= JUMP_S:
            self._distrust(_JUMPED, moved_s)
            self._anchor(t_s, lag_s)
        else:
            self._odd = True
            self._odd_s = lag_s

    def _begin(self, t_s, lag_s):
        """The first reading of a power-on, or since it was set: less than the log's newest record is a jump, too."""
        self._anchor(t_s, lag_s)
        back_s = lag_s + t_s - self._last_s
        if self._last_s and back_s < -JUMP_S:
            self._distrust(_JUMPED, back_s)
        self._last_s = NO_TIME

    @micropython.native
    def _anchor(self, t_s, lag_s):
        self._known = True
        self._odd = False
        self._beyond = 0
        self._lag_s = self._base_s = lag_s
        self._span_s = t_s

    @micropython.native
    def _compare(self, t_s, lag_s):
        """Has it run apart from the pump's own time since the span began?"""
        off_s = lag_s - self._base_s
        if -APART_S <= off_s <= APART_S:
            self._beyond = 0
            if t_s - self._span_s >= SPAN_S:
                self._anchor(t_s, lag_s)
            return
        self._beyond += 1
        if self._beyond >= _APART_READINGS:
            self._distrust(_APART, off_s)
            self._anchor(t_s, lag_s)

    @micropython.native
    def _distrust(self, cause, off_s):
        """Recorded once until somebody sets the clock, at the next look: at power-on the first record is another's."""
        settings = self._settings
        if not settings.era & 1:
            settings.set_era(settings.era | 1)
            self._wrong = cause
            self._due = cause
            self._due_s = off_s

    def set(self, wall_s, snap, journal):
        """Somebody sets the clock, at rest: an era of its own begins. The record has the new time, in what follows it
        the old one (NO_TIME: none) and the new one stand as u32."""
        old_s = max(snap.wall_s, NO_TIME)
        why = self.why
        self._settings.set_era((self._settings.era | 1) + 1 & 255)
        self._known = self._odd = False
        self._due = 0
        self._last_s = NO_TIME
        self._set = True
        self._t_s = -1
        self.now_s = NO_TIME
        journal.wall_s = wall_s
        self._log(CLOCK_SET, why, wall_s - old_s if old_s else 0, struct.pack("<II", old_s, wall_s))

    def pack(self, to, t_s):
        """Appends what decides from here on, at the pump's own time: ages, and the time that a good clock says now."""
        for value in (self.bits, self.said_s, self.now_s, self.why, self._last_s, self._wrong, self._set, self.era):
            to.append(value)
        to.append(self._due)
        to.append(self._due_s if self._due else 0)
        to.append(min(t_s - self._since_s, STOPPED_S) if self.said_s > 0 else 0)
        to.append(self._known)
        if self._known:
            to.append(t_s + self._lag_s)
            to.append(self._lag_s - self._base_s)
            to.append(min(t_s - self._span_s, SPAN_S))
            to.append(self._beyond)
            to.append(self._odd)
            to.append(self._odd_s - self._lag_s if self._odd else 0)

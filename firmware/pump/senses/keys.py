"""Raw levels to presses: one press counts once, whatever the key bounces or however long it is held (INT-6).

A press counts when the level has been stable for three samples (40 to 60 ms at 20 ms a scan, longer than 50 ms of
bounce with a sample between) after all keys have been up for APART_MS: two presses are two acts, a key pressed beside
one that is held is none, and after it nothing counts until all have been up for HANDS_OFF_MS. Two keys going down
together count as none. STOP is not debounced: its level acts in the same
scan, here it only counts once for the record; it stands beside the others.

Storm: more than STORM_KEYS keys that settle down within STORM_MS, or one beside another twice within BESIDE_MS. Fast
hands make five or six presses a second for a moment, and 3 a second through a list; fluid in a keypad makes more, or
two at a time. Its seconds stand still while nothing is pressed. Until no key has been down for QUIET_MS nothing but
STOP counts. SILENCE, which lets nothing flow, counts beside a key that is stuck.

Slow fluid presses one key after another without sense, as often as people do. What people do not do, or seldom, is
STRANGE: START after UP or DOWN that no CONFIRM has answered (that START counts for nothing), DOWN after START, to and
fro in a list. STRANGE_SUM of it within a minute is a storm, too: nine turns in a list, which nobody makes. SILENCE is
never strange: alarms come when they come. Of random single keys, 0.7 to 2.9 a second, two minutes resume in 25 of 100
cases instead of 98; the first few cannot be told from a hand.
"""

from pump.base.compat import micropython
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.senses.power_up import RELEASE_MS
from pump.tables.causes import BIT, KEY_STORM, KEY_STUCK

STABLE = 3
STUCK_MS = 60_000
STORM_KEYS = 16  # within STORM_MS
BESIDE_MS = 60_000
STORM_MS = 5_000
QUIET_MS = 10_000
APART_MS = 120  # all keys are up for so long between two acts
HANDS_OFF_MS = 2_000  # and for so long after one key beside another
REST_MS = 500  # how often time is counted while no key is down: nothing is decided by it before the next press
STRANGE_SUM = 9  # people's worst minute in all scenarios: 1
PAIR_MS = 10_000  # two presses further apart are no pair
MOVED_MS = 5_000  # so long after UP or DOWN a START wants the CONFIRM in between
_STRANGE = {  # the key before and the key: how strange
    UP << 8 | START: 3, DOWN << 8 | START: 3, START << 8 | DOWN: 3, UP << 8 | DOWN: 1, DOWN << 8 | UP: 1,
}  # fmt: skip
_TENS = 6  # of ten seconds each: how strange they were
_TEN_MS = 10_000
_STUCK_BIT = BIT[KEY_STUCK]
_STORM_BIT = BIT[KEY_STORM]
_SLICES = 5  # of a second each: what went down in them


class Storm:
    """Counts keys going down over the last STORM_MS; `on` until none has been down for QUIET_MS."""

    def __init__(self):
        self.on = False
        self._counts = bytearray(_SLICES)
        self._slice = 0
        self._slice_ms = 0
        self._quiet_ms = QUIET_MS
        self._beside_ms = BESIDE_MS  # since the last key beside another

    @micropython.native
    def down(self, beside):
        """A key has settled down; `beside`: another one was held."""
        counts, now = self._counts, self._slice
        counts[now] = min(counts[now] + 1, 255)
        total = 0
        for count in counts:
            total += count
        if total > STORM_KEYS or (beside and self._beside_ms < BESIDE_MS):
            self.on = True
        if beside:
            self._beside_ms = 0

    @micropython.native
    def tick(self, dt_ms, up):
        """Time passes; `up`: no key is down."""
        self._slice_ms += dt_ms
        self._beside_ms = min(self._beside_ms + dt_ms, BESIDE_MS)
        while self._slice_ms >= STORM_MS // _SLICES:
            self._slice_ms -= STORM_MS // _SLICES
            self._slice = (self._slice + 1) % _SLICES
            self._counts[self._slice] = 0
        self._quiet_ms = min(self._quiet_ms + dt_ms, QUIET_MS) if up else 0
        if self._quiet_ms >= QUIET_MS:
            self.on = False

    def idle(self):
        """True when nothing is counted any more."""
        return not self.on and self._quiet_ms >= QUIET_MS and self._beside_ms >= BESIDE_MS

    def pack(self, to):
        """Appends what decides from here on: of the last seconds the oldest first."""
        to.append(self.on)
        to.append(self._quiet_ms)
        to.append(self._beside_ms)
        to.append(self._slice_ms)
        for i in range(_SLICES):
            to.append(self._counts[(self._slice + 1 + i) % _SLICES])


class Sense:
    """Whether presses make sense together: `odd` sums up what is strange over the last minute; `unanswered`: UP or DOWN
    was pressed, and no CONFIRM after it."""

    def __init__(self):
        self.odd = 0
        self.unanswered = False
        self._last = 0  # the key before
        self._since_ms = PAIR_MS  # that was pressed
        self._moved_ms = 0  # since UP or DOWN
        self._tens = bytearray(_TENS)
        self._ten = 0
        self._ten_ms = 0

    @micropython.native
    def down(self, key):
        """A key has gone down; true when that is strange after the last one."""
        strange = 0
        if self._since_ms < PAIR_MS:
            strange = _STRANGE.get(self._last << 8 | key, 0)
            self._tens[self._ten] = min(self._tens[self._ten] + strange, 255)
            self.odd += strange
        self._last = key
        self._since_ms = 0
        if key & (UP | DOWN):
            self.unanswered = True
            self._moved_ms = 0
        elif key & CONFIRM:
            self.unanswered = False
        return strange

    @micropython.native
    def tick(self, dt_ms):
        """Time passes."""
        self._since_ms = min(self._since_ms + dt_ms, PAIR_MS)
        if self.unanswered:
            self._moved_ms += dt_ms
            self.unanswered = self._moved_ms < MOVED_MS
        if not self.odd:
            return
        self._ten_ms += dt_ms
        while self._ten_ms >= _TEN_MS:
            self._ten_ms -= _TEN_MS
            self._ten = (self._ten + 1) % _TENS
            self._tens[self._ten] = 0
            odd = 0
            for ten in self._tens:
                odd += ten
            self.odd = odd

    def idle(self):
        """True when nothing is counted any more."""
        return not self.odd and self._since_ms >= PAIR_MS

    def pack(self, to):
        """Appends what decides from here on: of the last minute the oldest part first."""
        paired = self._since_ms < PAIR_MS
        to.append(self._since_ms)
        to.append(self._last if paired else 0)
        to.append(self._moved_ms if self.unanswered else -1)
        to.append(self._ten_ms)
        for i in range(_TENS):
            to.append(self._tens[(self._ten + 1 + i) % _TENS])


class Buttons:
    """`update` once a scan; `stuck` tells a key held for a minute.

    `held`: keys down at power-on, no presses; such a one is stuck when it is not up within 5 s (power_up.RELEASE_MS).
    """

    def __init__(self, held=0):
        held &= ~STOP
        self.stable = held
        self.stuck = False
        self.bits = 0  # conditions of tables.causes
        self.held_ms = 0  # how long the present keys have been down
        self._last = held
        self._same = STABLE if held else 0
        self._stop_ms = 0
        self._stuck_ms = RELEASE_MS if held else STUCK_MS
        self._stop_up = STABLE  # scans since STOP was last down
        self._storm = Storm()
        self._sense = Sense()
        self._apart_ms = APART_MS  # how long all keys but STOP have been up; stops at HANDS_OFF_MS
        self._needed_ms = APART_MS  # how long they must have been before a press counts
        self._rested = not held  # nothing is pressed and nothing settles
        self._rested_ms = 0  # time that is not counted yet
        self.quiet = not held  # rested, and no time runs: without a raw level `update` may be left out

    @micropython.native
    def update(self, raw, dt_ms):
        """Raw level bits of this scan to the bits newly pressed."""
        if self._rested and not raw:
            self._rested_ms += dt_ms
            if self._rested_ms >= REST_MS:
                self._count_rest()
            return 0
        if self._rested_ms:
            self._count_rest()
        stop_now = raw & STOP
        presses = self._stop_pressed(stop_now)
        self._stop_ms = min(self._stop_ms + dt_ms, STUCK_MS) if stop_now else 0
        storm = self._storm
        storm.tick(dt_ms, not raw)
        self._sense.tick(dt_ms)
        self._rested = not raw and not self.stable and self._same >= STABLE and self._stop_up >= STABLE
        self.quiet = False
        keys = raw & ~STOP
        if not keys:  # from the release on: debouncing takes none of the time between two quick presses
            self._apart_ms = min(self._apart_ms + dt_ms, HANDS_OFF_MS)
        if keys == self._last and self._same >= STABLE and keys == self.stable:
            if keys:
                self.held_ms = min(self.held_ms + dt_ms, STUCK_MS)
        else:
            presses |= self._settle(keys)
        self._judge()
        return presses

    @micropython.native
    def _count_rest(self):
        """What `update` does in so many scans without a key."""
        storm = self._storm
        storm.tick(self._rested_ms, True)
        self._sense.tick(self._rested_ms)
        self._apart_ms = min(self._apart_ms + self._rested_ms, HANDS_OFF_MS)
        self._rested_ms = 0
        self.quiet = storm.idle() and self._sense.idle() and self._apart_ms >= HANDS_OFF_MS
        self._judge()

    @micropython.native
    def _judge(self):
        if not self.stable:
            self._stuck_ms = STUCK_MS
        self.stuck = self.held_ms >= self._stuck_ms or self._stop_ms >= STUCK_MS
        self.bits = (_STUCK_BIT if self.stuck else 0) | (_STORM_BIT if self._storm.on else 0)

    @micropython.native
    def _stop_pressed(self, stop_now):
        """STOP in the scan in which it goes down after a release as long as its bounce, else 0."""
        up = self._stop_up
        self._stop_up = 0 if stop_now else min(up + 1, STABLE)
        return stop_now if up >= STABLE else 0

    @micropython.native
    def _makes_sense(self, new):
        """False for a START that nobody presses there; what is too strange is a storm."""
        sense = self._sense
        if sense.down(new) and sense.odd >= STRANGE_SUM:
            self._storm.on = True
        return new != START or not sense.unanswered

    @micropython.native
    def _settle(self, keys):
        if keys != self._last:
            self._last = keys
            self._same = 0
        self._same += 1
        if self._same < STABLE:
            return 0
        before = self.stable
        new = keys & ~before
        self.stable = keys
        if not keys & before:
            self.held_ms = 0
        if not new:
            return 0
        beside = before != 0 or new & (new - 1) != 0
        self._storm.down(beside)
        act = self._makes_sense(new) and self._apart_ms >= self._needed_ms
        self._apart_ms = 0
        if beside:
            self._needed_ms = HANDS_OFF_MS
            act = new == SILENCE
        elif act:
            self._needed_ms = APART_MS
        return new if act and not self._storm.on else 0

    def pack(self, to):
        """Appends what decides from here on."""
        for value in (
            self.stable, self.held_ms, self._last, min(self._same, STABLE), self._stop_ms, self._stuck_ms,
            self._stop_up, self._apart_ms, self._needed_ms, self._rested, self._rested_ms, self.quiet, self.bits,
        ):  # fmt: skip
            to.append(value)
        self._storm.pack(to)
        self._sense.pack(to)

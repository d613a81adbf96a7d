"""Alarms: one table, latching, audio pause, light and burst patterns of IEC 60601-1-8 (ALM-1 to ALM-4, ALM-7).

Priorities: 3 high (red, 1.4 to 2.8 Hz, bursts of ten pulses), 2 medium (yellow, 0.4 to 0.8 Hz, bursts of three), 1 low
(cyan, steady, two pulses now and then). Only the highest sounds; all are listed, by turns on the screen. A high alarm
stays until its condition is over and a person has confirmed it; what is cleared re-arms.
"""

from array import array

from pump.base.compat import micropython, ptr8
from pump.io import CYAN, NURSE_CALL, RED, YELLOW
from pump.tables.alarms import AT_ONCE, GROUP, HIGH, NAMED, NONE, PATIENT, PRIORITY, REMINDS
from pump.tables.events import ALARM_CLEARED, ALARM_RAISED

PAUSE_MS = 120_000  # ALM-3
REMIND_MS = 120_000  # SES-8: what waits for a person reminds every two minutes
RETURN_S = 30  # what returns after so long is a new onset (ALM-7)
SHOWN_MS = 2_000  # each of several alarms stands so long on the screen

# Bursts: on and off times in ms, alternating, then silence until the burst's period is over.
_HIGH_BURST = (150, 75, 150, 75, 150, 225, 150, 75, 150, 400, 150, 75, 150, 75, 150, 225, 150, 75, 150)
_MEDIUM_BURST = (200, 200, 200, 200, 200)
_LOW_BURST = (150, 150, 150)
BURSTS = ((), _LOW_BURST, _MEDIUM_BURST, _HIGH_BURST)
# An array: a number beyond 14 bits in a frozen tuple is an object, and what is worked out with it another on the heap.
BURST_PERIOD_MS = array("H", (0, 20_000, 7_500, 7_500))
TONE_HZ = (0, 440, 550, 660)
# Light: period and on time in ms; high 2 Hz, medium 0.6 Hz, low steady.
LIGHT_MS = ((1, 0), (1, 1), (1_666, 833), (500, 250))
LIGHT = (0, CYAN, YELLOW, RED)


@micropython.viper
def _tells(wanted: ptr8, there: ptr8, active: ptr8, n: int) -> int:
    """Whether one of the conditions is another than it was, or there and not listed: mostly none is."""
    for alarm in range(1, n):
        if wanted[alarm]:
            if not there[alarm] or not active[alarm]:
                return 1
        elif there[alarm]:
            return 1
    return 0


# Those of a group: a scan with a press asks for few of them, and has enough to do.
_REMINDING = bytes([k for k in range(len(PRIORITY)) if GROUP[k] & REMINDS])
_NAMED = bytes([k for k in range(len(PRIORITY)) if GROUP[k] & NAMED])


class Alarms:
    """`set` each alarm's condition, then `update` once a scan; `top` is the alarm that sounds, `shown` the one to show.

    `active`: listed, by number; `now_s`: seconds since power-on, kept by who owns the clock.
    """

    def __init__(self, log):
        n = len(PRIORITY)
        self._log = log
        self.active = bytearray(n)
        self._there = bytearray(n)  # its condition is there now
        self._told = bytearray(n)  # one that reminds, after a press
        self._ended_s = array("i", [-RETURN_S] * n)
        self.now_s = 0
        self.priority = 0
        self.top = self.shown = NONE
        self.paused_ms = 0
        self.lights = 0
        self.tone_hz = 0
        self._loud = 0  # priority of the highest that sounds
        self._sum = 0  # what the last ranking found, folded: one changed bit of it is seen, and ranked anew (INT-4)
        self._phase_ms = 0
        self._light_ms = 0
        self._remind_ms = 0
        self._shown_ms = 0

    @micropython.native
    def set_all(self, wanted):
        """The condition of each alarm (a byte each); what is over goes first. Few change: only those are called for."""
        if self.priority ^ self.top ^ self._loud != self._sum:
            self._rank()
        there = self._there
        if not _tells(wanted, there, self.active, len(wanted)):
            return
        for alarm in range(1, len(wanted)):
            if there[alarm] and not wanted[alarm]:
                self.set(alarm, False)
        for alarm in range(1, len(wanted)):
            if wanted[alarm]:
                self.set(alarm, True)

    @micropython.native
    def set(self, alarm, condition):
        """Tells whether an alarm's condition is there; edges are logged."""
        if condition:
            if not (self._there[alarm] and self.active[alarm]):  # one without the other: a bit has changed (INT-4)
                self._begin(alarm)
        elif self._there[alarm]:
            self._there[alarm] = 0
            self._ended_s[alarm] = self.now_s
            if PRIORITY[alarm] != HIGH:
                self._clear(alarm)

    def _begin(self, alarm):
        self._there[alarm] = self.active[alarm] = 1
        self._told[alarm] = 0
        self._log(ALARM_RAISED, alarm, PRIORITY[alarm])
        anew = self.now_s - self._ended_s[alarm] >= RETURN_S
        if PRIORITY[alarm] == HIGH or (anew and GROUP[alarm] & (PATIENT | AT_ONCE)):
            self.paused_ms = 0
        before = self.priority
        self._rank()
        if self.priority > before:
            self._phase_ms = 0
            self._light_ms = 0

    @micropython.native
    def _clear(self, alarm):
        self.active[alarm] = 0
        self._log(ALARM_CLEARED, alarm, 0)
        self._rank()

    @micropython.native
    def confirm(self):
        """A person has seen them: what is over is cleared."""
        for alarm in range(1, len(PRIORITY)):
            if self.active[alarm] and not self._there[alarm]:
                self._clear(alarm)

    @micropython.native
    def _rank(self):
        top, loud, best = NONE, 0, 0
        for alarm in range(1, len(PRIORITY)):
            if not self.active[alarm]:
                continue
            rank = PRIORITY[alarm] << 1 | GROUP[alarm] & PATIENT
            if rank > best:
                best = rank
                top = alarm
            if not (self._told[alarm] and GROUP[alarm] & REMINDS):
                loud = max(loud, PRIORITY[alarm])
        if top != self.top:
            self.shown = top
            self._shown_ms = 0
        self.top = top
        self._loud = loud
        self.priority = PRIORITY[top]
        self._sum = self.priority ^ top ^ loud
        if not self.priority:
            self.lights = self.tone_hz = self.paused_ms = 0

    def silence(self):
        """SILENCE: confirms what is over, and pauses what sounds for 120 s; the light stays. True when it pauses."""
        sounds = self._loud and self.paused_ms <= 0
        self.confirm()
        if not sounds or not self._loud:
            return False
        self.paused_ms = PAUSE_MS
        return True

    @micropython.native
    def press(self):
        """Any key: one that reminds sounds no more until it does."""
        for alarm in _REMINDING:
            if self.active[alarm] and not self._told[alarm]:
                self._told[alarm] = 1
                self._remind_ms = BURST_PERIOD_MS[PRIORITY[alarm]]
                self._rank()

    def worsened(self):
        """The patient got worse: a pause is over."""
        self.paused_ms = 0
        self._phase_ms = 0

    @micropython.native
    def named(self):
        """True while an alarm is up with which keys alone do not end the monitoring."""
        for alarm in _NAMED:
            if self.active[alarm]:
                return True
        return False

    @micropython.native
    def update(self, dt_ms):
        """Advances the patterns by one scan: sets lights (bits) and tone_hz."""
        if self.paused_ms > 0:
            self.paused_ms = self.paused_ms - dt_ms if self.paused_ms <= PAUSE_MS else 0  # no silence is longer (INT-4)
        priority = self.priority
        if not priority:
            self.lights = self.tone_hz = 0
            return
        times = LIGHT_MS[priority]
        self.lights = LIGHT[priority] if self._light_ms < times[1] else 0
        if priority == HIGH:
            self.lights |= NURSE_CALL
        self._light_ms = (self._light_ms + dt_ms) % times[0]
        self._sound(dt_ms, priority)
        self._shown_ms += dt_ms
        if self._shown_ms >= SHOWN_MS:
            self._show_next()

    @micropython.native
    def _sound(self, dt_ms, priority):
        """The highest that has not been told sounds; else what reminds, now and then."""
        loud = self._loud
        if loud:
            on = self.paused_ms <= 0 and self._in_burst(loud, self._phase_ms)
            self._phase_ms = (self._phase_ms + dt_ms) % BURST_PERIOD_MS[loud]
        else:
            loud = priority
            on = self._in_burst(loud, self._remind_ms)
            self._remind_ms = (self._remind_ms + dt_ms) % REMIND_MS
        self.tone_hz = TONE_HZ[loud] if on else 0

    @micropython.native
    def _show_next(self):
        """By turns, in the order of their numbers."""
        self._shown_ms = 0
        alarm = self.shown
        for _ in range(len(PRIORITY)):
            alarm = (alarm + 1) % len(PRIORITY)
            if self.active[alarm]:
                self.shown = alarm
                return

    @micropython.native
    def _in_burst(self, priority, left):
        """Whether there is a tone `left` ms after the beginning of the burst's period."""
        on = True
        for span in BURSTS[priority]:
            if left < span:
                return on
            left -= span
            on = not on
        return False

    def pack(self, to):
        """Appends what decides from here on; at which moment of its pattern a light or a tone is decides nothing."""
        for value in (self.priority, self.top, self.paused_ms, self._loud, self._sum):
            to.append(value)
        for flags in (self.active, self._there, self._told):
            to.extend(flags)
        since_s = self.now_s - RETURN_S
        for alarm in range(len(self._ended_s)):
            ended_s = self._ended_s[alarm]
            to.append(ended_s - since_s if ended_s > since_s and not self._there[alarm] else 0)

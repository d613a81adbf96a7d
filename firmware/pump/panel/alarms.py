"""Alarms: one table, latching, audio pause, light and burst patterns of IEC 60601-1-8 (ALM-1 to ALM-4).

Priorities: 3 high (red, 1.4 to 2.8 Hz, bursts of ten pulses), 2 medium (yellow, 0.4 to 0.8 Hz, bursts of three), 1 low
(cyan, steady, two pulses now and then). Only the highest sounds; all are listed. An alarm stays until its cause is gone
and, where it latches, a person has silenced it; what is cleared re-arms.
"""

from pump.base.compat import micropython
from pump.io import CYAN, NURSE_CALL, RED, YELLOW
from pump.tables.alarms import HIGH, NONE, PRIORITY
from pump.tables.events import ALARM_CLEARED, ALARM_RAISED

PAUSE_MS = 120_000  # ALM-3

# Bursts: on and off times in ms, alternating, then silence until the burst's period is over.
_HIGH_BURST = (150, 75, 150, 75, 150, 225, 150, 75, 150, 400, 150, 75, 150, 75, 150, 225, 150, 75, 150)
_MEDIUM_BURST = (200, 200, 200, 200, 200)
_LOW_BURST = (150, 150, 150)
BURSTS = ((), _LOW_BURST, _MEDIUM_BURST, _HIGH_BURST)
BURST_PERIOD_MS = (0, 20_000, 7_500, 7_500)
TONE_HZ = (0, 440, 550, 660)
# Light: period and on time in ms; high 2 Hz, medium 0.6 Hz, low steady.
LIGHT_MS = ((1, 0), (1, 1), (1_666, 833), (500, 250))
LIGHT = (0, CYAN, YELLOW, RED)


class Alarms:
    """`set` each alarm's condition once a scan, then `update`; `top` is the alarm to show."""

    def __init__(self, log):
        n = len(PRIORITY)
        self._log = log
        self.active = bytearray(n)
        self.priority = 0
        self.top = NONE
        self.paused_ms = 0
        self.lights = 0
        self.tone_hz = 0
        self._phase_ms = 0
        self._light_ms = 0

    def set(self, alarm, condition):
        """Raises or clears an alarm by its condition; edges are logged."""
        if condition:
            if not self.active[alarm]:
                self._raise(alarm)
        elif self.active[alarm]:
            self.active[alarm] = 0
            self._log(ALARM_CLEARED, alarm, 0)
            self._rank()

    def _raise(self, alarm):
        self.active[alarm] = 1
        self._log(ALARM_RAISED, alarm, PRIORITY[alarm])
        if PRIORITY[alarm] == HIGH:
            self.paused_ms = 0  # a new high alarm breaks the audio pause
        before = self.priority
        self._rank()
        if self.priority > before:
            self._phase_ms = 0
            self._light_ms = 0

    def _rank(self):
        top = NONE
        for alarm in range(1, len(PRIORITY)):
            if self.active[alarm] and PRIORITY[alarm] > PRIORITY[top]:
                top = alarm
        self.top = top
        self.priority = PRIORITY[top]
        if not self.priority:
            self.lights = self.tone_hz = 0

    def silence(self):
        """Audio pause: 120 s, the light stays."""
        self.paused_ms = PAUSE_MS

    @micropython.native
    def update(self, dt_ms):
        """Advances the patterns by one scan: sets lights (bits) and tone_hz."""
        if self.paused_ms > 0:
            self.paused_ms -= dt_ms
        priority = self.priority
        if not priority:
            self.lights = self.tone_hz = 0
            return
        times = LIGHT_MS[priority]
        self.lights = LIGHT[priority] if self._light_ms < times[1] else 0
        if priority == HIGH:
            self.lights |= NURSE_CALL
        self._light_ms = (self._light_ms + dt_ms) % times[0]
        self.tone_hz = TONE_HZ[priority] if self._sounds(priority) else 0
        self._phase_ms = (self._phase_ms + dt_ms) % BURST_PERIOD_MS[priority]

    @micropython.native
    def _sounds(self, priority):
        if self.paused_ms > 0:
            return False
        left = self._phase_ms
        on = True
        for span in BURSTS[priority]:
            if left < span:
                return on
            left -= span
            on = not on
        return False

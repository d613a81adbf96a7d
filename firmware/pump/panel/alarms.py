"""Alarms: one table, latching, audio pause, light and burst patterns of IEC 60601-1-8 (ALM-1 to ALM-4).

Priorities: 3 high (red, 1.4 to 2.8 Hz, bursts of ten pulses), 2 medium (yellow, 0.4 to 0.8 Hz, bursts of three), 1 low
(cyan, steady, two pulses now and then). Only the highest sounds; all are listed. An alarm stays until its cause is gone
and, where it latches, a person has silenced it; what is cleared re-arms.
"""

from pump.base.compat import micropython
from pump.io import CYAN, NURSE_CALL, RED, YELLOW

LOW, MEDIUM, HIGH = 1, 2, 3
PAUSE_MS = 120_000  # ALM-3

# name, priority, stops the flow for good, what, why, what to do
TABLE = (
    ("none", 0, False, "", "", ""),
    ("spo2-stop", HIGH, False, "SPO2 LOW",
     "SpO2 has been at or below the stop limit for the set delay", "Held. Look at the patient, then classify"),
    ("pulse-stop", HIGH, False, "PULSE LIMIT",
     "The pulse rate has been outside its limits for the set delay", "Held. Look at the patient, then classify"),
    ("signal-hold", HIGH, False, "NO SPO2 SIGNAL",
     "No valid oximeter reading for 15 s", "Infusion held. Check probe and cable, then resume"),
    ("over-delivery", HIGH, True, "OVER-DELIVERY",
     "More was delivered than was due", "Clamp the line. Do not use this pump again"),
    ("under-delivery", HIGH, True, "UNDER-DELIVERY",
     "Less was delivered than was due", "Check line and bag. Do not use this pump again"),
    ("drive", HIGH, True, "DRIVE FAULT",
     "The motor's pulses do not follow the command", "Clamp the line. Do not use this pump again"),
    ("memory", HIGH, True, "MEMORY FAULT",
     "The stored protocol has changed", "Clamp the line. Do not use this pump again"),
    ("severe", HIGH, False, "SEVERE REACTION",
     "A severe reaction was reported", "Clamp, disconnect at the hub, treat through the other line"),
    ("spo2-early", MEDIUM, False, "SPO2 FALLING",
     "SpO2 is at or below the early limit", "Look at the patient"),
    ("signal-lost", MEDIUM, False, "SPO2 SIGNAL LOST",
     "No valid oximeter reading for 5 s", "Check probe and cable; held after 15 s"),
    ("held", MEDIUM, False, "INFUSION HELD",
     "The infusion waits for a person", "Classify the hold, then resume or end"),
    ("bag", MEDIUM, False, "BAG CHANGE",
     "The next bag is due", "Hang the bag that is named, then CONFIRM"),
    ("key-stuck", MEDIUM, False, "KEY STUCK",
     "A key has been down for a minute", "Free the key"),
    ("journal-full", MEDIUM, False, "LOG FULL",
     "The log's memory is full", "Let the session end, then pull the log"),
    ("link-lost", LOW, False, "LAPTOP LOST",
     "Nothing heard from the laptop for 5 s", "The pump goes on by itself"),
    ("completed", LOW, False, "COMPLETED",
     "The full dose is delivered", "Start the observation time"),
)  # fmt: skip
CODES = {row[0]: number for number, row in enumerate(TABLE)}
(
    NONE, SPO2_STOP, PULSE_STOP, SIGNAL_HOLD, OVER, UNDER, DRIVE, MEMORY, SEVERE, SPO2_EARLY, SIGNAL_LOST, HELD, BAG,
    KEY, JOURNAL, LINK, DONE,
) = range(len(TABLE))  # fmt: skip

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
        n = len(TABLE)
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
            self._log("alarm_cleared", alarm, 0)
            self._rank()

    def _raise(self, alarm):
        self.active[alarm] = 1
        self._log("alarm_raised", alarm, TABLE[alarm][1])
        if TABLE[alarm][1] == HIGH:
            self.paused_ms = 0  # a new high alarm breaks the audio pause
        before = self.priority
        self._rank()
        if self.priority > before:
            self._phase_ms = 0
            self._light_ms = 0

    def _rank(self):
        top = NONE
        for alarm in range(1, len(TABLE)):
            if self.active[alarm] and TABLE[alarm][1] > TABLE[top][1]:
                top = alarm
        self.top = top
        self.priority = TABLE[top][1]
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

"""The patient's vital signs in the log: a record a minute while the patient is watched, from START on (INT-5).

It has the lowest, the mean and the highest of what was sure in that minute, and each change of SpO2 by CHANGE points or
more from the value told last, a reading that is lost or comes back included. A look each eighth scan meets each sample
of an oximeter that has three a second. A minute without a reading after another one is left out: nothing has changed.
What there was of the last minute is recorded when watching ends. The layout: tables.events. Nothing here decides
anything.
"""

import struct

from pump.base.compat import micropython
from pump.tables.events import SIGNS, SIGNS_CHANGE, SIGNS_NO_SPO2, VITALS
from pump.tables.messages import DATA_BYTES, NONE8, NONE16

MINUTE_S = 60
CHANGE = 2  # points: what oximeters state as their accuracy
PARTS = 2  # the room for changes: 16 of them
_HEAD = struct.calcsize(SIGNS)
CHANGES = (PARTS * DATA_BYTES - _HEAD) // 2
_MOST = 255
_NO_PULSE = 511  # in a record's argument
_PULSE_MOST = 510


class Minutes:
    """`look` by turns, several times a second."""

    def __init__(self):
        self._on = False
        self._since_s = 0
        self._told = NONE8  # SpO2 of the change that was noted last
        self._blank = False  # the minute before had no reading
        self._content = bytearray(PARTS * DATA_BYTES)
        self._parts = [bytearray(DATA_BYTES) for _ in range(PARTS)]
        self._begin(0)

    @micropython.native
    def _begin(self, now_s):
        self._since_s = now_s
        self._looks = self._sure = self._changes = 0
        self._spo2_sum = self._pulse_sum = 0
        self._spo2_low, self._spo2_high = NONE8, 0
        self._pulse_low, self._pulse_high = NONE16, 0

    @micropython.native
    def look(self, pump):
        """`pump`: the controller."""
        on = pump.conditions.monitoring.on
        if on and self._on and pump.t_s - self._since_s < MINUTE_S:
            self._take(pump.vitals, pump.t_s - self._since_s)
            return
        if self._on and self._looks:
            self._record(pump)
        if on:
            self._told = self._told if self._on else NONE8
            self._begin(pump.t_s)
            self._take(pump.vitals, 0)
        self._on = on

    @micropython.native
    def _take(self, vitals, second):
        self._looks += 1
        spo2 = NONE8
        if vitals.sure:
            spo2, pulse = vitals.spo2, vitals.pulse
            self._sure += 1
            self._spo2_sum += spo2
            self._pulse_sum += pulse
            self._spo2_low = min(self._spo2_low, spo2)
            self._spo2_high = max(self._spo2_high, spo2)
            self._pulse_low = min(self._pulse_low, pulse)
            self._pulse_high = max(self._pulse_high, pulse)
        told = self._told
        if spo2 != told and (spo2 == NONE8 or told == NONE8 or abs(spo2 - told) >= CHANGE):
            self._change(spo2, second)

    @micropython.native
    def _change(self, spo2, second):
        """What has no room is counted."""
        self._told = spo2
        if self._changes < CHANGES:
            noted = second << 7 | (spo2 if spo2 != NONE8 else SIGNS_NO_SPO2)
            struct.pack_into(SIGNS_CHANGE, self._content, _HEAD + 2 * self._changes, noted)
        self._changes = min(self._changes + 1, _MOST)

    def _record(self, pump):
        blank = not self._sure
        if blank and self._blank and not self._changes:
            return
        self._blank = blank
        parts = 1 if self._changes * 2 + _HEAD <= DATA_BYTES else PARTS
        arg = self._fill()
        pump.note(VITALS, 0, arg, parts)
        for part in range(parts):
            piece = self._parts[part]
            for i in range(DATA_BYTES):
                piece[i] = self._content[part * DATA_BYTES + i]
            pump.journal.part(VITALS, part + 1, piece)
        for i in range(len(self._content)):
            self._content[i] = 0

    def _fill(self):
        """The figures, before the changes; what a record's argument says of them."""
        sure = self._sure
        spo2 = pulse = low = high = SIGNS_NO_SPO2
        if sure:
            spo2, pulse = self._spo2_sum // sure, self._pulse_sum // sure
            low, high = self._spo2_low, self._spo2_high
        struct.pack_into(
            SIGNS, self._content, 0, low, spo2, high, self._pulse_low, pulse if sure else NONE16,
            self._pulse_high if sure else NONE16, sure * MINUTE_S // self._looks, self._changes,
        )  # fmt: skip
        return low | spo2 << 7 | high << 14 | (min(pulse, _PULSE_MOST) if sure else _NO_PULSE) << 21

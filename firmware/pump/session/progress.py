"""All of a session that a power cut may not lose, and how it is kept: a fixed layout with a CRC.

Volumes are counted in motor pulses, times are ages in ms that stop growing at AGE_MAX_MS: no time stamp survives a
power cut, and no number here passes 31 bits.
"""

import struct

from pump.base import crc
from pump.protocol.protocol import MAX_SOLUTIONS, MAX_STEPS

AGE_MAX_MS = 1 << 29
LINE_PARTS = 2 * MAX_SOLUTIONS  # the line never holds more stretches than bags were hung since it was last all one
_MAGIC = b"TLG"
_VERSION = 1
_FIELDS = (
    "step leg leg_end target done total step_ms entered entries reactions reacted hung cause by_vitals held_ms session"
    " turn back_bag back_step loose resume_step"
).split()
_HEAD = "<3sB" + "i" * len(_FIELDS) + "B"
_BAGS = _HEAD + "I" * MAX_SOLUTIONS
_FILLED = _BAGS + "I" * MAX_STEPS
_BODY = _FILLED + "Ib" * LINE_PARTS
SIZE = struct.calcsize(_BODY) + crc.SIZE


class Progress:
    """Step and leg, pulses given, content of bags and line as booked (`tally`), decisions, the cause of a hold.

    `step`, `leg` are indices; `hung`: the bag that hangs (-1: none is known); `entered`: the present step has begun,
    else it begins in full; `loose`: pulses not yet booked to a bag; `back_step`, `back_bag`: the last
    decision to go back.
    """

    def __init__(self):
        self.session = 0  # number of the session since power-on
        self.entries = 0  # steps begun, repeats counted
        self.turn = 0  # decisions to go back
        self.restart()
        self.cause = 0  # a row of tables.causes: why it holds, ended or faulted

    def restart(self):
        """Nothing given, nothing decided."""
        self.step = self.leg = self.leg_end = self.target = self.done = self.total = self.step_ms = 0
        self.entered = self.reacted = self.by_vitals = False
        self.reactions = self.cause = self.held_ms = self.loose = self.resume_step = 0
        self.hung = self.back_bag = self.back_step = -1

    def pack(self, tally, buf):
        """Writes all, with the tally's account, to buf[:SIZE]. Raises ValueError for a line of too many parts."""
        if len(tally.line) > LINE_PARTS:
            raise ValueError("line of %d parts" % len(tally.line))
        values = [int(getattr(self, name)) for name in _FIELDS]
        bags = list(tally.by_bag) + [0] * (MAX_SOLUTIONS - len(tally.by_bag))
        filled = list(tally.filled) + [0] * (MAX_STEPS - len(tally.filled))
        line = []
        for part in tally.line + [(0, 0)] * (LINE_PARTS - len(tally.line)):
            line.extend(part)
        struct.pack_into(_BODY, buf, 0, _MAGIC, _VERSION, *values, len(tally.line), *bags, *filled, *line)
        crc.put(buf, SIZE - crc.SIZE)

    def unpack(self, tally, buf):
        """Takes what `pack` wrote. Raises ValueError for damaged bytes or another layout; then nothing has changed."""
        if not crc.holds(buf, SIZE - crc.SIZE):
            raise ValueError("checksum")
        values = struct.unpack_from(_BODY, buf, 0)
        if values[0] != _MAGIC or values[1] != _VERSION:
            raise ValueError("layout")
        for name, value in zip(_FIELDS, values[2:]):
            setattr(self, name, bool(value) if name in ("entered", "reacted", "by_vitals") else value)
        at = 2 + len(_FIELDS)
        parts, rest = values[at], values[at + 1 :]
        for i in range(len(tally.by_bag)):
            tally.by_bag[i] = rest[i]
        for k in range(len(tally.filled)):
            tally.filled[k] = rest[MAX_SOLUTIONS + k]
        line = rest[MAX_SOLUTIONS + MAX_STEPS :]
        tally.line[:] = [[line[2 * i], line[2 * i + 1]] for i in range(parts)]

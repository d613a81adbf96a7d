"""All of a session that a power cut may not lose, and how it is kept: a fixed layout with a CRC.

Volumes are counted in motor pulses, times are ages in ms that stop growing at AGE_MAX_MS: no time stamp survives a
power cut, and no number here passes 31 bits.
"""

import struct
from array import array

from pump.base import crc
from pump.base.compat import micropython
from pump.course.line import PARTS
from pump.protocol.protocol import MAX_SOLUTIONS, MAX_STEPS

AGE_MAX_MS = 1 << 29
_REACTIONS, _HELD, _STILL = 0, 1, 2
_MAGIC = b"TLG"
_VERSION = 2
_FIELDS = (
    "step leg leg_end target done total step_ms entered entries reactions reacted hung cause by_vitals held_ms session"
    " turn back_bag back_step loose resume_step flowed still_ms wait_ms wrong_bags"
).split()
_HEAD = "<3sB" + "i" * len(_FIELDS) + "B"
_BAGS = _HEAD + "I" * MAX_SOLUTIONS
_FILLED = _BAGS + "I" * MAX_STEPS
_DRAWN = _FILLED + "I" * MAX_SOLUTIONS
_BODY = _DRAWN + "I" * PARTS + "b" * PARTS
SIZE = struct.calcsize(_BODY) + crc.SIZE


class Progress:
    """Step and leg, pulses given, content of bags and line as booked (`tally`), decisions, the cause of a hold.

    `step`, `leg` are indices; `hung`: the bag that hangs (-1: none is known); `entered`: the present step has begun,
    else it begins in full; `loose`: pulses not yet booked to a bag; `back_step`, `back_bag`: the last
    decision to go back; `flowed`: the step of the last pulse (-1: none came); `held_ms`: since the hold began;
    `still_ms`: without a pulse, held or waiting; `wait_ms`: in the present wait for a person;
    `wrong_bags`: codes refused since the last hold for them.
    """

    def __init__(self):
        self._twins = array("i", [0] * 3)  # counted a second time: reactions, held_ms, still_ms
        self.session = 0  # number of the session since power-on
        self.entries = 0  # steps begun, repeats counted
        self.turn = 0  # decisions to go back
        self.restart()
        self.cause = 0  # a row of tables.causes: why it holds, ended or faulted

    def react(self):
        """One reaction more."""
        self.reactions += 1
        self._twins[_REACTIONS] += 1

    @micropython.native
    def hold(self):
        """A hold begins."""
        self.held_ms = self._twins[_HELD] = 0

    @micropython.native
    def move(self):
        """The drug flows."""
        self.still_ms = self._twins[_STILL] = 0

    @micropython.native
    def stand(self, held, dt_ms):
        """Time without flow; `held`: in a hold."""
        twins = self._twins
        if held:
            self.held_ms = min(self.held_ms + dt_ms, AGE_MAX_MS)
            twins[_HELD] = min(twins[_HELD] + dt_ms, AGE_MAX_MS)
        self.still_ms = min(self.still_ms + dt_ms, AGE_MAX_MS)
        twins[_STILL] = min(twins[_STILL] + dt_ms, AGE_MAX_MS)

    @micropython.native
    def whole(self):
        """False when a bit of what allows or forbids a resume has changed by itself (INT-4)."""
        twins = self._twins
        if self.reactions != twins[_REACTIONS]:
            return False
        return self.held_ms == twins[_HELD] and self.still_ms == twins[_STILL]

    def _pair(self):
        """The second count of each begins where the first stands."""
        self._twins[_REACTIONS] = self.reactions
        self._twins[_HELD], self._twins[_STILL] = self.held_ms, self.still_ms

    @micropython.native
    def restart(self):
        """Nothing given, nothing decided."""
        self.step = self.leg = self.leg_end = self.target = self.done = self.total = self.step_ms = 0
        self.entered = self.reacted = self.by_vitals = False
        self.reactions = self.cause = self.held_ms = self.loose = self.resume_step = 0
        self.still_ms = self.wait_ms = self.wrong_bags = 0
        self.hung = self.back_bag = self.back_step = self.flowed = -1
        self._pair()

    def pack(self, tally, buf):
        """Writes all, with the tally's account, to buf[:SIZE]."""
        line, spare = tally.line, [0] * (MAX_SOLUTIONS - len(tally.by_bag))
        values = [int(getattr(self, name)) for name in _FIELDS] + [line.count] + list(tally.by_bag) + spare
        values += list(tally.filled) + [0] * (MAX_STEPS - len(tally.filled)) + list(tally.drawn) + spare
        struct.pack_into(_BODY, buf, 0, _MAGIC, _VERSION, *values, *line.pulses, *line.bag)
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
        self._pair()
        self._take_account(tally, values[2 + len(_FIELDS) :])

    def _take_account(self, tally, values):
        bags, steps = len(tally.by_bag), len(tally.filled)
        tally.line.count = values[0]
        filled, drawn = 1 + MAX_SOLUTIONS, 1 + MAX_SOLUTIONS + MAX_STEPS
        line = drawn + MAX_SOLUTIONS
        tally.by_bag[:] = values[1 : 1 + bags]
        tally.drawn[:] = values[drawn : drawn + bags]
        for k in range(steps):
            tally.filled[k] = values[filled + k]
        for i in range(PARTS):
            tally.line.pulses[i] = values[line + i]
            tally.line.bag[i] = values[line + PARTS + i]

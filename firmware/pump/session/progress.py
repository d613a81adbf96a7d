"""All of a session that a power cut may not lose (pump.session.recovered writes it, and takes it up again).

Volumes are counted in motor pulses, times are ages in ms that stop growing at AGE_MAX_MS: no time stamp survives a
power cut, and no number here passes 31 bits.
"""

from array import array

from pump.base.compat import micropython

AGE_MAX_MS = 1 << 29
_REACTIONS, _HELD, _STILL, _FLOWED = range(4)


class Progress:
    """Step and leg, pulses given, content of bags and line as booked (`tally`), decisions, the cause of a hold.

    `step`, `leg` are indices; `hung`: the bag that hangs (-1: none is known); `entered`: the present step has begun,
    else it begins in full; `loose`: pulses not yet booked to a bag; `back_step`, `back_bag`: the last
    decision to go back; `flowed`: the step of the last pulse (-1: none came); `held_ms`: since the hold began;
    `still_ms`: without a pulse, held or waiting; `wait_ms`: in the present wait for a person;
    `wrong_bags`: codes refused since the last hold for them.
    """

    def __init__(self):
        self._twins = array("i", [0] * 4)  # counted a second time: reactions, held_ms, still_ms, flowed
        self.session = 0  # number of the session since power-on
        self.entries = 0  # steps begun, repeats counted
        self.turn = 0  # decisions to go back, in this session
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
    def flow(self, step):
        """A pulse came in that step."""
        self.flowed = self._twins[_FLOWED] = step

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
        if self.reactions != twins[_REACTIONS] or self.flowed != twins[_FLOWED]:
            return False
        return self.held_ms == twins[_HELD] and self.still_ms == twins[_STILL]

    def pair(self):
        """The second count of each begins where the first stands."""
        self._twins[_REACTIONS] = self.reactions
        self._twins[_HELD], self._twins[_STILL] = self.held_ms, self.still_ms
        self._twins[_FLOWED] = self.flowed

    @micropython.native
    def restart(self):
        """Nothing given, nothing decided."""
        self.step = self.leg = self.leg_end = self.target = self.done = self.total = self.step_ms = 0
        self.entered = self.reacted = self.by_vitals = False
        self.reactions = self.cause = self.held_ms = self.loose = self.resume_step = 0
        self.still_ms = self.wait_ms = self.wrong_bags = 0
        self.hung = self.back_bag = self.back_step = self.flowed = -1
        self.pair()

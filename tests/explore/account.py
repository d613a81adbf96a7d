"""What really happened in the explored world, by the motor and the bags that hung; for the invariants alone."""

from __future__ import annotations

from pump.course.plan import Plan


class Account:
    """Since the last START; `faults`, `fell` since power-on."""

    def __init__(self, plan: Plan) -> None:
        self.faults = 0  # pulses that nobody asked for, or that were lost
        self.left: list[int] = []  # what came out of the line last: by so many pulses a fault moved it on
        self.fell = False  # the counter fell back
        self.begin(plan)

    def begin(self, plan: Plan) -> None:
        """A new session."""
        self.own = [0] * len(plan.holds)  # pulses of each bag
        self.line = [plan.primed_with] * plan.line_pulses  # what the shared line holds, the vein's end first
        self.filled = [0] * plan.count  # pulses of line-fills, which count as no dose
        self.free = 0  # units of dose in them
        self.left.clear()
        self.in_step = 0  # pulses since the step began
        self.began = -1  # the step that has begun last
        self.flowed = -1  # the step of the last pulse
        self.completed = [False] * plan.count
        self.asked = False  # a bag was asked for, and none confirmed since
        self.still_ms = 0  # ms without flow since the last pulse; before the first one, in the present hold
        self.held_ms = 0  # since the hold began, bags that are changed in between left out
        self.waited_ms = 0  # for the bag that is asked for
        self.reactions = 0
        self.reacted_at = -1  # the step of the last pulse at a reaction after which it has not gone on
        self.chooses = False  # a reaction was said, and no step chosen since
        self.unwell = False  # the patient was low for too long since the flow ended

    def enters(self, bag: int) -> tuple[int, list[int]]:
        """A pulse of the bag enters the shared line. What comes out at the vein; what does by the pump's account, which
        is behind by the pulses that no fault has told it of, at the most."""
        if not self.line:
            return bag, [bag]
        self.line.append(bag)
        out = self.line.pop(0)
        believed = [out, *self.left]
        if self.faults:
            self.left = believed[: self.faults]
        return out, believed

    def react(self, step: int) -> None:
        """A reaction was said in that step: of the last pulse, nor above a step to which people went back."""
        self.reactions += 1
        self.reacted_at = max(0, min(self.flowed, step))
        self.chooses = True

    def row(self) -> list[int]:
        """All of it."""
        return [
            *self.own, *self.line, *self.filled, *self.completed, self.in_step, self.began, self.flowed, self.asked,
            self.still_ms, self.held_ms, self.waited_ms, self.reactions, self.reacted_at, self.chooses, self.unwell,
            self.faults, self.fell, *self.left,
        ]  # fmt: skip

"""What really happened in the explored world, by the motor and the bags that hung; for the invariants alone."""

from __future__ import annotations

from pump.course.plan import Plan


class Account:
    """Since the last START; `faults`, `fell` since power-on."""

    def __init__(self, plan: Plan) -> None:
        self.faults = 0  # pulses that nobody asked for, or that were lost
        self.fell = False  # the counter fell back
        self.begin(plan)

    def begin(self, plan: Plan) -> None:
        """A new session."""
        self.own = [0] * len(plan.holds)  # pulses of each bag
        self.line = [plan.primed_with] * plan.line_pulses  # what the shared line holds, the vein's end first
        self.filled = [0] * plan.count  # pulses of line-fills, which count as no dose
        self.free = 0  # units of dose in them
        self.in_step = 0  # pulses since the step began
        self.flowed = -1  # the step of the last pulse
        self.completed = [False] * plan.count
        self.asked = False  # a bag was asked for, and none confirmed since
        self.still_ms = 0  # ms without flow since the last pulse; before the first one, in the present hold
        self.reactions = 0
        self.reacted_at = -1  # the step of the last pulse at a reaction after which it has not gone on
        self.unwell = False  # the patient was low for too long since the flow ended

    def row(self) -> list[int]:
        """All of it."""
        return [
            *self.own, *self.line, *self.filled, *self.completed, self.in_step, self.flowed, self.asked, self.still_ms,
            self.reactions, self.reacted_at, self.unwell, self.faults, self.fell,
        ]  # fmt: skip
